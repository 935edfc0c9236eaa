package web

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"wirelab/lab"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// kind is what a capture is of.
type kind string

const (
	ofRun  kind = "run"  // an experiment that is, or was, run
	ofFile kind = "file" // a file that somebody has dropped on the page
	ofLab  kind = "lab"  // a lab that is up
)

// state is how far a capture is.
type state string

const (
	running state = "running" // packets may be added
	done    state = "done"    // it is whole
	failed  state = "failed"  // it has ended with an error
	stopped state = "stopped" // somebody has ended it
)

// capture is what the page shows: packets, and what happened while they were captured.
type capture struct {
	id         string
	kind       kind
	name       string             // of the file or the lab
	experiment *script.Experiment // nil: nothing is judged
	began      time.Time
	cancel     context.CancelFunc // ends what runs

	mu        sync.Mutex
	state     state
	err       error
	topology  lab.Topology
	events    []script.Event // but for packets
	source    Source         // whose recording is read while there is no other
	recording *trace.Recording
	outcome   *script.Outcome
	packets   int           // that are known to be there
	changed   chan struct{} // closed at the next change
	lists     lists
}

func newCapture(k kind, name string, e *script.Experiment, cancel context.CancelFunc) *capture {
	c := &capture{id: strings.ToLower(rand.Text()[:10]), kind: k, name: name, experiment: e, began: time.Now(), cancel: cancel, state: running, changed: make(chan struct{})}
	if e != nil {
		c.topology = e.Topology
	}
	return c
}

// observe takes an event of the experiment that runs.
func (c *capture) observe(e script.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Lab != nil {
		c.source = e.Lab
	}
	if e.Kind == script.Captured {
		c.packets = e.Packet.Number
	} else {
		c.events = append(c.events, e)
	}
	if e.Kind == script.Done {
		c.hold(e.Outcome)
	}
	if e.Kind == script.Barrier || e.Kind == script.Done {
		c.lists.phases = nil // are found anew
	}
	c.signal()
}

// hold keeps what a run or a check has come to. The caller holds mu.
func (c *capture) hold(o *script.Outcome) {
	c.outcome, c.recording, c.source = o, o.Recording, nil
	c.packets = o.Recording.Len()
}

// grow says how many packets there are, and who has sent them where the topology does not
// tell; nil: it does.
func (c *capture) grow(packets int, hosts []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets = packets
	if hosts != nil {
		c.topology = lab.Topology{Hosts: hosts}
	}
	c.signal()
}

// end says that nothing will be added any more.
func (c *capture) end(s state, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.err = s, err
	c.signal()
}

// signal wakes who waits for a change. The caller holds mu.
func (c *capture) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// read calls do with the recording, nil before there is one, while nothing changes it.
func (c *capture) read(do func(*trace.Recording)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.recording != nil:
		do(c.recording)
	case c.source != nil:
		c.source.View(do)
	default:
		do(nil)
	}
}

// texts are those that the experiment says.
func (c *capture) texts() []string {
	if c.experiment == nil {
		return nil
	}
	return c.experiment.Plan().Texts
}
