package labtest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
	"wirelab/lab/labtest"
)

// asked brings a lab up in which a ping is sent, or nothing, of which an absence is
// inconclusive.
func asked(t testing.TB, ping bool) *labtest.Lab {
	l := labtest.New(t, "client", "server")
	if ping {
		l.Run("client", "ping", "-c", "1", "server")
	}
	l.Settle("done")
	return l
}

// A lab that is inconclusive is brought up anew.
func TestRetry(t *testing.T) {
	t.Parallel()
	attempts, cleaned := 0, 0
	labtest.Retry(t, 3, func(t testing.TB) {
		if attempts++; cleaned != attempts-1 {
			t.Errorf("attempt %d begins after %d cleanups", attempts, cleaned)
		}
		t.Cleanup(func() { cleaned++ })
		asked(t, attempts == 3).Never("udp", labtest.In("done"))
	})
	if attempts != 3 {
		t.Errorf("%d attempts, want 3", attempts)
	}
}

// One that stays inconclusive fails with its cause, and not as a claim.
func TestRetryEnds(t *testing.T) {
	t.Parallel()
	attempts := 0
	errors, _, failed := labtest.Attempt(t, func(t testing.TB) {
		labtest.Retry(t, 2, func(t testing.TB) {
			attempts++
			asked(t, false).Never("udp", labtest.In("done"))
		})
	})
	if !failed || attempts != 2 || len(errors) != 1 || !strings.Contains(errors[0], "inconclusive in each of 2 attempts") || !strings.Contains(errors[0], "nothing was done") {
		t.Errorf("failed %t after %d attempts: %q", failed, attempts, errors)
	}
}

// A claim that has failed is final, whatever else the lab cannot tell; so is any other
// error of the test.
func TestRetryKeepsFailures(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(testing.TB){
		"a failed claim": func(t testing.TB) { asked(t, true).Never("icmp") },
		"a failed claim after what is inconclusive": func(t testing.TB) {
			l := asked(t, true)
			l.Settle("idle")
			l.Never("udp", labtest.In("idle"))
			l.Never("icmp")
		},
		"an error of the test":     func(t testing.TB) { asked(t, false).Never("udp"); t.Error("wrong") },
		"the end of its goroutine": func(testing.TB) { runtime.Goexit() },
		"a fatal error":            func(t testing.TB) { t.Fatal("wrong") },
		"a test that ends itself after what is inconclusive": func(t testing.TB) {
			asked(t, false).Never("udp")
			t.FailNow()
		},
		"a failed cleanup": func(t testing.TB) { t.Cleanup(func() { t.Error("wrong") }) },
	} {
		attempts := 0
		errors, _, failed := labtest.Attempt(t, func(t testing.TB) {
			labtest.Retry(t, 3, func(t testing.TB) {
				attempts++
				do(t)
			})
		})
		if !failed || attempts != 1 || len(errors) == 0 && !strings.Contains(name, "ends itself") {
			t.Errorf("%s: failed %t after %d attempts: %q", name, failed, attempts, errors)
		}
	}
}

// A test that skips the rest has not been told what its lab cannot tell.
func TestRetryOfWhatSkips(t *testing.T) {
	t.Parallel()
	attempts := 0
	_, _, failed := labtest.Attempt(t, func(t testing.TB) {
		labtest.Retry(t, 2, func(t testing.TB) {
			attempts++
			asked(t, false).Never("udp")
			t.Skip("the rest")
		})
	})
	if !failed || attempts != 2 {
		t.Errorf("failed %t after %d attempts", failed, attempts)
	}
}

// What a goroutine reports when its attempt has ended is not lost.
func TestRetryHearsWhatIsLeft(t *testing.T) {
	t.Parallel()
	errors, _, failed := labtest.Attempt(t, func(t testing.TB) {
		var left testing.TB
		labtest.Retry(t, 2, func(t testing.TB) { left = t })
		left.Errorf("late")
	})
	if !failed || len(errors) != 1 || errors[0] != "late" {
		t.Errorf("failed %t: %q", failed, errors)
	}
}

// A barrier that cannot be reached is inconclusive: the attempt ends there.
func TestRetrySettles(t *testing.T) {
	t.Parallel()
	attempts := 0
	labtest.Retry(t, 2, func(t testing.TB) {
		l := labtest.New(t, "client", "server")
		if attempts++; attempts == 1 {
			l.Start("server", "ping", "-c", "1", "client") // ends by itself
		}
		for n := 0; attempts == 1; n++ { // until it has ended
			l.Settle(fmt.Sprintf("before-%d", n))
		}
		l.Run("client", "ping", "-c", "1", "server")
		l.Settle("done")
	})
	if attempts != 2 {
		t.Errorf("%d attempts, want 2", attempts)
	}
}

// A lab that does not come up in time says so, and not that a context has ended.
func TestNotUpInTime(t *testing.T) {
	t.Parallel()
	errors, _, failed := labtest.Attempt(t, func(t testing.TB) {
		labtest.AttachWithin(t, time.Millisecond, func(ctx context.Context) (lab.Network, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	if want := "the lab was not up within 1ms"; !failed || len(errors) != 1 || !strings.Contains(errors[0], want) {
		t.Errorf("errors %q, want %q", errors, want)
	}
}
