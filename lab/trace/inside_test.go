package trace_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"wirelab/lab/trace"
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

// tunneled is a segment in IP in IP, from a port.
func tunneled(port uint16, seq uint32, data string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(40+len(data)))
	b = append(b, 0, 9, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint32(append(b, 27, 88), seq)
	return append(append(b, 0, 0, 0, 0, 5<<4, 16, 16, 0, 0, 0, 0, 0), data...)
}

// begun is a wire that claims can be judged of.
func begun(t *testing.T) *tracetest.Wire {
	w := tracetest.New(t, "client1", "server")
	w.Barrier(trace.StartLabel)
	return w
}

// disputed is what is disputed of all that a wire has.
func disputed(t *testing.T, w *tracetest.Wire) trace.Suspect {
	t.Helper()
	w.Barrier("one")
	plan := trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}}
	window, missing := w.Window(nil, plan)
	if !missing.IsZero() {
		t.Fatal(missing)
	}
	return w.Disputed("", window, plan)
}

// Nothing is looked for among all segments for each of them, nor for each place of a text:
// with any of these the test would take minutes, or more memory than there is.
func TestInsideHostile(t *testing.T) {
	t.Run("a text at every byte", func(t *testing.T) {
		w := begun(t)
		data := strings.Repeat("a", 1400)
		for i := range uint32(8000) {
			w.IP("client1", "server", 4, 0, tunneled(5, i*1400, data))
		}
		if found := w.Carried("aa"); len(found) != w.Len()-2 {
			t.Errorf("it is in %d packets, want %d", len(found), w.Len()-2)
		}
	})
	t.Run("a text at every byte of a fragment that comes again", func(t *testing.T) {
		w := begun(t)
		segment := tunneled(5, 1, strings.Repeat("a", 60_000))[20:]
		for range 50_000 {
			w.IP("client1", "server", 6, 0x2003, segment[24:32])
		}
		w.IP("client1", "server", 6, 4, segment[32:])
		w.IP("client1", "server", 6, 0x2000, segment[:24])
		if found := w.Carried("aa"); len(found) != w.Len()-2 {
			t.Errorf("it is in %d packets, want %d", len(found), w.Len()-2)
		}
	})
	t.Run("gaps", func(t *testing.T) {
		w := begun(t)
		for i := range uint32(100_000) {
			w.IP("client1", "server", 4, 0, tunneled(5, i*3, "ab"))
		}
		if s := disputed(t, w); s.Packet != nil {
			t.Errorf("packet %d is disputed, %v", s.Packet.Number, s.Kind)
		}
	})
	t.Run("tunnels", func(t *testing.T) {
		w := begun(t)
		w.IP("client1", "server", 4, 0, tunneled(5, 1, "ab"))
		var all []byte
		for len(all) < 60_000 { // GRE in IP in SNAP in Ethernet
			size := 24 + len(all)
			all = slices.Concat([]byte{2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0, 46, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0,
				0x45, 0, byte(size >> 8), byte(size), 0, 9, 0, 0, 64, 47, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0x65, 0x58}, all)
		}
		for range 2000 {
			w.Frame("client1", "server", 46, all[14:])
		}
		if s := disputed(t, w); s.Packet == nil || s.Packet.Number != 4 || s.Kind != trace.Malformed || s.Err == nil {
			t.Errorf("%+v, want that packet 4 has too many tunnels", s)
		}
	})
	t.Run("ports", func(t *testing.T) {
		w := begun(t)
		for i := range uint32(1 << 16) {
			w.IP("client1", "server", 4, 0, tunneled(uint16(i), 1, "a"))
		}
		if s := disputed(t, w); s.Kind != trace.Crowded {
			t.Errorf("%+v, want that there is no room", s)
		}
	})
}
