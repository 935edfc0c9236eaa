package web

import (
	"slices"
	"sort"

	"wirelab/internal/i18n"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
)

// lists are the packets of a capture in the orders in which they are shown. They grow with
// the recording, so that each packet is looked at once.
type lists struct {
	filters []*filtered // the latest last
	phases  *phases     // nil: not found yet
}

// mostFilters is how many filters' lists are kept of a capture.
const mostFilters = 6

// filtered are the numbers of the packets that a filter accepts, ascending.
type filtered struct {
	expression string // empty accepts all
	own        bool   // the lab's own packets are among them
	compiled   map[sniffer.LinkType]*filter.Filter
	seen       int // packets
	numbers    []int32
}

// filter returns the list of an expression, with all packets of the recording: those that
// are the lab's own where own asks for them.
func (l *lists) filter(r *trace.Recording, expression string, own bool) (*filtered, error) {
	at := slices.IndexFunc(l.filters, func(f *filtered) bool { return f.expression == expression && f.own == own })
	var f *filtered
	if at < 0 {
		f = &filtered{expression: expression, own: own, compiled: map[sniffer.LinkType]*filter.Filter{}}
		if _, err := f.of(r, sniffer.LinkEthernet); err != nil {
			return nil, explained(expression, err)
		}
	} else {
		f = l.filters[at]
		l.filters = slices.Delete(l.filters, at, at+1)
	}
	l.filters = append(l.filters, f)
	if len(l.filters) > mostFilters {
		l.filters = slices.Delete(l.filters, 0, 1)
	}
	for ; f.seen < r.Len(); f.seen++ {
		p := r.Packet(f.seen + 1)
		if _, marker := r.Marker(p); marker && !own {
			continue
		}
		compiled, err := f.of(r, p.LinkType)
		if err == nil && compiled.MatchFrame(&p.Frame) {
			f.numbers = append(f.numbers, int32(p.Number))
		}
	}
	return f, nil
}

// of returns the filter for frames of a link type.
func (f *filtered) of(r *trace.Recording, link sniffer.LinkType) (*filter.Filter, error) {
	if compiled := f.compiled[link]; compiled != nil {
		return compiled, nil
	}
	compiled, err := filter.Compile(f.expression, link, filter.HostsOf(r.Hosts.Names))
	if err != nil {
		return nil, err
	}
	f.compiled[link] = compiled
	return compiled, nil
}

// explained is the error of a filter; one of Wireshark's is told how it is written here.
func explained(expression string, err error) error {
	if here, missing, ok := filter.FromDisplay(expression); ok && missing == "" && here != "" {
		return i18n.Errmsg("web.display", "Cause", err, "Filter", here)
	}
	return err
}

// place returns where a packet stands in the list, or would.
func (f *filtered) place(number int) int {
	return sort.Search(len(f.numbers), func(i int) bool { return int(f.numbers[i]) >= number })
}

// phases are the rows of the ladder: numbers of packets and, below 0, headings.
type phases struct {
	rows  []int32
	names []string // of headings: -1 is the first, labels as in the script
	open  []bool   // of headings: the phase has not ended
	seen  int      // packets
}

// ladder returns the rows of the ladder: the packets of the phases that have ended as the
// report has them, and behind them what was captured since. The lab's own packets have no
// row.
func (c *capture) phaseRows(r *trace.Recording) *phases {
	l := c.lists.phases
	if l == nil {
		l = &phases{}
		if c.experiment != nil {
			l.cut(r.Cut(c.experiment.Plan().Plan))
			l.seen = r.Len()
		}
		c.lists.phases = l
	}
	for ; l.seen < r.Len(); l.seen++ {
		p := r.Packet(l.seen + 1)
		if _, marker := r.Marker(p); marker {
			continue
		}
		if next := c.nextPhase(); next != "" && (len(l.names) == 0 || l.names[len(l.names)-1] != next) {
			l.head(next, true)
		}
		l.rows = append(l.rows, int32(p.Number))
	}
	return l
}

func (l *phases) head(label string, open bool) {
	l.names, l.open = append(l.names, label), append(l.open, open)
	l.rows = append(l.rows, -int32(len(l.names)))
}

// cut takes the phases of a recording.
func (l *phases) cut(cut trace.Cut) {
	for i, phase := range cut.Phases {
		if i == len(cut.Phases)-1 && len(phase.Packets) == 0 && !phase.Ended {
			continue // nothing has happened in it yet
		}
		l.head(phase.Label, !phase.Ended)
		for _, number := range phase.Packets {
			l.rows = append(l.rows, int32(number))
		}
	}
}

// nextPhase is the label of the barrier that ends the phase that is going on, "" for none.
// The caller holds mu.
func (c *capture) nextPhase() string {
	if c.experiment == nil {
		return ""
	}
	set := 0
	for _, e := range c.events {
		if e.Kind == script.Barrier {
			set++
		}
	}
	if all := c.experiment.Barriers(); set < len(all) {
		return all[set]
	}
	return ""
}

// place returns where a packet stands in the ladder; of one that has no row, the row of
// the next that has.
func (l *phases) place(number int) int {
	best, at := 0, max(len(l.rows)-1, 0)
	for i, n := range l.rows {
		if int(n) == number {
			return i
		}
		if int(n) > number && (best == 0 || int(n) < best) {
			best, at = int(n), i
		}
	}
	return at
}
