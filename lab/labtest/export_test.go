package labtest

// TrySettle is Settle for tests of barriers that are not reached.
func (l *Lab) TrySettle(phase string) error { return l.settle(phase) }
