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
// could never be seen: of a host that is not there, or with a misspelt word.
func (e *Experiment) ReadTrace(text string) ([]string, error) {
	lines, err := claim.ParseExpected(text)
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

// knownEnds refuses a misspelt host in an expected line, which could never be
// seen. What has a character that no host's name has is an address, "*" or a
// sender named with its port.
func (e *Experiment) knownEnds(line string) error {
	words := strings.Fields(line)
	if words[0] == lab.SnifferHost {
		return i18n.Errmsg("script.line.sniffer", "Line", line)
	}
	for _, end := range []string{words[0], words[2]} {
		if trace.ValidLabel(end) && !slices.Contains(e.Topology.Hosts, end) {
			return i18n.Errmsg("script.line.host", "Line", line, "Host", end, "Hint", suggest.Hint(end, e.Topology.Hosts), "Known", e.Topology.Hosts)
		}
	}
	return nil
}

// knownWord refuses a line that begins with a misspelt word of the notation, which
// could never be seen.
func knownWord(line string) error {
	word := strings.Fields(line)[3]
	known := append(sniffer.Words(), "udp", "fragment", "data")
	if _, err := sniffer.ParseFlags(word); err == nil || slices.Contains(known, word) {
		return nil
	}
	if near := suggest.Nearest(word, known, 2); near != "" && len(word) > 3 {
		return i18n.Errmsg("script.line.word", "Line", line, "Word", word, "Near", near)
	}
	return nil
}
