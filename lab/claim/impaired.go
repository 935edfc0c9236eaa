package claim

import (
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// Impaired is an impairment of the experiment (fault.Rule).
type Impaired struct {
	Name     string
	Phases   []string // labels of the phases in which it is in force
	Optional bool     // it may act on no frame; otherwise claims about its phases are inconclusive then
}

// unapplied says which impairment that is in force in a claim's phases has acted on no
// frame by their end: what is claimed of a network with a fault, a network without it
// cannot show.
func unapplied(r *trace.Recording, plan Plan, c Claim) i18n.Message {
	if len(plan.Impaired) == 0 {
		return i18n.Message{}
	}
	window, unknown := r.Window(c.Phases, plan.Plan)
	for _, p := range plan.Impaired {
		inForce := len(c.Phases) == 0 || slices.ContainsFunc(p.Phases, func(label string) bool { return slices.Contains(c.Phases, label) })
		if p.Optional || !inForce {
			continue
		}
		acted := slices.ContainsFunc(r.Impairments(), func(i trace.Impairment) bool {
			late := unknown.IsZero() && i.Uncaptured == 0 && len(i.Packets) > 0 && i.Packets[0] > window.Last()
			return i.Rule.Name == p.Name && i.Acted > 0 && !late
		})
		if !acted {
			return i18n.Msg("claim.unapplied", "Rule", p.Name)
		}
	}
	return i18n.Message{}
}

// cables says what the lab's own cables lost, or did and did not tell.
func cables(r *trace.Recording) i18n.Message {
	frames, acts := r.CableDrops()
	switch {
	case frames > 0:
		return i18n.Msg("claim.cabledrops", "Count", frames)
	case acts > 0:
		return i18n.Msg("claim.cableacts", "Count", acts)
	}
	return i18n.Message{}
}
