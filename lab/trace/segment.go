package trace

import (
	"slices"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// segmentNamed returns the index of the segment that an interface of the capture is on;
// one behind the last for none.
func (r *Recording) segmentNamed(name string) int {
	if r.Hosts.Devices != nil {
		name = r.Hosts.Devices[name]
	}
	if i := slices.Index(r.Hosts.Segments, name); i >= 0 {
		return i
	}
	return len(r.Hosts.Segments)
}

// placed makes a frame's interface that of its segment, by the name that the file has
// for it: in which order interfaces come, their first frames decide. It reports false
// for a frame that is not the lab's.
func (r *Recording) placed(file *pcapfile.Reader, frame *sniffer.Frame) bool {
	if !r.Hosts.Several() {
		return true
	}
	name := file.Interface(frame.Interface).Name
	frame.Interface = r.segmentNamed(name)
	if frame.Interface < len(r.Hosts.Segments) {
		return true
	}
	if r.Hosts.Devices != nil {
		return false // another device of the host that captures
	}
	if !slices.Contains(r.unplaced, name) {
		r.unplaced = append(r.unplaced, name)
	}
	return true
}

// learnPlace takes where a host stands from the marker that it has set when its capture
// began, before anything else was sent.
func (r *Recording) learnPlace(p *sniffer.Packet, m Marker) {
	_, known := r.Hosts.PortOn[p.SrcMAC]
	if !r.Hosts.Several() || m.Label != StartLabel || known || r.Hosts.Ports[p.SrcMAC] != m.Host {
		return
	}
	r.Hosts.PortOn[p.SrcMAC], r.Hosts.AddrOn[p.Src] = p.Interface, p.Interface
}

// segments are the indices of the segments that a projection is about.
func (r *Recording) segments(pr Projection) []int {
	if !r.Hosts.Several() {
		return []int{0}
	}
	var all []int
	for i, name := range r.Hosts.Segments {
		if pr.Segment == "" || pr.Segment == name {
			all = append(all, i)
		}
	}
	return all
}
