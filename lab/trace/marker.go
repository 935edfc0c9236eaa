package trace

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"wirelab/internal/pattern"
	"wirelab/sniffer"
)

// MarkerPort is the UDP port to which markers are sent: discard (RFC 863).
//
// A marker is a UDP broadcast whose payload says which barrier it belongs to, which host
// sent it and how many frames that host had sent before. Any process may send one. It
// reaches every port of a hub and of a switch, and nobody answers it. IPv6 has no
// broadcasts: there a marker goes to AllNodes.
const MarkerPort = 9

// markerPrefix begins the payload of a marker.
const markerPrefix = "wirelab marker "

// AllNodes is the multicast group of all hosts on an IPv6 segment (RFC 4291, section
// 2.7.1).
var AllNodes = netip.MustParseAddr("ff02::1")

// allNodesMAC is the hardware address of frames to AllNodes (RFC 2464, section 7).
var allNodesMAC = sniffer.MAC{0x33, 0x33, 0, 0, 0, 1}

// Labels of the lab's own markers. No script may use them.
const (
	StartLabel = "start" // the capture was running before anything was sent
	LearnLabel = "learn" // the segment is a switch from here on
	FloodLabel = "flood" // the segment is a hub again from here on

	TransitLabel = "transit" // two in turn whose counters differ by one show that no router has a packet under way
)

// ReservedLabel reports whether only the lab's own markers may have a label.
func ReservedLabel(label string) bool {
	return label == StartLabel || label == LearnLabel || label == FloodLabel || label == TransitLabel
}

// Marker is the content of a marker's payload.
type Marker struct {
	Label string // of the barrier: the name of the phase that it ends
	Host  string // the host that sent it, as it says

	Counted bool   // Sent is known
	Sent    uint64 // frames that the host's interface had sent before this one
	Recount bool   // it sets no barrier, but corrects Sent of the marker before it: other frames left the host while that was sent
}

// recountWord is the last word of a marker that counts again.
const recountWord = "recount"

// Payload returns the UDP payload of the marker.
func (m Marker) Payload() []byte {
	b := []byte(markerPrefix + m.Label + " " + m.Host)
	if m.Counted {
		b = strconv.AppendUint(append(b, ' '), m.Sent, 10)
	}
	if m.Recount {
		b = append(b, " "+recountWord...)
	}
	return b
}

// MarkerOf returns the marker that a packet carries. Any program can send one in a host's
// name: Recording.Marker checks the sender as well.
func MarkerOf(p *sniffer.Packet) (Marker, bool) {
	toAll := p.DstMAC == sniffer.Broadcast || p.DstMAC == allNodesMAC && p.Dst == AllNodes
	if !p.Has(sniffer.UDP) || !toAll || p.DstPort != MarkerPort || p.Truncated() || p.Err != nil || !bytes.HasPrefix(p.Payload, []byte(markerPrefix)) {
		return Marker{}, false
	}
	words := strings.Split(string(p.Payload[len(markerPrefix):]), " ")
	recount := len(words) == 4 && words[3] == recountWord
	if recount {
		if !bare(p) {
			return Marker{}, false
		}
		words = words[:3]
	}
	if len(words) < 2 || len(words) > 3 || !ValidLabel(words[0]) || !ValidLabel(words[1]) {
		return Marker{}, false
	}
	m := Marker{Label: words[0], Host: words[1], Recount: recount}
	if len(words) == 3 {
		var err error
		if m.Sent, err = strconv.ParseUint(words[2], 10, 64); err != nil {
			return Marker{}, false
		}
		m.Counted = true
	}
	return m, true
}

// bare reports whether a frame has nothing beside its headers without options, what UDP
// carries and padding. A marker that counts again is not judged, and any program may send
// one: it takes nothing else along.
func bare(p *sniffer.Packet) bool {
	headers := 14 + 20 + 8
	if p.Has(sniffer.IPv6) {
		headers += 20
	}
	return p.PayloadOffset == headers && len(bytes.TrimRight(p.Data[headers+len(p.Payload):], "\x00")) == 0
}

// IsMarker reports whether an Ethernet frame carries a marker, as MarkerOf does.
func IsMarker(frame []byte) bool {
	if len(frame) < 14 || sniffer.MAC(frame) != sniffer.Broadcast && sniffer.MAC(frame) != allNodesMAC {
		return false // as nearly every frame, and at no cost
	}
	p := sniffer.Packet{Frame: sniffer.Frame{Data: frame, Length: len(frame), LinkType: sniffer.LinkEthernet}}
	p.Decode()
	_, marker := MarkerOf(&p)
	return marker
}

// label is the form of ValidLabel.
var label = pattern.New(`^[a-z][a-z0-9-]{0,30}$`)

// ValidLabel reports whether s can be the name of a barrier, a phase or a host: a
// lower-case letter, then up to 30 lower-case letters, digits and hyphens.
func ValidLabel(s string) bool { return label().MatchString(s) }
