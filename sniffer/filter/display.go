package filter

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"wirelab/internal/pattern"
)

// FromDisplay translates a display filter of Wireshark
// (https://www.wireshark.org/docs/man-pages/wireshark-filter.html) into this package's
// language. It reports false if expr is no display filter. missing is the first part of
// expr that has no counterpart here; here is usable only if missing is "".
func FromDisplay(expr string) (here, missing string, ok bool) {
	if len(expr) > MaxExpression {
		return "", "", false
	}
	d := display{tokens: displayToken().FindAllString(expr, -1)}
	if strings.Join(d.tokens, "") != strings.Join(strings.Fields(expr), "") {
		return "", "", false
	}
	here = d.expression(0).text
	return here, d.missing, d.is && d.next == len(d.tokens)
}

var (
	displayToken = pattern.New(`&&|\|\||==|!=|>=|<=|[!<>()]|[\w.:/-]+`)
	displayField = pattern.New(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$`)
)

// display reads a display filter by recursive descent.
type display struct {
	tokens  []string
	next    int
	is      bool // a field or a word that only display filters have was there
	missing string
}

func (d *display) peek() string {
	if d.next < len(d.tokens) {
		return d.tokens[d.next]
	}
	return ""
}

func (d *display) accept(words ...string) bool {
	for _, word := range words {
		if d.peek() == word {
			d.next++
			return true
		}
	}
	return false
}

// translated is an expression of this package's language, and "and" or "or" if
// that joins its parts.
type translated struct{ text, joint string }

// in puts it in parentheses unless it is joined by less than that: here "and" and
// "or" bind alike, from the left.
func (t translated) in(fine ...string) string {
	if slices.Contains(fine, t.joint) {
		return t.text
	}
	return "(" + t.text + ")"
}

// expression reads terms joined by && and ||, of which && binds more tightly.
func (d *display) expression(depth int) translated {
	left := d.conjunction(depth)
	for d.accept("||", "or") {
		left = translated{left.in("", "and", "or") + " or " + d.conjunction(depth).in(""), "or"}
	}
	return left
}

func (d *display) conjunction(depth int) translated {
	left := d.term(depth)
	for d.accept("&&", "and") {
		left = translated{left.in("", "and") + " and " + d.term(depth).in(""), "and"}
	}
	return left
}

func (d *display) term(depth int) translated {
	if depth > maxDepth {
		d.lack("so many parentheses")
		return translated{}
	}
	switch {
	case d.accept("!", "not"):
		return translated{"not " + d.term(depth+1).in(""), ""}
	case d.accept("("):
		inner := d.expression(depth + 1)
		d.accept(")")
		return inner
	}
	return d.comparison()
}

// comparison reads a field by itself, or what it is compared with.
func (d *display) comparison() (t translated) {
	field := d.peek()
	if field == "" {
		return t
	}
	d.next++
	op, value := "", ""
	if relation, ok := displayRelations[d.peek()]; ok && d.next+1 < len(d.tokens) {
		op, value = relation, d.tokens[d.next+1]
		d.next += 2
	}
	if displayField().MatchString(field) {
		d.is = true
	}
	if word, ok := displayWords[field]; ok && op == "" {
		d.is = d.is || word != field
		if t.text = word; strings.Contains(word, " or ") {
			t.joint = "or"
		}
		return t
	}
	here, ok := displayTerm(field, op, value)
	if !ok {
		d.lack(strings.TrimSpace(field + " " + op + " " + value))
	}
	if strings.Contains(here, " and ") {
		return translated{here, "and"}
	}
	return translated{here, ""}
}

func (d *display) lack(what string) {
	if d.missing == "" {
		d.missing = what
	}
}

var displayRelations = map[string]string{
	"==": "=", "eq": "=", "!=": "!=", "ne": "!=", ">": ">", "gt": ">", "<": "<", "lt": "<", ">=": ">=", "ge": ">=", "<=": "<=", "le": "<=",
}

// displayWords are protocols: those of both languages, and those that a port
// stands for.
var displayWords = map[string]string{
	"arp": "arp", "ip": "ip", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "igmp": "igmp", "vlan": "vlan", "sctp": "sctp", "stp": "stp", "mpls": "mpls", "llc": "llc",
	"ipv6": "ip6", "icmpv6": "icmp6", "dns": "port 53", "mdns": "udp port 5353", "http": "tcp port 80", "tls": "tcp port 443",
	"ssl": "tcp port 443", "quic": "udp port 443", "ssh": "tcp port 22", "dhcp": "udp port 67 or udp port 68", "bootp": "udp port 67 or udp port 68", "ntp": "udp port 123",
	"dhcpv6": "udp port 546 or udp port 547", "ftp": "tcp port 21", "smtp": "tcp port 25", "telnet": "tcp port 23", "snmp": "udp port 161",
	"lldp": "ether proto 0x88cc", "gre": "proto 47", "ospf": "proto 89", "pppoes": "pppoes", "pppoed": "pppoed", "vxlan": "vxlan", "geneve": "geneve", "syslog": "udp port 514", "tftp": "udp port 69",
}

// displayAddresses and displayPorts are fields by the words that stand for them.
var (
	displayAddresses = map[string]string{
		"ip.addr": "ip host", "ip.host": "ip host", "ip.src": "ip src host", "ip.dst": "ip dst host", "ip.src_host": "ip src host", "ip.dst_host": "ip dst host",
		"ipv6.addr": "ip6 host", "ipv6.src": "ip6 src host", "ipv6.dst": "ip6 dst host", "ipv6.host": "ip6 host",
		"arp.src.proto_ipv4": "arp src host", "arp.dst.proto_ipv4": "arp dst host",
		"eth.addr": "ether host", "eth.src": "ether src", "eth.dst": "ether dst",
	}
	displayPorts = map[string]string{
		"tcp.port": "tcp port", "tcp.srcport": "tcp src port", "tcp.dstport": "tcp dst port",
		"udp.port": "udp port", "udp.srcport": "udp src port", "udp.dstport": "udp dst port", "sctp.port": "sctp port",
	}
	// displayNumbers are fields by where their number stands.
	displayNumbers = map[string]string{
		"frame.len": "len", "ip.ttl": "ip[8]", "ip.len": "ip[2:2]", "ip.id": "ip[4:2]", "ip.proto": "ip[9]", "ip.hdr_len": "(ip[0] & 15) << 2", "ip.dsfield": "ip[1]",
		"ip.version": "ip[0] >> 4", "ipv6.nxt": "ip6[6]", "ipv6.hlim": "ip6[7]", "ipv6.plen": "ip6[4:2]", "icmp.type": "icmp[0]", "icmp.code": "icmp[1]",
		"icmpv6.type": "icmp6[0]", "icmpv6.code": "icmp6[1]", "arp.opcode": "arp[6:2]", "tcp.window_size_value": "tcp[14:2]", "tcp.seq_raw": "tcp[4:4]", "tcp.ack_raw": "tcp[8:4]",
		"tcp.flags": "tcp[13]", "tcp.hdr_len": "(tcp[12] >> 4) << 2", "udp.length": "udp[4:2]", "eth.type": "ether[12:2]",
		"tcp.len": "tcp and (ip[2:2] - ((ip[0] & 15) << 2)) - ((tcp[12] >> 4) << 2)",
	}
	displayFlags = map[string]string{
		"tcp.flags.fin": "tcp-fin", "tcp.flags.syn": "tcp-syn", "tcp.flags.reset": "tcp-rst", "tcp.flags.push": "tcp-push",
		"tcp.flags.ack": "tcp-ack", "tcp.flags.urg": "tcp-urg", "tcp.flags.ece": "tcp-ece", "tcp.flags.cwr": "tcp-cwr",
	}
)

// displayTerm translates a field and what it is compared with.
func displayTerm(field, op, value string) (here string, ok bool) {
	not := ""
	if op == "!=" {
		not = "not "
	}
	if word, found := displayAddresses[field]; found && (op == "=" || op == "!=") {
		if _, err := netip.ParsePrefix(value); err == nil {
			word = strings.Replace(word, "host", "net", 1)
		}
		return not + word + " " + value, true
	}
	if word, found := displayPorts[field]; found && op != "" {
		n, err := strconv.ParseUint(value, 0, 16)
		switch {
		case err != nil && services[value].port == 0:
			return "", false
		case op == "=" || op == "!=":
			return not + word + " " + value, true
		case err != nil:
			return "", false
		case op == ">" || op == ">=":
			if op == ">" {
				n++
			}
			return strings.Replace(word, "port", "portrange", 1) + " " + strconv.FormatUint(min(n, 65535), 10) + "-65535", n <= 65535
		}
		if op == "<" {
			if n == 0 {
				return "", false
			}
			n--
		}
		return strings.Replace(word, "port", "portrange", 1) + " 0-" + strconv.FormatUint(n, 10), true
	}
	if flag, found := displayFlags[field]; found {
		set := op == "" || (op == "=" && isTrue(value)) || op == "!=" && !isTrue(value)
		relation := " = 0"
		if set {
			relation = " != 0"
		}
		return "tcp[tcpflags] & " + flag + relation, op == "" || op == "=" || op == "!="
	}
	if _, err := strconv.ParseUint(value, 0, 32); err != nil {
		return "", false
	}
	if field == "vlan.id" && op == "=" {
		return "vlan " + value, true
	}
	number, found := displayNumbers[field]
	return number + " " + op + " " + value, found && op != ""
}

func isTrue(value string) bool { return value == "1" || strings.EqualFold(value, "true") }
