package pcapfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the .xz format (https://tukaani.org/xz/xz-file-format.txt) with
// LZMA2, which is all that xz writes unless it is asked for filters. The library's
// own reader takes a dictionary of 4 GiB if a block says so.
type xzReader struct {
	src   *packed
	start int64 // where in src the stream began
	check byte  // the kind of the blocks' check
	block io.Reader
	sum   hash.Hash
}

var errXZ = errors.New("xz: damaged")

func newXZ(src *packed) *xzReader { return &xzReader{src: src} }

func (x *xzReader) Read(dst []byte) (int, error) {
	for {
		if x.block == nil {
			if err := x.next(); err != nil {
				return 0, err
			}
		}
		n, err := x.block.Read(dst)
		x.sum.Write(dst[:n])
		if errors.Is(err, io.EOF) {
			err = x.endBlock()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// take takes n bytes, all of which have to be there.
func (x *xzReader) take(n int) ([]byte, error) {
	b, err := (*window)(x.src).take(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// at returns how many bytes of the stream were taken.
func (x *xzReader) at() int64 { return (*window)(x.src).offset() - x.start }

// pad takes the zeros up to a multiple of four bytes.
func (x *xzReader) pad() error {
	b, err := x.take(int(-x.at() & 3))
	if err == nil && len(bytes.Trim(b, "\x00")) > 0 {
		err = errXZ
	}
	return err
}

// next begins the next block, of this stream or of one behind it. At the end of
// the file it returns io.EOF.
func (x *xzReader) next() error {
	for {
		if x.check == 0 {
			if err := x.header(); err != nil {
				return err
			}
		}
		b, err := (*window)(x.src).peek(1)
		if err != nil {
			return noEOF(err)
		}
		if b[0] != 0 {
			return x.beginBlock(4 * (int(b[0]) + 1))
		}
		if err := x.index(); err != nil {
			return err
		}
		x.check = 0
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// noCheck stands for the kind 0: no check.
const noCheck = 0xff

// header reads a stream header, and padding before one that is not the first.
func (x *xzReader) header() error {
	for {
		b, err := (*window)(x.src).peek(4)
		if err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(b) != 0 {
			break
		}
		(*window)(x.src).pos += 4
	}
	x.start = (*window)(x.src).offset()
	b, err := x.take(12)
	if err != nil {
		return err
	}
	if string(b[:6]) != "\xfd7zXZ\x00" || crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) || b[6] != 0 {
		return errXZ
	}
	if x.check = b[7]; x.check == 0 {
		x.check = noCheck
	}
	return nil
}

// beginBlock reads a block header.
func (x *xzReader) beginBlock(size int) error {
	b, err := x.take(size)
	if err != nil {
		return err
	}
	body, flags := b[:size-4], b[1]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(b[size-4:]) {
		return errXZ
	}
	r := bytes.NewReader(body[2:])
	for _, told := range []byte{0x40, 0x80} { // lengths, which the data tell as well
		if flags&told != 0 {
			if _, err := binary.ReadUvarint(r); err != nil {
				return errXZ
			}
		}
	}
	filter := make([]byte, 3)
	if _, err := io.ReadFull(r, filter); err != nil || flags&3 != 0 || filter[0] != 0x21 || filter[1] != 1 || filter[2] > 40 {
		return errors.New("xz: a filter that is not known; only LZMA2 is")
	}
	dictionary := int64(2|filter[2]&1) << (filter[2]/2 + 11)
	if dictionary > maxDictionary {
		return fmt.Errorf("xz: a dictionary of %d bytes, at most %d", dictionary, maxDictionary)
	}
	switch x.check {
	case noCheck:
		x.sum = nothing{}
	case 1:
		x.sum = crc32.NewIEEE()
	case 4:
		x.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		x.sum = sha256.New()
	default:
		return fmt.Errorf("xz: check %d is not known", x.check)
	}
	x.block, err = lzma.Reader2Config{DictCap: int(dictionary)}.NewReader2(x.src)
	return err
}

// nothing is the check of a stream without one.
type nothing struct{ hash.Hash }

func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Sum(b []byte) []byte         { return b }

// endBlock reads a block's padding and check.
func (x *xzReader) endBlock() error {
	x.block = nil
	if err := x.pad(); err != nil {
		return err
	}
	sum := x.sum.Sum(nil)
	if len(sum) < 32 { // the CRCs are little endian
		for i := range len(sum) / 2 {
			sum[i], sum[len(sum)-1-i] = sum[len(sum)-1-i], sum[i]
		}
	}
	b, err := x.take(len(sum))
	if err == nil && !bytes.Equal(b, sum) {
		err = errXZ
	}
	return err
}

// index passes over the index and the footer that end a stream.
func (x *xzReader) index() error {
	if _, err := x.take(1); err != nil {
		return err
	}
	records, err := binary.ReadUvarint(x.src)
	for ; err == nil && records > 0; records-- {
		for range 2 {
			if err == nil {
				_, err = binary.ReadUvarint(x.src)
			}
		}
	}
	if err != nil {
		return noEOF(err)
	}
	if err := x.pad(); err != nil {
		return err
	}
	b, err := x.take(4 + 12)
	if err == nil && string(b[14:]) != "YZ" {
		err = errXZ
	}
	return err
}
