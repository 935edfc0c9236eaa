package kubernetes

import "wirelab/internal/i18n"

// Options are a run's. The zero value of what is not said to be required is its default.
type Options struct {
	Namespace string // required
	Run       string // required: the run's id, at most 20 letters and digits
	Image     string // required: an image whose entrypoint is wirelab

	Labs           int               // side by side; 0 is DefaultLabs
	Seccomp        string            // the Localhost profile on the nodes, below the kubelet's folder seccomp; None for none
	UserNamespaces bool              // pods have user namespaces of their own (hostUsers: false)
	Queue          string            // of Kueue, which then says when the run's Jobs begin; "" without Kueue
	NodeSelector   map[string]string // labels of the nodes to use, whose taints of the same key are tolerated

	// Say is told what people should know while a run goes on, from any goroutine. It
	// may be nil.
	Say func(i18n.Message)
}

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
