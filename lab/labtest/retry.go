package labtest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Retry runs a test whose lab may be inconclusive, as on a machine so busy that the kernel
// drops frames. It repeats an inconclusive attempt with a new lab, until there were so
// many attempts; there is always one. An attempt is final if a claim has failed or the
// test has reported any other error, even if its lab was inconclusive, too.
//
//	labtest.Retry(t, 3, func(t testing.TB) {
//		l := labtest.New(t, "client", "server")
//		// … as in any test, with this t …
//	})
//
// A barrier that is not reached is inconclusive. If the last attempt is inconclusive, the
// test fails with the cause. The cleanup of an attempt is done before the next one begins.
func Retry(t testing.TB, attempts int, do func(t testing.TB)) {
	t.Helper()
	for n := 1; ; n++ {
		a := carryOut(t, do)
		switch {
		case a.failed:
			for _, said := range append(a.unsure, a.errors...) {
				t.Error(said)
			}
			t.FailNow()
		case len(a.unsure) > 0 && n < attempts:
			t.Logf("attempt %d of %d is inconclusive, and the lab is brought up anew:\n%s", n, attempts, strings.Join(a.unsure, "\n"))
		case len(a.unsure) > 0:
			t.Fatalf("inconclusive in each of %d attempts, the last time:\n%s", n, strings.Join(a.unsure, "\n"))
		case a.skipped:
			t.SkipNow()
		default:
			return
		}
	}
}

// attempt is the testing.TB of one attempt. What it reports is known to Retry alone
// until the attempt has ended.
type attempt struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failed   bool
	skipped  bool
	ended    bool
	errors   []string
	unsure   []string // causes
	cleanups []func()
}

// carryOut makes an attempt and its cleanup, in a goroutine that FailNow ends.
func carryOut(t testing.TB, do func(testing.TB)) *attempt {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := &attempt{TB: t, ctx: ctx}
	run := func(f func()) (returned bool) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
			returned = true
		}()
		<-done
		return returned
	}
	if !run(func() { do(a) }) && !a.toldWhy() {
		a.Error("the attempt ended by runtime.Goexit, perhaps by FailNow of another test: use the t that it is given")
	}
	cancel() // as t.Context is, just before the cleanup
	for f := a.cleanup(); f != nil; f = a.cleanup() {
		run(f)
	}
	a.end()
	return a
}

// cleanup takes the last function that Cleanup was given.
func (a *attempt) cleanup() (f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.cleanups); n > 0 {
		f, a.cleanups = a.cleanups[n-1], a.cleanups[:n-1]
	}
	return f
}

// inconclusive notes that a lab cannot tell, and why.
func (a *attempt) inconclusive(cause string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unsure = append(a.unsure, cause)
}

// toldWhy reports whether the attempt has said how it went: it may end early then.
func (a *attempt) toldWhy() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed || a.skipped || len(a.unsure) > 0
}

// end lets what a goroutine that was left behind still reports be the test's.
func (a *attempt) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
}

func (a *attempt) Context() context.Context { return a.ctx }

func (a *attempt) Cleanup(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanups = append(a.cleanups, f)
}

// Failed reports whether the attempt's capture is worth keeping, too.
func (a *attempt) Failed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed || len(a.unsure) > 0
}

func (a *attempt) Fail() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		a.TB.Fail()
	}
	a.failed = true
}

// FailNow ends the attempt, which has failed.
func (a *attempt) FailNow() {
	a.Fail()
	runtime.Goexit()
}

func (a *attempt) Error(args ...any) { a.error(strings.TrimSuffix(fmt.Sprintln(args...), "\n")) }

func (a *attempt) Errorf(format string, args ...any) { a.error(fmt.Sprintf(format, args...)) }

func (a *attempt) error(said string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		a.TB.Error(said)
	}
	a.failed = true
	a.errors = append(a.errors, said)
}

func (a *attempt) Fatal(args ...any) {
	a.Error(args...)
	a.FailNow()
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	a.FailNow()
}

func (a *attempt) Skip(args ...any) {
	a.Log(args...)
	a.SkipNow()
}

func (a *attempt) Skipf(format string, args ...any) {
	a.Logf(format, args...)
	a.SkipNow()
}

func (a *attempt) SkipNow() {
	a.mu.Lock()
	a.skipped = true
	a.mu.Unlock()
	runtime.Goexit()
}

func (a *attempt) Skipped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.skipped
}
