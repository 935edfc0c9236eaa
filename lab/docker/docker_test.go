package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
)

// up brings up the course note's lab:
//
//	client1   server   client2   sniffer
//	   |         |         |        |
//	---+---------+---------+--------+---  bridge, a hub
func up(t *testing.T) *network {
	t.Helper()
	n, err := (&Backend{}).Up(t.Context(), lab.DefaultTopology)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n.(*ownNetwork).network
}

// execute runs a command on a host and returns what it said on both outputs.
func execute(t *testing.T, h lab.Host, stdin string, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var said bytes.Buffer
	p, err := h.Start(ctx, lab.Cmd{Args: args, Stdin: strings.NewReader(stdin), Stdout: &said, Stderr: &said})
	if err != nil {
		t.Fatalf("%s: %v: %v", h.Name(), args, err)
	}
	code, err := p.Wait(ctx)
	if err != nil {
		t.Fatalf("%s: %v: %v (%s)", h.Name(), args, err, &said)
	}
	return code, said.String()
}

func addressOf(n *network, host string) netip.Prefix { return n.Host(host).Ports()[0].Addrs[0] }

func TestLab(t *testing.T) {
	cli := daemon(t)
	s := up(t)

	t.Run("addresses are in order, on one subnet", func(t *testing.T) {
		macs := map[string]bool{}
		for _, name := range lab.DefaultTopology.Hosts {
			ports := s.Host(name).Ports()
			want := lab.DefaultTopology.Ports(name)[0].Addrs
			if len(ports) != 1 || ports[0].Device != "eth0" || ports[0].Segment != "lan" || !slices.Equal(ports[0].Addrs, want) {
				t.Errorf("%s has %v, want eth0 on lan with %v", name, ports, want)
			}
			macs[ports[0].MAC.String()] = true
		}
		if len(macs) != len(lab.DefaultTopology.Hosts) {
			t.Errorf("MACs are not distinct: %v", macs)
		}
		if s.Host("nobody") != nil {
			t.Error("a host that is not in the topology")
		}
	})

	t.Run("names resolve on every host", func(t *testing.T) {
		for _, from := range lab.DefaultTopology.Hosts {
			for _, to := range lab.DefaultTopology.Hosts {
				addr := addressOf(s, to)
				code, said := execute(t, s.Host(from), "", "ping", "-c", "1", to)
				if code != 0 || !strings.Contains(said, "("+addr.Addr().String()+")") {
					t.Errorf("%s pings %s: exit code %d: %s", from, to, code, said)
				}
			}
		}
	})

	t.Run("a command's exit code and standard error", func(t *testing.T) {
		code, said := execute(t, s.Host("client1"), "", "no-such-command")
		if code != 2 || !strings.Contains(said, "no-such-command") {
			t.Errorf("exit code %d, said %q; want 2 and the command's name", code, said)
		}
	})

	t.Run("standard input ends", func(t *testing.T) {
		code, said := execute(t, s.Host("client1"), "mark here\n", "mark", "--stdin")
		if code != 0 || !strings.Contains(said, "marked here") {
			t.Errorf("exit code %d, said %q; want 0 and the mark", code, said)
		}
	})

	t.Run("a program that is not there, or none", func(t *testing.T) {
		for path, want := range map[string]string{"/bin/sh": "no such program", "/etc/hostname": "not executable", "/etc": "not executable"} {
			_, err := s.Host("client1").Start(t.Context(), lab.Cmd{Args: []string{path}})
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %s", path, err, want)
			}
		}
	})

	t.Run("a wait that ends early, and Kill", func(t *testing.T) {
		said, w := io.Pipe()
		p, err := s.Host("client2").Start(t.Context(), lab.Cmd{Args: []string{"hold"}, Stdout: w})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := said.Read(make([]byte, 1)); err != nil { // it runs
			t.Fatal(err)
		}
		go io.Copy(io.Discard, said)
		defer w.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		for range 2 {
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
		}
		if _, err := p.Wait(t.Context()); !errors.Is(err, errKilled) {
			t.Errorf("error %v, want %v", err, errKilled)
		}
	})

	t.Run("no process has more than it needs", func(t *testing.T) { checkCapabilities(t, s) })

	t.Run("the environment is the lab's", func(t *testing.T) { checkEnvironment(t, s) })

	t.Run("the hosts' settings", func(t *testing.T) { checkSettings(t, s) })

	t.Run("hub and switch", func(t *testing.T) {
		learn := func(ctx context.Context) error {
			var errs []error
			for _, name := range lab.DefaultTopology.Hosts {
				code, err := s.hosts[name].execute(ctx, lab.Cmd{Args: []string{"mark", "learn"}})
				if err == nil && code != 0 {
					err = fmt.Errorf("mark on %s: exit code %d", name, code)
				}
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		found := func() string {
			segments, err := s.wire.Segments(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return string(segments[0].Mode)
		}
		for _, mode := range []lab.Mode{lab.Switch, lab.Hub} {
			lan := s.Segment(lab.DefaultSegment)
			if err := lan.SetMode(ctx, mode); err != nil {
				t.Fatal(err)
			}
			if mode == lab.Switch {
				if err := errors.Join(learn(ctx), lan.AwaitLearnt(ctx)); err != nil {
					t.Fatal(err)
				}
			}
			if got := found(); got != string(mode) {
				t.Errorf("the bridge is a %q, want %s", got, mode)
			}
		}
	})

	t.Run("the machine's ports", func(t *testing.T) {
		// The bridge and the other end of each host's cable.
		macs := s.Segment(lab.DefaultSegment).MachinePorts()
		if want := 1 + len(lab.DefaultTopology.Hosts); len(macs) != want {
			t.Errorf("%d addresses, want %d: %v", len(macs), want, macs)
		}
		for _, h := range s.hosts {
			if slices.Contains(macs, h.ports[0].MAC) {
				t.Errorf("%v is %s's", h.ports[0].MAC, h.name)
			}
		}
	})

	t.Run("an empty neighbour cache, and nothing ends", func(t *testing.T) {
		h := s.Host("client1")
		p, err := h.Start(t.Context(), lab.Cmd{Args: []string{"hold"}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Kill()
		server := addressOf(s, "server").Addr().String()
		if code, said := execute(t, h, "", "ping", "-c", "1", "server"); code != 0 {
			t.Fatalf("ping: exit code %d: %s", code, said)
		}
		if _, said := execute(t, h, "", "neigh"); !strings.Contains(said, server+" ") {
			t.Errorf("nothing was learnt: %q", said)
		}
		if err := h.FlushNeighbours(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Another host whose entry is old may ask client1 at this moment, which
		// then knows that one.
		if code, said := execute(t, h, "", "neigh"); code != 0 || strings.Contains(said, server+" ") {
			t.Errorf("neighbour cache, exit code %d: %q", code, said)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the command ended: %v", err)
		}
	})

	t.Run("nothing is left", func(t *testing.T) {
		// Close may be called again, and at the same time.
		first := make(chan error)
		go func() { first <- s.Close() }()
		if err := errors.Join(s.Close(), <-first); err != nil {
			t.Fatal(err)
		}
		if left := remaining(t, cli, func(l map[string]string) bool { return l[runLabel] == s.run.id }); len(left) > 0 {
			t.Error(left)
		}
	})
}
