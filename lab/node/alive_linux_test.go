package node

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"wirelab/lab/agent"
)

// newLab returns what the ids of a lab's programs begin with, which no other test on
// this machine has.
func newLab() string { return rand.Text() + "-" }

// Programs of the lab end, with what they have started, and no others.
func TestEndPrograms(t *testing.T) {
	lab1, lab2 := newLab(), newLab()
	start := func(id string) *exec.Cmd {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "sleep 1000; true")
		cmd.Env = append(os.Environ(), agent.Variable+"="+id)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		must(t, cmd.Start())
		return cmd
	}
	ours, theirs := start(lab1+"client1-1"), start(lab2+"client1-1")
	defer theirs.Wait()
	defer endPrograms(lab2)
	endPrograms(lab1)
	if err := ours.Wait(); ours.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the lab's program: %v, want it killed", err)
	}
	for id, want := range map[string]bool{lab1 + "client1-1": false, lab2 + "client1-1": true} {
		// The error is of other processes, at which root may not look everywhere.
		if got, err := alive(id, 0); got != want {
			t.Errorf("alive %s: %v, %v; want %v", id, got, err, want)
		}
	}
}

// A program that has ended is gone though what it has started lives; one that
// has another environment is alive.
func TestAlive(t *testing.T) {
	for _, test := range []struct {
		name, script string
		byID, byPID  bool
		left         bool
	}{
		{"it runs", "echo started; exec sleep 1000", true, true, true},
		{"its child runs", "sleep 1000 & echo started; kill -9 $$", false, false, true},
		{"without its environment", "exec env -i sh -c 'echo started; exec sleep 1000'", false, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := newLab() + strings.ReplaceAll(test.name, " ", "-")
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", test.script)
			cmd.Env = append(os.Environ(), agent.Variable+"="+id)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			defer cmd.Wait()
			defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_, err = out.Read(make([]byte, 9))
			must(t, err)
			check := func(pid int, want bool) {
				t.Helper()
				eventually(t, fmt.Sprintf("alive %d is %v", pid, want), func() bool {
					got, err := alive(id, pid)
					if pid != 0 { // the other error is of other processes
						must(t, err)
					}
					return got == want
				})
			}
			check(0, test.byID)
			check(cmd.Process.Pid, test.byPID)
			if got, err := left(id); err != nil || got != test.left {
				t.Errorf("left: %v, %v; want %v", got, err, test.left)
			}
		})
	}
}

// A process that becomes another program, again and again, is there all the time.
func TestLeftWhileItBecomesAnother(t *testing.T) {
	id := newLab() + "client1-1"
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `[ "$1" = 0 ] || exec /bin/sh -c "$0" "$0" $(($1 - 1)); exec sleep 1000`)
	cmd.Args = append(cmd.Args, cmd.Args[2], "1000")
	cmd.Env = append(os.Environ(), agent.Variable+"="+id)
	must(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	for range 40 {
		if got, err := left(id); err != nil || !got {
			t.Fatalf("left: %v, %v; want true", got, err)
		}
	}
}

// One that starts the next and ends, again and again, is there all the time.
func TestLeftWhileOneStartsTheNext(t *testing.T) {
	id := newLab() + "client1-1"
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `[ "$1" = 0 ] && exec sleep 1000; /bin/sh -c "$0" "$0" $(($1 - 1)) & exit`)
	cmd.Args = append(cmd.Args, cmd.Args[2], "800")
	cmd.Env = append(os.Environ(), agent.Variable+"="+id)
	must(t, cmd.Start())
	defer endPrograms(id)
	defer cmd.Wait()
	for range 40 {
		if got, err := left(id); err != nil || !got {
			t.Fatalf("left: %v, %v; want true", got, err)
		}
	}
}
