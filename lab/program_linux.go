package lab

import (
	"os/exec"
	"runtime"
	"syscall"
)

// runWithParent runs the go command and interrupts it if this process is
// killed: what it had compiled by then goes with its work folder.
func runWithParent(cmd *exec.Cmd) error {
	// The signal comes when the thread that started the command ends
	// (prctl(2), PR_SET_PDEATHSIG), so it must not end before the command.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	return cmd.Run()
}
