//go:build !linux

package netns

import (
	"context"
	"runtime"

	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/lab"
)

func unavailable() error {
	return &lab.Unavailable{
		What:   i18n.Verbatim(Name),
		Cause:  i18n.Msg("netns.system", "System", runtime.GOOS),
		Advice: []i18n.Message{i18n.Verbatim(self.Command() + " run --backend docker")},
	}
}

// Check implements lab.Backend.
func (Backend) Check(context.Context) error { return unavailable() }

// Up implements lab.Backend.
func (Backend) Up(context.Context, lab.Topology) (lab.Network, error) { return nil, unavailable() }

// Hold keeps an interactive lab up until ctx ends.
func Hold(context.Context, string, lab.Topology, func(context.Context, lab.Network) error) error {
	return unavailable()
}

// Attach returns the network of the interactive lab of that name.
func Attach(context.Context, string) (lab.Network, error) { return nil, unavailable() }

// Open finds the interactive lab of that name.
func Open(context.Context, string) (*Held, error) { return nil, unavailable() }

// Labs returns the interactive labs that are up.
func Labs(context.Context) ([]*Held, error) { return nil, unavailable() }

// Exec runs a command on a host of the interactive lab of that name.
func Exec(context.Context, string, string, []string, ...string) (int, error) {
	return 0, unavailable()
}

// Down ends the interactive lab of that name.
func Down(context.Context, string) error { return unavailable() }
