package wire

import (
	"os"
	"testing"

	"github.com/vishvananda/netlink"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/fault"
)

// A cable that could not be taken out when its last rule was lifted is taken out by the
// next who lifts that rule, or all.
func TestMendTakesWhatWasLeft(t *testing.T) {
	if !require.OwnNetwork(t) {
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
