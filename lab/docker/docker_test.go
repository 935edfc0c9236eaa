package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"wirelab/lab"
)

// up brings up the course note's lab:
//
//	client1   server   client2   sniffer
//	   |         |         |        |
//	---+---------+---------+--------+---  bridge, a hub
func up(t *testing.T) *segment {
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
	return n.(*segment)
}

// execute runs a command on a host and returns what it said on both outputs.
func execute(t *testing.T, h lab.Host, stdin string, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var said bytes.Buffer
	code, err := h.Exec(ctx, lab.Cmd{Args: args, Stdin: strings.NewReader(stdin), Stdout: &said, Stderr: &said})
	if err != nil {
		t.Fatalf("%s: %v: %v (%s)", h.Name(), args, err, &said)
	}
	return code, said.String()
}

func TestLab(t *testing.T) {
	cli := daemon(t)
	s := up(t)

	t.Run("addresses are in order, on one subnet", func(t *testing.T) {
		macs := map[string]bool{}
		first, _ := s.Host(lab.DefaultTopology.Hosts[0]).Addr()
		for i, name := range lab.DefaultTopology.Hosts {
			addr, mac := s.Host(name).Addr()
			if want := netip.PrefixFrom(lab.Address(first.Masked(), i), 24); addr != want {
				t.Errorf("%s has %v, want %v", name, addr, want)
			}
			macs[mac.String()] = true
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
				addr, _ := s.Host(to).Addr()
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

	t.Run("a program that is not there", func(t *testing.T) {
		_, err := s.Host("client1").Exec(t.Context(), lab.Cmd{Args: []string{"/bin/sh"}})
		if err == nil || !strings.Contains(err.Error(), "/bin/sh") || !strings.Contains(err.Error(), "no such program") {
			t.Errorf("error %v", err)
		}
	})

	t.Run("Exec returns when its context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		said, w := io.Pipe()
		go func() {
			said.Read(make([]byte, 1)) // it runs
			cancel()
			io.Copy(io.Discard, said)
		}()
		_, err := s.Host("client2").Exec(ctx, lab.Cmd{Args: []string{"hold"}, Stdout: w})
		w.Close()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})

	t.Run("no process has more than it needs", func(t *testing.T) { checkCapabilities(t, s) })

	t.Run("hub and switch", func(t *testing.T) {
		learn := func(ctx context.Context) error {
			var errs []error
			for _, name := range lab.DefaultTopology.Hosts {
				code, err := s.Host(name).Exec(ctx, lab.Cmd{Args: []string{"mark", "learn"}})
				if err == nil && code != 0 {
					err = fmt.Errorf("mark on %s: exit code %d", name, code)
				}
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		isHub := func() bool {
			code, _ := execute(t, s.hub, "", "ready", "hub/"+s.run.bridge())
			return code == 0
		}
		for _, mode := range []lab.Mode{lab.Switch, lab.Hub} {
			if err := s.SetMode(ctx, mode, learn); err != nil {
				t.Fatal(err)
			}
			if isHub() != (mode == lab.Hub) {
				t.Errorf("the bridge is not a %s", mode)
			}
		}
	})

	t.Run("a fresh ARP cache, the same address", func(t *testing.T) {
		before, _ := s.Host("client1").Addr()
		if err := s.Host("client1").FreshARP(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after, _ := s.Host("client1").Addr(); after != before {
			t.Errorf("address %v, was %v", after, before)
		}
		if code, said := execute(t, s.Host("client1"), "", "neigh", "show"); code != 0 || strings.Contains(said, "REACHABLE") {
			t.Errorf("neighbour cache, exit code %d: %s", code, said)
		}
		if code, said := execute(t, s.Host("client1"), "", "ping", "-c", "1", "server"); code != 0 {
			t.Errorf("ping after the restart: exit code %d: %s", code, said)
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

// checkCapabilities reads what the kernel grants to the processes of each
// container: the first one, and one that is executed.
func checkCapabilities(t *testing.T, s *segment) {
	want := map[string]string{}
	containers := []*host{s.hub}
	for _, h := range s.hosts {
		containers = append(containers, h)
		want[h.name] = unprivileged
	}
	want["sniffer"], want["hub"] = netRawAlone, netAdminAlone

	for _, h := range containers {
		ctx, cancel := context.WithCancel(t.Context())
		running, w := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			_, err := h.Exec(ctx, lab.Cmd{Args: []string{"hold"}, Stdout: w})
			w.Close()
			ended <- err
		}()
		if _, err := running.Read(make([]byte, 1)); err != nil {
			t.Fatalf("hold on %s: %v", h.name, <-ended)
		}
		go io.Copy(io.Discard, running)
		top, err := s.run.cli.ContainerTop(ctx, h.id, client.ContainerTopOptions{Arguments: []string{"-eo", "pid"}})
		if err != nil {
			t.Fatal(err)
		}
		if len(top.Processes) < 2 {
			t.Errorf("%s has %d processes, want its first and the one executed", h.name, len(top.Processes))
		}
		for _, p := range top.Processes {
			if diff := cmp.Diff(want[h.name], privileges(t, p[0])); diff != "" {
				t.Errorf("%s, process %s (-want +got):\n%s", h.name, p[0], diff)
			}
		}
		cancel()
		<-ended
	}
}

// What the kernel grants: effective capabilities and the bounding set
// (capabilities(7), bit 12 is NET_ADMIN and bit 13 NET_RAW), user and
// no_new_privs. A sniffer that has opened its socket needs nothing any more.
const (
	unprivileged  = "0000000000000000 0000000000000000 65534 1"
	netAdminAlone = "0000000000001000 0000000000001000 0 1"
	netRawAlone   = "0000000000002000 0000000000002000 0 1"
	netRawDropped = "0000000000000000 0000000000002000 0 1"
)

// privileges reads what the kernel grants to a process: proc_pid_status(5).
func privileges(t *testing.T, pid string) string {
	t.Helper()
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		t.Skipf("the daemon's processes are not this machine's: %v", err)
	}
	var got []string
	for _, name := range []string{"CapEff", "CapBnd", "Uid", "NoNewPrivs"} {
		_, rest, _ := bytes.Cut(status, []byte("\n"+name+":"))
		if f := bytes.Fields(rest); len(f) > 0 {
			got = append(got, string(f[0]))
		}
	}
	return strings.Join(got, " ")
}
