package wire

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/fault"
)

// inNamespace is set in the process that runs one test in a network namespace of its own.
const inNamespace = "WIRELAB_TEST_IN_NAMESPACE"

// ownNetwork runs the test in a user and network namespace of its own, in another process,
// and reports what happened there; in there it returns true.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNamespace) == t.Name() {
		return true
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		require.Missing(t, "netns", "a user and network namespace is refused: "+err.Error())
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()) {
		t.Errorf("in its own network: %v\n%s", err, out.String())
	}
	return false
}

// A cable that could not be taken out when its last rule was lifted is taken out by the
// next who lifts that rule, or all.
func TestMendTakesWhatWasLeft(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	topology := lab.Hosts("a")
	w, err := New(t.Context(), topology)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := NewHost(topology, "a").Make(int(root.Fd())); err != nil {
		t.Fatal(err)
	}
	if err := w.PlugIn("a"); err != nil {
		t.Fatal(err)
	}
	const device = "port0"
	for i, name := range []string{"", "one"} { // as Mend takes it
		r := fault.Rule{Name: []string{"all", "one"}[i], From: fault.Anyone, To: "a", Kind: fault.Drop}
		if err := w.Impair(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		// As Mend leaves it that has lifted the rule, and not taken the cable out in time.
		lifted, ok := w.cables.of[device].Remove(r.Name)
		if !ok || !lifted.Mended {
			t.Fatalf("%+v (%t)", lifted, ok)
		}
		w.cables.rules[0] = lifted
		if err := w.Mend(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if _, err := netlink.LinkByName("in-" + device); err == nil {
			t.Errorf("mend %q leaves the cable in", name)
		}
	}
}
