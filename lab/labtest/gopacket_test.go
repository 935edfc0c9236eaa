package labtest_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"wirelab/lab/labtest"
	"wirelab/sniffer"
	"wirelab/sniffer/gopackets"
	"wirelab/sniffer/pcapfile"
)

// gopacket, which shares no code with the sniffer's decoders, reads in the capture what the
// claims say of it.
func TestGopacketReadsTheSame(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	chat := l.Start("server", "chat", "serve")
	chat.Await("listening")
	l.Run("client", "ping", "-c", "1", "server")
	l.Run("client", "chat", "send", "server", "hello")
	l.Settle("talked")
	l.Before("arp", "icmp", labtest.In("talked"))
	l.Exactly(2, "tcp[tcpflags] & tcp-syn != 0", labtest.In("talked"))
	l.Exactly(2, "tcp[tcpflags] & tcp-fin != 0", labtest.In("talked"))
	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.In("talked"))

	var capture bytes.Buffer
	l.WriteCapture(&capture)
	seen := witness(t, &capture)
	if seen.syn != 2 || seen.fin != 2 || seen.rst != 0 {
		t.Errorf("gopacket counts %d SYN, %d FIN and %d RST", seen.syn, seen.fin, seen.rst)
	}
	if seen.arp == 0 || seen.arp > seen.echo {
		t.Errorf("gopacket has the first ARP at %d and the first echo at %d", seen.arp, seen.echo)
	}
}

// seen is what gopacket finds in a capture: numbers of segments, and the number of the first
// packet of ARP and of ICMP.
type seen struct{ syn, fin, rst, arp, echo int }

func witness(t *testing.T, capture io.Reader) (s seen) {
	t.Helper()
	file, err := pcapfile.NewReader(capture)
	if err != nil {
		t.Fatal(err)
	}
	packets := gopacket.NewPacketSource(gopackets.NewSource(sniffer.LinkEthernet, file.Next), gopackets.Decoder(sniffer.LinkEthernet))
	for number := 1; ; number++ {
		p, err := packets.NextPacket()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		if tcp, ok := p.TransportLayer().(*layers.TCP); ok {
			for count, set := range map[*int]bool{&s.syn: tcp.SYN, &s.fin: tcp.FIN, &s.rst: tcp.RST} {
				if set {
					*count++
				}
			}
		}
		if s.arp == 0 && p.Layer(layers.LayerTypeARP) != nil {
			s.arp = number
		}
		if s.echo == 0 && p.Layer(layers.LayerTypeICMPv4) != nil {
			s.echo = number
		}
	}
}
