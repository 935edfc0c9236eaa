package labtest

import "testing"

// TrySettle is Settle for tests of barriers that are not reached.
func (l *Lab) TrySettle(phase string) error { return l.settle(phase) }

// Attempt carries out a test that may fail, and returns what it has reported.
func Attempt(t *testing.T, do func(testing.TB)) (errors, causes []string, failed bool) {
	a := carryOut(t, do)
	return a.errors, a.unsure, a.failed
}
