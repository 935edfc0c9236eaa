package lab

import (
	"context"
	"errors"
)

// Watch captures a network that is up and changes nothing in it: it sets no barrier and
// leaves impairments in force. Only the methods View, Changed, Ended, EndedBy and Close of
// the Lab may be called.
func Watch(ctx context.Context, network Network, topology Topology) (*Lab, error) {
	if err := topology.Validate(); err != nil {
		return nil, err
	}
	l := attach(network, topology)
	if err := l.checkHosts(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	var err error
	if l.capture, err = startCapture(ctx, network.Host(SnifferHost), l.captured(), l.hosts()); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Ended returns a channel that is closed when nothing more will be captured, because the
// network has gone or the recording is full.
func (l *Lab) Ended() <-chan struct{} { return l.capture.over }

// EndedBy returns, after the channel of Ended is closed, why: nil if the network has gone.
func (l *Lab) EndedBy() error {
	l.capture.mu.Lock()
	defer l.capture.mu.Unlock()
	return l.capture.err
}
