package labtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wirelab/lab/claim"
	"wirelab/lab/trace"
)

// Settle ends a phase and gives it its name, a lower-case word. It returns when
// nothing is under way on any socket of the hosts and everything that they have
// sent is captured. The test fails, and ends, where that cannot be reached: a
// connection that opens, closes or has unread data, a program that has ended by
// itself, or a host that does not run any more.
func (l *Lab) Settle(phase string) {
	l.t.Helper()
	if err := l.settle(phase); err != nil {
		l.t.Fatal(err)
	}
}

func (l *Lab) settle(phase string) error {
	if slices.Contains(l.plan.Barriers, phase) {
		return fmt.Errorf("a phase %q has ended before: give this one another name", phase)
	}
	if err := l.lab.Settle(l.t.Context(), phase); err != nil {
		return err
	}
	l.plan.Barriers = append(l.plan.Barriers, phase)
	l.plan.Stimulated[phase] = l.stimulated.Swap(false)
	return nil
}

// Texts says which payloads projections with the modifier "text" show from now on.
func (l *Lab) Texts(texts ...string) { l.plan.Texts = append(l.plan.Texts, texts...) }

// Expect compares a part of what was sent with the lines that are expected, and
// reports an error with both where they differ, or where the capture cannot tell.
//
// part is "PROJECTION in PHASES". The projection is protocols and what of them is
// shown: "arp,icmp", "tcp/80", "tcp first" and so on (trace.Projection). The phases
// are names that Settle gave, consecutive and separated by commas; without "in" they
// are all that have ended. want has a line for each packet, as a failure
// prints them; "" expects that nothing was sent, which is inconclusive where
// nothing was done either.
func (l *Lab) Expect(part, want string) {
	l.t.Helper()
	v, err := l.Judge(part, want)
	switch {
	case err != nil:
		l.t.Fatalf("%q: %v", part, err)
	case v.Status != claim.Pass:
		l.t.Error(describe(v))
	}
}

// Judge is Expect for a test that wants to know the verdict. The error is for what
// cannot be read.
func (l *Lab) Judge(part, want string) (v claim.Verdict, err error) {
	c := claim.Claim{ID: part}
	projection, phases, found := strings.Cut(part, " in ")
	switch {
	case len(l.plan.Barriers) == 0:
		return v, errors.New("no phase has ended: call Settle before")
	case found:
		c.Phases = strings.Split(strings.ReplaceAll(phases, " ", ""), ",")
	default:
		c.Phases = slices.Clone(l.plan.Barriers)
	}
	if err = c.CheckPhases(l.plan.Barriers); err != nil {
		return v, err
	}
	if c.Projection, err = trace.ParseProjection(projection); err != nil {
		return v, err
	}
	if c.Expected, err = claim.ParseExpected(want); err != nil {
		return v, err
	}
	l.lab.View(func(r *trace.Recording) { v = claim.Judge(r, l.plan, []claim.Claim{c})[0] })
	if v.Status == claim.Pass {
		l.met = append(l.met, met{c, l.plan})
	}
	return v, nil
}

// describe is a verdict that is no pass, as a test prints it.
func describe(v claim.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", v.ID, v.Status)
	if v.Reason != nil {
		fmt.Fprintf(&b, ": %s", v.Reason)
	}
	for _, part := range []struct {
		name  string
		lines []string
	}{{"expected", v.Expected}, {"observed", v.Observed}} {
		fmt.Fprintf(&b, "\n%s:", part.name)
		for _, line := range part.lines {
			fmt.Fprintf(&b, "\n\t%s", line)
		}
		if len(part.lines) == 0 {
			b.WriteString("\n\t(nothing)")
		}
	}
	return b.String()
}

// finish ends the capture, which tells only then whether the kernel has dropped
// something, and judges again. A test that failed leaves the capture where
// go test -artifacts keeps files.
func (l *Lab) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), upWithin)
	defer cancel()
	recording, err := l.lab.Finish(ctx)
	if err != nil {
		l.t.Error(err)
	}
	for _, m := range l.met {
		if v := claim.Judge(recording, m.plan, []claim.Claim{m.claim})[0]; v.Status != claim.Pass {
			l.t.Error(describe(v))
		}
	}
	if l.t.Failed() {
		l.keep(recording)
	}
	if err := l.lab.Close(); err != nil {
		l.t.Error(err)
	}
}

func (l *Lab) keep(recording *trace.Recording) {
	if f := flag.Lookup("test.artifacts"); f != nil && f.Value.String() == "false" {
		l.t.Log("go test -artifacts keeps the capture of a test that fails")
		return
	}
	path := filepath.Join(l.t.ArtifactDir(), "wire.pcapng")
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(recording.Write(f), f.Close())
	}
	if err != nil {
		l.t.Errorf("keep the capture: %v", err)
		return
	}
	l.t.Logf("the capture: %s", path)
}
