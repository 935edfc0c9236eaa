package lab

import (
	"slices"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/fault"
)

// ImpairedPort returns the port on whose cable a rule acts. It is the receiver's, or the
// sender's for a rule that acts before the sniffer, on the segment that both hosts are on.
// It is an error if there is no such segment, or several. To impair packets between hosts
// on different segments, a rule names a router, and its filter says whose packets.
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
