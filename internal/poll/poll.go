// Package poll looks again and again at what nobody tells of.
package poll

import (
	"context"
	"time"
)

// Kernel is the longest pause between two looks at what the kernel knows.
const Kernel = 5 * time.Millisecond

// Until calls done, first after a fiftieth of the longest pause, then less and
// less often, until it returns true or an error or ctx ends, whose error is
// returned then. At least one look is taken.
func Until(ctx context.Context, longest time.Duration, done func() (bool, error)) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := longest / 50; ; pause = min(2*pause, longest) {
		if ok, err := done(); ok || err != nil {
			return err
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
}
