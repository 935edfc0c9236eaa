// Blast makes what the sniffer is measured with: capture files, and frames at
// the full rate of an interface.
//
//	blast file -n 1000000 -hosts 8 >mixed.pcap
//	blast send -i IFACE -n 1000000 -size 64
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "blast:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want file or send")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	n := flags.Int("n", 1_000_000, "frames")
	hosts := flags.Int("hosts", 8, "of each of two sides, in a file")
	name := flags.String("i", "", "interface to send on")
	size := flags.Int("size", 64, "bytes of a frame to send, at least 42")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "file":
		return file(os.Stdout, *n, *hosts)
	case "send":
		return send(*name, *n, *size)
	}
	return fmt.Errorf("%q: want file or send", args[0])
}

// file writes a pcap file of mixed frames, a microsecond apart.
func file(dst io.Writer, n, hosts int) error {
	out := bufio.NewWriterSize(dst, 1<<20)
	w, err := pcapfile.NewPcapWriter(out, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		return err
	}
	m := newMix(hosts)
	at := time.Unix(1_700_000_000, 0)
	for range n {
		data := m.next()
		at = at.Add(time.Microsecond)
		if err := w.WriteFrame(sniffer.Frame{Time: at, Data: data, Length: len(data), LinkType: sniffer.LinkEthernet}); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Flush()
}

// datagram is a frame of UDP over IPv4 with so many bytes.
func datagram(size int) []byte {
	m := newMix(1)
	from, to := host{10, 1, 1}, host{10, 2, 2}
	m.frame = append(append(m.frame, to.mac()...), from.mac()...)
	m.ip4(from, to, 17, size-34)
	m.udp([2]uint16{1111, 2222}, size-42)
	return m.frame
}
