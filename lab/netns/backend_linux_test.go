package netns

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/require"
	"wirelab/lab"
)

// up brings up the default lab without the wirelab program: these tests run
// the machine's own programs.
func up(t *testing.T) lab.Network {
	t.Helper()
	return upWith(t, lab.DefaultTopology)
}

func upWith(t *testing.T, topology lab.Topology) lab.Network {
	t.Helper()
	if err := (Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, Name, err)
	}
	n, err := Backend{}.up(t.Context(), topology, "/nonexistent/wirelab")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// execute runs a command to its end.
func execute(ctx context.Context, h lab.Host, cmd lab.Cmd) (int, error) {
	p, err := h.Start(ctx, cmd)
	if err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// sh runs a shell script on a host.
func sh(t *testing.T, h lab.Host, script string) (stdout string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	code, err := execute(ctx, h, lab.Cmd{Args: []string{"/bin/sh", "-c", script}, Stdout: &out, Stderr: &errs})
	if err != nil {
		t.Fatalf("%s: %v; stderr: %s", script, err, &errs)
	}
	if errs.Len() > 0 {
		t.Logf("%s: stderr: %s", script, &errs)
	}
	return out.String(), code
}

func TestHosts(t *testing.T) {
	n := up(t)
	for _, name := range lab.DefaultTopology.Hosts {
		h := n.Host(name)
		if diff := cmp.Diff(lab.DefaultTopology.Ports(name), h.Ports(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if out, _ := sh(t, h, "cat /proc/sys/kernel/hostname"); strings.TrimSpace(out) != name {
			t.Errorf("%s: its host name is %q", name, out)
		}
		if out, _ := sh(t, h, "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/eth0/forwarding"); out != "0\n0\n" {
			t.Errorf("%s forwards: %q", name, out)
		}
		// Names resolve for programs that are not ours.
		for _, other := range lab.DefaultTopology.Hosts {
			out, code := sh(t, h, "getent ahostsv4 "+other)
			if want := lab.DefaultTopology.Names(name)[other][0].String(); code != 0 || !strings.HasPrefix(out, want+" ") {
				t.Errorf("%s: getent %s: %q, exit code %d, want %s", name, other, out, code, want)
			}
		}
	}
	if n.Host("nobody") != nil {
		t.Error("a host that the topology has not")
	}
}

func TestMachineKeepsItsNames(t *testing.T) {
	before, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	up(t)
	after, err := os.ReadFile("/etc/hosts")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the machine's /etc/hosts changed: %v\n%s", err, after)
	}
}

// The lab process is PID 1 of its namespace: it waits for orphans, or they
// would stay as zombies as long as the lab is up.
func TestOrphansAreWaitedFor(t *testing.T) {
	h := up(t).Host("client1")
	for range 10 {
		sh(t, h, "(sleep 0.01 &); exit 0")
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		// Zombies that have an id in a PID namespace below the one of /proc.
		out, _ := sh(t, h, `grep -l "^State:.*Z" /proc/[0-9]*/status 2>/dev/null | xargs -r awk '/^Name|^NSpid/ && ($1 == "Name:" || NF > 2)' 2>/dev/null | grep -B1 NSpid`)
		if out == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("zombies: %s", out)
		}
	}
}

// A lab whose context ends while it comes up, or after, ends too.
func TestContextEndsLab(t *testing.T) {
	if err := (Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, Name, err)
	}
	for _, before := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if before {
			cancel()
		}
		n, err := Backend{}.up(ctx, lab.DefaultTopology, "/nonexistent/wirelab")
		if before {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("up with a context that has ended: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		select {
		case <-n.ended:
		case <-time.After(10 * time.Second):
			t.Error("the lab outlives its context")
		}
		n.Close()
	}
}

// MachinePorts has the bridge and a port for each host, and no host's.
func TestMachinePorts(t *testing.T) {
	n := up(t)
	macs := n.Segment(lab.DefaultSegment).MachinePorts()
	if want := 1 + len(lab.DefaultTopology.Hosts); len(macs) != want {
		t.Errorf("%d addresses, want %d: %v", len(macs), want, macs)
	}
	for _, name := range lab.DefaultTopology.Hosts {
		if mac := n.Host(name).Ports()[0].MAC; slices.Contains(macs, mac) {
			t.Errorf("%v is %s's", mac, name)
		}
	}
	if n.Segment("nowhere") != nil {
		t.Error("a segment that the topology has not")
	}
}

// Entries that were learnt go, and a command that runs does not notice.
func TestFlushNeighbours(t *testing.T) {
	program, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := up(t).Host("client1")
	p, err := h.Start(t.Context(), lab.Cmd{Args: []string{"/bin/sleep", "1000"}})
	if err != nil {
		t.Fatal(err)
	}
	if out, code := sh(t, h, program+" ping -c 1 server && "+program+" neigh"); code != 0 || !strings.Contains(out, "10.77.0.11 02:00:00:00:00:0b") {
		t.Fatalf("exit code %d, nothing was learnt: %q", code, out)
	}
	if err := h.FlushNeighbours(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, code := sh(t, h, program+" neigh"); left != "" || code != 0 {
		t.Errorf("left, exit code %d: %q", code, left)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the command ended: %v", err)
	}
}

func TestCloseTwice(t *testing.T) {
	n := up(t)
	for range 2 {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := n.Host("client1").Start(t.Context(), lab.Cmd{Args: []string{"/bin/true"}}); err == nil {
		t.Error("a command runs on a lab that is closed")
	}
}
