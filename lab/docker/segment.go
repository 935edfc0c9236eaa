package docker

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"wirelab/lab"
	"wirelab/sniffer"
)

// segment is the bridge of a Docker network, which a container governs.
type segment struct {
	hub    *host // the container
	bridge string
	hosts  []sniffer.MAC

	changing sync.Mutex // held while the bridge is changed
	mu       sync.Mutex
	machine  []sniffer.MAC
}

var _ lab.Segment = &segment{}

// SetMode implements lab.Segment. It is true of every port that there is when
// it returns. The hub's container does the same for a port as it appears, but
// does not say when.
func (s *segment) SetMode(ctx context.Context, mode lab.Mode) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	said, err := s.govern(ctx, "--mode", string(mode), "--show-ports")
	if err != nil {
		return fmt.Errorf("make the segment a %s: %w", mode, err)
	}
	var macs []sniffer.MAC
	for line := range strings.Lines(said) {
		mac, err := net.ParseMAC(strings.TrimSpace(line))
		if err != nil || len(mac) != len(sniffer.MAC{}) {
			return fmt.Errorf("ports of the segment: %q is no hardware address", line)
		}
		macs = append(macs, sniffer.MAC(mac))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machine = macs
	return nil
}

// mode returns how the bridge forwards now, "" where the hub's program is too old to
// say that.
func (s *segment) mode(ctx context.Context) lab.Mode {
	said, err := s.govern(ctx, "--show-mode")
	if err != nil {
		return ""
	}
	mode, err := lab.ParseMode(strings.TrimSpace(said))
	if err != nil {
		return ""
	}
	return mode
}

// AwaitLearnt implements lab.Segment.
func (s *segment) AwaitLearnt(ctx context.Context) error {
	var macs []string
	for _, mac := range s.hosts {
		macs = append(macs, mac.String())
	}
	_, err := s.govern(ctx, "--await-learnt", strings.Join(macs, ","))
	return err
}

// MachinePorts implements lab.Segment.
func (s *segment) MachinePorts() []sniffer.MAC {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.machine)
}

// govern runs `wirelab hub` on the bridge and returns what it printed.
func (s *segment) govern(ctx context.Context, options ...string) (string, error) {
	var said, errs bytes.Buffer
	code, err := s.hub.execute(ctx, lab.Cmd{Args: append([]string{"hub", s.bridge}, options...), Stdout: &said, Stderr: &errs})
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d: %s", code, strings.TrimSpace(errs.String()))
	}
	return said.String(), err
}
