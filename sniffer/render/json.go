package render

import (
	"bytes"
	"strconv"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/digits"
)

type jsonPrinter struct {
	o      Options
	clock  clock
	layers [16]layerArray // of the sets that came last
	quote  quote
}

// layerArray is a set of layers as JSON has it.
type layerArray struct {
	layers sniffer.Layers
	text   []byte
}

// NewJSON returns a Printer of one JSON object a line (RFC 8259), with every
// field of every layer and the frame's bytes. docs/sniff-json.md lists the
// keys, which do not change.
func NewJSON(o Options) Printer {
	return &jsonPrinter{o: o, clock: clock{form: rfc3339, utc: true}}
}

func (j *jsonPrinter) Append(dst []byte, p *sniffer.Packet) []byte {
	dst = appendInt(append(dst, `{"number":`...), p.Number)
	dst = append(dst, `,"time":`...)
	if text, ok := j.clock.appendTime(append(dst, '"'), p.Time); ok && !p.Time.IsZero() {
		dst = append(text, '"')
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendInt(append(dst, `,"length":`...), p.Length)
	dst = appendInt(append(dst, `,"captured":`...), len(p.Data))
	dst = appendInt(append(dst, `,"interface":`...), p.Interface)
	if name := j.o.interfaceName(p.Interface); name != "" {
		dst = appendString(append(dst, `,"interface_name":`...), name)
	}
	switch p.Direction {
	case sniffer.In:
		dst = append(dst, `,"direction":"in"`...)
	case sniffer.Out:
		dst = append(dst, `,"direction":"out"`...)
	}
	dst = j.appendDecoded(dst, p, 0)
	dst = append(dst, `,"notation":`...)
	start := len(dst)
	dst = j.o.appendLine(append(dst, '"'), p, &j.quote)
	dst = endString(dst, start)
	dst = appendFault(dst, p)
	dst = digits.AppendHex(append(dst, `,"raw":"`...), p.Data)
	return append(dst, "\"}\n"...)
}

// appendFault appends why a frame was not decoded to its end.
func appendFault(dst []byte, p *sniffer.Packet) []byte {
	if p.Truncated() {
		dst = append(dst, `,"truncated":true`...)
	} else if p.Err != nil {
		dst = append(dst, `,"malformed":true`...)
	}
	if p.Err != nil {
		dst = appendString(append(dst, `,"error":`...), p.Err.Error())
	}
	return dst
}

// appendDecoded appends what was decoded of a frame, which begins at byte base of
// the outermost.
func (j *jsonPrinter) appendDecoded(dst []byte, p *sniffer.Packet, base int) []byte {
	dst = digits.AppendUint(append(dst, `,"link_type":`...), uint64(p.LinkType))
	array := &j.layers[(p.Layers^p.Layers>>5)%sniffer.Layers(len(j.layers))]
	if array.text == nil || array.layers != p.Layers {
		array.layers, array.text = p.Layers, appendLayers(array.text[:0], p.Layers)
	}
	dst = append(append(dst, `,"layers":`...), array.text...)
	dst = j.appendLink(dst, p)
	switch {
	case p.Has(sniffer.ARP):
		dst = j.appendARP(append(dst, `,"arp":`...), p)
	case p.Has(sniffer.RARP):
		dst = j.appendARP(append(dst, `,"rarp":`...), p)
	case p.Has(sniffer.IPv4):
		dst = j.appendIPv4(append(dst, `,"ipv4":`...), p)
	case p.Has(sniffer.IPv6):
		dst = j.appendIPv6(append(dst, `,"ipv6":`...), p)
	}
	dst = j.appendTransport(dst, p)
	if p.PayloadOffset > 0 {
		dst = appendInt(append(dst, `,"payload":{"offset":`...), base+p.PayloadOffset)
		dst = appendInt(append(dst, `,"length":`...), len(p.Payload))
		dst = append(dst, '}')
	}
	dst = j.appendCarried(dst, p, base)
	if p.Inner != nil {
		dst = j.appendInner(dst, p, base)
	}
	return dst
}

// layerNames are in the order of headers in a frame.
var layerNames = [...]struct {
	layer sniffer.Layers
	name  string
}{
	{sniffer.PKTAP, "pktap"}, {sniffer.Radiotap, "radiotap"}, {sniffer.WLAN, "wlan"}, {sniffer.NFLOG, "nflog"},
	{sniffer.Ethernet, "ethernet"}, {sniffer.SLL, "sll"}, {sniffer.Loopback, "loopback"}, {sniffer.PPP, "ppp"}, {sniffer.HDLC, "hdlc"},
	{sniffer.VLAN, "vlan"}, {sniffer.PPPoE, "pppoe"}, {sniffer.MPLS, "mpls"},
	{sniffer.ARP, "arp"}, {sniffer.RARP, "rarp"}, {sniffer.IPv4, "ipv4"}, {sniffer.IPv6, "ipv6"},
	{sniffer.ICMPv4, "icmpv4"}, {sniffer.ICMPv6, "icmpv6"}, {sniffer.TCP, "tcp"}, {sniffer.UDP, "udp"},
	{sniffer.GRE, "gre"}, {sniffer.VXLAN, "vxlan"}, {sniffer.Geneve, "geneve"},
}

// LayerNames returns the names of layers in the order of headers in a frame, as JSON
// has them.
func LayerNames(layers sniffer.Layers) (names []string) {
	for _, l := range layerNames {
		if layers&l.layer != 0 {
			names = append(names, l.name)
		}
	}
	return names
}

func appendLayers(dst []byte, layers sniffer.Layers) []byte {
	dst = append(dst, '[')
	for i := range layerNames {
		if layers&layerNames[i].layer == 0 {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, layerNames[i].name...)
		dst = append(dst, '"')
	}
	return append(dst, ']')
}

func appendBool(dst []byte, b bool) []byte { return strconv.AppendBool(dst, b) }

// appendString appends text from outside as a JSON string.
func appendString(dst []byte, s string) []byte {
	start := len(dst)
	dst = append(append(dst, '"'), safe(s)...)
	return endString(dst, start)
}

// endString ends the string that begins at start, with a quote and text that
// is safe to show: only quotes and backslashes are left to escape.
func endString(dst []byte, start int) []byte {
	if text := dst[start+1:]; bytes.IndexByte(text, '"') < 0 && bytes.IndexByte(text, '\\') < 0 {
		return append(dst, '"')
	}
	for i := start + 1; i < len(dst); i++ {
		if dst[i] == '"' || dst[i] == '\\' {
			dst = append(dst, 0)
			copy(dst[i+1:], dst[i:])
			dst[i] = '\\'
			i++
		}
	}
	return append(dst, '"')
}
