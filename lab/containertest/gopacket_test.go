package containertest_test

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

// gopacketReads checks the lessons once more by gopacket, which shares no code with the
// sniffer's decoders: ARP comes before ICMP, one TCP connection opens and closes, and the
// UDP conversation is its one datagram and the answers to it.
func gopacketReads(t *testing.T, l *labtest.Lab) {
	t.Helper()
	var capture bytes.Buffer
	l.WriteCapture(&capture)
	file, err := pcapfile.NewReader(&capture)
	if err != nil {
		t.Fatal(err)
	}
	source := gopacket.NewPacketSource(gopackets.NewSource(sniffer.LinkEthernet, file.Next), gopackets.Decoder(sniffer.LinkEthernet))
	var syn, fin, said int
	var arp, ended bool // ARP was seen; a TCP segment came behind the UDP chat's first word
	for {
		p, err := source.NextPacket()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		arp = arp || p.Layer(layers.LayerTypeARP) != nil
		if p.Layer(layers.LayerTypeICMPv4) != nil && !arp {
			t.Error("gopacket reads ICMP ahead of ARP")
		}
		switch transport := p.TransportLayer().(type) {
		case *layers.TCP:
			ended = ended || said > 0
			if transport.SYN {
				syn++
			}
			if transport.FIN {
				fin++
			}
		case *layers.UDP:
			if transport.DstPort == 7001 && bytes.Contains(transport.Payload, []byte("good morning")) {
				said++
			}
		}
	}
	if syn != 2 || fin != 2 || said != 1 || ended {
		t.Errorf("gopacket reads %d SYN, %d FIN, %d UDP datagrams with the word, TCP behind it: %t; want 2, 2, 1, false", syn, fin, said, ended)
	}
}
