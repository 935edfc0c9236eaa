package claim

import (
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// Judge returns the verdict of each claim about a recording, in their order. It executes
// nothing. It also judges the recording of a capture file that was made elsewhere.
func Judge(r *trace.Recording, plan Plan, claims []Claim) []Verdict {
	plan, idle := withoutIdle(r, plan, claims)
	absent := absentHosts(r, plan, claims)
	verdicts := make([]Verdict, 0, len(claims))
	for _, c := range claims {
		v := judge(r, plan, c, absent)
		// The bytes of frames are read while a claim is judged.
		if r.Damage != nil && (v.Status == Fail || v.Status == Pass && !c.Anywhere) {
			reason := gaps(r)
			v.Status, v.Reason = Inconclusive, &reason
		}
		if len(idle) > 0 && v.Status != Inconclusive && !c.Anywhere {
			v.Notes = append(v.Notes, i18n.Msg("claim.note.idle", "Hosts", idle))
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// withoutIdle leaves out of a plan the hosts that an ordinary capture does not tell
// and need not: no claim names them, and the script does nothing on them.
func withoutIdle(r *trace.Recording, plan Plan, claims []Claim) (Plan, []string) {
	var idle []string
	for _, h := range plan.Hosts {
		if !plan.needs(h, claims) && !r.Hosts.ByPort() && !r.Hosts.Known(h) {
			idle = append(idle, h)
		}
	}
	plan.Hosts = slices.DeleteFunc(slices.Clone(plan.Hosts), func(h string) bool { return slices.Contains(idle, h) })
	return plan, idle
}

// needs reports whether a claim names a host, or the script does something on it.
func (p Plan) needs(host string, claims []Claim) bool {
	return slices.Contains(p.Acting, host) || slices.ContainsFunc(claims, func(c Claim) bool { return c.names(host) })
}

// absentHosts are the hosts that a plan needs and of which an ordinary capture has no
// packet, each with the address that it was given: that one may be wrong, and then nothing
// is known of the host.
func absentHosts(r *trace.Recording, plan Plan, claims []Claim) (absent []string) {
	if r.Hosts.ByPort() || r.Len() == 0 {
		return nil
	}
	given, unseen := map[string]int{}, map[string][]string{} // addresses, by host
	for _, h := range r.Hosts.Names {
		given[h]++
	}
	for _, addr := range r.Unseen(r.Hosts.Names) {
		h := r.Hosts.Names[addr]
		unseen[h] = append(unseen[h], addr.String())
	}
	for _, h := range plan.Hosts {
		if addrs := unseen[h]; len(addrs) > 0 && len(addrs) == given[h] && plan.needs(h, claims) {
			absent = append(absent, h+" ("+strings.Join(addrs, ", ")+")")
		}
	}
	return absent
}

func judge(r *trace.Recording, plan Plan, c Claim, absent []string) Verdict {
	if missing := unknownHosts(r, plan); len(missing) > 0 {
		pairs := []any{"Hosts", missing, "First", missing[0]}
		if from := r.Nameless(); len(from) > 0 {
			return undecided(c, i18n.Msg("claim.hostsof", append(pairs, "Addresses", from)...))
		}
		return undecided(c, i18n.Msg("claim.hosts", pairs...))
	}
	if len(absent) > 0 {
		if from := r.Nameless(); len(from) > 0 {
			return undecided(c, i18n.Msg("claim.unseenof", "Hosts", absent, "Addresses", from))
		}
		return undecided(c, i18n.Msg("claim.unseen", "Hosts", absent))
	}
	if reason := unapplied(r, plan, c); !reason.IsZero() {
		return undecided(c, reason)
	}
	if c.Anywhere {
		return judgeAnywhere(r, plan, c)
	}
	if misplaced := r.Misplaced(plan.Plan); !misplaced.IsZero() {
		return undecided(c, misplaced)
	}
	window, missing := r.Window(c.Phases, plan.Plan)
	if !missing.IsZero() {
		return undecided(c, missing)
	}
	if c.Matcher != nil {
		return judgeMatcher(r, plan, c, window)
	}
	seen := r.Project(c.Projection, window, plan.Plan)
	v := observed(r, c, window, seen)
	counts := r.Counts(window, plan.Plan)
	reason, packet := incomplete(r, plan, c, window, counts)
	return conclude(v, reason, packet, func(v *Verdict) (differ i18n.Message) {
		v.Notes = notes(r, c, window, seen)
		v.Packets, differ = compare(c.Expected, seen)
		return differ
	}, func() i18n.Message {
		if c.absence() {
			for p := range r.Outside(c.Projection, window, plan.Plan) {
				return i18n.Msg("claim.outside", "Packet", p.Number)
			}
		}
		return unproven(r, plan, c, window, counts)
	})
}

// conclude decides a verdict, in this order: of a capture that lacks something, which a
// packet may show, nothing is decided; what differs fails; and only what is proven passes.
func conclude(v Verdict, lacks i18n.Message, packet int, differ func(*Verdict) i18n.Message, doubt func() i18n.Message) Verdict {
	if !lacks.IsZero() {
		v.Reason = &lacks
		if packet > 0 {
			v.Packets = []int{packet}
		}
		return v
	}
	if reason := differ(&v); !reason.IsZero() {
		v.Status, v.Reason = Fail, &reason
		return v
	}
	if reason := doubt(); !reason.IsZero() {
		v.Reason = &reason
		return v
	}
	v.Status, v.Reason = Pass, nil
	return v
}

// observed is a claim of which nothing is decided, with what was seen.
func observed(r *trace.Recording, c Claim, w trace.Window, seen trace.Projected) Verdict {
	v := undecided(c, i18n.Message{})
	v.Seconds, v.Dropped = w.Lasted.Seconds(), r.Dropped()
	if len(seen.Lines) > 0 {
		v.Observed = trace.Format(seen.Lines)
	}
	return v
}

// unknownHosts are the judged hosts that the recording cannot tell.
func unknownHosts(r *trace.Recording, plan Plan) []string {
	return slices.DeleteFunc(slices.Clone(plan.Hosts), r.Hosts.Known)
}

// incomplete says why the recording may lack something that the claim is about,
// and which packet shows it; the zero message if it does not.
func incomplete(r *trace.Recording, plan Plan, c Claim, w trace.Window, counts trace.Counts) (i18n.Message, int) {
	if reason := gaps(r); !reason.IsZero() {
		return reason, 0
	}
	if reason := miscounted(r, plan, c, w, counts); !reason.IsZero() {
		return reason, 0
	}
	return suspect(r, plan, c, w)
}

// gaps says what the capture itself tells of frames that it lacks.
func gaps(r *trace.Recording) i18n.Message {
	if r.Damage != nil {
		return i18n.Msg("claim.damaged", "Error", r.Damage)
	}
	if d := r.Dropped(); d != nil && *d > 0 {
		return i18n.Msg("claim.dropped", "Count", *d)
	}
	if lost := cables(r); !lost.IsZero() {
		return lost
	}
	return r.Gap()
}

// suspect says which packet may hide something that the claim is about.
func suspect(r *trace.Recording, plan Plan, c Claim, w trace.Window) (i18n.Message, int) {
	return suspicion(r, r.Suspect(c.Projection, w, plan.Plan))
}

// suspicion says why a packet may hide something.
func suspicion(r *trace.Recording, s trace.Suspect) (i18n.Message, int) {
	if s.Packet == nil {
		return i18n.Message{}, 0
	}
	p := s.Packet
	switch s.Kind {
	case trace.Truncated:
		if snap := r.SnapLength(p); snap > 0 {
			return i18n.Msg("claim.snapped", "Packet", p.Number, "Kept", len(p.Data), "Length", p.Length, "Snap", snap), p.Number
		}
		return i18n.Msg("claim.truncated", "Packet", p.Number, "Kept", len(p.Data), "Length", p.Length), p.Number
	case trace.Malformed:
		return i18n.Msg("claim.malformed", "Packet", p.Number, "Error", s.Err), p.Number
	case trace.Headless:
		return i18n.Msg("claim.headless", "Packet", p.Number), p.Number
	case trace.Disputed:
		return i18n.Msg("claim.disputed", "Packet", p.Number), p.Number
	case trace.Crowded:
		return i18n.Msg("claim.tunnels", "Packet", p.Number), p.Number
	case trace.NoStart:
		return i18n.Msg("claim.nostart", "Packet", p.Number), p.Number
	}
	return i18n.Msg("claim.hole", "Packet", p.Number), p.Number
}

// miscounted says that a host has sent more frames than were captured, or fewer: the
// segment swallowed some, or somebody sends with another's hardware address. Of a
// switch it is no surprise. It also says which host alone does not tell.
func miscounted(r *trace.Recording, plan Plan, c Claim, w trace.Window, counts trace.Counts) i18n.Message {
	if counts.Uncounted != "" {
		return i18n.Msg("claim.uncounted", "Host", counts.Uncounted)
	}
	if c.Projection.Hidden {
		return i18n.Message{}
	}
	for _, n := range counts.On(c.Projection.Segment) {
		if n.Sent != n.Captured && !r.EverSwitched(n.Segment, w, plan.Plan) {
			return i18n.Msg("claim.miscounted", "Host", n.String(), "Sent", n.Sent, "Captured", n.Captured)
		}
	}
	return i18n.Message{}
}

// complete reports whether the hosts have sent frames, all of which were captured.
func complete(counts []trace.Count) bool {
	sent := uint64(0)
	for _, n := range counts {
		if n.Sent != n.Captured {
			return false
		}
		sent += n.Sent
	}
	return sent > 0
}

// sees reports whether the sniffer stood where it sees what the claim is about: it has
// captured every frame that was sent, there or on all segments, where one may be one on
// which nobody has sent any; or unicast frames between two hosts.
func sees(r *trace.Recording, plan Plan, c Claim, w trace.Window, counts trace.Counts) bool {
	return complete(counts.Hosts) || complete(counts.On(c.Projection.Segment)) || r.SeesUnicast(c.Projection, w, plan.Plan)
}

// exchanged reports whether at least two hosts have sent frames that were not
// captured: what a bridge swallows of one is no conversation.
func exchanged(counts []trace.Count) bool {
	hidden := 0
	for _, n := range counts {
		if n.Sent > n.Captured {
			hidden++
		}
	}
	return hidden >= 2
}

// unproven says why an absence that was observed proves nothing: nothing was
// done by which something could have been sent, no time passed, or the sniffer
// stood where it would not have seen it. Every claim is that nothing else
// crossed the wire than what it expects.
func unproven(r *trace.Recording, plan Plan, c Claim, w trace.Window, counts trace.Counts) i18n.Message {
	absence := c.absence()
	switch {
	case absence && !plan.stimulated(c.Phases) && (c.Projection.Hidden || r.Frames(w, plan.Plan) == 0):
		return i18n.Msg("claim.unstimulated")
	case absence && w.Lasted <= 0:
		return i18n.Msg("claim.instant")
	case c.Projection.Hidden && !r.Switched(c.Projection, w, plan.Plan):
		return i18n.Msg("claim.nothidden")
	case c.Projection.Hidden && len(counts.Hosts) == 0:
		return i18n.Msg("claim.nocounts")
	case c.Projection.Hidden && !exchanged(counts.On(c.Projection.Segment)):
		return i18n.Msg("claim.allseen")
	case !c.Projection.Hidden && !sees(r, plan, c, w, counts):
		return i18n.Msg("claim.blind")
	}
	about := c.Projection
	if c.Matcher != nil {
		about = everything(c.Projection.Segment)
	}
	if n := r.ForSniffer(about, w, plan.Plan); n > 0 {
		return i18n.Msg("claim.forsniffer", "Packet", n)
	}
	return i18n.Message{}
}

// notes say what a reader should know of how a claim was judged.
func notes(r *trace.Recording, c Claim, w trace.Window, seen trace.Projected) []i18n.Message {
	var all []i18n.Message
	if r.FaultsTold() {
		all = append(all, i18n.Msg("claim.note.faultstold"))
	}
	if r.Statistics == nil {
		all = append(all, i18n.Msg("claim.note.drops"))
	}
	if w.OpenEnd {
		all = append(all, i18n.Msg("claim.note.openend"))
	}
	if !r.Hosts.ByPort() {
		all = append(all, i18n.Msg("claim.note.byaddress"))
	}
	if !r.Hosts.ByPort() && c.absence() && len(seen.Lines) == 0 {
		all = append(all, i18n.Msg("claim.note.unexecuted"))
	}
	if n := r.Backwards(); n > 0 {
		all = append(all, i18n.Msg("claim.note.backwards", "Packet", n))
	}
	if n := len(seen.Unshown); n > 0 && len(c.Expected) > 0 {
		all = append(all, i18n.Msg("claim.note.unshown", "Count", n))
	}
	if seen.Others > 0 {
		all = append(all, i18n.Msg("claim.note.others", "Count", seen.Others))
	}
	if seen.Probes > 0 {
		all = append(all, i18n.Msg("claim.note.probes", "Count", seen.Probes))
	}
	return all
}

// compare returns the packets that decide, and how the trace differs from what
// was expected; the zero message if it does not.
func compare(expected []string, seen trace.Projected) (cited []int, differ i18n.Message) {
	cited = []int{}
	for i, l := range seen.Lines {
		line := normal(l.String())
		switch {
		case i >= len(expected):
			return l.Packets, i18n.Msg("claim.unexpected", "Line", line)
		case line != expected[i]:
			return l.Packets, i18n.Msg("claim.different", "Number", i+1, "Expected", expected[i], "Observed", line)
		}
		cited = append(cited, l.Packets...)
	}
	slices.Sort(cited)
	cited = slices.Compact(cited)
	if n := len(seen.Lines); n < len(expected) {
		return cited, i18n.Msg("claim.missing", "Line", expected[n])
	}
	if n := len(seen.Unshown); n > 0 && len(expected) == 0 {
		return seen.Unshown, i18n.Msg("claim.unshown", "Count", n)
	}
	return cited, i18n.Message{}
}
