package script

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/lab/claim"
	"wirelab/sniffer/filter"
)

// matchers are the words of claims about one thing alone, and their kinds.
var matchers = map[string]claim.Kind{"never": claim.Never, "exactly": claim.Exactly, "before": claim.Before, "order": claim.InOrder}

// Matchers are the words that may stand in the place of "trace".
func Matchers() []string { return []string{"never", "exactly", "before", "order"} }

// isClaimWord reports whether what is claimed begins with a word.
func isClaimWord(word string) bool { return word == "trace" || slices.Contains(Matchers(), word) }

// matcher reads: never|exactly N|before|order [from HOST] [to HOST] [each FILTER…]; what is
// matched is a line each of the claim's section.
func (e *Experiment) matcher(words []string, section string) (*claim.Matcher, error) {
	m := claim.Matcher{Kind: matchers[words[0]]}
	words = words[1:]
	if m.Kind == claim.Exactly {
		if len(words) == 0 {
			return nil, i18n.Errmsg("match.count", "Number", "")
		}
		n, err := strconv.ParseUint(words[0], 10, 31)
		if err != nil {
			return nil, i18n.Errmsg("match.count", "Number", words[0])
		}
		m.Count, words = int(n), words[1:]
	}
	for len(words) > 1 {
		switch words[0] {
		case "from":
			m.From, words = words[1], words[2:]
		case "to":
			m.To, words = words[1], words[2:]
		case "each":
			m.Each, words = strings.Join(words[1:], " "), nil
		default:
			return nil, i18n.Errmsg("match.scope", "Word", words[0])
		}
	}
	if len(words) > 0 {
		return nil, i18n.Errmsg("match.scope", "Word", words[0])
	}
	for line := range strings.Lines(section) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		what, err := claim.ParseSelection(line)
		if err != nil {
			return nil, err
		}
		if what.Line != "" {
			if _, err := e.ReadTrace(what.Line, ""); err != nil {
				return nil, err
			}
		}
		m.What = append(m.What, what)
	}
	// What addresses the hosts have the lab tells; that a filter can be compiled, any do.
	addresses := filter.Hosts{}
	for i, host := range e.Topology.Hosts {
		addresses[host] = []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})}
	}
	return &m, m.Check(e.Topology.Hosts, addresses)
}
