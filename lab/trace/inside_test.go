package trace_test

import (
	"testing"

	"wirelab/lab/trace/tracetest"
)

// A fragment that comes again, however often, is looked at once: somebody sends any number of
// them.
func TestCarriedOfMany(t *testing.T) {
	w := tracetest.New(t, "client1", "server")
	long := tracetest.Datagram(5, 6, "01234567 open sesame")
	for range 100_000 {
		w.IP("client1", "server", 17, 3, long[24:])
	}
	w.IP("client1", "server", 17, 0x2000, long[:24])
	found := w.Carried("sesame")
	if len(found) != 1 || len(found[w.Len()]) != w.Len() {
		t.Errorf("it is in %d packets", len(found))
	}
}
