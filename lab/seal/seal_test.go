package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// capture is a pcapng file of two frames.
func capture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pcapfile.NewWriter(&b, pcapfile.Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := w.WriteFrame(sniffer.Frame{LinkType: sniffer.LinkEthernet, Time: time.Unix(int64(i), 0), Data: bytes.Repeat([]byte{byte(i)}, 60), Length: 60}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func keys(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

func TestVerify(t *testing.T) {
	public, private := keys(t)
	other, _ := keys(t)
	plain := capture(t)
	for _, label := range []string{"", "alice ping", "王小明", strings.Repeat("x", MaxLabel+5)} {
		signed := Sign(plain, private, label)
		got, err := Verify(bytes.NewReader(signed), int64(len(signed)), public)
		if err != nil || !strings.HasPrefix(label, got) || len(label) <= MaxLabel && got != label {
			t.Errorf("label %.20q: %.20q, %v", label, got, err)
		}
		if _, err := Verify(bytes.NewReader(signed), int64(len(signed)), other); !errors.Is(err, ErrOtherKey) {
			t.Errorf("with another key: %v", err)
		}
		// A reader that knows nothing of the block reads the frames.
		r, err := pcapfile.NewReader(bytes.NewReader(signed))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("frame %d: %v", n+1, err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d frames are read, want 2", n)
		}
	}
	for _, file := range [][]byte{nil, plain, plain[:10], append(Sign(plain, private, "x"), 0)} {
		if _, err := Verify(bytes.NewReader(file), int64(len(file)), public); !errors.Is(err, ErrUnsigned) {
			t.Errorf("%d bytes: %v, want no signature", len(file), err)
		}
	}
}

// Whatever byte is altered, the file is no longer as it was signed.
func TestAltered(t *testing.T) {
	public, private := keys(t)
	signed := Sign(capture(t), private, "abc")
	for i := range signed {
		altered := bytes.Clone(signed)
		altered[i] ^= 1
		// The last byte before the length pads the label.
		if _, err := Verify(bytes.NewReader(altered), int64(len(altered)), public); err == nil && i != len(signed)-5 {
			t.Errorf("byte %d of %d can be altered", i, len(signed))
		}
	}
	theirs := Sign(append(capture(t), capture(t)...), private, "bob")
	moved := append(capture(t), theirs[2*len(capture(t)):]...)
	if _, err := Verify(bytes.NewReader(moved), int64(len(moved)), public); !errors.Is(err, ErrAltered) {
		t.Errorf("a signature of another file: %v", err)
	}
}

// zeros is a file of nothing but zeros with an end.
type zeros struct {
	size int64
	end  []byte
}

// ReadAt implements io.ReaderAt.
func (z zeros) ReadAt(b []byte, at int64) (n int, err error) {
	if at < z.size {
		n = int(min(int64(len(b)), z.size-at))
		clear(b[:n])
		at += int64(n)
	}
	n += copy(b[n:], z.end[min(max(at-z.size, 0), int64(len(z.end))):])
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}

// A file may be larger than anything that is kept in memory.
func TestVerifyLarge(t *testing.T) {
	public, private := keys(t)
	const size = 257 << 20
	sum := sha512.New()
	if _, err := io.Copy(sum, io.NewSectionReader(zeros{size: size}, 0, size)); err != nil {
		t.Fatal(err)
	}
	file := zeros{size, block(sum.Sum(nil), private, "alice")}
	whole := size + int64(len(file.end))
	if label, err := Verify(file, whole, public); err != nil || label != "alice" {
		t.Errorf("%d bytes: %q, %v", whole, label, err)
	}
	if _, err := Verify(zeros{size: size - 1}, size, public); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that has become shorter: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	public, private := keys(f)
	whole := Sign(capture(f), private, "x")
	f.Add(whole)
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := Verify(bytes.NewReader(file), int64(len(file)), public); err == nil && !bytes.HasPrefix(file, whole[:len(whole)-8]) {
			t.Errorf("%x is signed", file)
		}
	})
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	private, public := filepath.Join(dir, "course.key"), filepath.Join(dir, "course.pub")
	first, err := LoadKey(private, public)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(private); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	again, err := LoadKey(private, public)
	if err != nil || !first.Equal(again) {
		t.Errorf("another key the second time (%v)", err)
	}
	if half, err := PublicKey(public); err != nil || !half.Equal(first.Public()) {
		t.Errorf("the public key is another's (%v)", err)
	}
	if _, err := PublicKey(private); err == nil {
		t.Error("a private key is taken for a public one")
	}
	if err := os.Chmod(private, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(private, public); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
}
