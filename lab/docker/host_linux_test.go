package docker

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"wirelab/lab"
)

// A command has the lab's environment and what was added to it.
func checkEnvironment(t *testing.T, n *network) {
	h := n.hosts["client2"]
	before := processes(t, h)
	running, w := io.Pipe()
	defer running.Close()
	p, err := h.Start(t.Context(), lab.Cmd{Args: []string{"hold"}, Env: []string{"ADDED=yes"}, Stdout: w})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	// Until it says so, the process is still what the daemon starts it by.
	if _, err := running.Read(make([]byte, 1)); err != nil {
		t.Fatalf("hold: %v", err)
	}
	added := slices.DeleteFunc(processes(t, h), func(pid string) bool { return slices.Contains(before, pid) })
	if len(added) != 1 {
		t.Fatalf("processes %v, want one more than %v", added, before)
	}
	environ, err := os.ReadFile("/proc/" + added[0] + "/environ")
	if err != nil {
		t.Skipf("the daemon's processes are not this machine's: %v", err)
	}
	want := []string{"ADDED=yes", "HOME=/", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "WIRELAB_HOST=client2"}
	var names []string
	for _, host := range []string{"client1", "client2", "server", "sniffer"} {
		names = append(names, host+"="+addressOf(n, host).Addr().String())
	}
	want = append(want, "WIRELAB_HOSTS="+strings.Join(names, ","), "WIRELAB_LANG=en")
	got := strings.Split(string(bytes.Trim(environ, "\x00")), "\x00")
	got = slices.DeleteFunc(got, func(v string) bool { return strings.HasPrefix(v, "HOSTNAME=") }) // the daemon's
	for _, v := range lab.Environment("client2", nil) {
		if strings.HasPrefix(v, "GORACE=") { // with the race detector alone
			want = append(want, v)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// No host forwards, whatever the machine does, nor asks again for an address that
// it knows.
func checkSettings(t *testing.T, n *network) {
	if os.Geteuid() != 0 {
		t.Skip("only root may look into a container's network namespace")
	}
	for _, h := range n.hosts {
		pid := processes(t, h)[0]
		result := make(chan error)
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			result <- func() error {
				ns, err := os.Open("/proc/" + pid + "/ns/net")
				if err == nil {
					defer ns.Close()
					err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
				}
				if err != nil {
					return fmt.Errorf("enter the network namespace of %s: %w", h.name, err)
				}
				for name, want := range map[string]string{"ip_forward": "0", "conf/eth0/forwarding": "0", "neigh/eth0/delay_first_probe_time": "3600"} {
					value, err := os.ReadFile("/proc/sys/net/ipv4/" + name)
					if err != nil || strings.TrimSpace(string(value)) != want {
						return fmt.Errorf("%s: %s is %q (%v), want %s", h.name, name, value, err, want)
					}
				}
				return nil
			}()
		}()
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
}
