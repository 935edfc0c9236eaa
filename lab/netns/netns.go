// Package netns brings labs up in Linux namespaces: no root, no Docker.
//
// The calling process stays as it is, with its own network and user. It
// executes itself once more as the lab process, which alone enters new user,
// network, PID and mount namespaces, makes the hosts there and starts commands
// on them. The two speak over sockets (control_linux.go); when the calling process
// ends, however it ends, the lab process does, and with it its PID namespace
// and all that ran in it.
//
//	lab process (root of its namespaces)
//	  bridge br0 ── port0   ══ eth0 host client1
//	             ── port1   ══ eth0 host gateway
//	             ── port3   ══ eth0 host sniffer
//	  bridge br1 ── port1-1 ══ eth1 host gateway
//	             ── port2   ══ eth0 host server
//	             ── port3-1 ══ eth1 host sniffer
//
// It does not know what runs on the hosts.
package netns

import (
	"time"

	"wirelab/lab"
)

// Name is the backend's name.
const Name = "netns"

// Held is an interactive lab that a process of this user holds, as it was found.
type Held struct {
	Name     string
	Since    time.Time // when it came up
	Segments []HeldSegment
	Hosts    []string    // in the topology's order
	Network  lab.Network // its Close leaves the lab up
}

// SegmentNames are the names of the lab's segments, in order.
func (h *Held) SegmentNames() (names []string) {
	for _, s := range h.Segments {
		names = append(names, s.Name)
	}
	return names
}

// HeldSegment is a segment of an interactive lab.
type HeldSegment struct {
	Name string
	Mode lab.Mode
}
