// Package forks tells when what this process has closed is closed: a child that is being
// started has a copy of every descriptor until it executes its program, so that a
// connection which was closed meanwhile ends a moment later.
package forks

import (
	"os/exec"
	"sync"
	"syscall"
)

// starting is held by Start.
var starting sync.RWMutex

// Start is cmd.Start, for a child in a user namespace of its own: it executes its program
// after package syscall has unlocked syscall.ForkLock. Any other needs no Start.
func Start(cmd *exec.Cmd) error {
	starting.RLock()
	defer starting.RUnlock()
	return cmd.Start()
}

// Wait returns when every child that was being started when it was called has executed its
// program, or failed to: by then the children's copies of what was closed before are
// closed, too. A child in a user namespace that Start has not started may still have some.
// It may be called by several goroutines at once.
func Wait() {
	starting.Lock()
	defer starting.Unlock()
	// Package syscall holds it while it forks, and a child without a user namespace
	// executes its program before fork returns (CLONE_VFORK).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
}
