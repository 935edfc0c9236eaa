package claim

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// everything is a projection that is about each packet of a segment, or of all.
func everything(segment string) trace.Projection {
	pr := trace.Projection{Segment: segment}
	for _, p := range trace.Protocols() {
		pr.Selectors = append(pr.Selectors, trace.Selector{Protocol: p})
	}
	return pr
}

// hit is a packet, or a line of a trace, that a selection selects.
type hit struct {
	number       int   // at which it stands on the wire
	packets      []int // that show it
	conversation int   // 0 is none
	line         string
}

// search is what a matcher is judged with.
type search struct {
	r             *trace.Recording
	plan          Plan
	window        trace.Window
	segment       string // "" is all
	m             *Matcher
	conversations []int32 // by packet number
	filters       map[string]*compiled
}

func newSearch(r *trace.Recording, plan Plan, window trace.Window, c Claim) *search {
	m := c.Matcher
	s := &search{r: r, plan: plan, window: window, segment: c.Projection.Segment, m: m, conversations: r.Conversations(), filters: map[string]*compiled{}}
	for _, f := range m.filters() {
		s.filters[f] = compile(f, r)
	}
	return s
}

// judgeMatcher judges a matcher in a window. It passes and fails only of a capture that
// has all, as any other claim.
func judgeMatcher(r *trace.Recording, plan Plan, c Claim, window trace.Window) Verdict {
	s := newSearch(r, plan, window, c)
	v := observed(r, c, window, trace.Projected{})
	hits := make([][]hit, len(c.Matcher.What))
	for i, what := range c.Matcher.What {
		hits[i] = s.hits(what)
	}
	v.Observed = shown(hits)
	counts := r.Counts(window, plan.Plan)
	reason, packet := gaps(r), 0
	if reason.IsZero() {
		reason = miscounted(r, plan, c, window, counts)
	}
	if reason.IsZero() {
		reason, packet = s.unsure(c, len(counts.Hosts) > 0)
	}
	return conclude(v, reason, packet, func(v *Verdict) (differ i18n.Message) {
		v.Notes = notes(r, c, window, trace.Projected{})
		if v.Packets, differ = s.decide(hits); !differ.IsZero() {
			v.Nearest = s.nearest(hits)
		}
		return differ
	}, func() i18n.Message {
		if n := s.outside(); n > 0 {
			return i18n.Msg("claim.outside", "Packet", n)
		}
		return unproven(r, plan, c, window, counts)
	})
}

// hits are what a selection selects, in the order of the wire.
func (s *search) hits(what Selection) (found []hit) {
	if what.Projection == nil {
		carried := s.r.Carried(what.Bytes)
		notation := sniffer.Notation{Names: s.r.Hosts.Names}
		for p := range s.within() {
			packets := carried[p.Number]
			if what.Filter != "" && s.filters[what.Filter].match(p) {
				packets = []int{p.Number}
			}
			if from, to := s.r.LineEnds(p); packets != nil && s.between(p, from, to) {
				found = append(found, hit{p.Number, packets, int(s.conversations[p.Number]), string(notation.AppendLine(nil, p))})
			}
		}
		return found
	}
	for _, l := range s.lines(what) {
		line := normal(l.String())
		if s.between(s.r.Packet(l.Packets[0]), l.From, l.To) && (what.Line == "" || shows(line, what.Line)) {
			found = append(found, hit{l.Packets[0], l.Packets, l.Conversation, line})
		}
	}
	slices.SortStableFunc(found, func(a, b hit) int { return cmp.Compare(a.number, b.number) })
	return found
}

// within are the packets that are matched.
func (s *search) within() iter.Seq[*sniffer.Packet] {
	return func(yield func(*sniffer.Packet) bool) {
		for p := range s.r.Within(s.window, s.plan.Plan) {
			if (s.segment == "" || s.r.Hosts.SegmentOf(p) == s.segment) && !yield(p) {
				return
			}
		}
	}
}

// lines are those of a selection's projection, which do not name their segments.
func (s *search) lines(what Selection) []trace.Line {
	projection := *what.Projection
	projection.Segment = s.segment
	lines := s.r.Project(projection, s.window, s.plan.Plan).Lines
	for i := range lines {
		lines[i].Segment = ""
	}
	return lines
}

// nearest finds, for each line that was not found, the one that is most like it.
func (s *search) nearest(hits [][]hit) map[string]string {
	var found map[string]string
	for i, what := range s.m.What {
		if len(hits[i]) > 0 || what.Line == "" || s.m.absence() {
			continue
		}
		best := 0
		for _, l := range s.lines(what) {
			line := normal(l.String())
			if n := alike(line, what.Line); n > best {
				best = n
				if found == nil {
					found = map[string]string{}
				}
				found[what.String()] = line
			}
		}
	}
	return found
}

// alike counts the words that two lines have in their places, but for what all have.
func alike(a, b string) (n int) {
	words, others := strings.Fields(a), strings.Fields(b)
	for i := range min(len(words), len(others)) {
		if words[i] == others[i] && words[i] != ">" {
			n++
		}
	}
	return n
}

// between reports whether the ends of a packet, or those that its line has, are the
// matcher's. Of "server@client2", the port of client2 that has the server's address, it is
// the port that counts. What a router forwards its port sends, and the line has who sent
// it first.
func (s *search) between(p *sniffer.Packet, from, to string) bool {
	sends, gets := s.r.Hosts.Ends(p)
	return slices.Contains([]string{"", sends, portOf(from)}, s.m.From) && slices.Contains([]string{"", gets, portOf(to)}, s.m.To)
}

// portOf is the host whose port an end of a line is.
func portOf(end string) string { return end[strings.LastIndexByte(end, '@')+1:] }

// decide returns the packets that decide, and why the matcher is not met; the zero
// message where it is.
func (s *search) decide(hits [][]hit) (cited []int, differ i18n.Message) {
	if s.m.Each == "" {
		return s.one(hits)
	}
	cited = []int{}
	each := map[int]bool{}
	for p := range s.within() {
		if n := int(s.conversations[p.Number]); n > 0 && !each[n] && s.filters[s.m.Each].match(p) {
			each[n] = true
		}
	}
	if len(each) == 0 {
		return []int{}, i18n.Msg("claim.match.conversation", "Filter", s.m.Each)
	}
	for _, n := range slices.Sorted(maps.Keys(each)) {
		own := make([][]hit, len(hits))
		for i := range hits {
			own[i] = slices.DeleteFunc(slices.Clone(hits[i]), func(h hit) bool { return h.conversation != n })
		}
		packets, differ := s.one(own)
		if !differ.IsZero() {
			return packets, differ
		}
		cited = append(cited, packets...)
	}
	slices.Sort(cited)
	return slices.Compact(cited), differ
}

// one decides of the hits of all of the window, or of one conversation.
func (s *search) one(hits [][]hit) (cited []int, differ i18n.Message) {
	cited = []int{}
	first := hits[0]
	switch m := s.m; m.Kind {
	case Never:
		if len(first) > 0 {
			return numbers(first), i18n.Msg("claim.match.never", "Packet", first[0].number, "What", m.What[0].String())
		}
	case Exactly:
		cited = numbers(first)
		if len(first) != m.Count {
			return cited, i18n.Msg("claim.match.count", "Count", len(first), "What", m.What[0].String(), "Want", m.Count)
		}
	case Before:
		for i, h := range hits {
			if len(h) == 0 {
				return cited, i18n.Msg("claim.match.nothing", "What", m.What[i].String())
			}
		}
		a, b := hits[0][0], hits[1][0]
		cited = numbers([]hit{a, b})
		if b.number <= a.number {
			return cited, i18n.Msg("claim.match.before", "First", a.number, "Other", m.What[0].String(), "Second", b.number, "What", m.What[1].String())
		}
	case InOrder:
		last := 0
		for i, h := range hits {
			at := slices.IndexFunc(h, func(h hit) bool { return h.number > last })
			if at < 0 {
				return cited, i18n.Msg("claim.match.order", "Number", i, "What", m.What[i].String())
			}
			last = h[at].number
			cited = append(cited, h[at].packets...)
		}
		slices.Sort(cited)
		cited = slices.Compact(cited)
	}
	return cited, differ
}

// numbers are the packets of hits, ascending.
func numbers(hits []hit) []int {
	all := []int{}
	for _, h := range hits {
		all = append(all, h.packets...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// mostShown bounds the lines of a verdict.
const mostShown = 100

// shown are the lines of hits, in the order of the wire.
func shown(hits [][]hit) []string {
	all := slices.Concat(hits...)
	slices.SortStableFunc(all, func(a, b hit) int { return cmp.Compare(a.number, b.number) })
	lines := []string{}
	for i, h := range all {
		if len(lines) < mostShown && (i == 0 || all[i-1].line != h.line || all[i-1].number != h.number) {
			lines = append(lines, h.line)
		}
	}
	return lines
}
