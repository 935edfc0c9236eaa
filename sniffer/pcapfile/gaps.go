package pcapfile

// Gaps is what a file says about frames that it lacks, as far as it has been read.
type Gaps struct {
	Dropped    uint64 // frames that were dropped, on all interfaces together
	Counted    bool   // there are statistics of drops for every interface
	Missing    uint64 // frames that statistics count as captured and the file lacks, on all interfaces together
	Backwards  bool   // a counter is lower in a later statistics block than in an earlier one
	SnapLen    uint32 // the smallest Interface.SnapLen, in bytes; 0 if there is no limit
	Interfaces []InterfaceGaps
}

// InterfaceGaps is what a file says about one of its interfaces. If there are several
// statistics blocks, it has the greatest value of each counter. A counter that the file
// lacks is 0.
type InterfaceGaps struct {
	Interface
	Frames uint64 // frames that the file has

	Received  uint64 // isb_ifrecv: frames that the interface received
	IfDropped uint64 // isb_ifdrop: frames that the interface dropped
	Accepted  uint64 // isb_filteraccept: frames that the capture filter accepted
	OSDropped uint64 // isb_osdrop: frames that the operating system dropped
	Delivered uint64 // isb_usrdeliv: frames that the capturing program got
	EPBDrops  uint64 // sum of the frames' own counts (epb_dropcount)

	Dropped   uint64 // EPBDrops, or the sum of IfDropped and OSDropped if that is more
	Counted   bool   // the file has isb_ifdrop or isb_osdrop
	Missing   uint64 // frames that the counters say were captured, minus Frames
	Backwards bool   // a counter is lower in a later statistics block than in an earlier one
}

// total is one of the counters of interface statistics.
type total struct {
	value     uint64
	known     bool
	backwards bool
}

// set takes a later value. A counter that goes backwards keeps what it counted.
func (t *total) set(n uint64) {
	if t.known && n < t.value {
		t.backwards = true
	}
	t.value, t.known = max(t.value, n), true
}

// The counters of interface statistics, by their option's code less optReceived.
const (
	received = iota
	ifDropped
	accepted
	osDropped
	delivered
	counterCount
)

// captured is an interface that a file describes.
type captured struct {
	Interface
	unit     resolution
	times    Statistics // the start and end that statistics tell
	counters [counterCount]total
	frames   uint64
	lost     uint64 // sum of epb_dropcount
}

// counted reports whether statistics tell drops.
func (c *captured) counted() bool {
	return c.counters[ifDropped].known || c.counters[osDropped].known
}

// dropped is what statistics tell of drops.
func (c *captured) dropped() uint64 {
	return addSaturating(c.counters[ifDropped].value, c.counters[osDropped].value)
}

func (c *captured) gaps() InterfaceGaps {
	g := InterfaceGaps{
		Interface: c.Interface, Frames: c.frames, EPBDrops: c.lost, Counted: c.counted(),
		Received: c.counters[received].value, IfDropped: c.counters[ifDropped].value, Accepted: c.counters[accepted].value,
		OSDropped: c.counters[osDropped].value, Delivered: c.counters[delivered].value,
		Dropped: max(c.lost, c.dropped()),
	}
	// isb_ifrecv may count what a filter then left out; isb_usrdeliv alone
	// counts none that were dropped.
	there := addSaturating(g.Frames, g.Dropped)
	switch {
	case c.counters[delivered].known:
		there, g.Missing = g.Frames, g.Delivered
	case c.counters[accepted].known:
		g.Missing = g.Accepted
	case c.counters[received].known && g.Filter == "":
		g.Missing = g.Received
	}
	g.Missing -= min(g.Missing, there)
	for _, t := range c.counters {
		g.Backwards = g.Backwards || t.backwards
	}
	return g
}

// Gaps returns what the file has said so far about frames that it lacks.
func (r *Reader) Gaps() Gaps {
	all := Gaps{Counted: len(r.ng.interfaces) > 0}
	for i := range r.ng.interfaces {
		g := r.ng.interfaces[i].gaps()
		all.Dropped = addSaturating(all.Dropped, g.Dropped)
		all.Missing = addSaturating(all.Missing, g.Missing)
		all.Counted = all.Counted && g.Counted
		all.Backwards = all.Backwards || g.Backwards
		if g.SnapLen > 0 && (all.SnapLen == 0 || g.SnapLen < all.SnapLen) {
			all.SnapLen = g.SnapLen
		}
		all.Interfaces = append(all.Interfaces, g)
	}
	return all
}
