package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/trace"
	"wirelab/message"
)

// verb is a word of the script: how its line is read, what it does, and what
// people are told of it.
type verb struct {
	name string
	host bool // a host follows
	ends bool // ! or ? may stand before it

	speaks  bool // to the host's program, which must have been started
	awaited bool // its effect has to be awaited before the next barrier
	proves  bool // that it succeeded proves that something was done: a stimulus

	least int // words after the host
	most  int
	usage string
	help  i18n.Message
	parse func(e *Experiment, s *Step) error // nil: the words are taken as they are
	do    func(ctx context.Context, l *lab.Lab, s Step) error
}

// many is no limit to the words of a line.
const many = 1 << 10

var verbs = []verb{
	{name: "start", host: true, awaited: true, least: 1, most: many, usage: "start HOST COMMAND…",
		help: i18n.Msg("script.verb.start"),
		do:   func(ctx context.Context, l *lab.Lab, s Step) error { return l.Start(ctx, s.Host, s.Args...) }},
	{name: "run", host: true, ends: true, proves: true, least: 1, most: many, usage: "run HOST COMMAND…",
		help: i18n.Msg("script.verb.run"),
		do: func(ctx context.Context, l *lab.Lab, s Step) error {
			_, err := l.Run(ctx, s.Host, s.Args...)
			return s.Ends.check(err)
		}},
	{name: "say", host: true, speaks: true, awaited: true, least: 1, most: many, usage: "say HOST TEXT",
		help: i18n.Msg("script.verb.say"), parse: oneText,
		do: func(ctx context.Context, l *lab.Lab, s Step) error { return l.Say(ctx, s.Host, s.Args[0]) }},
	{name: "await", host: true, speaks: true, proves: true, least: 1, most: many, usage: "await HOST TEXT",
		help: i18n.Msg("script.verb.await"), parse: oneText,
		do: func(ctx context.Context, l *lab.Lab, s Step) error { return l.Await(ctx, s.Host, s.Args[0]) }},
	{name: "close", host: true, ends: true, speaks: true, proves: true, usage: "close HOST",
		help: i18n.Msg("script.verb.close"),
		do: func(ctx context.Context, l *lab.Lab, s Step) error {
			return s.Ends.check(l.CloseProgram(ctx, s.Host))
		}},
	{name: "fresh", host: true, usage: "fresh HOST",
		help: i18n.Msg("script.verb.fresh"),
		do:   func(ctx context.Context, l *lab.Lab, s Step) error { return l.FlushNeighbours(ctx, s.Host) }},
	{name: "settle", least: 1, most: 1, usage: "settle LABEL",
		help: i18n.Msg("script.verb.settle"), parse: newLabel,
		do: func(ctx context.Context, l *lab.Lab, s Step) error { return l.Settle(ctx, s.Args[0]) }},
	{name: "impair", ends: true, least: 4, most: many, usage: "impair NAME FROM TO WHAT…",
		help: i18n.Msg("script.verb.impair"), parse: newRule, do: impair},
	{name: "mend", least: 1, most: 1, usage: "mend NAME",
		help: i18n.Msg("script.verb.mend"), parse: inForce,
		do: func(ctx context.Context, l *lab.Lab, s Step) error { return l.Mend(ctx, s.Args[0]) }},
	{name: "mode", least: 1, most: 2, usage: "mode [SEGMENT] hub|switch",
		help: i18n.Msg("script.verb.mode"), parse: knownMode,
		do: func(ctx context.Context, l *lab.Lab, s Step) error {
			last := len(s.Args) - 1
			return l.SetMode(ctx, lab.Mode(s.Args[last]), s.Args[:last]...)
		}},
}

func findVerb(name string) *verb {
	if i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == name }); i >= 0 {
		return &verbs[i]
	}
	return nil
}

// Verbs are the names of the verbs.
func Verbs() (names []string) {
	for _, v := range verbs {
		names = append(names, v.name)
	}
	return names
}

// Help describes the verbs in a language, a line each.
func Help(l message.Lang) string {
	var b strings.Builder
	widest := 0
	for _, v := range verbs {
		widest = max(widest, columns.Width(v.usage))
	}
	for _, v := range verbs {
		fmt.Fprintf(&b, "  %s  %s\n", columns.Pad(v.usage, widest), v.help.In(l))
	}
	return b.String()
}

// oneText makes one text of the words of a line.
func oneText(_ *Experiment, s *Step) error {
	s.Args = []string{strings.Join(s.Args, " ")}
	return nil
}

// knownMode checks a mode, and the segment before it, if there is one.
func knownMode(e *Experiment, s *Step) error {
	last := len(s.Args) - 1
	known := e.Topology.SegmentNames()
	for _, segment := range s.Args[:last] {
		if !slices.Contains(known, segment) {
			return i18n.Errmsg("lab.segment.unknown", "Segment", segment, "Hint", suggest.Hint(segment, known), "Known", known)
		}
	}
	_, err := lab.ParseMode(s.Args[last])
	return err
}

// newLabel checks the label of a barrier.
func newLabel(e *Experiment, s *Step) error {
	switch label := s.Args[0]; {
	case !trace.ValidLabel(label):
		return i18n.Errmsg("script.label.form", "Label", label)
	case label == allPhases:
		return i18n.Errmsg("script.label.all", "Label", label)
	case trace.ReservedLabel(label):
		return i18n.Errmsg("script.label.own", "Label", label)
	case slices.Contains(e.Barriers(), label):
		return i18n.Errmsg("script.twice.barrier", "Label", label)
	}
	return nil
}

// check compares how a command ended with how it had to.
func (e Ends) check(err error) error {
	_, exited := errors.AsType[*lab.ExitError](err)
	switch {
	case e == Fails && err == nil:
		return i18n.Errmsg("script.succeeded")
	case exited && e != Succeeds:
		return nil
	}
	return err
}
