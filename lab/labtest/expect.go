package labtest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
)

// Settle ends a phase and names it with a lower-case word, which no other phase of the lab
// has. It returns when nothing is under way on any socket of the hosts and everything that
// they have sent is captured. The test ends with an error if that cannot be reached: a
// connection is opening, closing or has unread data, a program has ended by itself, or a
// host does not run any more.
func (l *Lab) Settle(phase string) {
	l.t.Helper()
	err := l.settle(phase)
	if err == nil {
		return
	}
	if a, ok := l.t.(*attempt); ok {
		if u, ok := errors.AsType[*lab.Unsettled](err); ok {
			a.inconclusive(u.Error())
			runtime.Goexit()
		}
	}
	l.t.Fatal(err)
}

func (l *Lab) settle(phase string) error {
	if slices.Contains(l.plan.Barriers, phase) {
		return fmt.Errorf("a phase %q has ended before: give this one another name", phase)
	}
	if err := l.lab.Settle(l.t.Context(), phase); err != nil {
		return err
	}
	l.plan.Barriers = append(l.plan.Barriers, phase)
	l.plan.Impaired = slices.Clone(l.plan.Impaired) // claims that were met have the others
	for i, p := range l.plan.Impaired {
		if slices.Contains(l.inForce, p.Name) {
			l.plan.Impaired[i].Phases = append(slices.Clone(p.Phases), phase)
		}
	}
	l.inForce = slices.DeleteFunc(l.inForce, func(name string) bool { return slices.Contains(l.lifted, name) })
	l.lifted = nil
	l.plan.Stimulated[phase] = l.stimulated.Swap(false)
	l.acted.Store(false)
	return nil
}

// Texts adds payloads that projections with the modifier "text" show from now on.
func (l *Lab) Texts(texts ...string) { l.plan.Texts = append(l.plan.Texts, texts...) }

// Expect compares a part of what was sent with the expected lines. It reports an error
// with the difference, or with the reason why the capture cannot tell.
//
// part is "PROJECTION in PHASES on SEGMENT":
//
//   - The projection is protocols, then modifiers such as first and text, then "with" and
//     columns: "arp,icmp", "tcp/80", "tcp/80 text", "tcp first with ttl" (docs/experiments.md
//     lists all words).
//   - The phases are names given to Settle, consecutive and separated by commas. Without
//     "in", part covers every phase that has ended, as a claim without In does.
//   - Without "on", part covers all segments; if there are several, each line begins with the
//     name of its segment.
//
// want has a line for each packet that the projection shows, written as a failure prints
// it. With "", Expect expects that nothing was sent, which is inconclusive if nothing was
// done, either.
func (l *Lab) Expect(part, want string) {
	l.t.Helper()
	c, err := l.lines(part, want)
	if err != nil {
		l.t.Fatalf("%q: %v", part, err)
	}
	l.expect(c)
}

// Judge returns the verdict that Expect finds, and reports nothing to the test. The error
// says that part or want cannot be read.
func (l *Lab) Judge(part, want string) (claim.Verdict, error) {
	c, err := l.lines(part, want)
	if err != nil {
		return claim.Verdict{}, err
	}
	v, _ := l.judge(c)
	return v, nil
}

// lines is the claim that Expect makes.
func (l *Lab) lines(part, want string) (c claim.Claim, err error) {
	c.ID = part
	part, segment, _ := strings.Cut(part, " on ")
	projection, phases, found := strings.Cut(part, " in ")
	if found {
		c.Phases, err = phaseNames(phases)
	} else {
		c.Phases, err = l.ended()
	}
	if err != nil {
		return c, err
	}
	if c.Projection, err = trace.ParseProjection(projection); err != nil {
		return c, err
	}
	if c.Projection.Segment = strings.TrimSpace(segment); strings.Contains(c.Projection.Segment, " ") {
		return c, fmt.Errorf("%q is no segment: %s", c.Projection.Segment, partForm)
	}
	if err = l.checkScope(&c); err != nil {
		return c, err
	}
	var segments []string // that lines name
	if names := l.lab.Topology.SegmentNames(); len(names) > 1 && c.Projection.Segment == "" {
		segments = names
	}
	c.Expected, err = claim.ParseExpected(want, segments...)
	return c, err
}

// ended are all phases that have ended, for a claim that names none. What was done since
// then is in no phase, and whoever names none means that, too.
func (l *Lab) ended() ([]string, error) {
	if n := len(l.plan.Barriers); n > 0 && l.acted.Load() {
		return nil, fmt.Errorf("something was done since the phase %q ended, and is in no phase yet: call Settle before, or say which phases are meant", l.plan.Barriers[n-1])
	}
	return slices.Clone(l.plan.Barriers), nil
}

// partForm says how Expect's part is written.
const partForm = `write PROJECTION in PHASES on SEGMENT, as in "tcp/80 first with ttl in fetched on lan"`

// phaseNames are the names between the commas. One of several words has words of the
// projection behind it.
func phaseNames(s string) ([]string, error) {
	names := strings.Split(s, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if strings.ContainsAny(names[i], " \t\n") {
			return nil, fmt.Errorf("%q is no phase: %s", names[i], partForm)
		}
	}
	return names, nil
}

// expect judges a claim and tells the test what is no pass.
func (l *Lab) expect(c claim.Claim) {
	l.t.Helper()
	if v, said := l.judge(c); v.Status != claim.Pass {
		l.tell(v, said)
	}
}

// judge judges a claim, and describes a verdict that is no pass.
func (l *Lab) judge(c claim.Claim) (v claim.Verdict, said string) {
	l.lab.View(func(r *trace.Recording) {
		if v = claim.Judge(r, l.plan, []claim.Claim{c})[0]; v.Status != claim.Pass {
			said = describe(r, l.plan, c, v)
		}
	})
	if v.Status == claim.Pass {
		l.met = append(l.met, met{c, l.plan})
	}
	return v, said
}

// mostComment bounds a packet's comment, in bytes.
const mostComment = 2000

// tell fails the test with a verdict that is no pass, whose packets are commented in the
// capture that is kept. What is inconclusive says nothing of what is tested: Retry has
// another lab for it.
func (l *Lab) tell(v claim.Verdict, said string) {
	l.t.Helper()
	l.told = true
	comment := v.ID + ": " + string(v.Status)
	if v.Reason != nil {
		comment += ": " + v.Reason.String()
	}
	comment = strings.ToValidUTF8(comment[:min(len(comment), mostComment)], "")
	for _, n := range v.Packets {
		l.comments[n] = append(l.comments[n], comment)
	}
	if path := l.kept(); path != "" {
		said += "\nthe capture will be " + path
		if len(v.Packets) > 0 {
			said += ", with comments at these packets (frame.comment in Wireshark)"
		}
	}
	if a, ok := l.t.(*attempt); ok && v.Status == claim.Inconclusive {
		a.inconclusive(said)
		return
	}
	l.t.Error(said)
}
