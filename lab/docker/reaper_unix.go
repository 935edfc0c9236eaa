//go:build unix

package docker

import "syscall"

// ownSession keeps signals of the terminal, Ctrl-C above all, from the reaper.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
