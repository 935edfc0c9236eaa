package trace

import (
	"slices"

	"wirelab/sniffer"
)

// view is what a projection is made with.
type view struct {
	*Recording
	Projection
	window Window
	plan   Plan

	standings []standing // of the classes that are not odd
}

func (r *Recording) view(pr Projection, w Window, plan Plan) view {
	return view{r, pr, w, plan, make([]standing, len(r.classes))}
}

// standing is what packets of a class, or one packet, are to a view.
type standing struct {
	span    span // in which they are in the window
	known   bool
	judged  bool // and on the segment that the view is about
	covered bool // the projection is about them
	other   bool // they are of a protocol that no projection but "other" is about
}

// standing returns that of the packet of a number.
func (v view) standing(number int) standing {
	id := v.row(number).class
	c := v.classes[id]
	if c.odd {
		return v.standingOf(v.Packet(number))
	}
	if s := &v.standings[id]; !s.known {
		*s = v.standingOf(&c.like)
	}
	return v.standings[id]
}

func (v view) standingOf(p *sniffer.Packet) standing {
	return standing{
		span: v.window.span(v.Hosts.place(p)), known: true, judged: v.onSegment(p) && v.Judged(p, v.plan),
		covered: v.covers(p), other: otherProtocol(p),
	}
}

// contains reports whether a packet is judged and in the window.
func (v view) contains(number int) bool {
	s := v.standing(number)
	return s.judged && s.span.contains(number)
}

// judged reports whether a packet is judged, wherever it is.
func (v view) judged(number int) bool {
	if v.Segment == "" {
		return v.standing(number).judged
	}
	return v.Judged(v.like(number), v.plan)
}

// within reports whether a packet is in the window.
func (v view) within(number int) bool {
	return v.window.contains(v.Hosts.place(v.like(number)), number)
}

// onSegment reports whether a packet was seen on the segment that the projection is
// about.
func (v view) onSegment(p *sniffer.Packet) bool {
	return v.Segment == "" || v.Hosts.SegmentOf(p) == v.Segment
}

// coversFlow reports whether the projection is about a conversation, on the segment that
// it is about.
func (v view) coversFlow(c *conversation) bool {
	p := v.like(c.first())
	return v.onSegment(p) && v.Projection.covers(p)
}

// covers is Projection.covers, and knows the ports of fragments.
func (v view) covers(p *sniffer.Packet) bool {
	if p.Fragment && p.Layers&(sniffer.TCP|sniffer.UDP) == 0 {
		if first := v.index.first[p.Number]; first > 0 {
			p = v.Packet(first)
		}
	}
	return v.Projection.covers(p)
}

// suspicious reports whether a packet that could not be decoded whole is one
// that may have to be judged in the window. Whose it is may not be known.
func (v view) suspicious(p *sniffer.Packet) bool {
	from, _ := addresses(p)
	if v.Hosts.ByPort() && p.Has(sniffer.Ethernet) || !v.Hosts.ByPort() && from.IsValid() {
		return v.contains(p.Number)
	}
	return p.Number > v.window.first && p.Number < v.window.last
}

// anyJudged reports whether a packet of a conversation is judged.
func (v view) anyJudged(c *conversation) bool {
	return slices.ContainsFunc(c.units, func(u unit) bool { return v.judged(u.number()) })
}
