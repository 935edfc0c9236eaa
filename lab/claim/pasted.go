package claim

import (
	"net/netip"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/pattern"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// checkPasted refuses the line of a packet, as sniff prints it, where the line of a
// trace is expected, and says what to write in its place: a trace has no packet
// numbers, times, ports, sequence numbers and lengths.
func checkPasted(line string) error {
	before, text, said := strings.Cut(line, `"`)
	words := strings.Fields(before)
	at := slices.Index(words, ">")
	if at < 1 || at+1 >= len(words) {
		return nil
	}
	var p pasted
	p.out = append(p.out, words[:at-1]...)
	write := []string{p.end(words[at-1]), ">", p.end(words[at+1])}
	p.packet = len(p.out) > 0
	what := p.what(words[at+2:], said)
	if said {
		what = append(what, `"`+strings.TrimRight(text, " \t\r"))
	}
	switch {
	case len(p.out) == 0:
		return nil
	case len(what) == 0:
		return i18n.Errmsg("script.line.leaveout", "Line", strings.TrimSpace(line))
	}
	return i18n.Errmsg("script.line.write", "Out", strings.Join(p.out, " "), "Line", strings.TrimSpace(line), "Right", strings.Join(append(write, what...), " "))
}

// pasted takes a packet's line apart.
type pasted struct {
	out    []string // what a trace does not have
	packet bool     // an end has a port, or a number stands ahead
}

// port is what stands behind a host's name.
var port = pattern.New(`^:[0-9]+$`)

// end is a sender or receiver without its port.
func (p *pasted) end(end string) string {
	colon := max(strings.LastIndex(end, ":"), 0)
	host := strings.Trim(end[:colon], "[]")
	_, err := netip.ParseAddr(host)
	if !port().MatchString(end[colon:]) || !trace.ValidLabel(host) && (err != nil || strings.Contains(host, ":") && end[0] != '[') {
		return end
	}
	p.out = append(p.out, end[colon:])
	return host
}

// stays reports whether a word behind TCP flags or "udp" may stand in a trace. Others
// are numbers that depend on the moment, what tells of losses, and what is carried. A
// packet's line, which has ports, has some of a trace's columns: the trace may not.
func (p *pasted) stays(word string) bool {
	return word == trace.Acked || word == trace.Again || word == trace.Fragment || trace.IsFault(word) || strings.HasPrefix(word, "vlan=") || !p.packet && trace.IsColumn(word)
}

// what is what a packet says without what a trace does not say of it; said is that a
// text follows.
func (p *pasted) what(words []string, said bool) []string {
	flags, rest := flagsOf(words)
	switch {
	case flags == 0 && slices.Contains(words[:min(1, len(words))], "udp"):
		return append([]string{"udp"}, p.behind(words[1:])...)
	case flags == 0: // ARP and ICMP stand in a trace as they are, without the packet that an error quotes
		if i := slices.Index(words, "quotes"); i > 0 {
			p.out = append(p.out, words[i:]...)
			return words[:i]
		}
		return words
	}
	behind := p.behind(rest)
	shown := flags & (sniffer.SYN | sniffer.FIN | sniffer.RST | sniffer.ACK)
	switch {
	case shown&^sniffer.ACK == 0:
		p.out = append(p.out, flags.String())
		return nil
	case shown != flags:
		p.out = append(p.out, (flags &^ shown).String())
	}
	// Whether a segment is acknowledged its own line does not say.
	if shown&sniffer.RST == 0 && len(p.out) > 0 && !said && !slices.Contains(behind, trace.Acked) {
		behind = append([]string{trace.Acked}, behind...)
	}
	return append([]string{shown.String()}, behind...)
}

// behind takes out the words that do not stay.
func (p *pasted) behind(words []string) (stay []string) {
	for _, w := range words {
		if p.stays(w) {
			stay = append(stay, w)
		} else {
			p.out = append(p.out, w)
		}
	}
	return stay
}

// flagsOf reads TCP flags, words or letters, at the beginning of words; none where
// there are none.
func flagsOf(words []string) (flags sniffer.TCPFlags, rest []string) {
	for n := len(words); n > 0; n-- {
		if flags, err := sniffer.ParseFlags(strings.Join(words[:n], " ")); err == nil {
			return flags, words[n:]
		}
	}
	return 0, words
}
