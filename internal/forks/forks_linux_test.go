package forks_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"wirelab/internal/forks"
	"wirelab/internal/require"
)

// What was closed before Wait is closed behind it, though children are started all the
// time: its name is free. Wait may miss one in some ten thousand; without it every
// hundredth is missed.
func TestWait(t *testing.T) {
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
	if err := forks.Wait(); err != nil { // as a lab does when it is up
		t.Fatal(err)
	}
	name := fmt.Sprintf("@wirelab-forks-%d", os.Getpid()) // unix(7), abstract: nobody else takes it
	first, err := net.ListenPacket("unixgram", name)
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	for range require.Many(300, 3000) {
		first.Close()
		if err := forks.Wait(); err != nil {
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
			if err := forks.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	waiting.Wait()
}
