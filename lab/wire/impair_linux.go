package wire

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/lab"
	"wirelab/lab/cable"
	"wirelab/lab/fault"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
)

// cables are those on which rules are in force. Where none is there is no such cable: the
// port is the bridge's own.
type cables struct {
	of      map[string]*cable.Cable // by the machine's end
	rules   []fault.Status          // all so far
	on      []string                // the cable of each
	acts    []fault.Act             // all so far
	unsaid  uint64
	dropped uint64 // by cables that are gone
	ever    uint64 // frames held by these
}

// maxActs bounds the acts that are kept, maxPage those of one answer.
const (
	maxRules = 64
	maxActs  = 100_000
	maxPage  = 500
)

// Impair puts a rule in force, as lab.Impairer does.
func (w *Wire) Impair(ctx context.Context, r fault.Rule) error {
	if err := r.Validate(); err != nil {
		return err
	}
	m, err := w.matcher(r)
	if err != nil {
		return err
	}
	device, bridge, err := w.cableOf(r)
	if err != nil {
		return err
	}
	w.impairing.Lock()
	defer w.impairing.Unlock()
	c := &w.cables
	if len(c.rules) == maxRules {
		return i18n.Errmsg("fault.toomany", "Most", maxRules)
	}
	if slices.ContainsFunc(c.rules, func(s fault.Status) bool { return s.Rule.Name == r.Name }) {
		return i18n.Errmsg("fault.twice", "Rule", r.Name)
	}
	if c.of[device] == nil {
		inserted, err := cable.Insert(ctx, bridge, device, trace.IsMarker)
		if err != nil {
			return err
		}
		if c.of == nil {
			c.of = map[string]*cable.Cable{}
		}
		c.of[device] = inserted
	}
	c.rules = append(c.rules, fault.Status{Rule: r})
	c.on = append(c.on, device)
	c.of[device].Add(m)
	return nil
}

// cableOf returns the machine's end of the cable on which a rule acts, and the bridge at
// the other end.
func (w *Wire) cableOf(r fault.Rule) (device, bridge string, err error) {
	port, err := w.topology.ImpairedPort(r)
	if err != nil {
		return "", "", err
	}
	i := slices.Index(w.topology.Hosts, r.At())
	n := slices.IndexFunc(w.topology.Ports(r.At()), func(p lab.Port) bool { return p.Device == port.Device })
	return portName(i, n), bridgeName(slices.Index(w.segments, port.Segment)), nil
}

// matcher finds what the names in a rule stand for.
func (w *Wire) matcher(r fault.Rule) (m fault.Matcher, err error) {
	m.Rule = r
	hosts := filter.Hosts{}
	ports := map[string]map[sniffer.MAC]bool{}
	for _, h := range w.topology.Hosts {
		ports[h] = map[sniffer.MAC]bool{}
		for _, p := range w.topology.Ports(h) {
			ports[h][p.MAC] = true
			for _, prefix := range p.Addrs {
				hosts[h] = append(hosts[h], prefix.Addr())
			}
		}
	}
	m.From, m.To = ports[r.From], ports[r.To] // nil for anyone
	chosen, err := r.Filter(hosts)
	if err != nil {
		return m, err
	}
	m.Match = func(frame []byte) bool { return chosen.Match(frame, len(frame)) }
	return m, nil
}

// Mend lifts the rule of a name. For "" it lifts and forgets all.
func (w *Wire) Mend(ctx context.Context, name string) error {
	w.impairing.Lock()
	defer w.impairing.Unlock()
	c := &w.cables
	if _, err := c.gather(); err != nil {
		return err
	}
	found := false
	var all error
	for i := range c.rules {
		s := &c.rules[i]
		if name != "" && s.Rule.Name != name {
			continue
		}
		found = true
		on := c.of[c.on[i]]
		if on == nil {
			continue
		}
		if !s.Mended {
			if last, ok := on.Remove(s.Rule.Name); ok {
				*s = last
			}
		}
		// Also of a rule that was lifted before: the cable could not be taken out then.
		all = errors.Join(all, c.take(ctx, c.on[i]))
	}
	switch {
	case name == "" && all == nil:
		*c = cables{}
	case name != "" && !found:
		return i18n.Errmsg("fault.unknown", "Rule", name)
	}
	return all
}

// take takes a cable out when its last rule was lifted.
func (c *cables) take(ctx context.Context, device string) error {
	for i, s := range c.rules {
		if !s.Mended && c.on[i] == device {
			return nil
		}
	}
	on := c.of[device]
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		r, err := on.Report()
		c.keep(r)
		return r.Holding == 0, err
	})
	if err != nil {
		return fmt.Errorf("the cable %s does not empty: %w", device, err)
	}
	delete(c.of, device)
	err = on.Take(ctx)
	r := on.Last()
	c.keep(r)
	c.dropped += r.Dropped
	c.ever += r.Ever
	return err
}

// keep takes the acts of a report along.
func (c *cables) keep(r fault.Report) {
	kept := min(len(r.Acts), maxActs-len(c.acts))
	c.acts = append(c.acts, r.Acts[:kept]...)
	c.unsaid += r.Unsaid + uint64(len(r.Acts)-kept)
	for _, s := range r.Rules {
		if i := slices.IndexFunc(c.rules, func(o fault.Status) bool { return o.Rule.Name == s.Rule.Name }); i >= 0 {
			c.rules[i] = s
		}
	}
}

// gather takes the reports of all cables along, and returns their sums, with those of the
// cables that are gone.
func (c *cables) gather() (sum fault.Report, err error) {
	sum = fault.Report{Ever: c.ever, Dropped: c.dropped}
	for _, on := range c.of {
		r, err := on.Report()
		if err != nil {
			return sum, err
		}
		c.keep(r)
		sum.Holding += r.Holding
		sum.Ever += r.Ever
		sum.Dropped += r.Dropped
		if sum.Waits == "" {
			sum.Waits = r.Waits
		}
	}
	return sum, nil
}

// Faults reports what the cables do, and the acts behind the first so many.
func (w *Wire) Faults(after int) (sum fault.Report, err error) {
	w.impairing.Lock()
	defer w.impairing.Unlock()
	c := &w.cables
	if sum, err = c.gather(); err != nil {
		return sum, err
	}
	// A copy: the next report overwrites the rules while this one is still being sent.
	sum.Rules, sum.Unsaid = slices.Clone(c.rules), c.unsaid
	if after >= 0 && after < len(c.acts) {
		sum.Acts = c.acts[after:min(len(c.acts), after+maxPage)]
	}
	return sum, nil
}
