package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"wirelab/internal/require"
	"wirelab/lab"
)

// The lab ends with the context that it was brought up with.
func TestContextEndsLab(t *testing.T) {
	cli := daemon(t)
	ctx, cancel := context.WithCancel(t.Context())
	n, err := (&Backend{}).Up(ctx, lab.DefaultTopology)
	if err != nil {
		t.Fatal(err)
	}
	id := n.(*ownNetwork).run.id
	cancel()
	eventually(t, 15*time.Second, "context ended", func() []string {
		return remaining(t, cli, func(l map[string]string) bool { return l[runLabel] == id })
	})
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// A lab that is cut off while it comes up leaves nothing when Up returns.
func TestInterruptedUp(t *testing.T) {
	cli := daemon(t)
	self, err := thisProcess()
	if err != nil {
		t.Fatal(err)
	}
	for range require.Many(1, 3) {
		after := rand.N(2 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), after)
		n, err := (&Backend{}).Up(ctx, lab.DefaultTopology)
		cancel()
		if err == nil {
			n.Close()
		}
		if left := remaining(t, cli, func(l map[string]string) bool { return l[ownerLabel] == self.String() }); len(left) > 0 {
			t.Errorf("cut off after %v (%v): %v", after, err, left)
		}
	}
}

// However a process ends, nothing of its lab is left; what the user made is.
func TestKilled(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skipf("processes are found in /proc: %v", err)
	}
	cli := daemon(t)
	const name = "wirelab-aaaaaaaaaaaa" // as a run would call it
	users, err := cli.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{
		Driver: "bridge", Options: map[string]string{"com.docker.network.bridge.name": "wlaaaaaaaaaaaa"},
		Labels: map[string]string{"wirelab.mine": "yes"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cli.NetworkRemove(context.Background(), users.ID, client.NetworkRemoveOptions{})

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i := range require.Many(1, 5) {
		mark, temp := fmt.Sprintf("%d-%d", os.Getpid(), i), t.TempDir()
		after := rand.N(5 * time.Second)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), victimVariable+"="+mark, "TMPDIR="+temp)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if _, err := cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		select {
		case <-time.After(after):
		case err := <-exited:
			t.Fatalf("the process ended before it was killed: %v: %s", err, &said)
		}
		cmd.Process.Kill()
		<-exited
		t.Logf("killed after %v, had said %q", after.Round(time.Millisecond), &said)
		eventually(t, 15*time.Second, fmt.Sprintf("killed after %v", after), func() []string {
			left := remaining(t, cli, func(l map[string]string) bool {
				o, _ := parseOwner(l[ownerLabel])
				return o.pid == cmd.Process.Pid
			})
			files, err := filepath.Glob(filepath.Join(temp, "*"))
			if err != nil {
				t.Fatal(err)
			}
			return slices.Concat(left, files, processesWith(t, victimVariable+"="+mark))
		})
	}
	if _, err := cli.NetworkInspect(t.Context(), users.ID, client.NetworkInspectOptions{}); err != nil {
		t.Errorf("the user's own network: %v", err)
	}
}

// processesWith lists the processes whose environment has a variable.
func processesWith(t *testing.T, variable string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		environ, err := os.ReadFile(f)
		if err == nil && slices.Contains(strings.Split(string(environ), "\x00"), variable) {
			found = append(found, "process "+f)
		}
	}
	return found
}

// A paused container stays no more than another: not at the end of its own run,
// and not when its owner died and another lab sweeps.
func TestPausedContainer(t *testing.T) {
	cli := daemon(t)
	n := up(t)
	orphan := fmt.Sprintf("%06xfffffe", os.Getpid()&0xffffff)
	r := &run{cli: n.run.cli, id: orphan, labels: map[string]string{runLabel: orphan, ownerLabel: deadOwner(t).String()}}
	if err := r.buildImage(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := spec{name: "orphan", args: []string{"hold"}, user: nobody}
	id, err := r.create(t.Context(), s)
	if err == nil {
		err = r.start(t.Context(), s, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{id, n.hosts["client1"].id} {
		if _, err := cli.ContainerPause(t.Context(), id, client.ContainerPauseOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	self, err := thisProcess()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), closeWithin)
	defer cancel()
	if err := errors.Join(sweep(ctx, cli, self), n.Close()); err != nil {
		t.Error(err)
	}
	if left := remaining(t, cli, func(l map[string]string) bool { return l[runLabel] == orphan || l[runLabel] == n.run.id }); len(left) > 0 {
		t.Error(left)
	}
}

// deadOwner is a process of this machine that has ended.
func deadOwner(t *testing.T) owner {
	t.Helper()
	self, err := thisProcess()
	if err != nil {
		t.Fatal(err)
	}
	if self.machine == "" {
		t.Skip("this machine has no name: /etc/machine-id")
	}
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	self.pid, self.start = ended.Process.Pid, 1
	return self
}

// sweep removes the runs of the dead, and only those.
func TestSweep(t *testing.T) {
	cli := daemon(t)
	self, err := thisProcess()
	if err != nil {
		t.Fatal(err)
	}
	dead, rebooted, elsewhere := deadOwner(t), self, self
	rebooted.boot = "00000000-0000-0000-0000-000000000000"
	elsewhere.machine = "ffffffffffffffffffffffffffffffff"
	for i, tt := range []struct {
		name  string
		owner owner
		stays bool
	}{
		{"alive", self, true},
		{"dead", dead, false},
		{"before a reboot", rebooted, false},
		{"another machine's", elsewhere, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := fmt.Sprintf("%06x%06x", os.Getpid()&0xffffff, i)
			created, err := cli.NetworkCreate(t.Context(), "wirelab-"+id, client.NetworkCreateOptions{
				Driver:  "bridge",
				Options: map[string]string{"com.docker.network.bridge.name": "wl" + id},
				Labels:  map[string]string{runLabel: id, ownerLabel: tt.owner.String()},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer cli.NetworkRemove(context.Background(), created.ID, client.NetworkRemoveOptions{})
			if err := sweep(t.Context(), cli, self); err != nil {
				t.Fatal(err)
			}
			left := remaining(t, cli, func(l map[string]string) bool { return l[runLabel] == id })
			if stays := len(left) > 0; stays != tt.stays {
				t.Errorf("stays = %s, want %s", strconv.FormatBool(stays), strconv.FormatBool(tt.stays))
			}
		})
	}
}
