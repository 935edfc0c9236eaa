package netns

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
)

// holdLab holds a lab until it is released, or the test ends.
func holdLab(t *testing.T) (name string, release func()) {
	t.Helper()
	name = "test-" + strings.ToLower(rand.Text()[:12])
	ctx, cancel := context.WithCancel(t.Context())
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- Hold(ctx, name, lab.DefaultTopology, func(ctx context.Context, _ lab.Network) error {
			close(up)
			<-ctx.Done()
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-up:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return name, cancel
}

// What Labs says of a lab is what the kernel has, whoever changed it.
func TestLabs(t *testing.T) {
	up(t) // or the test is skipped
	before := time.Now()
	name, _ := holdLab(t)
	find := func() *Held {
		t.Helper()
		labs, err := Labs(t.Context())
		i := slices.IndexFunc(labs, func(l *Held) bool { return l.Name == name })
		if i < 0 {
			t.Fatalf("%q is not among %v, %v", name, labs, err)
		}
		return labs[i]
	}
	l := find()
	if !slices.Equal(l.Segments, []HeldSegment{{lab.DefaultSegment, lab.Hub}}) || !slices.Equal(l.Hosts, lab.DefaultTopology.Hosts) || l.Since.Before(before) || l.Since.After(time.Now()) {
		t.Errorf("%+v, want a hub with %q that is up since %v", l, lab.DefaultTopology.Hosts, before)
	}
	if err := l.Network.Segment(lab.DefaultSegment).SetMode(t.Context(), lab.Switch); err != nil {
		t.Fatal(err)
	}
	if l := find(); l.Segments[0].Mode != lab.Switch {
		t.Errorf("as a switch it is %s", l.Segments[0].Mode)
	}
	if _, err := Attach(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if l := find(); l.Segments[0].Mode != lab.Hub {
		t.Errorf("attached it is %s", l.Segments[0].Mode)
	}
	if err := Down(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if l, err := Open(t.Context(), name); err == nil {
		t.Errorf("after its end there is %+v", l)
	}
}

// A lab that ends, because of Down or with its holder, asks its programs to end
// and hears what they say to it. One that does not listen does not keep it.
func TestEndIsAskedFor(t *testing.T) {
	for name, end := range map[string]func(lab string, release func()) error{
		"down":   func(lab string, _ func()) error { return Down(t.Context(), lab) },
		"holder": func(_ string, release func()) error { release(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			up(t) // or the test is skipped
			name, release := holdLab(t)
			l, err := Open(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			listening, said := startReady(t, l.Network.Host("client1"), `trap 'echo goodbye; exit 3' TERM; echo ready; sleep 1000 & wait`)
			deaf, _ := startReady(t, l.Network.Host("client2"), `trap '' TERM; echo ready; sleep 1000 & wait`)
			if err := end(name, release); err != nil {
				t.Error(err)
			}
			if text, err := io.ReadAll(said); string(text) != "goodbye\n" || err != nil {
				t.Errorf("%q, %v; want its goodbye", text, err)
			}
			if code, err := listening.Wait(t.Context()); code != 3 || err != nil {
				t.Errorf("exit code %d, %v; want 3", code, err)
			}
			if code, err := deaf.Wait(t.Context()); !errors.Is(err, errEnded) {
				t.Errorf("exit code %d, %v; want that the lab has ended", code, err)
			}
		})
	}
}

// startReady starts a shell script that prints ready, and returns when it has.
// What it prints after that ends with it.
func startReady(t *testing.T, h lab.Host, script string) (lab.Process, io.Reader) {
	t.Helper()
	out, stdout := io.Pipe()
	p, err := h.Start(t.Context(), lab.Cmd{Args: []string{"/bin/sh", "-c", script}, Stdout: stdout})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.Wait(context.Background())
		stdout.Close()
	}()
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	return p, out
}
