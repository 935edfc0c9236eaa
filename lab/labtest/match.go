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

// Scope narrows what Never, Exactly, Before and InOrder look at.
type Scope func(*claim.Claim)

// In is of phases: names that Settle gave, consecutive. Without it a matcher is of all
// phases that have ended, and it is a mistake to have done something since.
func In(phases ...string) Scope {
	return func(c *claim.Claim) { c.Phases = append(c.Phases, phases...) }
}

// On is of one segment of a lab that has several.
func On(segment string) Scope { return func(c *claim.Claim) { c.Projection.Segment = segment } }

// From is of the packets that a host's port has sent, whatever addresses they have, and of
// those of the host that a router forwards.
func From(host string) Scope { return func(c *claim.Claim) { c.Matcher.From = host } }

// To is of the packets that go to a host's port or, by a router, to the host, or with "*"
// to all.
func To(host string) Scope { return func(c *claim.Claim) { c.Matcher.To = host } }

// Each is of every TCP or UDP conversation by itself of which a packet matches a filter.
// There must be one.
func Each(filter string) Scope { return func(c *claim.Claim) { c.Matcher.Each = filter } }

// Never reports an error where something was sent that must not be:
//
//	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.In("fetched"), labtest.From("server"))
//
// What is selected is packets by a filter of tcpdump's language, which may name the
// hosts; or, behind "trace", lines of a projection as Expect has them: "trace arp" is
// any line of ARP, and "trace tcp/80: client > server SYN" is those that show this
// one, which may leave out acked, seq=N, vlan=N and columns. Behind "bytes" it is what
// carries a text in clear, however TCP has cut it: `bytes "open sesame"`, with Go's escapes.
//
// It is inconclusive where the capture cannot tell: it lacks or may lack frames, or
// nothing was done in the phases by which something could have been sent.
func (l *Lab) Never(what string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.Never, 0, []string{what}, scope)
}

// Exactly reports an error where not so many packets, or lines, are selected as Never
// has it. A segment that is sent again counts again.
func (l *Lab) Exactly(count int, what string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.Exactly, count, []string{what}, scope)
}

// Before reports an error where the first packet, or line, of one selection does not come
// ahead of the first of the other, or one of them has none.
func (l *Lab) Before(first, second string, scope ...Scope) {
	l.t.Helper()
	l.match(claim.Before, 0, []string{first, second}, scope)
}

// InOrder reports an error where there are no packets, or lines, one of each selection
// and each behind the one before. Others may come between.
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

// JudgeMatcher is Never, Exactly, Before or InOrder for a test that wants to know the
// verdict. The error is for what cannot be read.
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
