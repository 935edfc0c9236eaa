package gopackets_test

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"wirelab/sniffer"
	"wirelab/sniffer/gopackets"
	"wirelab/sniffer/pcapfile"
)

// Code that takes a gopacket.PacketSource counts the connections of a capture.
func Example() {
	f, err := os.Open("../testdata/session.pcapng")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	file, err := pcapfile.NewReader(f) // pcap or pcapng
	if err != nil {
		fmt.Println(err)
		return
	}
	source := gopacket.NewPacketSource(gopackets.NewSource(sniffer.LinkEthernet, file.Next), gopackets.Decoder(sniffer.LinkEthernet))
	for {
		p, err := source.NextPacket()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		if tcp, ok := p.TransportLayer().(*layers.TCP); ok && tcp.SYN && !tcp.ACK {
			fmt.Println(p.NetworkLayer().NetworkFlow(), "to port", uint16(tcp.DstPort))
		}
	}
	// Output:
	// 10.77.0.11->10.77.0.10 to port 7000
	// 10.77.0.11->10.77.0.10 to port 81
}
