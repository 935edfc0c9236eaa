package script

import (
	"context"
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/fault"
	"wirelab/sniffer/filter"
)

// Rule is the rule of an impair step. It was read before.
func (s Step) Rule() fault.Rule {
	r, _ := fault.Parse(s.Args)
	r.Optional = s.Ends == MayFail
	return r
}

// newRule checks an impair step.
func newRule(e *Experiment, s *Step) error {
	r, err := fault.Parse(s.Args)
	if err != nil {
		return err
	}
	if s.Ends == Fails {
		return i18n.Errmsg("script.ends.misplaced", "Sign", string(s.Ends), "Word", s.Verb)
	}
	hosts := filter.Hosts{}
	for _, h := range e.Topology.Hosts {
		hosts[h] = []netip.Addr{netip.IPv4Unspecified()} // which it has, the lab knows
	}
	if _, err := e.Topology.ImpairedPort(r); err != nil {
		return err
	}
	if slices.ContainsFunc(e.Steps, func(o Step) bool { return o.Verb == s.Verb && o.Args[0] == r.Name }) {
		return i18n.Errmsg("fault.twice", "Rule", r.Name)
	}
	_, err = r.Filter(hosts)
	return err
}

// inForce refuses to lift an impairment that is not in force.
func inForce(e *Experiment, s *Step) error {
	made := false
	for _, o := range e.Steps {
		if (o.Verb == "impair" || o.Verb == s.Verb) && o.Args[0] == s.Args[0] {
			made = o.Verb == "impair"
		}
	}
	if !made {
		return i18n.Errmsg("fault.unknown", "Rule", s.Args[0])
	}
	return nil
}

func impair(ctx context.Context, l *lab.Lab, s Step) error { return l.Impair(ctx, s.Rule()) }

// impaired are the script's impairments, with the phases in which they are in force.
func (e *Experiment) impaired() (all []claim.Impaired) {
	for i, s := range e.Steps {
		if s.Verb != "impair" {
			continue
		}
		r := s.Rule()
		p := claim.Impaired{Name: r.Name, Optional: r.Optional}
		for _, later := range e.Steps[i:] {
			if later.Verb == "settle" {
				p.Phases = append(p.Phases, later.Args[0])
			}
			if later.Verb == "mend" && later.Args[0] == r.Name {
				p.Phases = append(p.Phases, e.phaseAfter(later.Line))
				break
			}
		}
		all = append(all, p)
	}
	return all
}

// phaseAfter is the label of the phase of a line.
func (e *Experiment) phaseAfter(line int) string {
	for _, s := range e.Steps {
		if s.Verb == "settle" && s.Line > line {
			return s.Args[0]
		}
	}
	return ""
}
