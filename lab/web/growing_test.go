package web

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// written is a capture file that a test adds to.
type written struct {
	t *testing.T
	*pcapfile.Writer
	file *os.File
}

func write(t *testing.T, path string) *written {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := pcapfile.NewWriter(f, pcapfile.Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	return &written{t, w, f}
}

// add adds a frame.
func (w *written) add(payload string) {
	w.t.Helper()
	data := datagram(payload)
	if err := w.WriteCommented(sniffer.Frame{Time: time.Unix(1, 0), Data: data, Length: len(data), LinkType: sniffer.LinkEthernet}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

// awaitSource waits until a source is as wished.
func awaitSource(t *testing.T, s Source, what string, is func(*trace.Recording) bool) {
	t.Helper()
	due := time.After(20 * time.Second)
	for {
		changed, holds, has := s.Changed(), false, 0
		s.View(func(r *trace.Recording) { holds, has = is(r), r.Len() })
		if holds {
			return
		}
		select {
		case <-changed:
		case <-s.Ended():
			t.Fatalf("awaited %s: the source has ended with %d packets: %v", what, has, s.EndedBy())
		case <-due:
			t.Fatalf("awaited %s; there are %d packets", what, has)
		}
	}
}

// A file is shown as it grows, whoever gets a name later is called by it, and one that is
// begun anew ends what was shown.
func TestGrow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lab.pcapng")
	w := write(t, path)
	s, err := Grow(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var found ends
	for i := range 3 {
		w.add("x")
		awaitSource(t, s, "the next frame", func(r *trace.Recording) bool { return r.Len() == i+1 })
	}
	s.View(func(r *trace.Recording) {
		if got, want := found.of(r), []string{"10.0.0.1", "10.0.0.2"}; !slices.Equal(got, want) {
			t.Errorf("the ends are %q, want %q", got, want)
		}
	})
	if err := w.WriteNames(map[netip.Addr]string{netip.MustParseAddr("10.0.0.2"): "server"}); err != nil {
		t.Fatal(err)
	}
	w.add("named")
	awaitSource(t, s, "the name", func(r *trace.Recording) bool {
		return r.Len() == 4 && slices.Equal(found.of(r), []string{"10.0.0.1", "server"})
	})
	// Half a block is none, until the other half is there.
	if _, err := w.file.Write([]byte{6, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	write(t, path)
	select {
	case <-s.Ended():
	case <-time.After(20 * time.Second):
		t.Fatal("awaited the end of a file that was begun anew")
	}
	if err := s.EndedBy(); !errors.Is(err, errAnew) {
		t.Errorf("ended by %v", err)
	}
}

// What is no capture ends at once and says so; who leaves ends it without an error.
func TestGrowEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if _, err := Grow(t.Context(), path); err == nil {
		t.Error("a file that is not there can be shown")
	}
	if err := os.WriteFile(path, []byte("this is no capture at all, but a text"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Grow(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	<-s.Ended()
	if s.EndedBy() == nil {
		t.Error("a text is a capture")
	}
	write(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	if s, err = Grow(ctx, path); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-s.Ended()
	if err := s.EndedBy(); err != nil {
		t.Errorf("left: %v", err)
	}
}
