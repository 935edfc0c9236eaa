package dissect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/dissect"
)

// on returns a packet whose transport has a payload on a port.
func on(layer sniffer.Layers, port uint16, payload []byte) *sniffer.Packet {
	return &sniffer.Packet{Frame: sniffer.Frame{Data: payload, Length: len(payload)}, Layers: layer, SrcPort: 40000, DstPort: port, Payload: payload}
}

// A packet of another port has no name, whatever its payload is; nor has
// one that is not what its port promises.
func TestOthers(t *testing.T) {
	get := []byte("GET / HTTP/1.1\r\n")
	for _, test := range []struct {
		name string
		p    *sniffer.Packet
	}{
		{"another port", on(sniffer.TCP, 7000, get)},
		{"another transport", on(sniffer.UDP, 80, get)},
		{"nothing", on(sniffer.TCP, 80, nil)},
		{"another version", on(sniffer.TCP, 80, []byte("PRI * HTTP/2.0\r\n"))},
		{"no request", on(sniffer.TCP, 80, []byte("GET"))},
		{"a body", on(sniffer.TCP, 80, []byte("A WORD HTTP/1.10\n"))},
		{"TLS data", on(sniffer.TCP, 443, []byte("\x17\x03\x03\x00\x10aaaaaaaaaaaaaaaa"))},
		{"another handshake", on(sniffer.TCP, 443, []byte("\x16\x03\x03\x00\x10\x0b\x00\x00\x0c\x03\x03aaaaaaaaaa"))},
		{"SSH on 443", on(sniffer.TCP, 443, []byte("SSH-2.0-OpenSSH_9.2\r\n"))},
		{"short DNS", on(sniffer.UDP, 53, []byte("\x12\x34\x01\x00"))},
		{"DNS without its question", on(sniffer.UDP, 53, []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"))},
		{"a relay's BOOTP without a cookie", on(sniffer.UDP, 67, []byte("\x01\x01\x06\x00"+strings.Repeat("\x00", 300)))},
		{"DHCP for IPv6 of another type", on(sniffer.UDP, 547, []byte("\xf0abc"))},
		{"a part of DHCP for IPv6", on(sniffer.UDP, 547, []byte("\x01ab"))},
		{"NTP of another version", on(sniffer.UDP, 123, []byte(strings.Repeat("\xff", 48)))},
		{"a control message of NTP", on(sniffer.UDP, 123, []byte("\x26"+strings.Repeat("\x00", 47)))},
		{"length of DNS over TCP", on(sniffer.TCP, 53, []byte("\x00\x20"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if m := dissect.Of(test.p); m != nil {
				t.Errorf("%s", m.AppendWords(nil))
			}
		})
	}
}

// What a message may hold is bounded: 3,000 answers that all point at one name.
func TestBounds(t *testing.T) {
	label := strings.Repeat("\x1b", 63)
	name := "\x3f" + label + "\x3f" + label + "\x3f" + label + "\x00"
	dns := "\x12\x34\x81\x80\x00\x01\xff\xff\x00\x00\x00\x00" + name + "\x00\x01\x00\x01" + strings.Repeat("\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x0c", 3000)
	m := dissect.Of(on(sniffer.UDP, 53, []byte(dns)))
	if m == nil || !m.Incomplete {
		t.Fatalf("%+v", m)
	}
	if d := m.Object.(*dissect.DNS); len(d.Answers) != 64 || !d.Incomplete {
		t.Errorf("%d answers", len(d.Answers))
	}
	if words := m.AppendWords(nil); len(words) > 1000 {
		t.Errorf("%d bytes: %s", len(words), words)
	}
	m = dissect.Of(on(sniffer.UDP, 547, []byte("\x07abc"+strings.Repeat("\x00\x17\x00\x10abcdefghijklmnop", 3000))))
	if d := m.Object.(*dissect.DHCP6); len(d.DNSServers) != 0 || !d.Incomplete {
		t.Errorf("%d servers of a message that is too long", len(d.DNSServers))
	}
	m = dissect.Of(on(sniffer.TCP, 80, []byte("GET /"+strings.Repeat("a", 60000))))
	if words := m.AppendWords(nil); len(words) > 300 {
		t.Errorf("%d bytes", len(words))
	}
	if target := m.Object.(*dissect.HTTP).Target; len(target) > 5000 {
		t.Errorf("a target of %d bytes", len(target))
	}
}

// Packets of well-known ports that carry something else cost no allocation.
func TestOthersAllocateNothing(t *testing.T) {
	data := []byte("\x17\x03\x03\x05\x78" + strings.Repeat("\xab", 1400))
	for _, port := range []uint16{80, 443, 7000, 60000} {
		p := on(sniffer.TCP, port, data)
		if n := testing.AllocsPerRun(100, func() { dissect.Of(p) }); n > 0 {
			t.Errorf("port %d: %v allocations", port, n)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, port := range []uint16{53, 5353, 443, 80} {
		f.Add(port, false, []byte("GET / HTTP/1.1\r\n"))
	}
	dhcp := "\x01\x01\x06\x00" + strings.Repeat("\x00", 232) + "\x63\x82\x53\x63"
	for _, options := range []string{"\x35\x01\x01\x0c\x02ab\xff", "\x52\x06\x01\x04abcd\x3d\x02\x01\x02\x77\x02\x01a\xff", "\x79\x05\x08\x0a\x01\x02\x03\xff"} {
		f.Add(uint16(67), true, []byte(dhcp+options))
	}
	for _, options := range []string{"\x00\x01\x00\x0a\x00\x03\x00\x01abcdef", "\x00\x03\x00\x0cabcdefghijkl", "\x00\x19\x00\x0cabcdefghijkl", "\x00\x17\x00\x10abcdefghijklmnop"} {
		f.Add(uint16(547), true, []byte("\x01abc"+options))
	}
	f.Add(uint16(123), true, []byte("\x24\x02\x06\xe9"+strings.Repeat("\xab", 44)))
	f.Fuzz(func(t *testing.T, port uint16, udp bool, payload []byte) {
		layer := sniffer.TCP
		if udp {
			layer = sniffer.UDP
		}
		check(t, on(layer, port, payload))
	})
}

// check looks at what is told of a packet.
func check(t *testing.T, p *sniffer.Packet) {
	t.Helper()
	m := dissect.Of(p)
	if m == nil {
		return
	}
	words := string(m.AppendWords(nil))
	if safetext.Escape(words) != words {
		t.Errorf("not safe: %q", words)
	}
	if len(m.Words) == 0 || m.Words[0].Label != "" || len(words) > 20*300 {
		t.Errorf("words %+v", m.Words)
	}
	if m.Offset < 0 || m.Length < 0 || m.Offset+m.Length > len(p.Data) {
		t.Errorf("bytes %d, %d of %d", m.Offset, m.Length, len(p.Data))
	}
	if _, err := json.Marshal(m.Object); err != nil {
		t.Error(err)
	}
}

func BenchmarkOf(b *testing.B) {
	for _, bench := range []struct {
		name string
		p    *sniffer.Packet
	}{
		{"none", on(sniffer.TCP, 7000, make([]byte, 1400))},
		{"ephemeral", on(sniffer.UDP, 50000, make([]byte, 1400))},
		{"tls-data", on(sniffer.TCP, 443, make([]byte, 1400))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dissect.Of(bench.p)
			}
		})
	}
}
