package lab

import (
	"context"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/internal/self"
	"wirelab/lab/fault"
	"wirelab/lab/trace"
)

// Impairer is a Network that can lose, delay, duplicate or change frames on the cables of
// its hosts. Its methods may be called from several goroutines at once.
type Impairer interface {
	// Impair returns when a rule is in force. No other rule of the network, lifted
	// ones included, may have its name.
	Impair(ctx context.Context, rule fault.Rule) error
	// Mend lifts the rule of a name. For "" it lifts and forgets all rules. The frames
	// that they hold are sent.
	Mend(ctx context.Context, name string) error
	// Faults reports what the cables do and have done: all rules so far, in the order
	// of Impair, and acts of theirs, without the first after acts. It may return fewer
	// acts than there are, but none only if there are none.
	Faults(ctx context.Context, after int) (fault.Report, error)
}

// impairer returns what impairs the network, or an *Unavailable.
func (l *Lab) impairer() (Impairer, error) {
	if n, ok := l.network.(Impairer); ok {
		return n, nil
	}
	return nil, &Unavailable{
		What:   i18n.Msg("lab.impair.what"),
		Cause:  i18n.Msg("lab.impair.backend"),
		Advice: []i18n.Message{i18n.Verbatim(self.Command() + " run --backend netns")},
	}
}

// Impair puts an impairment of frames between hosts in force, until Mend. The error is an
// *Unavailable if the network cannot impair frames.
func (l *Lab) Impair(ctx context.Context, rule fault.Rule) error {
	n, err := l.impairer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	if err := n.Impair(ctx, rule); err != nil {
		return err
	}
	l.impaired = true
	return nil
}

// Mend lifts the impairment of a name and sends the frames that it holds.
func (l *Lab) Mend(ctx context.Context, name string) error {
	n, err := l.impairer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, l.patience())
	defer cancel()
	return n.Mend(ctx, name)
}

// emptyCables waits until no cable holds a frame, and returns how many they have held
// so far: who finds the same number later knows that they have held none meanwhile.
func (l *Lab) emptyCables(ctx context.Context) (ever uint64, err error) {
	if !l.impaired {
		return 0, nil
	}
	var r fault.Report
	err = poll.Until(ctx, poll.Kernel, func() (bool, error) {
		latest, err := l.network.(Impairer).Faults(ctx, l.acts)
		if err != nil {
			return false, err // and r is what was seen before
		}
		r = latest
		return r.Holding == 0, nil
	})
	switch {
	case err != nil && r.Waits != "":
		return 0, i18n.Errmsg("lab.impair.waits", "Rule", r.Waits)
	case err != nil && r.Holding > 0:
		return 0, i18n.Errmsg("lab.impair.holds", "Count", r.Holding)
	}
	return r.Ever, err
}

// whatWaits says, where a host does not become quiet, whether an impairment is why.
func (l *Lab) whatWaits(busy error) error {
	if !l.impaired {
		return busy
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if r, err := l.network.(Impairer).Faults(ctx, l.acts); err == nil && r.Waits != "" {
		return i18n.Errmsg("lab.impair.waiting", "Rule", r.Waits, "Cause", busy)
	}
	return busy
}

// learnFaults tells the recording what the impairments have done so far.
func (l *Lab) learnFaults(ctx context.Context) error {
	if !l.impaired {
		return nil
	}
	for {
		r, err := l.network.(Impairer).Faults(ctx, l.acts)
		if err != nil {
			return err
		}
		l.acts += len(r.Acts)
		l.capture.view(func(recording *trace.Recording) { recording.Learn(r) })
		if len(r.Acts) == 0 {
			return nil
		}
	}
}
