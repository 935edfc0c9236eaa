package netns

import (
	"context"
	"net"

	"wirelab/lab"
)

// attached is a lab that another process holds.
type attached struct{ *lan }

var _ lab.Network = attached{}

// Open finds the interactive lab of a name, which another process of this user
// holds.
func Open(ctx context.Context, name string) (*Held, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	found, err := callVia(ctx, heldLab(name), request{Op: "hosts"})
	if err != nil {
		return nil, err
	}
	n := newLAN(heldLab(name), found)
	held := &Held{Name: name, Since: found.Since, Hosts: n.names, Network: attached{n}}
	for _, s := range found.Segments {
		held.Segments = append(held.Segments, HeldSegment{s.Name, s.Mode})
	}
	return held, nil
}

// Attach returns the network of the interactive lab of a name, which another
// process of this user holds. Its segments are hubs; closing it leaves the lab up.
func Attach(ctx context.Context, name string) (lab.Network, error) {
	l, err := Open(ctx, name)
	if err != nil {
		return nil, err
	}
	// An earlier run may have been killed while a segment was a switch.
	for _, s := range l.Segments {
		if err := l.Network.Segment(s.Name).SetMode(ctx, lab.Hub); err != nil {
			return nil, err
		}
	}
	return l.Network, nil
}

// heldLab leads to the lab process of the interactive lab of a name.
type heldLab string

func (name heldLab) connect() (*net.UnixConn, error) { return dial(string(name)) }

// ending: how the lab process ended, its holder says.
func (heldLab) ending(err error) error { return err }

// Close implements lab.Network: the lab is its holder's.
func (attached) Close() error { return nil }
