package cage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
)

// insideVariable marks the environment of the process that makes the cage from the
// inside: its init takes over before main.
const insideVariable = "WIRELAB_CAGE"

// The values of insideVariable.
const (
	toRun = "run" // descriptor 3 is the program
	toTry = "try" // there is none; the standard error takes what a cage fails at
)

func init() {
	to, ids, _ := strings.Cut(os.Getenv(insideVariable), " ")
	switch to {
	case toRun:
		os.Unsetenv(insideVariable)
		code, err := inside(ids, os.NewFile(3, "program"), os.Args[1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "wirelab:", err)
		}
		os.Exit(code)
	case toTry:
		runtime.LockOSThread()
		err := becomeRoot(ids)
		if err == nil {
			_, _, err = build(strings.NewReader(""))
		}
		if err == nil {
			err = giveUp()
		}
		if err != nil {
			fmt.Fprint(os.Stderr, err)
			os.Exit(Uncaged)
		}
		os.Exit(0)
	}
}

// The exit codes of a program that did not run, as a shell has them.
const (
	notExecutable = 126
	notFound      = 127
)

// Run runs the program of a file with this process's standard streams, and returns its
// exit code: 128 and the signal for one that a signal has ended, 126 for what cannot be
// executed, and Uncaged where no program can be locked in. Its path is that of the
// machine outside. When ctx ends the program is killed, and with it all that it started;
// and so it is when this process ends, however it does.
func Run(ctx context.Context, path string, args []string) (code int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return notFound, i18n.FileError(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return notExecutable, i18n.Errmsg("class.program.none")
	} else if info.Size() > MaxProgram {
		return notExecutable, i18n.Errmsg("class.program.large", "Most", MaxProgram)
	}
	cmd := namespaces(ctx, toRun, args)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{f} // descriptor 3
	runtime.LockOSThread()         // whose end Pdeathsig looks at
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return Uncaged, i18n.Errmsg("class.program.uncaged", "Cause", i18n.Original(err))
	}
	err = cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		return notExecutable, err
	}
	return exitCode(cmd.ProcessState), nil
}

// Check reports why no program can be locked in here, nil if one can: it makes a cage, with
// nothing in it.
func Check(ctx context.Context) error {
	cmd := namespaces(ctx, toTry, nil)
	var why bytes.Buffer // of our own text: nothing of a student runs
	cmd.Stderr = &why
	runtime.LockOSThread() // whose end Pdeathsig looks at
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && why.Len() > 0 {
		err = errors.New(why.String())
	}
	if err != nil {
		return i18n.Errmsg("class.program.uncaged", "Cause", i18n.Original(err))
	}
	return nil
}

// needed are the capabilities that a cage is made with.
var needed = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_SETUID, unix.CAP_SETGID}

// namespaces is this program again, in a cage's namespaces. Who it is there it says itself
// (becomeRoot): os/exec says it by the child's number in /proc, and on a lab's host in a pod
// /proc is the pod's, which has other numbers. Till then it has its capabilities as ambient
// ones, which an exec leaves to whoever is not root.
func namespaces(ctx context.Context, to string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", insideVariable, to, os.Geteuid(), os.Getegid()))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC,
		AmbientCaps: needed,
		Pdeathsig:   syscall.SIGKILL,
	}
	return cmd
}

// becomeRoot makes this process root of its user namespace, which is the user and group of
// these ids outside (user_namespaces(7)).
func becomeRoot(ids string) error {
	uid, gid, _ := strings.Cut(ids, " ")
	for _, file := range []struct{ name, text string }{{"uid_map", "0 " + uid + " 1"}, {"setgroups", "deny"}, {"gid_map", "0 " + gid + " 1"}} {
		if err := os.WriteFile("/proc/self/"+file.name, []byte(file.text), 0); err != nil {
			return fmt.Errorf("user namespace: %w", err)
		}
	}
	return nil
}

// exitCode is that of a process, as a shell has it.
func exitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return s.ExitCode()
}

// inside runs as the first process of the cage's namespaces. The kernel ends all others
// of them with it.
func inside(ids string, program io.Reader, args []string) (code int, err error) {
	// What is given up below is the thread's, and its child's.
	runtime.LockOSThread()
	if err := becomeRoot(ids); err != nil {
		return Uncaged, i18n.Errmsg("class.program.uncaged", "Cause", i18n.Original(err))
	}
	path, dir, err := build(program)
	if err != nil {
		return Uncaged, i18n.Errmsg("class.program.uncaged", "Cause", i18n.Original(err))
	}
	if err := giveUp(); err != nil {
		return Uncaged, i18n.Errmsg("class.program.uncaged", "Cause", i18n.Original(err))
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	err = cmd.Run()
	switch _, ended := errors.AsType[*exec.ExitError](err); {
	case errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.ENOENT): // ENOENT: of its interpreter
		return notExecutable, i18n.Errmsg("class.program.format")
	case err != nil && !ended:
		return notExecutable, err
	}
	if code = exitCode(cmd.ProcessState); code == Uncaged {
		code = notExecutable
	}
	return code, nil
}

// giveUp takes every privilege from the thread and bounds the process.
func giveUp() error {
	for resource, most := range map[int]uint64{
		unix.RLIMIT_DATA: maxData, unix.RLIMIT_CPU: maxSeconds, unix.RLIMIT_NPROC: maxProcesses,
		unix.RLIMIT_NOFILE: maxOpen, unix.RLIMIT_FSIZE: maxFiles, unix.RLIMIT_CORE: 0,
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return err
		}
		most = min(most, now.Max)
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("bound resource %d: %w", resource, err)
		}
	}
	for capability := uintptr(0); ; capability++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) && capability > 0 {
			break // there are no more
		}
		if err != nil {
			return fmt.Errorf("drop capability %d: %w", capability, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	var none [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("give capabilities up: %w", err)
	}
	return nil
}
