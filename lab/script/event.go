package script

import (
	"wirelab/lab"
	"wirelab/lab/claim"
)

// Event is one thing that happens while an experiment is carried out. As JSON
// it is a line of `wirelab run --json-stream`.
type Event struct {
	Kind       Kind            `json:"event"`
	Experiment string          `json:"experiment"`
	Step       string          `json:"step,omitempty"` // of step and step-end
	Line       int             `json:"line,omitempty"` // of the step in its file
	Error      string          `json:"error,omitempty"`
	Label      string          `json:"label,omitempty"`    // of a barrier
	Captured   int             `json:"captured,omitempty"` // frames so far
	Dropped    *uint64         `json:"dropped,omitempty"`  // frames, at the end
	Verdicts   []claim.Verdict `json:"verdicts,omitempty"` // at a barrier: provisional; at the end: final
	Packet     *PacketRow      `json:"packet,omitempty"`   // of packet

	Lab     *lab.Lab `json:"-"` // from Up to the last step: what it has captured can be viewed, while the script waits
	Outcome *Outcome `json:"-"` // of Done
}

// Kind is what an event tells of.
type Kind string

// The kinds, in the order in which they come. Packets, of which an observer of WithPackets
// alone is told, come between the others.
const (
	Opening  Kind = "opening"  // a lab is brought up
	Up       Kind = "up"       // it is up and captured
	Begun    Kind = "step"     // a step of the script begins
	Ended    Kind = "step-end" // and has ended, with Error if it failed
	Barrier  Kind = "barrier"  // a phase is over: its claims as far as they can be judged
	Captured Kind = "packet"   // the sniffer has captured a packet
	Done     Kind = "done"     // all is captured and judged
)
