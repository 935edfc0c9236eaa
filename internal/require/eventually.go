package require

import (
	"context"
	"testing"
	"time"

	"wirelab/internal/poll"
)

// Eventually waits until a condition holds, and ends the test where it does not
// in time. what says what is awaited, and what there is instead.
func Eventually(t testing.TB, within time.Duration, holds func() bool, what func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if poll.Until(ctx, poll.Kernel, func() (bool, error) { return holds(), nil }) != nil {
		t.Fatalf("awaited %s, for %v", what(), within)
	}
}
