package script

import (
	"sync"
	"time"

	"wirelab/lab"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/render"
)

// PacketRow is a packet as people follow it: a line of the table, an arrow of the ladder.
type PacketRow struct {
	render.Arrow
	Time   time.Time `json:"time"`             // when the kernel saw it
	Length int       `json:"length"`           // bytes on the wire
	Marker bool      `json:"marker,omitempty"` // the lab's own, which is not judged
}

// Rows returns what makes the rows of a recording's packets, with the texts that an
// experiment says. It reads the recording, and is used where that may be read.
func Rows(r *trace.Recording, texts []string) func(*sniffer.Packet) PacketRow {
	ladder := render.Ladder{Names: r.Hosts.Names, Texts: texts, Ends: r.Hosts.Ends, Fate: r.Fate}
	if r.Hosts.Several() {
		ladder.Segment = func(p *sniffer.Packet) (string, []string) { return r.Hosts.SegmentOf(p), nil }
	}
	return func(p *sniffer.Packet) PacketRow {
		_, marker := r.Marker(p)
		return PacketRow{ladder.Arrow(p), p.Time, p.Length, marker}
	}
}

// WithPackets returns an observer that is told of each packet as well, once and in the
// order of the capture: of those that were captured by then before any other event. Its
// calls of observe are one at a time. Stop, which the caller calls once the experiment is
// over, returns when nothing will be told any more.
func WithPackets(e *Experiment, observe func(Event)) (with func(Event), stop func()) {
	f := &follower{experiment: e.Name, texts: e.Plan().Texts, observe: observe, quit: make(chan struct{})}
	return f.event, func() {
		close(f.quit)
		f.running.Wait()
	}
}

// follower tells of packets.
type follower struct {
	experiment string
	texts      []string
	observe    func(Event)
	quit       chan struct{}
	running    sync.WaitGroup

	mu   sync.Mutex
	told int // packets
}

// event tells of what happens, behind the packets that were captured before it.
func (f *follower) event(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case e.Kind == Done:
		f.packets(e.Outcome.Recording)
	case e.Lab != nil:
		f.news(e.Lab)
	}
	f.observe(e)
	if e.Kind == Up {
		f.running.Go(func() { f.follow(e.Lab) })
	}
}

// follow tells of packets between the events.
func (f *follower) follow(l *lab.Lab) {
	for {
		changed := l.Changed()
		f.mu.Lock()
		f.news(l)
		f.mu.Unlock()
		select {
		case <-changed:
		case <-f.quit:
			return
		}
	}
}

// news tells of the packets that a lab has captured since.
func (f *follower) news(l *lab.Lab) {
	var events []Event
	l.View(func(r *trace.Recording) { events = f.rows(r) })
	for _, e := range events {
		f.observe(e)
	}
}

// packets tells of the packets of a recording that is whole.
func (f *follower) packets(r *trace.Recording) {
	for _, e := range f.rows(r) {
		f.observe(e)
	}
}

// rows are the events of the packets that were not told.
func (f *follower) rows(r *trace.Recording) (events []Event) {
	row := Rows(r, f.texts)
	for ; f.told < r.Len(); f.told++ {
		p := row(r.Packet(f.told + 1))
		events = append(events, Event{Kind: Captured, Experiment: f.experiment, Packet: &p})
	}
	return events
}
