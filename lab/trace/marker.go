package trace

import (
	"bytes"
	"regexp"
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

// Labels of the lab's own markers, which no script may use.
const (
	StartLabel = "start" // the capture was running before anything was sent
	LearnLabel = "learn" // the segment is a switch from here on
	FloodLabel = "flood" // the segment is a hub again from here on
)

// ReservedLabel reports whether a label is the lab's own.
func ReservedLabel(label string) bool {
	return label == StartLabel || label == LearnLabel || label == FloodLabel
}

// Marker is the content of a marker frame.
type Marker struct {
	Label string // of the barrier, a phase's name
	Host  string // who sent it
}

// Payload returns the marker's UDP payload.
func (m Marker) Payload() []byte { return []byte(markerPrefix + m.Label + " " + m.Host) }

// MarkerOf returns the marker that a packet claims to carry. Whether its sender
// is the host that it names, Recording.Marker tells.
func MarkerOf(p *sniffer.Packet) (Marker, bool) {
	if !p.Has(sniffer.UDP) || p.DstMAC != sniffer.Broadcast || p.DstPort != MarkerPort || p.Truncated() || p.Err != nil || !bytes.HasPrefix(p.Payload, []byte(markerPrefix)) {
		return Marker{}, false
	}
	label, host, ok := strings.Cut(string(p.Payload[len(markerPrefix):]), " ")
	if !ok || !ValidLabel(host) || !ValidLabel(label) {
		return Marker{}, false
	}
	return Marker{label, host}, true
}

// label is a label of RFC 1123 that fits Linux's interface names.
var label = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// ValidLabel reports whether s can name a barrier, and so a phase. Names of
// hosts have the same form.
func ValidLabel(s string) bool { return label.MatchString(s) }
