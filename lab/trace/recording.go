package trace

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// Recording holds the frames of a capture: of a lab while it runs, or of a file. What
// claims ask for, such as markers, conversations and fragments, is found once, when a
// frame is added. Memory holds a short row for each frame. The bytes of frames may be in a
// file or in a Spool.
//
// A Recording is not safe for use by several goroutines at once. While nothing is added to
// it, several may call Packet and Frame.
type Recording struct {
	Hosts      Hosts                // which host is which
	Statistics *pcapfile.Statistics // what the capture counted; nil if drops were not recorded
	Damage     error                // why the capture ended early, or its bytes cannot be read any more; nil if it is whole

	reading sync.Mutex // holds frames and decoded
	frames  frames
	rows    [][]row
	length  int
	classes []*class
	byKey   map[classKey]uint32
	recent  [2]recent
	decoded [64]*sniffer.Packet // those that were asked for last, by number
	latest  sniffer.Packet      // that was added

	index     index
	faults    faults
	backwards int             // number of the first packet that is older than the one before, 0 for none
	gap       i18n.Message    // what the capture says of frames that it lacks
	snaps     map[int]int     // length to which each interface cut its frames; 0 for no limit
	unplaced  []string        // interfaces of the capture that are no segment's
	given     map[string]bool // names that were known before a frame was
}

// New returns an empty recording. Load and its like add the hosts that a capture file
// names; they change no name that hosts has. If hosts has no Names, its Ports become those
// of the file.
func New(hosts Hosts) *Recording {
	r := &Recording{Hosts: hosts, byKey: map[classKey]uint32{}, index: newIndex(), given: map[string]bool{}}
	if hosts.Names == nil {
		r.Hosts.Names = sniffer.Names{}
	}
	for _, name := range hosts.Names {
		r.given[name] = true
	}
	if hosts.PortOn == nil {
		r.Hosts.PortOn, r.Hosts.AddrOn = map[sniffer.MAC]int{}, map[netip.Addr]int{}
	}
	return r
}

// SpoolTo has the recording move the bytes of its frames to a Spool when they exceed 4
// MiB. It calls open once, then. If open fails, or the Spool takes no more, further bytes
// stay in memory, up to MaxBytes. Call SpoolTo before frames are added.
func (r *Recording) SpoolTo(open func() (Spool, error)) { r.frames.open = open }

// Add appends a frame, whose bytes it copies. It returns the frame's packet, which is
// valid until the next one is added. The error says which limit is reached: MaxPackets,
// MaxBytes or MaxSpooled.
func (r *Recording) Add(frame sniffer.Frame) (*sniffer.Packet, error) {
	r.reading.Lock()
	at, err := r.frames.add(frame.Data)
	r.reading.Unlock()
	if err != nil {
		return nil, err
	}
	return r.append(frame, at)
}

// append adds a frame, whose bytes are kept already.
func (r *Recording) append(frame sniffer.Frame, at int64) (*sniffer.Packet, error) {
	if r.length == MaxPackets {
		return nil, errTooMany
	}
	p := &r.latest
	p.Frame = frame
	p.Decode()
	p.Number = r.length + 1
	if r.length > 0 && r.backwards == 0 && p.Time.Before(r.row(r.length).time()) {
		r.backwards = p.Number
	}
	r.keep(p, at)
	r.index.add(r, p)
	return p, nil
}

// room reports whether there is room for one more of so many that are told apart. Where
// there is none, nothing can be claimed.
func (r *Recording) room(have int) bool {
	if have < MaxEnds {
		return true
	}
	r.gap = i18n.Msg("claim.crowded", "Limit", MaxEnds)
	return false
}

// Load adds every frame of a pcap or pcapng file and calls added, which may be nil, with
// each packet. If the file is damaged, or in fails, Load adds the frames before that and
// sets Damage. It returns an error only for a file that is no capture, and as Add does.
func (r *Recording) Load(in io.Reader, added func(*sniffer.Packet)) error {
	return r.load(in, nil, false, added)
}

// Follow is Load for a capture that is still being written. It takes over the names of
// hosts whenever it has to wait for the next frame, and not only at the end.
func (r *Recording) Follow(in io.Reader, added func(*sniffer.Packet)) error {
	return r.load(in, nil, true, added)
}

// File is a capture file for LoadFile, read from its beginning. An *os.File is one.
type File interface {
	io.Reader
	io.ReaderAt
}

// LoadFile is Load for an empty recording. It leaves the bytes of frames in the file,
// which must stay open and unchanged as long as the recording is used. It copies those of
// a compressed file.
func (r *Recording) LoadFile(file File) error { return r.load(file, file, false, nil) }

func (r *Recording) load(in io.Reader, from io.ReaderAt, follow bool, added func(*sniffer.Packet)) error {
	file, err := pcapfile.NewReader(in)
	if err != nil {
		return err
	}
	if _, plain := file.Offset(); plain {
		r.frames.file = from
	}
	for {
		frame, err := file.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.Damage = err
			break
		}
		if r.length == 0 {
			r.readHosts(file) // those before the first frame
		}
		if !r.placed(file, &frame) {
			continue
		}
		var p *sniffer.Packet
		if r.frames.file != nil {
			at, _ := file.Offset()
			p, err = r.append(frame, at)
		} else {
			p, err = r.Add(frame)
		}
		if err != nil {
			return err
		}
		r.readComments(p, file.Comments())
		if added != nil {
			added(p)
		}
		if follow && !file.Buffered() {
			r.readHosts(file)
		}
	}
	r.readGaps(file)
	r.readHosts(file)
	return nil
}

// readGaps takes what the file says of frames that it lacks.
func (r *Recording) readGaps(file *pcapfile.Reader) {
	gaps := file.Gaps()
	if s, ok := file.Statistics(); ok && gaps.Counted || gaps.Dropped > 0 {
		s.Dropped = max(s.Dropped, gaps.Dropped)
		r.Statistics = &s
	}
	r.snaps = map[int]int{}
	for i, ifi := range gaps.Interfaces {
		if r.Hosts.Several() {
			i = r.segmentNamed(ifi.Name)
		}
		r.snaps[i] = int(ifi.SnapLen)
		switch {
		case !r.gap.IsZero():
		case len(r.unplaced) > 0:
			r.gap = i18n.Msg("claim.segments", "Interfaces", r.unplaced, "Known", r.Hosts.Segments)
		case ifi.Filter != "":
			r.gap = i18n.Msg("claim.filtered", "Filter", ifi.Filter)
		case ifi.Accepted > 0 && ifi.Received > ifi.Accepted:
			r.gap = i18n.Msg("claim.leftout", "Count", ifi.Received-ifi.Accepted)
		}
	}
	switch {
	case !r.gap.IsZero():
	case gaps.Backwards:
		r.gap = i18n.Msg("claim.counters")
	case gaps.Missing > 0:
		r.gap = i18n.Msg("claim.uncaptured", "Count", gaps.Missing)
	}
}

// readHosts takes the names that the file has where the recording has none.
func (r *Recording) readHosts(file *pcapfile.Reader) {
	for addr, name := range file.Names() {
		if _, known := r.Hosts.Names[addr]; !known && !r.given[name] {
			r.Hosts.Names[addr] = name
		}
	}
	if a := file.Renamed(); a != "" && len(r.given) == 0 && r.gap.IsZero() {
		r.gap = i18n.Msg("claim.renamed", "Address", a)
	}
	// Names that were given tell by address who is who, and so do all then.
	if len(r.given) == 0 {
		r.Hosts.Ports = file.MACNames()
	}
}

// Write writes the recording as a pcapng file with the names and ports of the hosts, the
// statistics and, as comments, what impairments did. If there are several segments, each
// is an interface of the file.
func (r *Recording) Write(w io.Writer) error { return r.WriteCommented(w, nil) }

// WriteCommented is Write with further comments of packets, by their numbers.
func (r *Recording) WriteCommented(w io.Writer, comments map[int][]string) error {
	ifs := []pcapfile.Interface{{Name: "eth0", LinkType: sniffer.LinkEthernet}}
	if r.Hosts.Several() {
		ifs = nil
		for _, name := range r.Hosts.Segments {
			ifs = append(ifs, pcapfile.Interface{Name: name, LinkType: sniffer.LinkEthernet})
		}
	}
	file, err := pcapfile.NewWriter(w, ifs...)
	if err != nil {
		return err
	}
	if err := file.WriteNames(r.Hosts.Names); err != nil {
		return err
	}
	if err := file.WriteMACNames(r.Hosts.Ports); err != nil {
		return err
	}
	comments = r.withFaults(comments)
	for n := 1; n <= r.length; n++ {
		var err error
		r.look(n, func(f sniffer.Frame) {
			if err = r.Damage; f.Data != nil || err == nil {
				err = file.WriteCommented(f, comments[n]...)
			}
		})
		if err != nil {
			return err
		}
	}
	if r.Statistics != nil {
		if err := file.WriteStatistics(r.statistics()...); err != nil {
			return err
		}
	}
	return file.Flush()
}

// statistics are those of each interface that Write writes. What was dropped the
// kernel counts for all together.
func (r *Recording) statistics() []pcapfile.Statistics {
	if !r.Hosts.Several() {
		return []pcapfile.Statistics{*r.Statistics}
	}
	all := make([]pcapfile.Statistics, len(r.Hosts.Segments))
	for i := range all {
		all[i].Start, all[i].End = r.Statistics.Start, r.Statistics.End
	}
	for n := 1; n <= r.length; n++ {
		all[r.class(n).like.Interface].Received++
	}
	all[0].Dropped = r.Statistics.Dropped
	all[0].Received += r.Statistics.Dropped
	return all
}

// Dropped returns how many frames the kernel dropped, nil if the capture does not say.
func (r *Recording) Dropped() *uint64 {
	if r.Statistics == nil {
		return nil
	}
	return &r.Statistics.Dropped
}

func (r *Recording) time(number int) time.Time { return r.row(number).time() }

// Marker returns the marker that a packet carries, if the host that it names has sent it.
func (r *Recording) Marker(p *sniffer.Packet) (Marker, bool) {
	m, ok := MarkerOf(p)
	return m, ok && r.Hosts.Sender(p) == m.Host
}

// planned reports whether a packet is a marker of the plan's barriers or of the lab's own.
func (r *Recording) planned(p *sniffer.Packet, plan Plan) bool {
	m, marker := r.Marker(p)
	return marker && (ReservedLabel(m.Label) || slices.Contains(plan.Barriers, m.Label)) && (!m.Recount || r.recounts(p, m))
}

// recounts reports whether a marker that counts again follows the one that it corrects.
// Any other is what somebody sends who does not want to be judged.
func (r *Recording) recounts(p *sniffer.Packet, m Marker) bool {
	return slices.ContainsFunc(r.index.set[r.setterOf(p, m)], func(first int) bool {
		return first < p.Number && p.Time.Sub(r.time(first)) < recountedWithin
	})
}

// Judged reports whether claims are about a packet. It is judged if one of the plan's
// hosts or a Stranger sent it, or if it claims the address of one of the plan's hosts as
// its source. A marker of the plan's barriers, or of the lab's own, is not judged.
//
// If hosts are known by their addresses, a stranger cannot be told from the machine that
// captured. Then a packet is judged if it is from one of the plan's hosts, and to one of
// them, to the sniffer or to all.
func (r *Recording) Judged(p *sniffer.Packet, plan Plan) bool {
	if r.planned(p, plan) {
		return false
	}
	sender := r.Hosts.Sender(p)
	from, to := addresses(p)
	if r.Hosts.ByPort() {
		return sender == Stranger || slices.Contains(plan.Hosts, sender) || slices.Contains(plan.Hosts, r.Hosts.Names[from])
	}
	if !slices.Contains(plan.Hosts, sender) {
		return false
	}
	name := r.Hosts.Names[to]
	_, neighbor := p.Neighbor()
	asks := p.Has(sniffer.ARP) || neighbor && p.ICMPType == sniffer.NDPNeighborSolicitation
	forAll := p.DstMAC.Multicast() && !asks // who asks means one host
	return name == SnifferHost || slices.Contains(plan.Hosts, name) || forAll
}
