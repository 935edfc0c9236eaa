package docker

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"wirelab/lab"
)

// checkCapabilities reads what the kernel grants to the processes of each
// container: the first one, and one that is executed.
func checkCapabilities(t *testing.T, s *network) {
	wire := &host{run: s.run, name: "wire", id: s.run.network() + "--wire"}
	for _, pid := range processes(t, wire) {
		if diff := cmp.Diff(makesWire, privileges(t, pid)); diff != "" {
			t.Errorf("wire, process %s (-want +got):\n%s", pid, diff)
		}
	}
	for _, h := range s.hosts {
		first, executed := joined, nobodys
		if h.name == lab.SnifferHost {
			first, executed = joinedSniffer, sniffers
		}
		inspected, err := h.run.cli.ContainerInspect(t.Context(), h.id, client.ContainerInspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		firstPID := strconv.Itoa(inspected.Container.State.Pid)
		before := processes(t, h)
		running, w := io.Pipe()
		p, err := h.Start(t.Context(), lab.Cmd{Args: []string{"hold"}, Stdout: w})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := running.Read(make([]byte, 1)); err != nil {
			t.Fatalf("hold on %s: %v", h.name, err)
		}
		go io.Copy(io.Discard, running)
		pids := processes(t, h)
		if len(pids) <= len(before) {
			t.Errorf("%s has %d processes, had %d before one was executed", h.name, len(pids), len(before))
		}
		for _, pid := range pids {
			want := executed
			if pid == firstPID { // ids begin anew at the machine's pid_max: the lowest may be a later one
				want = first
			}
			if diff := cmp.Diff(want, privileges(t, pid)); diff != "" {
				t.Errorf("%s, process %s (-want +got):\n%s", h.name, pid, diff)
			}
		}
		p.Kill()
		w.Close()
	}
}

// processes returns the ids of a container's processes on this machine.
func processes(t *testing.T, h *host) []string {
	t.Helper()
	top, err := h.run.cli.ContainerTop(t.Context(), h.id, client.ContainerTopOptions{Arguments: []string{"-eo", "pid"}})
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, p := range top.Processes {
		pids = append(pids, p[0])
	}
	return pids
}

// What the kernel grants: effective capabilities and the bounding set
// (capabilities(7), bit 12 is NET_ADMIN and bit 13 NET_RAW), user and
// no_new_privs. A sniffer that has opened its socket needs nothing any more.
const (
	unprivileged  = "0000000000000000 0000000000000000 65534 1"
	netAdminAlone = "0000000000001000 0000000000001000 0 1"
	netRawDropped = "0000000000000000 0000000000002000 0 1"

	makesWire     = "0000000000003000 0000000000003000 0 1"
	joined        = "0000000000000000 0000000000001000 0 1" // once the host's devices are made
	joinedSniffer = "0000000000000000 0000000000003000 0 1"
	nobodys       = "0000000000000000 0000000000001000 65534 1"
	sniffers      = "0000000000003000 0000000000003000 0 1" // until it has opened its socket
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
