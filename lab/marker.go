package lab

import (
	"bytes"
	"strings"

	"wirelab/sniffer"
)

// A marker is a UDP broadcast to the discard port (RFC 863) that says in its
// payload which barrier it belongs to and which host sent it. Any process may
// send it, it floods in hub and in switch mode, and nobody answers it.
const (
	MarkerPort   = 9
	markerPrefix = "wirelab marker "
)

// Marker is the content of a marker frame.
type Marker struct {
	Label string // of the barrier, a phase's name
	Host  string // who sent it
}

// Payload returns the marker's UDP payload.
func (m Marker) Payload() []byte { return []byte(markerPrefix + m.Label + " " + m.Host) }

// MarkerOf returns the marker that a packet carries. That its sender is the
// host it names can only be told with the hosts' addresses: Record.Marker.
func MarkerOf(p *sniffer.Packet) (Marker, bool) {
	if !p.Has(sniffer.UDP) || p.DstMAC != sniffer.Broadcast || p.DstPort != MarkerPort || p.Truncated() || !bytes.HasPrefix(p.Payload, []byte(markerPrefix)) {
		return Marker{}, false
	}
	label, host, ok := strings.Cut(string(p.Payload[len(markerPrefix):]), " ")
	if !ok || !hostName.MatchString(host) || !ValidLabel(label) {
		return Marker{}, false
	}
	return Marker{label, host}, true
}

// ValidLabel reports whether s can name a barrier, and so a phase.
func ValidLabel(s string) bool { return hostName.MatchString(s) }
