package cli

import (
	"context"

	"wirelab/lab"
	"wirelab/lab/script"
)

// ownLabs brings up a lab for each experiment. While one experiment is carried out
// it brings up the next one's lab: a lab is on one CPU, and most of what its
// experiment takes is waiting.
type ownLabs struct {
	backend lab.Backend
	ahead   *opening // nil: none
}

// opening is a lab that comes up.
type opening struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when it is up, or could not be
	lab    *lab.Lab
	err    error
}

func (o *ownLabs) open(ctx context.Context, e *script.Experiment) *opening {
	coming := &opening{done: make(chan struct{})}
	ctx, coming.cancel = context.WithCancel(ctx)
	go func() {
		defer close(coming.done)
		coming.lab, coming.err = lab.Open(ctx, o.backend, e.Topology)
	}()
	return coming
}

// run has the form of venue.run. e is the next of the call before, if that had one.
func (o *ownLabs) run(ctx context.Context, e, next *script.Experiment, observe func(script.Event)) (*script.Outcome, error) {
	this := o.ahead
	o.ahead = nil
	return script.RunIn(ctx, func() (*lab.Lab, error) {
		if this != nil {
			<-this.done
		}
		// A machine that has no room for two labs has room for one by now.
		if this == nil || this.err != nil {
			this = o.open(ctx, e)
			<-this.done
		}
		if next != nil && this.err == nil {
			o.ahead = o.open(ctx, next)
		}
		return this.lab, this.err
	}, e, observe)
}

// close has the form of venue.close.
func (o *ownLabs) close() error {
	if o.ahead == nil {
		return nil
	}
	o.ahead.cancel()
	<-o.ahead.done
	if o.ahead.lab == nil {
		return nil
	}
	return o.ahead.lab.Close()
}
