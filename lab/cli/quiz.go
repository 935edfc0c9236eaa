package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// quiz asks, before an experiment is carried out, which packets will cross the wire.
type quiz struct {
	lang lang.Lang
	in   *typed
	out  io.Writer
	t    *report.Terminal // on out
}

// guess is what somebody expects in place of a claim's own expectation.
type guess struct {
	claim claim.Claim
	lines []string
}

// ask shows the script, and neither its lesson nor its claims, which are the answer. The
// end of the input ends the guessing; the error is that of ctx.
func (q *quiz) ask(ctx context.Context, e *script.Experiment) (guesses []guess, err error) {
	q.t.Question(e)
	fmt.Fprintln(q.out)
	q.say("", i18n.Text(q.lang, "quiz.help"))
	for _, c := range e.Claims {
		if c.Matcher != nil { // which asks for no lines
			continue
		}
		fmt.Fprintf(q.out, "\n%s\n", q.t.Paint("1", q.question(e, c)))
		g := guess{claim: c}
		if g.lines, err = q.lines(ctx, e, c); err != nil && !errors.Is(err, errTypedEnd) {
			return nil, err
		}
		guesses = append(guesses, g)
	}
	fmt.Fprintln(q.out)
	return guesses, nil
}

// question is of a claim's phases and protocols.
func (q *quiz) question(e *script.Experiment, c claim.Claim) string {
	trace := c.Projection.String()
	switch names := e.Topology.SegmentNames(); {
	case c.Projection.Segment != "":
		trace = i18n.Text(q.lang, "quiz.segment", "Trace", trace, "Segment", c.Projection.Segment)
	case len(names) > 1:
		trace = i18n.Text(q.lang, "quiz.segments", "Trace", trace, "Segments", names)
	}
	question := i18n.Msg("quiz.phase", "Phase", c.Phases, "Trace", trace)
	if c.Anywhere || len(c.Phases) == 0 {
		question = i18n.Msg("quiz.whole", "Trace", trace)
	}
	if c.Projection.Text {
		question = i18n.Msg("quiz.text", "Question", question)
	}
	return question.In(q.lang)
}

// lines reads lines of a trace until an empty one. A line that could never be seen is
// explained, and may be typed again.
func (q *quiz) lines(ctx context.Context, e *script.Experiment, c claim.Claim) (lines []string, err error) {
	strange := slices.ContainsFunc(c.Projection.Selectors, func(s trace.Selector) bool { return s.Protocol == "other" })
	for {
		fmt.Fprint(q.out, "  > ")
		line, err := q.in.next(ctx, nil)
		if err != nil {
			return lines, err
		}
		switch strings.TrimSpace(line) {
		case "":
			return lines, nil
		case "?", "？":
			fmt.Fprintln(q.out, indented(i18n.Text(q.lang, "quiz.notation")))
			continue
		}
		read, err := e.ReadTrace(lenient(line, e.Topology.Hosts), c.Projection.Segment)
		if err != nil {
			q.say(aside, safetext.EscapeLines(i18n.Explain(q.lang, err)))
			continue
		}
		if at := slices.IndexFunc(read, func(line string) bool { return !script.InNotation(line) }); at >= 0 && !strange {
			q.say(aside, i18n.Text(q.lang, "quiz.word", "Line", safetext.Escape(read[at])))
			continue
		}
		lines = append(lines, read...)
	}
}

// aside stands before what is said about an answer.
const aside = "      "

// say prints lines that fit the terminal.
func (q *quiz) say(begin, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		q.t.Paragraph(begin, len(begin), line, len(begin))
	}
}

// lenient writes a line that somebody types in a hurry, or with an input method for
// Chinese, as it stands in a trace: the > may be missing or a wide one, and TCP flags may
// be written as in syn/ack.
func lenient(line string, hosts []string) string {
	before, rest, found := strings.Cut(strings.ReplaceAll(line, "＞", ">"), ">")
	if !found {
		before, rest, _ = strings.Cut(strings.TrimSpace(line), " ")
	}
	to, what, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if !found && (!slices.Contains(hosts, before) || !slices.Contains(hosts, to) && to != "*") {
		return line
	}
	return strings.TrimSpace(strings.TrimSpace(before) + " > " + to + " " + flags(what))
}

// flags writes the TCP flags with which a text begins as a trace does: syn/ack, Syn-Ack
// and SYN,ACK are SYN ACK. What follows stays as it is.
func flags(what string) string {
	word, rest, more := strings.Cut(strings.TrimLeft(what, " "), " ")
	names := strings.FieldsFunc(strings.ToUpper(word), func(r rune) bool { return strings.ContainsRune("/-+,", r) })
	for _, name := range names {
		if _, err := sniffer.ParseFlags(name); err != nil || len(name) != len("SYN") {
			return what
		}
	}
	switch {
	case len(names) == 0:
		return what
	case more:
		return strings.Join(names, " ") + " " + flags(rest)
	}
	return strings.Join(names, " ")
}
