package script

import (
	"net/netip"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
)

// topology reads "topology HOST…": hosts on one segment.
func (p *parser) topology(hosts []string) error {
	if p.exp.Topology.Hosts != nil {
		return i18n.Errmsg("script.twice.topology")
	}
	p.exp.Topology = lab.Topology{Hosts: hosts}
	return p.exp.Topology.Validate()
}

// begun refuses a line of a topology with segments behind "topology", or behind a step.
func (p *parser) begun() error {
	switch {
	case p.exp.Topology.Hosts != nil && p.exp.Topology.Segments == nil:
		return i18n.Errmsg("script.twice.topology")
	case len(p.exp.Steps) > 0:
		return i18n.Errmsg("script.late", "Step", p.exp.Steps[0])
	}
	return nil
}

// versions are the words of a segment line for the versions of IP.
var versions = map[string]lab.Versions{"ipv4": lab.IPv4, "ipv6": lab.IPv6}

// segment reads "segment NAME [ipv4] [ipv6] [SUBNET]… HOST…".
func (p *parser) segment(words []string) error {
	if err := p.begun(); err != nil {
		return err
	}
	if len(words) == 0 {
		return i18n.Errmsg("script.usage", "Usage", "segment NAME [ipv4] [ipv6] [SUBNET]… HOST…")
	}
	if n := len(words) - 1; n > lab.MaxHosts { // before each is compared with all others
		return i18n.Errmsg("lab.host.toomany", "Number", n, "Most", lab.MaxHosts)
	}
	t := &p.exp.Topology
	spec := lab.SegmentSpec{Name: words[0], Addresses: map[string]netip.Addr{}, Addresses6: map[string]netip.Addr{}}
	hosts := slices.DeleteFunc(slices.Clone(t.Hosts), func(h string) bool { return h == lab.SnifferHost })
	for _, word := range words[1:] {
		if ip, is := versions[word]; is {
			spec.IP |= ip
			continue
		}
		if strings.Contains(word, "/") {
			subnet, err := netip.ParsePrefix(word)
			to, code := &spec.Subnet, "lab.segment.subnet"
			if strings.Contains(word, ":") {
				to, code = &spec.Subnet6, "lab.segment.subnet6"
			}
			if err != nil || to.IsValid() {
				return i18n.Errmsg(code, "Segment", spec.Name, "Subnet", word)
			}
			*to = subnet
			continue
		}
		spec.Hosts = append(spec.Hosts, word)
		if !slices.Contains(hosts, word) && word != lab.SnifferHost {
			hosts = append(hosts, word)
		}
	}
	t.Hosts = append(hosts, lab.SnifferHost)
	t.Segments = append(t.Segments, spec)
	return t.Validate()
}

// host reads "host NAME [router] [SEGMENT=ADDRESS]…".
func (p *parser) host(words []string) error {
	if err := p.begun(); err != nil {
		return err
	}
	const usage = "host NAME [router] [SEGMENT=ADDRESS]…"
	if len(words) < 2 {
		return i18n.Errmsg("script.usage", "Usage", usage)
	}
	t, name := &p.exp.Topology, words[0]
	if !slices.Contains(t.Hosts, name) {
		return i18n.Errmsg("script.unplaced", "Host", name, "Hint", suggest.Hint(name, t.Hosts))
	}
	for _, word := range words[1:] {
		segment, address, given := strings.Cut(word, "=")
		switch {
		case given:
			if err := p.address(name, segment, address); err != nil {
				return err
			}
		case word != "router":
			return i18n.Errmsg("script.hostword", "Word", word, "Hint", suggest.Hint(word, []string{"router"}), "Usage", usage)
		case !t.IsRouter(name):
			t.Routers = append(t.Routers, name)
		}
	}
	return t.Validate()
}

// address gives a host an address on a segment.
func (p *parser) address(host, segment, address string) error {
	known := p.exp.Topology.SegmentNames()
	at := slices.Index(known, segment)
	if at < 0 {
		return i18n.Errmsg("lab.segment.unknown", "Segment", segment, "Hint", suggest.Hint(segment, known), "Known", known)
	}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return i18n.Errmsg("script.address", "Word", segment+"="+address)
	}
	if addr.Is4() {
		p.exp.Topology.Segments[at].Addresses[host] = addr
	} else {
		p.exp.Topology.Segments[at].Addresses6[host] = addr
	}
	return nil
}

// on reads the segment of a claim. Where there is one alone, it needs no name.
func (p *parser) on(segment string) (string, error) {
	known := p.exp.Topology.SegmentNames()
	if !slices.Contains(known, segment) {
		return "", i18n.Errmsg("lab.segment.unknown", "Segment", segment, "Hint", suggest.Hint(segment, known), "Known", known)
	}
	if len(known) == 1 {
		return "", nil
	}
	return segment, nil
}
