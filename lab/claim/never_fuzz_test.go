package claim

import (
	"slices"
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// FuzzNeverBytes sends a text, cut as the input says, and among its parts whatever else a
// liar may send: that it never crosses the wire must not pass, in whatever tunnel.
func FuzzNeverBytes(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{1, 0x11, 2, 3, 4, 0x40, 7, 9, 0x33, 1, 1, 0x85, 200, 3, 0x12, 8, 1})
	f.Add([]byte{2, 0x91, 1, 1, 0x20, 3, 3, 0xa3, 0, 0, 0x54, 9, 255, 0xf0, 7, 7})
	f.Add([]byte{3, 0x28, 0, 1, 0x18, 1, 2, 0x08, 3, 0, 0x38, 2, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 || len(data) > 200 {
			return
		}
		w := tracetest.New(t, "client1", "server")
		w.Statistics = &pcapfile.Statistics{}
		w.Count()
		w.Barrier(trace.StartLabel)
		sendText(w, data)
		w.Barrier("one")
		w.Ping("client1", "server")
		m := Matcher{Kind: Never, What: []Selection{{Bytes: "sesame"}}}
		plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}}, Stimulated: map[string]bool{"one": true}}
		if v := Judge(w.Recording, plan, []Claim{{ID: "x", Phases: []string{"one"}, Matcher: &m}})[0]; v.Status == Pass {
			t.Errorf("it passes, and the text has crossed the wire")
		}
	})
}

// sendText sends "open sesame" in segments, or in fragments of a datagram, of a few bytes
// each, and others that have the same numbers and other bytes, or other numbers.
func sendText(w *tracetest.Wire, data []byte) {
	wrap := []func(inner []byte){
		func(inner []byte) { w.IP("client1", "server", 4, 0, inner) },
		func(inner []byte) { w.IP("client1", "server", 47, 0, append([]byte{0, 0, 8, 0}, inner...)) },
		func(inner []byte) { w.Fragments("client1", "server", 4, inner, 24, data[0]&0x80 != 0) },
		func(inner []byte) { w.Frame("client1", "server", sniffer.EtherTypeIPv4, inner) },
	}[data[0]&3]
	const text = "open sesame, open"
	datagram := tracetest.Datagram(5, 6, "01234567"+text)
	begin := uint32(0) - uint32(data[1]&15)
	part := func(at, size int) {
		if data[0]&4 == 0 {
			at = min(at, len(text)-1)
			wrap(ip4(6, 0, segmentOf(begin+uint32(at), text[at:min(at+size, len(text))])))
			return
		}
		at = min(at&^7, len(datagram)-1)
		field, end := uint16(at/8), min(at+8+size&^7, len(datagram))
		if end < len(datagram) {
			field |= 0x2000
		}
		wrap(ip4(17, field, datagram[at:end]))
	}
	for rest := data[2:]; len(rest) >= 3; rest = rest[3:] {
		a, b := rest[1], rest[2]
		switch rest[0] & 7 {
		case 0:
			part(int(a%32), 1+int(b%16))
		case 1: // other bytes
			wrap(ip4(6, 0, segmentOf(begin+uint32(int8(a)), "XXXXXXXXXXXXXXXX"[:b%16])))
		case 2: // far away
			wrap(ip4(6, 0, segmentOf(begin+uint32(a)<<24, "XX")))
		case 3:
			wrap(synOf(begin+uint32(a)<<(b%25), "XXX"[:b%4]))
		case 4:
			wrap(ip4(17, 0x2000*uint16(b&1)|uint16(a%4), slices.Repeat([]byte{'X'}, 8*int(b%3))))
		case 5: // malformed
			segment := segmentOf(begin+uint32(a), "\x08\x01\x00\x00XX")
			segment[12] = b
			wrap(ip4(6, 0, segment))
		case 6:
			reset := segmentOf(begin+uint32(a), "XX"[:b%3])
			reset[13] = b
			wrap(ip4(6, 0, reset))
		case 7: // any datagram
			wrap(ip4(a, uint16(b), data))
		}
	}
	// All of it, at last, in parts.
	size := 1 + int(data[1]>>4)%5
	if data[0]&4 != 0 {
		size = 8
	}
	for at := 0; at < len(datagram) && (data[0]&4 != 0 || at < len(text)); at += size {
		if data[0]&4 != 0 {
			part(at, 0)
		} else {
			part(at, size)
		}
	}
}
