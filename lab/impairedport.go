package lab

import (
	"slices"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/fault"
)

// ImpairedPort returns the port at whose cable a rule acts: of the receiver or, before the
// sniffer, of the sender, on the segment on which both are. Hosts of different segments send
// to a router: a rule is about one cable, and its filter says whose packets.
func (t Topology) ImpairedPort(r fault.Rule) (Port, error) {
	for _, h := range []string{r.From, r.To} {
		switch {
		case h == fault.Anyone:
		case !slices.Contains(t.Hosts, h):
			return Port{}, i18n.Errmsg("script.host", "Host", h, "Hint", suggest.Hint(h, t.Hosts), "Known", t.Hosts)
		case h == SnifferHost:
			return Port{}, i18n.Errmsg("fault.sniffer", "Host", h)
		}
	}
	at, other := r.At(), r.From
	if r.Before {
		other = r.To
	}
	on := t.On(at)
	if other != fault.Anyone {
		on = slices.DeleteFunc(on, func(segment int) bool { return !slices.Contains(t.On(other), segment) })
	}
	names := t.SegmentNames()
	switch {
	case len(on) == 0:
		return Port{}, i18n.Errmsg("fault.apart", "From", r.From, "To", r.To)
	case len(on) > 1:
		var several []string
		for _, segment := range on {
			several = append(several, names[segment])
		}
		return Port{}, i18n.Errmsg("fault.several", "From", r.From, "To", r.To, "Segments", several)
	}
	ports := t.Ports(at)
	return ports[slices.IndexFunc(ports, func(p Port) bool { return p.Segment == names[on[0]] })], nil
}
