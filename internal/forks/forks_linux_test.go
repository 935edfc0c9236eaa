package forks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/internal/require"
)

// What was closed before Wait is closed behind it, though children are started all the
// time: its name is free. Wait may miss one in some ten thousand; without it every
// hundredth is missed.
func TestWait(t *testing.T) {
	if err := Watch(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var starting sync.WaitGroup
	for range 8 {
		starting.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := exec.Command("/bin/true").Run(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer starting.Wait()
	defer close(stop)
	name := fmt.Sprintf("@wirelab-forks-%d", os.Getpid()) // unix(7), abstract: nobody else takes it
	first, err := net.ListenPacket("unixgram", name)
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	for range require.Many(300, 3000) {
		first.Close()
		if err := Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, err := net.ListenPacket("unixgram", name)
		if err != nil {
			missed++
			require.Eventually(t, time.Minute, func() bool {
				again, err = net.ListenPacket("unixgram", name)
				return err == nil
			}, func() string { return fmt.Sprintf("the name to be free: %v", err) })
		}
		first = again
	}
	if missed > 1 {
		t.Errorf("Wait has missed %d", missed)
	}
	first.Close()
}

// Who waits at once waits for the same.
func TestWaitAtOnce(t *testing.T) {
	var waiting sync.WaitGroup
	for range 50 {
		waiting.Go(func() {
			if err := Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	waiting.Wait()
}

// A child that never executes a program does not keep a caller for longer than its context
// lasts, nor the next one at all.
func TestWaitEnds(t *testing.T) {
	if err := Watch(); err != nil {
		t.Fatal(err)
	}
	generation.Lock()
	childs, err := unix.Dup(generation.write)
	generation.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(childs)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a child has a copy: %v", err)
	}
	if err := Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// A process that may have few descriptors open is told so, and goes on.
func TestTooFewDescriptors(t *testing.T) {
	const few = "WIRELAB_TEST_FEW_DESCRIPTORS"
	if os.Getenv(few) == "" {
		cmd := exec.Command("/bin/sh", "-c", `ulimit -n 10; exec "$0" -test.run '^TestTooFewDescriptors$'`, os.Args[0])
		cmd.Env = append(os.Environ(), few+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	for range 2 {
		if err := Wait(t.Context()); !errors.Is(err, unix.EINVAL) {
			t.Errorf("descriptors up to %d, and the error is %v", firstSlot, err)
		}
	}
}
