package claim

import (
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/trace"
	"wirelab/message"
	"wirelab/sniffer"
)

// Claim is one statement about the packets of a recording, which Judge decides.
type Claim struct {
	ID         string       // "EXPERIMENT.CLAIM", never translated
	Sentence   message.Text // the claim in words
	Phases     []string     // labels of the judged phases, consecutive; none is the whole lab
	Anywhere   bool         // the capture has the expected lines in this order, whatever else it has; needs no barriers
	Projection trace.Projection
	Expected   []string // lines as ParseExpected returns them; none: no packet may be selected

	// Matcher, if it is not nil, is what the claim says in place of Expected and of
	// Projection. Only the Segment of Projection counts then. It needs barriers.
	Matcher *Matcher
}

// absence reports whether the claim is that something was not there.
func (c Claim) absence() bool {
	if c.Matcher != nil {
		return c.Matcher.absence()
	}
	return len(c.Expected) == 0
}

// Scope returns what the claim is about, as a script writes it: "in cold on lan trace
// arp,icmp".
func (c Claim) Scope() string {
	where := "in all"
	switch {
	case c.Anywhere:
		where = "anywhere"
	case len(c.Phases) > 0:
		where = "in " + strings.Join(c.Phases, ",")
	}
	if c.Projection.Segment != "" {
		where += " on " + c.Projection.Segment
	}
	if c.Matcher != nil {
		return where + " " + c.Matcher.String()
	}
	return where + " trace " + c.Projection.String()
}

// names reports whether the claim has a host's name.
func (c Claim) names(host string) bool {
	if c.Matcher != nil && c.Matcher.names(host) {
		return true
	}
	return slices.ContainsFunc(c.Expected, func(line string) bool {
		before, _, _ := strings.Cut(line, `"`)
		return slices.ContainsFunc(strings.Fields(before), func(word string) bool {
			return slices.Contains(strings.Split(word, "@"), host)
		})
	})
}

// CheckPhases returns an error if no barrier ends one of the claim's phases, or if the
// phases are not consecutive. labels are the labels of all barriers, in order.
func (c Claim) CheckPhases(labels []string) error {
	for i, phase := range c.Phases {
		at := slices.Index(labels, phase)
		if at < 0 {
			return i18n.Errmsg("script.phase.unknown", "Phase", phase, "Hint", suggest.Hint(phase, labels), "Known", labels)
		}
		if i > 0 && at != slices.Index(labels, c.Phases[i-1])+1 {
			return i18n.Errmsg("script.phase.order", "Phase", phase, "Before", c.Phases[i-1])
		}
	}
	return nil
}

// Plan is what a claim is judged by: the hosts and barriers, and what the experiment did.
type Plan struct {
	trace.Plan
	// Stimulated has the labels of the phases in which the experiment did something that
	// is known to have worked: a run, an await, a close. If a claim's phases have none,
	// and no packet either, it proves nothing that nothing was sent.
	Stimulated map[string]bool
	// Impaired are the experiment's impairments.
	Impaired []Impaired
	// Acting are the hosts on which the experiment did something.
	Acting []string
}

// stimulated reports whether the script does something in one of the phases.
func (p Plan) stimulated(phases []string) bool {
	if len(phases) == 0 {
		phases = p.Barriers
	}
	return slices.ContainsFunc(phases, func(label string) bool { return p.Stimulated[label] })
}

// ParseExpected reads expected lines of the form "FROM > TO WHAT…", one a line, and
// returns them in the form in which they are compared. It folds white space and leaves out
// empty lines and lines that begin with #. TCP flags may be words (SYN ACK) or tcpdump's
// letters (S.). If segments are given, each line has to begin with one of them. If s has
// several lines, an error names the number of the line.
func ParseExpected(s string, segments ...string) ([]string, error) {
	lines := []string{}
	all := strings.Split(s, "\n")
	for i, line := range all {
		at := func(err error) error {
			if len(all) == 1 {
				return err
			}
			return i18n.Errmsg("script.line.at", "Number", i+1, "Cause", err)
		}
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		segment := ""
		if len(segments) > 0 {
			if segment = words[0]; !slices.Contains(segments, segment) {
				return nil, at(i18n.Errmsg("script.line.segment", "Line", line, "Hint", suggest.Hint(segment, segments), "Known", segments))
			}
			line = strings.TrimPrefix(strings.TrimSpace(line), segment)
			words = words[1:]
		}
		outside, _, _ := strings.Cut(line, `"`)
		if err := suggest.Halfwidth(outside); err != nil {
			return nil, at(err)
		}
		if err := checkPasted(line); err != nil {
			return nil, at(err)
		}
		if len(words) < 4 || words[1] != ">" || strings.ContainsRune(words[0]+words[2], '"') {
			return nil, at(i18n.Errmsg("script.line.form", "Line", line))
		}
		if unclosed(line) {
			return nil, at(i18n.Errmsg("script.quote", "Text", line))
		}
		lines = append(lines, normal(strings.TrimSpace(segment+" "+line)))
	}
	return lines, nil
}

// unclosed reports whether a line has a text whose quotation mark is not closed: no packet
// says that.
func unclosed(line string) bool {
	within := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"':
			within = !within
		case line[i] == '\\' && within:
			i++
		}
	}
	return within
}

// normal is a line in the form in which lines are compared: one space for every
// run of white space outside quotes, flags as words.
func normal(line string) string {
	l := trace.ParseLine(line)
	word, rest, more := strings.Cut(l.What, " ")
	if flags, err := sniffer.ParseFlags(word); err == nil && flags != 0 && !strings.Contains(line, `"`) {
		if l.What = flags.String(); more {
			l.What += " " + rest
		}
	}
	return l.String()
}
