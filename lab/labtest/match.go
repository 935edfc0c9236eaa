package labtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wirelab/lab/claim"
	"wirelab/lab/trace"
	"wirelab/sniffer/filter"
)

// Scope narrows what Never, Exactly, Before and InOrder look at. In, On, From, To and Each
// return one.
type Scope func(*claim.Claim)

// In looks only at these phases: names given to Settle, consecutive. Without In, a claim
// covers every phase that has ended. Then it is an error if Run, Program.Await,
// Program.Close or a Dial over TCP was called since; what other sockets have sent since is
// not covered.
func In(phases ...string) Scope {
	return func(c *claim.Claim) { c.Phases = append(c.Phases, phases...) }
}

// On looks only at one segment of a lab that has several.
func On(segment string) Scope { return func(c *claim.Claim) { c.Projection.Segment = segment } }

// From looks only at packets sent from a host's port, whatever addresses they carry, and at
// the host's packets that a router forwards.
func From(host string) Scope { return func(c *claim.Claim) { c.Matcher.From = host } }

// To looks only at packets sent to a host's port, directly or through a router. To("*")
// looks at those sent to all.
func To(host string) Scope { return func(c *claim.Claim) { c.Matcher.To = host } }

// Each judges every TCP or UDP conversation on its own that has a packet matching the
// filter. If there is no such conversation, the claim fails.
func Each(filter string) Scope { return func(c *claim.Claim) { c.Matcher.Each = filter } }

// Never reports an error if a packet was sent that matches what:
//
//	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.In("fetched"), labtest.From("server"))
//
// what has one of three forms:
//
//   - a filter in tcpdump's syntax, which may use the names of hosts;
//   - "trace" and a projection as in Expect: "trace arp" matches any line of ARP. A line may
//     follow, as in "trace tcp/80: client > server SYN"; it may omit acked, seq=N, vlan=N
//     and columns;
//   - "bytes" and a text with Go's escapes, as in `bytes "open sesame"`: packets that carry
//     the text in clear, however TCP has cut it.
//
// The claim is inconclusive if the capture may lack frames, or if nothing was done in these
// phases that could have sent a packet.
func (l *Lab) Never(what string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.Never, 0, []string{what}, scope)
}

// Exactly reports an error unless exactly count packets, or lines, match what, which is
// written as in Never. A retransmitted segment counts again.
func (l *Lab) Exactly(count int, what string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.Exactly, count, []string{what}, scope)
}

// Before reports an error unless the first packet, or line, that matches first comes before
// the first that matches second. Both must have one.
func (l *Lab) Before(first, second string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.Before, 0, []string{first, second}, scope)
}

// InOrder reports an error unless packets, or lines, match the elements of what in this
// order. Others may come between them.
func (l *Lab) InOrder(what []string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.InOrder, 0, what, scope)
}

func (l *Lab) match(kind claim.Kind, count int, what []string, scope []Scope) {
	l.t.Helper()
	m := claim.Matcher{Kind: kind, Count: count}
	for _, text := range what {
		s, err := claim.ParseSelection(text)
		if err != nil {
			l.t.Fatal(err)
		}
		m.What = append(m.What, s)
	}
	c, err := l.matcher(m, scope)
	if err != nil {
		l.t.Fatal(err)
	}
	l.expect(c)
}

// JudgeMatcher returns the verdict on a matcher, as Never, Exactly, Before and InOrder
// find it, and reports nothing to the test. The error says that the matcher or a scope is
// wrong.
func (l *Lab) JudgeMatcher(m claim.Matcher, scope ...Scope) (claim.Verdict, error) {
	c, err := l.matcher(m, scope)
	if err != nil {
		return claim.Verdict{}, err
	}
	v, _ := l.judge(c)
	return v, nil
}

// matcher is the claim of a matcher.
func (l *Lab) matcher(m claim.Matcher, scope []Scope) (c claim.Claim, err error) {
	c.Matcher = &m
	for _, s := range scope {
		s(&c)
	}
	if c.Phases == nil {
		if c.Phases, err = l.ended(); err != nil {
			return c, err
		}
	}
	c.ID = fmt.Sprintf("%s in %s", m, strings.Join(c.Phases, ","))
	if c.Projection.Segment != "" {
		c.ID += " on " + c.Projection.Segment
	}
	if err := l.checkScope(&c); err != nil {
		return c, err
	}
	var addresses filter.Hosts
	l.lab.View(func(r *trace.Recording) { addresses = filter.HostsOf(r.Hosts.Names) })
	return c, m.Check(l.lab.Topology.Hosts, addresses)
}

// checkScope refuses phases and a segment that are not there. One that is the only one
// is no scope: packets do not tell it.
func (l *Lab) checkScope(c *claim.Claim) error {
	if len(l.plan.Barriers) == 0 {
		return errors.New("no phase has ended: call Settle before")
	}
	if on, segments := c.Projection.Segment, l.lab.Topology.SegmentNames(); on != "" && !slices.Contains(segments, on) {
		return fmt.Errorf("no segment %q: the lab has %s", on, strings.Join(segments, ", "))
	}
	if len(l.lab.Topology.SegmentNames()) == 1 {
		c.Projection.Segment = ""
	}
	return c.CheckPhases(l.plan.Barriers)
}
