package dissect

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// DNS is a message of DNS (RFC 1035) or multicast DNS (RFC 6762).
type DNS struct {
	ID               uint16     `json:"id"`
	Response         bool       `json:"response"`
	Opcode           uint16     `json:"opcode"`
	OpcodeName       string     `json:"opcode_name"`
	Truncated        bool       `json:"truncated"`
	RecursionDesired bool       `json:"recursion_desired"`
	*Outcome                    // of a response
	QuestionCount    uint16     `json:"question_count"`
	AnswerCount      uint16     `json:"answer_count"`
	AuthorityCount   uint16     `json:"authority_count"`
	AdditionalCount  uint16     `json:"additional_count"`
	Questions        []Question `json:"questions,omitempty"`
	Answers          []Record   `json:"answers,omitempty"`
	Incomplete       bool       `json:"incomplete,omitempty"`
}

// Outcome is what only a response says in its header.
type Outcome struct {
	Authoritative      bool   `json:"authoritative"`
	RecursionAvailable bool   `json:"recursion_available"`
	Code               uint16 `json:"code"`
	CodeName           string `json:"code_name,omitempty"`
}

// Question is what a DNS message asks for.
type Question struct {
	Name     string `json:"name"`
	Type     uint16 `json:"type"`
	TypeName string `json:"type_name"`
	Class    uint16 `json:"class"`
}

// Record is an answer.
type Record struct {
	Name     string `json:"name"`
	Type     uint16 `json:"type"`
	TypeName string `json:"type_name"`
	Class    uint16 `json:"class"`
	TTL      uint32 `json:"ttl"`            // s
	Data     string `json:"data,omitempty"` // of types that are read
}

// Names of the IANA registry "Domain Name System (DNS) Parameters".
var (
	dnsTypes = map[dnsmessage.Type]string{
		1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR",
		39: "DNAME", 41: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 52: "TLSA", 64: "SVCB", 65: "HTTPS",
		251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
	}
	dnsCodes = [...]string{
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "DSOTYPENI",
	}
	dnsOpcodes = [...]string{0: "query", 1: "iquery", 2: "status", 4: "notify", 5: "update", 6: "stateful"}
)

// dnsType returns a type's name, as RFC 3597, section 5, writes those without.
func dnsType(t dnsmessage.Type) string {
	if name := dnsTypes[t]; name != "" {
		return name
	}
	return "TYPE" + strconv.Itoa(int(t))
}

const portMDNS = 5353

func readDNS(p *sniffer.Packet) *Message {
	b, at := p.Payload, p.PayloadOffset
	if p.Has(sniffer.TCP) { // RFC 1035, section 4.2.2
		if len(b) < 2 {
			return nil
		}
		b, at = b[2:min(len(b), 2+int(binary.BigEndian.Uint16(b)))], at+2
	}
	m := &Message{Protocol: "dns", Offset: at, Length: len(b)}
	if p.DstPort == portMDNS || p.SrcPort == portMDNS {
		m.Protocol = "mdns"
	}
	var parser dnsmessage.Parser
	h, err := parser.Start(b)
	if err != nil || int(h.OpCode) >= len(dnsOpcodes) || dnsOpcodes[h.OpCode] == "" {
		return nil
	}
	count := func(i int) uint16 { return binary.BigEndian.Uint16(b[4+2*i:]) }
	d := &DNS{
		ID: h.ID, Response: h.Response, Opcode: uint16(h.OpCode), OpcodeName: dnsOpcodes[h.OpCode],
		Truncated: h.Truncated, RecursionDesired: h.RecursionDesired,
		QuestionCount: count(0), AnswerCount: count(1), AuthorityCount: count(2), AdditionalCount: count(3),
	}
	if h.Response {
		d.Outcome = &Outcome{Authoritative: h.Authoritative, RecursionAvailable: h.RecursionAvailable, Code: uint16(h.RCode)}
		if int(h.RCode) < len(dnsCodes) {
			d.CodeName = dnsCodes[h.RCode]
		}
	}
	d.Incomplete = !d.read(&parser)
	if d.Incomplete && len(d.Questions)+len(d.Answers) == 0 && !p.Truncated() {
		return nil
	}
	m.Object, m.Incomplete = d, d.Incomplete
	d.words(m)
	return m
}

// read reads the questions and answers, and reports whether it has all.
func (d *DNS) read(parser *dnsmessage.Parser) bool {
	for range d.QuestionCount {
		q, err := parser.Question()
		if err != nil || len(d.Questions) == maxListed {
			return false
		}
		d.Questions = append(d.Questions, Question{safetext.Escape(dnsName(q.Name)), uint16(q.Type), dnsType(q.Type), uint16(q.Class)})
	}
	if parser.SkipAllQuestions() != nil {
		return false
	}
	for range d.AnswerCount {
		h, err := parser.AnswerHeader()
		if err != nil || len(d.Answers) == maxListed {
			return false
		}
		r := Record{safetext.Escape(dnsName(h.Name)), uint16(h.Type), dnsType(h.Type), uint16(h.Class), h.TTL, ""}
		if dnsData[h.Type] {
			body, err := parser.Answer()
			if err != nil {
				return false
			}
			r.Data = text([]byte(dnsBody(body.Body)))
		} else if parser.SkipAnswer() != nil {
			return false
		}
		d.Answers = append(d.Answers, r)
	}
	return true
}

// dnsData are the types of which dnsBody writes the data.
var dnsData = map[dnsmessage.Type]bool{
	dnsmessage.TypeA: true, dnsmessage.TypeAAAA: true, dnsmessage.TypeCNAME: true, dnsmessage.TypeNS: true, dnsmessage.TypePTR: true,
	dnsmessage.TypeMX: true, dnsmessage.TypeSRV: true, dnsmessage.TypeTXT: true, dnsmessage.TypeSOA: true,
}

func dnsBody(body dnsmessage.ResourceBody) string {
	switch r := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(r.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(r.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return dnsName(r.CNAME)
	case *dnsmessage.NSResource:
		return dnsName(r.NS)
	case *dnsmessage.PTRResource:
		return dnsName(r.PTR)
	case *dnsmessage.MXResource:
		return fmt.Sprintf("%d %s", r.Pref, dnsName(r.MX))
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("%d %d %d %s", r.Priority, r.Weight, r.Port, dnsName(r.Target))
	case *dnsmessage.TXTResource:
		return strings.Join(r.TXT, " ")
	case *dnsmessage.SOAResource:
		return fmt.Sprintf("%s %s %d", dnsName(r.NS), dnsName(r.MBox), r.Serial)
	}
	return ""
}

// dnsName returns a name without the dot of the root, unless it is the root.
func dnsName(n dnsmessage.Name) string {
	if name := strings.TrimSuffix(n.String(), "."); name != "" {
		return name
	}
	return "."
}

func (d *DNS) words(m *Message) {
	kind := d.OpcodeName
	switch {
	case d.Response && d.Opcode == 0:
		kind = "response"
	case d.Response:
		kind += "-response"
	}
	m.say("", kind)
	if d.Response && (m.Protocol == "dns" || d.Code != 0) {
		code := d.CodeName
		if code == "" {
			code = strconv.Itoa(int(d.Code))
		}
		m.Words = append(m.Words, Word{"code", code, true})
	}
	var questions, answers []string
	for _, q := range d.Questions {
		questions = append(questions, q.TypeName+" "+q.Name)
	}
	if len(questions) > 0 {
		m.Words = append(m.Words, Word{"question", list(questions), true})
	}
	for _, r := range d.Answers {
		answer := r.Data
		if answer == "" {
			answer = r.TypeName
		}
		if len(questions) == 0 { // as a responder of mDNS announces
			answer = r.TypeName + " " + r.Name + " " + r.Data
		}
		answers = append(answers, strings.TrimSuffix(answer, " "))
	}
	m.say("answer", list(answers))
}
