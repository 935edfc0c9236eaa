package pcapfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/sniffer"
)

// Comments of frames change nothing else of them, and tshark reads them, whatever
// length they have and however the block ends without them.
func TestCommentsOfFrames(t *testing.T) {
	plain := sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: arpRequest, Length: len(arpRequest)}
	timed, in := plain, plain
	timed.Time = time.Unix(1_700_000_000, 5)
	in.Time, in.Direction = timed.Time, sniffer.In
	frames := []sniffer.Frame{timed, in, plain, in}
	comments := [][]string{{"one"}, {"first", "第二"}, {"without a time"}, nil}

	var b bytes.Buffer
	w, err := NewWriter(&b, Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		if err := w.WriteCommented(f, comments[i]...); err != nil {
			t.Fatal(err)
		}
	}
	for _, refused := range []string{strings.Repeat("x", 1<<16), "\xff"} {
		if err := w.WriteCommented(in, refused); err == nil {
			t.Errorf("a comment of %d bytes is written", len(refused))
		}
	}
	if err := w.WriteCommented(sniffer.Frame{LinkType: sniffer.LinkRaw, Time: in.Time}, "x"); err == nil {
		t.Error("a frame of another link type is written")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		got, err := r.Next()
		if err != nil || !bytes.Equal(got.Data, f.Data) || got.Direction != f.Direction || !f.Time.IsZero() && !got.Time.Equal(f.Time) {
			t.Errorf("frame %d is read as %+v, %v", i, got, err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("behind the frames: %v", err)
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", err)
	}
	out, err := exec.Command(tshark, "-n", "-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.comment").Output()
	if want := "1\tone\n2\tfirst,第二\n3\twithout a time\n4\t\n"; err != nil || string(out) != want {
		t.Errorf("tshark reads\n%s%v, want\n%s", out, err, want)
	}
}
