package claim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
)

// Matcher says of selected packets that there are none, that there are so many, or in
// which order they come. It says nothing about other packets. A trace of expected lines
// says such things badly.
type Matcher struct {
	Kind  Kind
	Count int         // of Exactly, at least 0
	What  []Selection // one for Never and Exactly, two for Before, at least one for InOrder

	// From and To limit the matcher to packets that the port of a host sends or gets,
	// whatever addresses they claim. Of a packet that a router forwards they may also be
	// the hosts at its two ends. "" is any host, and To "*" a broadcast or multicast.
	From, To string

	// Each is a filter in tcpdump's syntax, or "". With one, the matcher must hold for
	// each TCP or UDP conversation of which a packet matches the filter, and there must
	// be such a conversation.
	Each string
}

// Kind is what a matcher says of the packets that it selects.
type Kind string

// The kinds.
const (
	Never   Kind = "never"    // there is none
	Exactly Kind = "exactly"  // there are Count of them
	Before  Kind = "before"   // the first of one selection comes before the first of the other
	InOrder Kind = "in order" // there is one of each selection, each after the one before
)

// Selection selects packets by a filter, by bytes that they carry, or by lines of a trace.
// Exactly one of Filter, Bytes and Projection is set.
type Selection struct {
	Filter     string            // in tcpdump's syntax
	Bytes      string            // a text that frames carry in clear, however TCP and IP have cut it
	Projection *trace.Projection // selects the lines that it shows
	Line       string            // of Projection: selects the lines that show this one, which may omit acked, seq=N, vlan=N and columns; "" is every line
}

// ParseSelection reads the text form of a selection, which is one of these:
//
//	tcp[13] & 4 != 0                   a filter in tcpdump's syntax
//	trace tcp/80                       all lines that a projection shows
//	trace tcp/80: client > server SYN  those that show this line
//	bytes "open sesame"                frames that carry a text in clear
//
// The text of bytes may have escapes as in Go if it is between quotation marks. A filter
// is not compiled: Matcher.Check does so.
func ParseSelection(text string) (s Selection, err error) {
	text = strings.TrimSpace(text)
	rest, isTrace := strings.CutPrefix(text, "trace ")
	switch {
	case text == "" || text == "trace" || text == "bytes":
		return s, i18n.Errmsg("match.nothing")
	case strings.HasPrefix(text, "bytes "):
		s.Bytes = strings.TrimSpace(strings.TrimPrefix(text, "bytes "))
		if unquoted, err := strconv.Unquote(s.Bytes); err == nil {
			s.Bytes = unquoted
		}
		if s.Bytes == "" {
			return s, i18n.Errmsg("match.nothing")
		}
		return s, nil
	case !isTrace:
		return Selection{Filter: text}, nil
	}
	projection, line, has := strings.Cut(rest, ": ")
	pr, err := trace.ParseProjection(projection)
	if err != nil {
		return s, err
	}
	s.Projection = &pr
	if !has {
		return s, nil
	}
	lines, err := ParseExpected(line)
	if err != nil {
		return s, err
	}
	if len(lines) != 1 {
		return s, i18n.Errmsg("match.line", "Text", text)
	}
	s.Line = lines[0]
	return s, s.checkLine()
}

// checkLine refuses a line that the projection never shows, whatever is sent: that it is
// never there would prove nothing.
func (s Selection) checkLine() error {
	l := trace.ParseLine(s.Line)
	ahead, text, behind := trace.Unquoted(l.What)
	words := strings.Fields(ahead + " " + behind)
	lacks := func(what string) error { return i18n.Errmsg("match.notshown", "Line", s.Line, "What", what) }
	if text != "" && !s.Projection.Text {
		return lacks("text")
	}
	if slices.Contains(words, "probe") && !s.Projection.Probes {
		return lacks("probes")
	}
	for _, word := range words {
		if column := trace.ColumnOf(word); column != "" && !slices.Contains(s.Projection.With, column) {
			return lacks("with " + column)
		}
	}
	protocols := protocolsOf(words)
	if protocols != nil && !slices.ContainsFunc(s.Projection.Selectors, func(sel trace.Selector) bool { return slices.Contains(protocols, sel.Protocol) }) {
		return lacks(strings.Join(protocols, "|"))
	}
	return nil
}

// protocolsOf are the protocols of a projection whose lines may begin with a word, nil for
// a word that may be of any. A text alone is TCP's.
func protocolsOf(words []string) []string {
	if len(words) == 0 {
		return []string{"tcp"}
	}
	flags, err := sniffer.ParseFlags(words[0])
	switch word := words[0]; {
	case err == nil && flags != 0, word == "data", word == "tcp":
		return []string{"tcp"}
	case word == "udp":
		return []string{"udp"}
	case word == "who-has", word == "is-at", word == "probe":
		return []string{"arp", "ndp"}
	case slices.Contains(sniffer.Words(), word):
		return []string{"icmp", "ndp"}
	}
	return nil
}

// String returns the text form.
func (s Selection) String() string {
	switch {
	case s.Bytes != "":
		return "bytes " + strconv.Quote(s.Bytes)
	case s.Projection == nil:
		return s.Filter
	case s.Line == "":
		return "trace " + s.Projection.String()
	}
	return "trace " + s.Projection.String() + ": " + s.Line
}

// Check returns an error if the matcher can never be judged: if it has too few or too many
// selections, if a filter cannot be compiled, or if it names a host that is not in hosts.
// addresses are the addresses of the names that filters may use.
func (m Matcher) Check(hosts []string, addresses filter.Hosts) error {
	want := map[Kind]int{Never: 1, Exactly: 1, Before: 2}[m.Kind]
	switch {
	case m.Kind == InOrder && len(m.What) > 0:
	case len(m.What) != want || want == 0:
		return i18n.Errmsg("match.number", "Kind", m.Kind, "Want", max(want, 1), "Number", len(m.What))
	case m.Count < 0:
		return i18n.Errmsg("match.count", "Number", m.Count)
	}
	ends := []string{m.From, m.To}
	for _, s := range m.What {
		line := trace.ParseLine(s.Line)
		for _, end := range []string{line.From, line.To} {
			if trace.ValidLabel(end) {
				ends = append(ends, end)
			}
		}
	}
	for _, end := range ends {
		if end != "" && (end != "*" || end == m.From) && !slices.Contains(hosts, end) {
			return i18n.Errmsg("match.host", "Host", end, "Hint", suggest.Hint(end, hosts), "Known", hosts)
		}
	}
	for _, f := range m.filters() {
		if _, err := filter.Compile(f, sniffer.LinkEthernet, addresses); err != nil {
			return err
		}
	}
	return nil
}

// filters are those of the matcher.
func (m Matcher) filters() (all []string) {
	for _, s := range m.What {
		if s.Filter != "" {
			all = append(all, s.Filter)
		}
	}
	if m.Each != "" {
		all = append(all, m.Each)
	}
	return all
}

// String returns the matcher in one line: "never tcp[13] & 4 != 0; from server".
func (m Matcher) String() string {
	var what []string
	for _, s := range m.What {
		what = append(what, s.String())
	}
	var text string
	switch m.Kind {
	case Exactly:
		text = fmt.Sprintf("exactly %d %s", m.Count, strings.Join(what, ""))
	case Before:
		text = strings.Join(what, " before ")
	default:
		text = string(m.Kind) + " " + strings.Join(what, ", ")
	}
	for _, scope := range [][2]string{{"from", m.From}, {"to", m.To}, {"each", m.Each}} {
		if scope[1] != "" {
			text += "; " + scope[0] + " " + scope[1]
		}
	}
	return text
}

// absence reports whether the matcher says that something was not there.
func (m Matcher) absence() bool { return m.Kind == Never || m.Kind == Exactly && m.Count == 0 }

// names reports whether the matcher has a host's name.
func (m Matcher) names(host string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(m.String(), func(r rune) bool { return strings.ContainsRune(" ;,()@", r) }), func(word string) bool { return word == host })
}

// compiled is a filter for each link type of a recording.
type compiled struct {
	expr  string
	hosts filter.Hosts
	names sniffer.Names
	links map[sniffer.LinkType]*filter.Filter
	err   error // of the first that could not be compiled
}

func compile(expr string, r *trace.Recording) *compiled {
	return &compiled{expr: expr, hosts: filter.HostsOf(r.Hosts.Names), names: r.Hosts.Names, links: map[sniffer.LinkType]*filter.Filter{}}
}

func (c *compiled) match(p *sniffer.Packet) bool {
	f, ok := c.links[p.LinkType]
	if !ok {
		var err error
		if f, err = filter.Compile(c.expr, p.LinkType, c.hosts); err != nil && c.err == nil {
			c.err = err
		}
		c.links[p.LinkType] = f
	}
	return f != nil && f.MatchFrame(&p.Frame)
}
