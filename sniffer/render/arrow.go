package render

import (
	"cmp"

	"wirelab/sniffer"
)

// Arrow is a packet as a ladder shows it, for who draws it elsewhere.
type Arrow struct {
	Number   int      `json:"number"`
	Segment  string   `json:"segment,omitempty"` // "" where there is one alone
	From     string   `json:"from"`              // the host that sent it, or its address; "" for none
	To       string   `json:"to"`                // who was sent it; "*" for all, "" for none
	Protocol string   `json:"protocol"`          // arp, icmp, tcp, udp, ip, malformed or other
	What     string   `json:"what"`              // its notation without its ends, unless it claims others
	Lost     []string `json:"lost,omitempty"`    // the hosts to which it never came
}

// Arrow returns how the ladder shows a packet, whatever its lanes are.
func (l *Ladder) Arrow(p *sniffer.Packet) Arrow {
	r := row{packet: p}
	a := Arrow{Number: p.Number, Protocol: kinds[kindOf(p)].name}
	a.From, a.To = l.hosts(p)
	if l.Ends != nil {
		from, to := l.Ends(p)
		from, to = cmp.Or(from, a.From), cmp.Or(to, a.To) // of whom nothing is known, the addresses tell
		r.forged = from != a.From || to != a.To
		a.From, a.To = from, to
	}
	if a.From == "" {
		r.from, r.to = noLane, noLane
	}
	if l.Segment != nil {
		a.Segment, _ = l.Segment(p)
	}
	if l.Fate != nil {
		r.fate, a.Lost = l.Fate(p)
	}
	a.What = l.what(r)
	return a
}
