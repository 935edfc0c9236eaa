package netns

import (
	"context"

	"wirelab/lab"
	"wirelab/lab/fault"
)

var _ lab.Impairer = &lan{}

// Impair implements lab.Impairer.
func (l *lan) Impair(ctx context.Context, rule fault.Rule) error {
	_, err := callVia(ctx, l.to, request{Op: "impair", Rule: rule})
	return err
}

// Mend implements lab.Impairer.
func (l *lan) Mend(ctx context.Context, name string) error {
	_, err := callVia(ctx, l.to, request{Op: "mend", Rule: fault.Rule{Name: name}})
	return err
}

// Faults implements lab.Impairer.
func (l *lan) Faults(ctx context.Context, after int) (fault.Report, error) {
	answer, err := callVia(ctx, l.to, request{Op: "faults", After: after})
	return answer.Faults, err
}
