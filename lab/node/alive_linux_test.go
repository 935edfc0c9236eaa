package node

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"wirelab/lab/agent"
)

// Programs of the lab end, with what they have started, and no others.
func TestEndPrograms(t *testing.T) {
	start := func(id string) *exec.Cmd {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "sleep 1000; true")
		cmd.Env = append(os.Environ(), agent.Variable+"="+id)
		must(t, cmd.Start())
		return cmd
	}
	ours, theirs := start("LAB1-client1-1"), start("LAB2-client1-1")
	defer theirs.Wait()
	defer endPrograms("LAB2-")
	endPrograms("LAB1-")
	if err := ours.Wait(); ours.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the lab's program: %v, want it killed", err)
	}
	for id, want := range map[string]bool{"LAB1-client1-1": false, "LAB2-client1-1": true} {
		// The error is of other processes, at which root may not look everywhere.
		if got, err := alive(id); got != want {
			t.Errorf("alive %s: %v, %v; want %v", id, got, err, want)
		}
	}
}
