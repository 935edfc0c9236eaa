package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// Record is a finished capture: of a lab, or of a file made elsewhere.
type Record struct {
	Packets    []sniffer.Packet     // all of them, numbered from 1
	Hosts      sniffer.Names        // of the lab, by address
	Statistics *pcapfile.Statistics // nil if drops were not recorded
	Damage     error                // why the file ended before it should
}

// ReadRecord reads a pcap or pcapng file. Names given in hosts come before
// those that the file has. A damaged file gives the packets before the damage
// and says so in Damage.
func ReadRecord(path string, hosts map[string]netip.Addr) (*Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := pcapfile.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := &Record{Hosts: sniffer.Names{}}
	decoder := sniffer.NewDecoder()
	size := 0
	for {
		frame, err := file.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.Damage = fmt.Errorf("%s: %w", path, err)
			break
		}
		if size += len(frame.Data); size > maxCapture {
			return nil, fmt.Errorf("%s: more than %d MiB of frames, which no experiment has", path, maxCapture>>20)
		}
		frame.Data = slices.Clone(frame.Data)
		p := sniffer.Packet{Frame: frame}
		decoder.Decode(&p)
		p.Number = len(r.Packets) + 1
		r.Packets = append(r.Packets, p)
	}
	if s, ok := file.Statistics(); ok {
		r.Statistics = &s
	}
	named := map[string]bool{}
	for name, addr := range hosts {
		r.Hosts[addr], named[name] = name, true
	}
	for addr, name := range file.Names() {
		if _, known := r.Hosts[addr]; !known && !named[name] {
			r.Hosts[addr] = name
		}
	}
	return r, nil
}

// WriteFile writes the record as pcapng with the hosts' names and the
// statistics. The file is whole or not there.
func (r *Record) WriteFile(path string) error {
	return WriteWhole(path, func(w io.Writer) error {
		file, err := pcapfile.NewWriter(w, pcapfile.Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
		if err != nil {
			return err
		}
		if err := file.WriteNames(r.Hosts); err != nil {
			return err
		}
		for i := range r.Packets {
			if err := file.WriteFrame(r.Packets[i].Frame); err != nil {
				return err
			}
		}
		if r.Statistics != nil {
			if err := file.WriteStatistics(*r.Statistics); err != nil {
				return err
			}
		}
		return file.Flush()
	})
}

// Dropped is the number of frames that the kernel dropped, nil if the capture
// does not say.
func (r *Record) Dropped() *uint64 {
	if r.Statistics == nil {
		return nil
	}
	return &r.Statistics.Dropped
}

// Marker returns the marker that a packet carries and that the host which it
// names has sent.
func (r *Record) Marker(p *sniffer.Packet) (Marker, bool) {
	m, ok := MarkerOf(p)
	return m, ok && r.Hosts[p.Src] == m.Host
}

// Judged reports whether a packet is judged: a host of the lab, not the
// sniffer, sent it to a host of the lab or to all, and it is no marker. A
// question for the address of a stranger is the stranger's business.
func (r *Record) Judged(p *sniffer.Packet) bool {
	if _, marker := r.Marker(p); marker {
		return false
	}
	from, to := p.Src, p.Dst
	if p.Has(sniffer.ARP) {
		from, to = p.ARPSender, p.ARPTarget
	}
	src, dst := r.Hosts[from], r.Hosts[to]
	forAll := p.DstMAC.Multicast() && !p.Has(sniffer.ARP)
	return src != "" && src != SnifferHost && (dst != "" || forAll)
}

// JudgedPackets returns the packets that are judged.
func (r *Record) JudgedPackets() []sniffer.Packet {
	var judged []sniffer.Packet
	for i := range r.Packets {
		if r.Judged(&r.Packets[i]) {
			judged = append(judged, r.Packets[i])
		}
	}
	return judged
}

// Phase is a stretch of a capture between two barriers.
type Phase struct {
	After, Until int // it has the packets numbered (After, Until]
	Duration     time.Duration
	OpenStart    bool // no barrier begins it: it goes back to the capture's beginning
	OpenEnd      bool // no barrier ends it: it goes to the end of the capture
}

// barrier is where the markers of one label stand in a capture.
type barrier struct {
	first, last int // packet numbers
	begin, end  time.Time
	hosts       []string
}

func (r *Record) barrier(label string) (b barrier, found bool) {
	for i := range r.Packets {
		p := &r.Packets[i]
		m, ok := r.Marker(p)
		if !ok || m.Label != label {
			continue
		}
		if !found {
			b.first, b.begin, found = p.Number, p.Time, true
		}
		b.last, b.end = p.Number, p.Time
		b.hosts = append(b.hosts, m.Host)
	}
	return b, found
}

// whole checks that every judged host set the barrier, once.
func (b barrier) whole(label string, hosts []string) error {
	for _, h := range hosts {
		n := 0
		for _, seen := range b.hosts {
			if seen == h {
				n++
			}
		}
		switch {
		case n == 0:
			return fmt.Errorf("barrier %q has no marker of %s", label, h)
		case n > 1:
			return fmt.Errorf("barrier %q is there %d times", label, n)
		}
	}
	return nil
}

// phase finds the stretch that the labels name, which end consecutive phases
// of an experiment whose barriers are given in order. No label is all of the
// capture.
func (r *Record) phase(labels, barriers, hosts []string) (Phase, error) {
	if len(labels) == 0 {
		p := Phase{Until: len(r.Packets), OpenEnd: true}
		if n := len(r.Packets); n > 0 {
			p.Duration = r.Packets[n-1].Time.Sub(r.Packets[0].Time)
		}
		if len(barriers) > 0 {
			last := barriers[len(barriers)-1]
			if b, ok := r.barrier(last); ok && b.whole(last, hosts) == nil {
				p.OpenEnd = false
			}
		}
		return p, nil
	}
	final := labels[len(labels)-1]
	end, found := r.barrier(final)
	if !found {
		return Phase{}, fmt.Errorf("no barrier %q in the capture", final)
	}
	if err := end.whole(final, hosts); err != nil {
		return Phase{}, err
	}
	p := Phase{Until: end.last}
	begin := time.Time{}
	if at := slices.Index(barriers, labels[0]); at > 0 {
		label := barriers[at-1]
		b, found := r.barrier(label)
		if !found {
			return Phase{}, fmt.Errorf("no barrier %q in the capture", label)
		}
		if err := b.whole(label, hosts); err != nil {
			return Phase{}, err
		}
		p.After, begin = b.last, b.end
	} else if b, ok := r.barrier(startLabel); ok {
		if err := b.whole(startLabel, hosts); err != nil {
			return Phase{}, err
		}
		p.After, begin = b.last, b.end
	} else {
		p.OpenStart = true
	}
	if p.After >= end.first {
		return Phase{}, fmt.Errorf("barrier %q stands before the one it follows", final)
	}
	if begin.IsZero() && len(r.Packets) > 0 {
		begin = r.Packets[0].Time
	}
	p.Duration = end.begin.Sub(begin)
	return p, nil
}

// hostsMissing names the hosts of a topology that the record cannot tell.
func (r *Record) hostsMissing(t Topology) []string {
	return slices.DeleteFunc(t.Judged(), func(h string) bool {
		for _, name := range r.Hosts {
			if name == h {
				return true
			}
		}
		return false
	})
}

// WriteWhole writes a file so that a crash leaves the old one or the new one.
func WriteWhole(path string, write func(io.Writer) error) (err error) {
	dir := "."
	if i := strings.LastIndexByte(path, os.PathSeparator); i >= 0 {
		dir = path[:i+1]
	}
	f, err := os.CreateTemp(dir, ".wirelab-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
