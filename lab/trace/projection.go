package trace

import (
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

// Projection selects packets of a recording and says how their lines are written. It is
// closed: a claim fails if any selected packet has a line that is not expected.
//
// Its text form is a list of protocols, then modifiers: "arp,icmp", "tcp/7000 text",
// "udp,icmp first text", "tcp first with ttl,window".
type Projection struct {
	Selectors []Selector
	Segment   string   // name of the only segment, "" for all; not part of the text form
	First     bool     // show of each conversation only the first line in the whole recording
	Text      bool     // show the plan's Texts where they were sent
	Probes    bool     // show the kernel's unicast probes of ARP and NDP, which depend on timing
	Hidden    bool     // the claim is that the sniffer cannot see these packets from where it is
	With      []string // further columns of the lines, of ColumnNames
}

// modifiers are the words behind the protocols.
var modifiers = []struct {
	word string
	of   func(*Projection) *bool
}{
	{"first", func(p *Projection) *bool { return &p.First }},
	{"text", func(p *Projection) *bool { return &p.Text }},
	{"probes", func(p *Projection) *bool { return &p.Probes }},
	{"hidden", func(p *Projection) *bool { return &p.Hidden }},
}

// with is the word ahead of a projection's columns.
const with = "with"

// Modifiers returns the words that may follow the protocols in the text form, the last of
// which is "with".
func Modifiers() (words []string) {
	for _, m := range modifiers {
		words = append(words, m.word)
	}
	return append(words, with)
}

// isModifier reports whether a word stands behind the protocols and ahead of "with".
func isModifier(word string) bool { return word != with && slices.Contains(Modifiers(), word) }

// Protocols returns the words for protocols. After tcp and udp a port may follow:
// "tcp/80".
func Protocols() []string { return append(slices.Clone(known), "other") }

// known are the protocols that have a word of their own. icmp is that of both versions
// of IP, and ndp what it does for IPv6 that ARP does for IPv4.
var known = []string{"arp", "ndp", "icmp", "tcp", "udp"}

// Selector selects the packets of one protocol, and of one port if it has one.
type Selector struct {
	Protocol string // arp, ndp, icmp (of IPv4 and IPv6), tcp, udp, or other for everything else
	Port     uint16 // of either end of TCP or UDP; 0 is any
}

// ParseProjection reads the text form. The result has no Segment.
func ParseProjection(s string) (Projection, error) {
	var pr Projection
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return pr, i18n.Errmsg("script.trace.none")
	}
	for part := range strings.SplitSeq(fields[0], ",") {
		sel, err := parseSelector(part)
		if err != nil {
			return pr, err
		}
		pr.Selectors = append(pr.Selectors, sel)
	}
	for words := fields[1:]; len(words) > 0; words = words[1:] {
		word := words[0]
		if word == with {
			if words = words[1:]; len(words) == 0 || pr.With != nil {
				return pr, i18n.Errmsg("script.trace.with", "Known", ColumnNames())
			}
			var err error
			if pr.With, err = parseColumns(words[0]); err != nil {
				return pr, err
			}
			continue
		}
		i := slices.IndexFunc(modifiers, func(m struct {
			word string
			of   func(*Projection) *bool
		}) bool {
			return m.word == word
		})
		if i < 0 {
			return pr, i18n.Errmsg("script.trace.modifier", "Word", word)
		}
		*modifiers[i].of(&pr) = true
	}
	return pr, nil
}

func parseSelector(s string) (Selector, error) {
	protocol, port, hasPort := strings.Cut(s, "/")
	sel := Selector{Protocol: protocol}
	switch protocol {
	case "arp", "ndp", "icmp", "other":
		if hasPort {
			return sel, i18n.Errmsg("script.trace.noport", "Word", s, "Protocol", protocol)
		}
	case "tcp", "udp":
		if hasPort {
			n, err := strconv.ParseUint(port, 10, 16)
			if err != nil || n == 0 {
				return sel, i18n.Errmsg("script.trace.port", "Word", s)
			}
			sel.Port = uint16(n)
		}
	default:
		return sel, i18n.Errmsg("script.trace.protocol", "Word", s)
	}
	return sel, nil
}

// String returns the text form, which lacks the Segment.
func (pr Projection) String() string {
	var words []string
	for _, s := range pr.Selectors {
		word := s.Protocol
		if s.Port != 0 {
			word += "/" + strconv.Itoa(int(s.Port))
		}
		words = append(words, word)
	}
	out := strings.Join(words, ",")
	for _, m := range modifiers {
		if *m.of(&pr) {
			out += " " + m.word
		}
	}
	if len(pr.With) > 0 {
		out += " " + with + " " + strings.Join(pr.With, ",")
	}
	return out
}

// selects reports whether a selector takes a packet for certain, and whether it
// could: of a malformed packet, or a later fragment, one may not know more.
func (s Selector) selects(p *sniffer.Packet) (certain, possible bool) {
	if s.Protocol == "other" {
		other := otherProtocol(p)
		return other, other
	}
	if p.Layers&layers[s.Protocol] != 0 && (p.Layers&icmp == 0 || p.NDP() == (s.Protocol == "ndp")) {
		certain = s.Port == 0 || s.Port == p.SrcPort || s.Port == p.DstPort
		return certain, certain
	}
	return false, s.possible(p)
}

// otherProtocol reports whether a packet is of none of the protocols that have a
// word of their own.
func otherProtocol(p *sniffer.Packet) bool {
	for _, protocol := range known {
		if _, possible := (Selector{Protocol: protocol}).selects(p); possible {
			return false
		}
	}
	return true
}

// icmp are the layers of ICMP.
const icmp = sniffer.ICMPv4 | sniffer.ICMPv6

// layers are those of the protocols that have a word of their own.
var layers = map[string]sniffer.Layers{"arp": sniffer.ARP, "ndp": sniffer.ICMPv6, "icmp": icmp, "tcp": sniffer.TCP, "udp": sniffer.UDP}

// numbered reports whether an IP packet's protocol number (IANA) is that of a protocol.
func numbered(p *sniffer.Packet, protocol string) bool {
	switch protocol {
	case "icmp":
		return p.Protocol == 1 && p.Has(sniffer.IPv4) || p.Protocol == 58 && p.Has(sniffer.IPv6)
	case "ndp":
		return p.Protocol == 58 && p.Has(sniffer.IPv6)
	case "tcp":
		return p.Protocol == 6
	case "udp":
		return p.Protocol == 17
	}
	return false
}

// possible says of a packet without the selector's layer whether what could not
// be decoded of it may be just that.
func (s Selector) possible(p *sniffer.Packet) bool {
	const transport = sniffer.TCP | sniffer.UDP | icmp
	incomplete := p.Err != nil || p.Truncated() || p.Fragment
	switch {
	case !incomplete || p.Layers&(transport|sniffer.ARP|sniffer.RARP) != 0:
		return false
	case p.Has(sniffer.IPv4) || p.Has(sniffer.IPv6):
		return numbered(p, s.Protocol) || s.Protocol != "arp" && p.Has(sniffer.IPv6) && extension(p.Protocol)
	case p.EtherType == sniffer.EtherTypeARP:
		return s.Protocol == "arp"
	case p.EtherType == sniffer.EtherTypeIPv4 || p.EtherType == sniffer.EtherTypeIPv6:
		return s.Protocol != "arp" && (s.Protocol != "ndp" || p.EtherType == sniffer.EtherTypeIPv6)
	}
	// Cut before its addresses, or within its VLAN tags.
	return !p.Has(sniffer.Ethernet) || p.EtherType == sniffer.EtherTypeVLAN || p.EtherType == sniffer.EtherTypeQinQ
}

// extension reports whether a protocol number is that of an IPv6 extension
// header behind which the transport's would stand (RFC 8200, section 4).
func extension(number uint8) bool {
	return number == 0 || number == 43 || number == 44 || number == 60
}

// covers reports whether the projection is about a packet, as far as one can
// know.
func (pr Projection) covers(p *sniffer.Packet) bool {
	return slices.ContainsFunc(pr.Selectors, func(s Selector) bool {
		_, possible := s.selects(p)
		return possible
	})
}
