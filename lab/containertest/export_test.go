package containertest

import "wirelab/lab/claim"

// Judge is Expect without its error.
func (w *Wire) Judge(id, phases, projection, want string) (claim.Verdict, error) {
	return w.judge(id, phases, projection, want)
}

// TrySettle is Settle without its end of the test.
func (w *Wire) TrySettle(phase string) error { return w.settle(phase) }
