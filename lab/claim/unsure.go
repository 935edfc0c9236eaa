package claim

import (
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// unsure says why a selection may have missed something, and which packet shows it. That
// frames are missing counts tell, or else the connections of which they are.
func (s *search) unsure(c Claim, counted bool) (reason i18n.Message, packet int) {
	for _, text := range s.m.filters() {
		f := s.filters[text]
		for p := range s.within() {
			switch matches := f.match(p); {
			case f.err != nil:
				return i18n.FromError(f.err), p.Number
			case !matches && f.hides(p):
				return i18n.Msg("claim.match.hides", "Packet", p.Number, "Filter", text), p.Number
			}
		}
	}
	for _, what := range s.m.What {
		if _, text, _ := trace.Unquoted(what.Line); text != "" && !slices.ContainsFunc(s.plan.Texts, func(said string) bool { return strings.Contains(text, trace.Quoted(said)) }) {
			return i18n.Msg("claim.match.unsaid", "Text", text), 0
		}
		switch {
		case what.Bytes != "" || what.Projection == nil && !counted: // which may be in any frame
			c.Projection = everything(s.segment)
		case what.Projection != nil:
			c.Projection = *what.Projection
		default:
			continue
		}
		c.Projection.Segment = s.segment
		if reason, packet = suspect(s.r, s.plan, c, s.window); reason.IsZero() && what.Bytes != "" {
			reason, packet = suspicion(s.r, s.r.Disputed(s.segment, s.window, s.plan.Plan))
		}
		if !reason.IsZero() {
			return reason, packet
		}
	}
	if packet = s.apart(); packet > 0 {
		return i18n.Msg("claim.match.apart", "Packet", packet, "Filter", s.m.Each), packet
	}
	for _, text := range s.m.filters() {
		if reason, packet = suspicion(s.r, s.r.Unsure(s.window, s.plan.Plan, s.filters[text].match)); !reason.IsZero() {
			return reason, packet
		}
	}
	return reason, 0
}

// outside returns a packet that would be a hit if it were judged: it is from a host of the
// plan, or for one, and nobody knows whether its other end is one as well. 0 is none.
func (s *search) outside() int {
	for _, what := range s.m.What {
		pr, carried := everything(s.segment), map[int][]int(nil)
		if what.Projection != nil {
			pr = *what.Projection
			pr.Segment = s.segment
		}
		if l := trace.ParseLine(what.Line); what.Line != "" && slices.Contains(s.plan.Hosts, l.From) && (l.To == "*" || slices.Contains(s.plan.Hosts, l.To)) {
			continue // its ends are known
		}
		if what.Bytes != "" {
			carried = s.r.Carried(what.Bytes)
		}
		for p := range s.r.Outside(pr, s.window, s.plan.Plan) {
			from, to := s.r.LineEnds(p)
			selects := what.Projection != nil || carried[p.Number] != nil || what.Filter != "" && s.filters[what.Filter].match(p)
			if selects && s.between(p, from, to) {
				return p.Number
			}
		}
	}
	return 0
}

// apart returns a packet that a selection selects which no conversation can have: what
// selects only such, as ICMP, is in each of them never, whatever is sent. 0 is none.
func (s *search) apart() int {
	if s.m.Each == "" || !s.m.absence() {
		return 0
	}
	hits := s.hits(s.m.What[0])
	if len(hits) == 0 || slices.ContainsFunc(hits, func(h hit) bool { return h.conversation > 0 }) {
		return 0
	}
	return hits[0].number
}
