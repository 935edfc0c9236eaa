package docker

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// ownSession keeps the console's events, Ctrl-C above all, from the reaper.
func ownSession() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
