package pcapfile

import (
	"bytes"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"wirelab/internal/require"
	"wirelab/sniffer"
)

// compressed returns the session of 31 frames, and it compressed in every format.
func compressed(t *testing.T) (plain []byte, files map[string][]byte) {
	t.Helper()
	read := func(path string) []byte {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	plain = read("../testdata/session.pcapng")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	zs, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer zs.Close()
	return plain, map[string][]byte{
		"gzip": zipped.Bytes(), "zstd": zs.EncodeAll(plain, nil),
		"xz":    read("testdata/session.pcapng.xz"), // of four blocks, with CRC64
		"bzip2": read("testdata/session.pcapng.bz2"),
	}
}

func TestCompressed(t *testing.T) {
	plain, files := compressed(t)
	_, want, err := readAll(bytes.NewReader(plain))
	if !errors.Is(err, io.EOF) || len(want) != 31 {
		t.Fatal(len(want), err)
	}
	for name, file := range files {
		_, got, err := readAll(bytes.NewReader(file))
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
		diff(t, want, got)
	}
	// Streams may follow one another, with zeros between them.
	twice := append(append(bytes.Clone(files["xz"]), 0, 0, 0, 0), files["xz"]...)
	if _, got, err := readAll(bytes.NewReader(twice)); !errors.Is(err, io.EOF) || len(got) != 62 {
		t.Errorf("two xz streams: %d frames, %v", len(got), err)
	}
}

// A compressed file that was cut or damaged is told from a whole one, and gives
// only frames that it has.
func TestCompressedAndDamaged(t *testing.T) {
	plain, files := compressed(t)
	_, whole, _ := readAll(bytes.NewReader(plain))
	check := func(name string, got []sniffer.Frame, err error) {
		t.Helper()
		var cut *TruncatedError
		var wrong *FormatError
		if !errors.As(err, &cut) && !errors.As(err, &wrong) {
			t.Errorf("%s: %d frames, %v", name, len(got), err)
		}
		if cut != nil && !cut.Compressed && len(got) > 0 || len(got) > len(whole) {
			t.Errorf("%s: %+v, %d frames", name, cut, len(got))
		}
	}
	for name, file := range files {
		for n := 0; n < len(file); n += require.Many(25, 5) {
			if name == "xz" && n >= len(file)-3 {
				continue // within the footer's magic
			}
			_, got, err := readAll(bytes.NewReader(file[:n]))
			check(name+" cut", got, err)
			diff(t, whole[:len(got)], got)
		}
	}
	file := files["xz"]
	for n := 0; n < len(file); n += require.Many(5, 1) {
		damaged := bytes.Clone(file)
		damaged[n] ^= 0x55
		if _, got, err := readAll(bytes.NewReader(damaged)); err == nil {
			t.Errorf("byte %d: %d frames and no end", n, len(got))
		}
	}
}

// A file cannot ask for the memory of its dictionary or window.
func TestCompressedIsBounded(t *testing.T) {
	header := []byte{2, 0, 0x21, 1, 40, 0, 0, 0} // LZMA2 with a dictionary of 4 GiB - 1
	xz := append([]byte("\xfd7zXZ\x00\x00\x01"), little(crc32.ChecksumIEEE([]byte{0, 1}))...)
	xz = append(append(xz, header...), little(crc32.ChecksumIEEE(header))...)
	xz = append(xz, make([]byte, 64)...)
	for name, file := range map[string][]byte{
		"dictionary": xz,
		"window":     append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00}, make([]byte, 64)...), // 2 GiB
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(bytes.NewReader(file))
		runtime.ReadMemStats(&after)
		var wrong *FormatError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Reason, name) {
			t.Errorf("%s: %v", name, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 16<<20 {
			t.Errorf("%s: %d bytes were taken", name, taken)
		}
	}
}

// However many empty streams an xz file has, they take no stack: one that is full ends the
// process.
func TestManyEmptyStreams(t *testing.T) {
	empty, err := hex.DecodeString("fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a")
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetMaxStack(debug.SetMaxStack(4 << 20))
	_, err = NewReader(bytes.NewReader(bytes.Repeat(empty, 200_000)))
	if _, cut := errors.AsType[*TruncatedError](err); !cut {
		t.Errorf("%v, want a *TruncatedError", err)
	}
}

func little(n uint32) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }

// Files are merged by time, each in its own order.
func TestMerge(t *testing.T) {
	var sources []*Reader
	for range 3 {
		var file bytes.Buffer
		writeSample(t, &file)
		r, err := NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, r)
	}
	var one bytes.Buffer
	frames, hosts, stats := writeSample(t, &one)
	m := Merge(sources...)
	var c Chunk
	var got []sniffer.Frame
	interfaces := 0
	for {
		err := m.ReadChunk(&c, 100)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		interfaces += len(c.Interfaces)
		for _, f := range c.Frames {
			f.Data = bytes.Clone(f.Data)
			got = append(got, f)
		}
	}
	if len(got) != 3*len(frames) || interfaces != 3*len(sources[0].Gaps().Interfaces) {
		t.Fatalf("%d frames of %d, %d interfaces", len(got), 3*len(frames), interfaces)
	}
	for i, f := range got {
		if want := frames[i/3]; !f.Time.Equal(want.Time) || !bytes.Equal(f.Data, want.Data) || f.Interface%2 != want.Interface {
			t.Errorf("frame %d: %+v", i, f)
		}
	}
	diff(t, hosts, m.Names())
	if total, ok := m.Statistics(); !ok || total.Received != 3*stats.Received || !total.Start.Equal(stats.Start) {
		t.Errorf("statistics %+v, %v of %+v", total, ok, stats)
	}
}
