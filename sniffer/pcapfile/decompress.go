package pcapfile

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxDictionary bounds the memory of a decompressor, bytes: what zstd itself takes
// without being asked for more.
const maxDictionary = 128 << 20

// formats are the compressed files that are read, by how they begin.
var formats = []struct {
	magic string
	open  func(io.Reader) (io.Reader, error)
}{
	{"\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"\x28\xb5\x2f\xfd", func(r io.Reader) (io.Reader, error) {
		// One at a time: it has no goroutine that would have to be ended.
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxDictionary), zstd.WithDecoderLowmem(true))
	}},
	{"\xfd7zX", func(r io.Reader) (io.Reader, error) { return newXZ(r.(*packed)), nil }},
	{"BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
}

// decompress makes the source what is in it, if it begins as a compressed file
// does.
func (w *window) decompress(magic []byte) error {
	for _, format := range formats {
		if !bytes.HasPrefix(magic, []byte(format.magic)) {
			continue
		}
		rest := &window{src: w.src, buf: w.buf, pos: w.pos, end: w.end, failed: w.failed}
		src, err := format.open((*packed)(rest))
		if err != nil {
			return err
		}
		*w = window{src: src, buf: make([]byte, 64<<10), compressed: rest}
		return nil
	}
	return nil
}

// damaged reports whether an error is of the compressed data, not of the source.
func (w *window) damaged() bool {
	return w.compressed != nil && (w.compressed.failed == nil || errors.Is(w.compressed.failed, io.EOF))
}
