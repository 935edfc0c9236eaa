package web

import (
	"slices"

	"wirelab/lab/script"
	"wirelab/lab/trace"
)

const (
	mostEnds = 16   // that are drawn
	endsIn   = 5000 // packets at the beginning of a recording in which they are looked for
)

// ends finds the ends of a recording's packets: who is drawn where no topology says it.
type ends struct {
	hosts  []string // in the order of their first packets
	looked int      // packets
	names  int      // that the recording had
}

// of looks at what the recording has more than the last time, and returns all ends.
func (e *ends) of(r *trace.Recording) []string {
	if len(r.Hosts.Names) != e.names { // who had none may have one now
		*e = ends{names: len(r.Hosts.Names)}
	}
	row := script.Rows(r, nil)
	for e.looked < min(r.Len(), endsIn) {
		e.looked++
		p := row(r.Packet(e.looked))
		for _, host := range []string{p.From, p.To} {
			if host != "" && host != "*" && len(e.hosts) < mostEnds && !slices.Contains(e.hosts, host) {
				e.hosts = append(e.hosts, host)
			}
		}
	}
	return slices.Clone(e.hosts)
}
