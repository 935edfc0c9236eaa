package cli

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/require"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/netns"
)

// jobsOf writes a course of one student, where the files have no other roster, and returns
// its jobs.
func jobsOf(t *testing.T, config string, files map[string]string) []class.Job {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{class.ConfigFile: config, class.RosterFile: "id\ns1\n"}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	jobs, missing := c.Jobs()
	if len(missing) > 0 {
		t.Fatalf("missing %v", missing)
	}
	return jobs
}

func result(t *testing.T, out string) class.Result {
	t.Helper()
	r, err := class.ReadResult(strings.NewReader(out))
	if err != nil {
		t.Fatalf("%v: %.200q", err, out)
	}
	return r
}

// What a worker's exit code says is whether somebody should try again, and where: a verdict
// is what was asked for, whatever it says.
func TestWorkerExitCodes(t *testing.T) {
	t.Parallel()
	wirelab := built(t)
	file := "submission='capture'\n"
	job := jobsOf(t, "[[experiment]]\nname='tcp-once'\n"+file, map[string]string{"submissions/s1/tcp-once.pcap": "no capture"})[0]
	path := jobFile(t, job)
	out, errs, code := run(t, wirelab, "class", "worker", path)
	if r := result(t, out); code != exit.OK || r.Status != class.Done || r.Verdict() != claim.Fail || r.Key() != job.Key() {
		t.Errorf("a wrong submission: exit code %d, %s, %s\n%s", code, r.Status, r.Verdict(), errs)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if _, errs, code := run(t, wirelab, "class", "worker", path, "-o", dir); code != exit.OK {
		t.Errorf("with a folder: exit code %d\n%s", code, errs)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "result.json")); err != nil || result(t, string(b)).Key() != job.Key() {
		t.Errorf("the result in the folder: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"half a job": string(b[:len(b)/2]), "another submission": strings.Replace(string(b), job.Digest, strings.Repeat("0", 64), 1), "nothing": "",
	} {
		wrong := filepath.Join(t.TempDir(), "job")
		if err := os.WriteFile(wrong, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, errs, code := run(t, wirelab, "class", "worker", wrong); code != exit.Usage || errs == "" {
			t.Errorf("%s: exit code %d, want %d\n%s", name, code, exit.Usage, errs)
		}
	}
	if _, _, code := run(t, wirelab, "class", "worker", path, "-o", path); code != exit.TryAgain {
		t.Errorf("a result that cannot be written: exit code %d, want %d", code, exit.TryAgain)
	}
}

// A machine that lets no lab run is refused, and not tried again.
func TestWorkerRefused(t *testing.T) {
	t.Parallel()
	wirelab := program(t)
	path := jobFile(t, jobsOf(t, "[[experiment]]\nname='ping'\n", nil)[0])
	forbidden := "echo 0 > /proc/sys/user/max_net_namespaces && exec \"$@\""
	out, errs, code := run(t, "unshare", "--user", "--map-root-user", "sh", "-c", forbidden, "sh", wirelab, "class", "worker", path)
	if out == "" {
		require.Missing(t, netns.Name, fmt.Sprintf("there is no user namespace to forbid labs in: %s", errs))
	}
	if r := result(t, out); code != exit.Refused || r.Status != class.Refused || r.Reason == nil {
		t.Errorf("exit code %d, want %d; %s, %v\n%s", code, exit.Refused, r.Status, r.Reason, errs)
	}
	dir := many(t, "s1\ns2\n")
	_, errs, code = run(t, "unshare", "--user", "--map-root-user", "sh", "-c", forbidden, "sh", wirelab, "class", "run", dir)
	if code != exit.Refused || !strings.Contains(errs, "doctor") || results(t, dir) != 0 {
		t.Errorf("class run: exit code %d, want %d; %d results, want none\n%s", code, exit.Refused, results(t, dir), errs)
	}
}

// A worker that is asked to end says that another should try.
func TestWorkerInterrupted(t *testing.T) {
	t.Parallel()
	wirelab := program(t)
	const never = "topology client1 server sniffer\nstart server chat serve --tcp :7000\nawait server what it never says\nsettle x\nexpect long.syn in x trace tcp\n-- long.syn --\nclient1 > server SYN acked\n"
	path := jobFile(t, jobsOf(t, "[[experiment]]\nname='long.txtar'\n", map[string]string{"long.txtar": never})[0])
	cmd := exec.Command(wirelab, "class", "worker", path)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	children := fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid)
	require.Eventually(t, 20*time.Second, func() bool {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cmd.Process.Pid))
		for _, task := range tasks {
			if b, err := os.ReadFile(task); err == nil && len(b) > 0 {
				return true
			}
		}
		return false
	}, func() string { return "a lab's process among " + children })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if r := result(t, out.String()); cmd.ProcessState.ExitCode() != exit.TryAgain || r.Status != class.Temporary {
		t.Errorf("exit code %d, want %d; %s (%v)", cmd.ProcessState.ExitCode(), exit.TryAgain, r.Status, r.Reason)
	}
}

// The captures of a class's labs are signed with the course's key, and tell whether they
// were altered; what a student has handed in is not signed.
func TestSignedCaptures(t *testing.T) {
	t.Parallel()
	wirelab := program(t)
	dir := many(t, "s1\n")
	if _, errs, code := run(t, wirelab, "class", "run", dir); code != 0 {
		t.Fatalf("run: exit code %d\n%s", code, errs)
	}
	if info, err := os.Stat(filepath.Join(dir, class.KeyFile)); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key: %v, %v; want a file that nobody else reads", info, err)
	}
	public := filepath.Join(dir, class.PublicFile)
	capture := filepath.Join(dir, class.ResultFolder, "s1/ping/ping.pcapng")
	check := func(file, key string) (string, int) {
		out, errs, code := run(t, wirelab, "check", "ping", file, "--signed", key)
		return out + errs, code
	}
	if said, code := check(capture, public); code != 0 || !strings.Contains(said, "as the lab wrote it") || !strings.Contains(said, "s1 ping") {
		t.Errorf("as it is: exit code %d\n%s", code, said)
	}
	b, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	altered := filepath.Join(t.TempDir(), "ping.pcapng")
	if err := os.WriteFile(altered, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if said, code := check(altered, public); code == 0 || !strings.Contains(said, "not as a lab of the course wrote it") {
		t.Errorf("one bit altered: exit code %d\n%s", code, said)
	}
	other := many(t, "s1\n")
	c, err := class.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Key(); err != nil {
		t.Fatal(err)
	}
	if said, code := check(capture, filepath.Join(other, class.PublicFile)); code == 0 || !strings.Contains(said, "another key") {
		t.Errorf("by another course's key: exit code %d\n%s", code, said)
	}
	// The same capture handed in by a student is kept as it is: its signature, if any, is
	// not renewed.
	handed := t.TempDir()
	for name, text := range map[string]string{class.ConfigFile: "[[experiment]]\nname='ping'\nsubmission='capture'\n", class.RosterFile: "id\ns1\n", "submissions/s1/ping.pcapng": string(b)} {
		path := filepath.Join(handed, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, wirelab, "class", "run", handed)
	if said, code := check(filepath.Join(handed, class.ResultFolder, "s1/ping/ping.pcapng"), filepath.Join(handed, class.PublicFile)); code == 0 {
		t.Errorf("a student's capture is signed by the course:\n%s", said)
	}
}
