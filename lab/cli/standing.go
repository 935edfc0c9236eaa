package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/docker"
	"wirelab/lab/netns"
)

// standing is a lab that is up: one of `up`, or a compose project.
type standing struct {
	*netns.Held        // whose name is what --lab calls it; a mode that is not known is ""
	kind        string // heldLab or composeLab
	// exec runs a command on a host, in this terminal.
	exec func(ctx context.Context, host string, env []string, args ...string) (int, error)
}

// openLab opens the lab that --lab names: compose, compose:PROJECT, or the name of one
// that `up` holds. The caller leaves it.
func openLab(ctx context.Context, name string) (*standing, error) {
	if project, ok := composeName(name); ok {
		return openCompose(ctx, project)
	}
	held, err := netns.Open(ctx, name)
	if err != nil {
		return nil, orComposed(ctx, name, err)
	}
	return ofHeld(held), nil
}

// composeName returns the project that --lab names, "" for the one that there is.
func composeName(name string) (project string, ok bool) {
	kind, project, named := strings.Cut(name, ":")
	if kind != composeLab || named && project == "" {
		return "", false
	}
	return cmp.Or(project, os.Getenv("COMPOSE_PROJECT_NAME")), true
}

func ofHeld(held *netns.Held) *standing {
	return &standing{held, heldLab,
		func(ctx context.Context, host string, env []string, args ...string) (int, error) {
			return netns.Exec(ctx, held.Name, host, env, args...)
		}}
}

func openCompose(ctx context.Context, project string) (*standing, error) {
	c, err := docker.OpenCompose(ctx, project)
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		if names := composeLabs(ctx); len(names) > 0 {
			u.Advice = nil
			for _, name := range names {
				u.Advice = append(u.Advice, i18n.Verbatim("--lab "+name))
			}
		}
	}
	if err != nil {
		return nil, err
	}
	held := &netns.Held{
		Name: composeLab + ":" + c.Name, Since: c.Since, Hosts: c.Hosts, Network: c.Network,
		Segments: []netns.HeldSegment{{Name: lab.DefaultSegment, Mode: c.Mode}},
	}
	return &standing{held, composeLab,
		func(ctx context.Context, host string, env []string, args ...string) (int, error) {
			return c.Exec(ctx, host, append(netns.PassOn(os.Environ()), env...), args...)
		}}, nil
}

// orComposed adds to the error of a lab that is not up that a compose lab is.
func orComposed(ctx context.Context, name string, err error) error {
	if _, wrong := errors.AsType[*exit.Error](err); wrong || len(composeLabs(ctx)) == 0 {
		return err
	}
	return i18n.Errmsg("held.composed", "Cause", err, "Lab", composeLab)
}

// composeLabs are the names of the compose labs that are up, as --lab takes them; there
// are none where no Docker answers.
func composeLabs(ctx context.Context) (names []string) {
	projects, err := docker.ComposeProjects(ctx)
	if err != nil {
		return nil
	}
	for _, project := range projects {
		names = append(names, composeLab+":"+project)
	}
	return names
}

// standingLabs are all labs that are up: those of `up` by name, then those of compose. One
// that ends meanwhile is not among them; the error is of those that do not answer.
func standingLabs(ctx context.Context) (labs []*standing, err error) {
	held, err := netns.Labs(ctx)
	for _, l := range held {
		labs = append(labs, ofHeld(l))
	}
	composed := composeLabs(ctx)
	if _, cannot := errors.AsType[*lab.Unavailable](err); cannot && len(composed) > 0 {
		err = nil // this system has only these
	}
	for _, name := range composed {
		l, openErr := openLab(ctx, name)
		if _, gone := errors.AsType[*lab.Unavailable](openErr); gone {
			continue
		}
		if openErr != nil {
			err = errors.Join(err, openErr)
			continue
		}
		labs = append(labs, l)
	}
	return labs, err
}

// leave closes what standingLabs has opened, and returns err with the errors of that.
func leave(err error, labs ...*standing) error {
	for _, l := range labs {
		if closeErr := l.Network.Close(); closeErr != nil {
			err = errors.Join(err, closeErr)
		}
	}
	return err
}
