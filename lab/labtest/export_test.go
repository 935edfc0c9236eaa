package labtest

import (
	"context"
	"testing"
	"time"

	"wirelab/lab"
)

// AttachWithin is Attach for tests of labs that do not come up in time.
func AttachWithin(t testing.TB, within time.Duration, up func(ctx context.Context) (lab.Network, error)) {
	attach(t, lab.Hosts("client"), within, up)
}

// TrySettle is Settle for tests of barriers that are not reached.
func (l *Lab) TrySettle(phase string) error { return l.settle(phase) }

// Attempt carries out a test that may fail, and returns what it has reported.
func Attempt(t *testing.T, do func(testing.TB)) (errors, causes []string, failed bool) {
	a := carryOut(t, do)
	return a.errors, a.unsure, a.failed
}
