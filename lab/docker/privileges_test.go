package docker

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"wirelab/lab"
)

// checkCapabilities reads what the kernel grants to the processes of each
// container: the first one, and one that is executed.
func checkCapabilities(t *testing.T, s *network) {
	want := map[string]string{}
	containers := []*host{s.lan.hub}
	for _, h := range s.hosts {
		containers = append(containers, h)
		want[h.name] = unprivileged
	}
	want["sniffer"], want["hub"] = netRawAlone, netAdminAlone

	for _, h := range containers {
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
		if len(pids) < 2 {
			t.Errorf("%s has %d processes, want its first and the one executed", h.name, len(pids))
		}
		for _, pid := range pids {
			if diff := cmp.Diff(want[h.name], privileges(t, pid)); diff != "" {
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
