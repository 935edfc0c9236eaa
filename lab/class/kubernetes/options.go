package kubernetes

import (
	"wirelab/internal/i18n"
	"wirelab/lab/class/cluster"
)

// Options are a run's. Namespace, Run and Image are required; Labs is DefaultLabs where it
// is 0.
type Options cluster.Options

// DefaultLabs is how many labs run side by side where no number is given.
const DefaultLabs = 20

// None is the Seccomp of clusters whose nodes have no profile: pods have none, which the
// Pod Security standard baseline admits and restricted does not.
const None = "none"

func (o Options) labs() int {
	if o.Labs > 0 {
		return o.Labs
	}
	return DefaultLabs
}

func (o Options) tell(m i18n.Message) {
	if o.Say != nil {
		o.Say(m)
	}
}
