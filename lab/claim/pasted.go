package claim

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"wirelab/internal/i18n"
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
	out []string // what a trace does not have
}

// port is what stands behind a host's name.
var port = regexp.MustCompile(`^:[0-9]+$`)

// end is a sender or receiver without its port.
func (p *pasted) end(end string) string {
	colon := max(strings.LastIndex(end, ":"), 0)
	host := strings.Trim(end[:colon], "[]")
	_, err := netip.ParseAddr(host)
	if !port.MatchString(end[colon:]) || !trace.ValidLabel(host) && (err != nil || strings.Contains(host, ":") && end[0] != '[') {
		return end
	}
	p.out = append(p.out, end[colon:])
	return host
}

// detail is a number that depends on the moment.
var detail = regexp.MustCompile(`^(seq|ack|len|win)=`)

// marks are the words by which sniff tells of losses.
var marks = sniffer.Marks(0xff).Words()

// what is what a packet says without what a trace does not say of it; said is that a
// text follows.
func (p *pasted) what(words []string, said bool) []string {
	flags, rest := flagsOf(words)
	if flags == 0 && (len(rest) == 0 || rest[0] != "udp") {
		return words // ARP and ICMP stand in a trace as they are
	}
	rest = slices.DeleteFunc(slices.Clone(rest), func(w string) bool {
		leave := detail.MatchString(w) || slices.Contains(marks, w)
		if leave {
			p.out = append(p.out, w)
		}
		return leave
	})
	shown := flags & (sniffer.SYN | sniffer.FIN | sniffer.RST | sniffer.ACK)
	switch {
	case flags == 0:
		return rest
	case shown&^sniffer.ACK == 0:
		p.out = append(p.out, flags.String())
		return nil
	case shown != flags:
		p.out = append(p.out, (flags &^ shown).String())
	}
	// Whether a segment is acknowledged its own line does not say.
	if shown&sniffer.RST == 0 && len(p.out) > 0 && !said && !slices.Contains(rest, trace.Acked) {
		rest = append(rest, trace.Acked)
	}
	return append([]string{shown.String()}, rest...)
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
