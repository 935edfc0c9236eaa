package script

import (
	"errors"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// ReadTrace reads lines that people expect of the experiment. It refuses those that
// could never be seen: of a host that is not there, or with a misspelt word. They are of
// one segment, where its name may stand before them, or of several, with their names.
func (e *Experiment) ReadTrace(text, segment string) ([]string, error) {
	var segments []string
	switch names := e.Topology.SegmentNames(); {
	case segment != "":
		text = withoutColumn(text, segment)
	case len(names) > 1:
		segments = names
	}
	lines, err := claim.ParseExpected(text, segments...)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if err := errors.Join(e.knownEnds(line), knownWord(line)); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// withoutColumn takes the name of a segment from the beginning of lines.
func withoutColumn(text, segment string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if trace.ParseLine(line).Segment == segment {
			line = strings.TrimPrefix(strings.TrimSpace(line), segment)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// knownEnds refuses a misspelt host in an expected line, which could never be
// seen. What has a character that no host's name has is an address, "*" or a
// sender named with its port.
func (e *Experiment) knownEnds(line string) error {
	l := trace.ParseLine(line)
	if l.From == lab.SnifferHost {
		return i18n.Errmsg("script.line.sniffer", "Line", line)
	}
	for _, end := range []string{l.From, l.To} {
		if trace.ValidLabel(end) && !slices.Contains(e.Topology.Hosts, end) {
			return i18n.Errmsg("script.line.host", "Line", line, "Host", end, "Hint", suggest.Hint(end, e.Topology.Hosts), "Known", e.Topology.Hosts)
		}
	}
	return nil
}

// InNotation reports whether what a line says begins with a word of the notation, with a
// text or with a number such as type=200. Only a line of a protocol without words of its
// own (other) begins with anything else.
func InNotation(line string) bool {
	word, known := firstWord(line)
	return known || strings.HasPrefix(word, `"`) || strings.Contains(word, "=") || strings.HasPrefix(word, "icmp")
}

// firstWord returns the word with which what a line says begins, and whether it is one of
// the notation.
func firstWord(line string) (word string, known bool) {
	word, _, _ = strings.Cut(trace.ParseLine(line).What, " ")
	_, err := sniffer.ParseFlags(word)
	return word, err == nil || slices.Contains(words(), word)
}

// words are those of the notation, but for TCP's flags.
func words() []string { return append(sniffer.Words(), "udp", "fragment", "data") }

// knownWord refuses a line that begins with a misspelt word of the notation, which
// could never be seen.
func knownWord(line string) error {
	word, known := firstWord(line)
	if known {
		return nil
	}
	if near := suggest.Nearest(word, words(), 2); near != "" && len(word) > 3 {
		return i18n.Errmsg("script.line.word", "Line", line, "Word", word, "Near", near)
	}
	return nil
}
