//go:build linux

package cli

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/require"
)

// killedRuns is how often each backend is killed.
func killedRuns() int { return require.Many(5, 20) }

// vanish is how long whatever a killed run made may take to be gone, while other
// tests keep the daemon busy.
const vanish = time.Minute

// runVariable is in the environment of a run and of the processes that it starts
// on this machine. Programs on hosts have the lab's environment.
const runVariable = "WIRELAB_TEST_RUN"

// kill -9 of `wirelab run` at any moment leaves nothing, and what somebody else
// made, under names like ours, is not touched.
func TestKilledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	program := wirelab(t)
	for _, b := range backends() {
		t.Run(b.Name(), func(t *testing.T) {
			requireBackend(t, b.Name())
			untouched := somebodyElses(t, b.Name())
			longest := howLong(t, program, b.Name())
			// A few at a time: each must not touch what is the others', either.
			moments := make(chan time.Duration)
			var runs sync.WaitGroup
			for range 4 {
				runs.Go(func() {
					dir := t.TempDir()
					for after := range moments {
						if err := killOne(t.Context(), dir, program, b.Name(), after); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for range killedRuns() {
				moments <- time.Duration(rand.Int64N(int64(longest)))
			}
			close(moments)
			runs.Wait()
			untouched(t)
		})
	}
}

// howLong measures a run, so that the kills fall into every part of one.
func howLong(t *testing.T, program, backend string) time.Duration {
	t.Helper()
	began := time.Now()
	_, stderr, code := command(t, program, "run", "--backend", backend, "-o", t.TempDir(), "ping")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return time.Since(began)
}

// killOne kills a run and waits until nothing of it is left.
func killOne(ctx context.Context, dir, program, backend string, after time.Duration) error {
	id := runID()
	own := filepath.Join(dir, id)
	if err := copyFile(own, program); err != nil {
		return err
	}
	defer os.Remove(own)
	cmd := exec.Command(own, "run", "--backend", backend, "-o", dir, "ping")
	cmd.Env = append(os.Environ(), runVariable+"="+id)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	time.Sleep(after) // the random moment
	cmd.Process.Signal(syscall.SIGKILL)
	cmd.Wait()
	for deadline := time.Now().Add(vanish); ; time.Sleep(50 * time.Millisecond) {
		// A network namespace, and the links in it, live as long as a process
		// in it: the run makes none outside.
		left := processesOf(id)
		var err error
		if backend == "docker" && len(left) == 0 {
			left, err = objectsOf(ctx, cmd.Process.Pid)
		}
		if err != nil || len(left) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("killed after %v, %v later there are still: %q\n%s", after, vanish, left, &stderr)
		}
	}
}

// copyFile makes a program that is another file.
func copyFile(to, from string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	binary, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, binary, 0o755)
}

// processesOf lists the processes of a run: the programs on its hosts by the
// run's own program file, every other by the variable in its environment.
func processesOf(id string) (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		env, _ := os.ReadFile(f)
		program, _ := os.Readlink(filepath.Join(filepath.Dir(f), "exe"))
		if !bytes.Contains(env, []byte(runVariable+"="+id)) && !strings.Contains(program, id) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
		found = append(found, filepath.Base(filepath.Dir(f))+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
	}
	return found
}

// objectsOf lists what Docker has of the runs of a process, whose id is in the
// label that everything of a run carries.
func objectsOf(ctx context.Context, pid int) (found []string, err error) {
	for _, kind := range []string{"container", "network", "volume", "image"} {
		list := []string{kind, "ls", "-q", "--filter", "label=wirelab.owner"}
		if kind == "container" || kind == "image" {
			list = append(list, "-a")
		}
		out, err := exec.CommandContext(ctx, "docker", list...).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("docker %s: %w: %s", list, err, out)
		}
		for _, id := range strings.Fields(string(out)) {
			// Other tests' objects come and go meanwhile: an error is one that went.
			labels, err := exec.CommandContext(ctx, "docker", kind, "inspect", id).Output()
			if err == nil && bytes.Contains(labels, fmt.Appendf(nil, "/%d/", pid)) {
				found = append(found, kind+" "+id)
			}
		}
	}
	return found, nil
}

// somebodyElses makes a bridge, or a Docker network, whose name could be ours,
// and returns the check that it is still there. Making a bridge needs root.
func somebodyElses(t *testing.T, backend string) (check func(*testing.T)) {
	t.Helper()
	name := "wl" + runID()[:8]
	var create, show, remove []string
	switch {
	case backend == "docker":
		create = []string{"docker", "network", "create", "--label", "wirelab=mine", name}
		show = []string{"docker", "network", "inspect", name}
		remove = []string{"docker", "network", "rm", name}
	case os.Geteuid() == 0:
		create = []string{"ip", "link", "add", name, "type", "bridge"}
		show = []string{"ip", "link", "show", name}
		remove = []string{"ip", "link", "del", name}
	default:
		return func(*testing.T) {} // an ordinary user's run cannot touch a bridge
	}
	do := func(args []string) error {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", args, err, out)
		}
		return nil
	}
	if err := do(create); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := do(remove); err != nil {
			t.Error(err)
		}
	})
	return func(t *testing.T) {
		t.Helper()
		if err := do(show); err != nil {
			t.Errorf("somebody else's %s is gone: %v", name, err)
		}
	}
}
