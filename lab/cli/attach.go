package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/docker"
	"wirelab/lab/netns"
	"wirelab/lab/script"
)

// The kinds of labs that --attach takes.
const (
	heldLab    = "lab"
	composeLab = "compose"
)

// venue is where experiments are carried out.
type venue struct {
	backend string // its name in the result
	// run carries an experiment out. next follows it, and may be prepared
	// meanwhile; nil: none does.
	run   func(ctx context.Context, e, next *script.Experiment, observe func(script.Event)) (*script.Outcome, error)
	close func() error
}

// newLabs carries every experiment out in a lab of its own.
func newLabs(ctx context.Context, backend string) (*venue, error) {
	b, err := chooseBackend(ctx, backend)
	if err != nil {
		return nil, err
	}
	labs := &ownLabs{backend: b}
	return &venue{b.Name(), labs.run, labs.close}, nil
}

// attachTo carries the experiments out in a lab that is up and stays up.
func attachTo(ctx context.Context, where string) (*venue, error) {
	v := &venue{}
	var network lab.Network
	var err error
	switch kind, name, named := strings.Cut(where, ":"); {
	case named && name == "":
		return nil, exit.UsageMsg("run.attach.noname", "Word", where)
	case kind == heldLab:
		v.backend = netns.Name
		network, err = netns.Attach(ctx, cmp.Or(name, defaultLab))
	case kind == composeLab:
		v.backend = (&docker.Backend{}).Name()
		network, err = docker.AttachCompose(ctx, cmp.Or(name, os.Getenv("COMPOSE_PROJECT_NAME")))
	default:
		return nil, exit.UsageMsg("run.attach.unknown", "Word", where, "Hint", suggest.Hint(where, []string{heldLab, composeLab}))
	}
	if err != nil {
		return nil, err
	}
	v.close = network.Close
	v.run = func(ctx context.Context, e, _ *script.Experiment, observe func(script.Event)) (*script.Outcome, error) {
		return script.RunAttached(ctx, network, e, observe)
	}
	return v, nil
}

// open brings labs up, or attaches to the one that was named.
func (r *runner) open(ctx context.Context) (*venue, error) {
	if r.attach != "" {
		return attachTo(ctx, r.attach)
	}
	return newLabs(ctx, r.backend)
}

// leave closes a venue. An error of that is told after the one that there is.
func (v *venue) leave(err *error) {
	closeErr := v.close()
	if closeErr == nil {
		return
	}
	if e, ok := errors.AsType[*exit.Error](*err); ok && e.Err == nil {
		*err = nil // the report has said it
	}
	*err = exit.With(exit.Unable, errors.Join(*err, closeErr))
}

// unable is the error of a run that did not come to a verdict.
func (r *runner) unable(ctx context.Context, err error) error {
	if r.attach != "" && ctx.Err() != nil {
		return exit.With(exit.Interrupted, i18n.Errmsg("run.interrupted.attached"))
	}
	if m, ok := errors.AsType[*lab.MissingHosts](err); ok && strings.HasPrefix(r.attach, composeLab) {
		// The container of a client that has left the chat has ended.
		err = i18n.Errmsg("lab.instruction", "Cause", err, "Command", "docker compose up -d "+strings.Join(m.Missing, " "))
	}
	return unable(ctx, err)
}
