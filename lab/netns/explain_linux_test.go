package netns

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/wire"
)

// limitVariable makes the test binary a process that sets a limit of its own
// user namespace, "user/max_net_namespaces=2", and says why no lab came up.
const limitVariable = "WIRELAB_TEST_LIMIT"

func TestMain(m *testing.M) {
	if limit := os.Getenv(limitVariable); limit != "" {
		os.Exit(limited(limit))
	}
	os.Exit(m.Run())
}

func limited(limit string) int {
	os.Unsetenv(limitVariable)
	name, value, _ := strings.Cut(limit, "=")
	err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	if err == nil {
		_, err = Backend{}.up(context.Background(), lab.DefaultTopology, "/nonexistent/wirelab")
	}
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		fmt.Printf("%s\n%s\n", u.Cause, i18n.Lines(lang.English, u.Advice))
		return 0
	}
	fmt.Println("no *lab.Unavailable:", err)
	return 0
}

// Which limit is reached is said, though the kernel's error is the same for
// all.
func TestExplainLimits(t *testing.T) {
	if err := (Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, Name, err)
	}
	for _, test := range []struct{ limit, want string }{
		{"user/max_user_namespaces=0", "user namespaces are switched off: user.max_user_namespaces is 0"},
		{"user/max_mnt_namespaces=0", "mount namespaces are switched off: user.max_mnt_namespaces is 0"},
		{"user/max_pid_namespaces=0", "PID namespaces are switched off: user.max_pid_namespaces is 0"},
		{"user/max_net_namespaces=0", "network namespaces are switched off: user.max_net_namespaces is 0"},
		{"user/max_net_namespaces=3", "no more network namespaces can be made: user.max_net_namespaces is 3"},
	} {
		t.Run(test.limit, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
			cmd.Env = append(os.Environ(), limitVariable+"="+test.limit)
			// As an ordinary user in a namespace of its own, whose limits it may set.
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  unix.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Geteuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getegid(), Size: 1}},
				AmbientCaps: []uintptr{unix.CAP_SYS_RESOURCE},
			}
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, &said)
			}
			sysctl, _, _ := strings.Cut(strings.ReplaceAll(test.limit, "/", "."), "=")
			if !strings.HasPrefix(said.String(), test.want+" ") || !strings.Contains(said.String(), "sudo sysctl -w "+sysctl+"=") {
				t.Errorf("said %q; want %q and how to raise it", &said, test.want)
			}
		})
	}
}

// A machine that is too busy lacks nothing.
func TestExplain(t *testing.T) {
	busy := explain(told(fmt.Errorf("3 of 4 ports are up: %w", context.DeadlineExceeded)))
	if _, ok := errors.AsType[*lab.Unavailable](busy); ok || !lab.Busy(busy) || !strings.Contains(busy.Error(), "too busy") {
		t.Errorf("a timeout: %v", busy)
	}
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.ENOSPC} {
		if refused := explain(told(errno)); lab.Busy(refused) {
			t.Errorf("a refusal is taken for a passing one: %v", refused)
		}
	}
	if died := explain(&diedError{"signal: killed", ""}); !lab.Busy(died) {
		t.Errorf("a lab that was killed is taken for a refusal: %v", died)
	}
	for _, err := range []error{
		&os.PathError{Op: "fork/exec", Path: "/proc/self/exe", Err: syscall.EAGAIN},
		&diedError{"exit status 2", "runtime: failed to create new OS thread (have 2 already; errno=11)"},
	} {
		u, ok := errors.AsType[*lab.Unavailable](explain(err))
		if !ok || !lab.Busy(u) || !strings.HasPrefix(u.Cause.String(), "no more processes can be started") {
			t.Errorf("%v: %v", err, u)
		}
	}
}

// However few processes a user may have, a run ends by itself and says why: the
// lab process, or a program on a host, may die at any moment.
func TestTooFewProcesses(t *testing.T) {
	if err := (Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, Name, err)
	}
	program := programForAll(t)
	limits := make(chan int)
	var runs sync.WaitGroup
	for range 2 {
		runs.Go(func() {
			for limit := range limits {
				if err := runWith(t.Context(), t.TempDir(), program, limit); err != nil {
					t.Error(err)
				}
			}
		})
	}
	step := require.Many(4, 1)
	for limit := 8; limit <= 64; limit += step {
		if limit == 24 { // what comes now dies on the hosts
			step = require.Many(10, 4)
		}
		limits <- limit
	}
	close(limits)
	runs.Wait()
}

// programForAll returns a wirelab program that every user may execute.
func programForAll(t *testing.T) string {
	t.Helper()
	path, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path = filepath.Join(dir, "wirelab")
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(path, binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	return path
}

// runWith runs an experiment as a user who may have so many processes.
func runWith(ctx context.Context, dir, program string, limit int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	script := fmt.Sprintf(`ulimit -u %[1]d 2>/dev/null || ulimit -p %[1]d; exec "$0" run --backend netns -o "$1" ping`, limit)
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script, program, dir)
	cmd.Dir = "/"
	if os.Geteuid() == 0 { // for whom no limit holds
		uid := 54321 + limit // the limit counts all processes of a user
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, uid, uid)); err != nil {
			return err
		}
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("%d processes: it hangs; it said %s", limit, &said)
	}
	if err != nil && !whyTooFew.Match(said.Bytes()) {
		return fmt.Errorf("%d processes: %w without its cause: %s", limit, err, &said)
	}
	return nil
}

// whyTooFew is the cause as wirelab, Go's runtime or the shell says it; of a
// program on a host the last lines of what it printed are shown.
var whyTooFew = regexp.MustCompile("no more processes can be started|failed to create new OS thread|pthread_create failed|increase max user processes|resource temporarily unavailable|ot fork|exit code 2")

// A lab process that dies under a command or an agent is its end, with the cause.
func TestDeathOfLabProcess(t *testing.T) {
	n := up(t).(*network)
	p, err := n.Host("client1").Start(t.Context(), lab.Cmd{Args: []string{"/bin/sleep", "1000"}})
	if err != nil {
		t.Fatal(err)
	}
	questions, answers, err := n.Host("client1").(lab.AgentHost).StartAgent(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer questions.Close()
	defer answers.Close()
	ready := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(answers, ready); err != nil || string(ready) != "ready\n" {
		t.Fatalf("the agent says %q, %v", ready, err)
	}
	n.words.mu.Lock()
	n.words.forward = io.Discard
	n.words.mu.Unlock()
	n.process.Process.Signal(syscall.SIGABRT) // upon which Go's runtime says so and dies
	if _, err := p.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "SIGABRT") {
		t.Errorf("error %v, want the cause", err)
	}
	if said, err := io.ReadAll(answers); len(said) > 0 || err == nil || !strings.Contains(err.Error(), "SIGABRT") {
		t.Errorf("the agent says %q and ends with %v, want the cause", said, err)
	}
	if _, err := n.Host("client1").Start(t.Context(), lab.Cmd{Args: []string{"/bin/true"}}); err == nil || !strings.Contains(err.Error(), "SIGABRT") {
		t.Errorf("error %v, want the cause", err)
	}
}

// told is an error as the lab process tells it.
func told(err error) error {
	r := wire.Refuse(err)
	return &r
}
