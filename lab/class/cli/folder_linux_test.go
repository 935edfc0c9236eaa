package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/lab"
	"wirelab/lab/class"
	"wirelab/lab/class/seccomp"
	"wirelab/lab/report"
)

// built returns wirelab as people run it, for what needs no lab.
func built(t *testing.T) string {
	t.Helper()
	path, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// statusOf reads what class status says of a course.
func statusOf(t *testing.T, wirelab, dir string) (s state) {
	t.Helper()
	out, errs, code := run(t, wirelab, "class", "status", dir, "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != 0 {
		t.Fatalf("status: exit code %d, %v\n%s%s", code, err, out, errs)
	}
	return s
}

// A new course can be run as it is, is never written over, and says how far it is without
// changing anything; clean removes what runs and reports have written and nothing else.
func TestNewStatusClean(t *testing.T) {
	t.Parallel()
	wirelab := built(t)
	dir := filepath.Join(t.TempDir(), "networks 1")
	out, errs, code := run(t, wirelab, "class", "new", dir)
	if code != 0 || !strings.Contains(out, "class run '"+dir+"'") {
		t.Fatalf("new: exit code %d\n%s%s", code, out, errs)
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatalf("a new course: %v", err)
	}
	if c.Name != "networks 1" || len(c.Students) != 2 || len(c.Experiments) == 0 {
		t.Errorf("%s has %d students and %d experiments", c.Name, len(c.Students), len(c.Experiments))
	}
	if _, errs, code := run(t, wirelab, "class", "new", dir); code != exit.Usage || !strings.Contains(errs, class.ConfigFile) {
		t.Errorf("new where a course is: exit code %d, want %d\n%s", code, exit.Usage, errs)
	}
	before := tree(t, dir)
	s := statusOf(t, wirelab, dir)
	jobs, missing := c.Jobs()
	if s.Running || s.Students != 2 || s.Jobs != len(jobs) || s.Missing != len(missing) || s.Done != 0 || s.Left != len(jobs) {
		t.Errorf("status %+v; there are %d jobs and %d missing", s, len(jobs), len(missing))
	}
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("status has changed the folder: %q, before %q", after, before)
	}
	if said, errs, code := run(t, wirelab, "class", "clean", dir); code != 0 || !strings.Contains(said, "as it was") {
		t.Errorf("clean of what has no results: exit code %d\n%s%s", code, said, errs)
	}
	for _, name := range []string{"results/alice/ping/result.json", "report/report.html", "report/students/alice.html", "submissions/alice/mine.txtar", "notes/mine.txt"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := c.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if s := statusOf(t, wirelab, dir); !s.Running || s.PID != os.Getpid() {
		t.Errorf("status while process %d is at work: %+v", os.Getpid(), s)
	}
	if _, errs, code := run(t, wirelab, "class", "clean", dir); code != exit.Unable || !strings.Contains(errs, "works on") {
		t.Errorf("clean while a process is at work: exit code %d, want %d\n%s", code, exit.Unable, errs)
	}
	unlock()
	if _, errs, code := run(t, wirelab, "class", "clean", dir); code != 0 {
		t.Errorf("clean: exit code %d\n%s", code, errs)
	}
	left := tree(t, dir)
	for _, name := range []string{"submissions/alice/mine.txtar", "notes/mine.txt", class.ConfigFile, class.RosterFile} {
		if !slices.Contains(left, name) {
			t.Errorf("clean has removed %s", name)
		}
	}
	for _, name := range left {
		if strings.HasPrefix(name, "report/") || strings.HasPrefix(name, "results/") {
			t.Errorf("clean has left %s", name)
		}
	}
	for _, command := range []string{"status", "clean", "report", "run", "cancel"} {
		if _, errs, code := run(t, wirelab, "class", command, t.TempDir()); code != exit.Usage || !strings.Contains(errs, "class new") {
			t.Errorf("%s of a folder that is no course: exit code %d, want %d\n%s", command, code, exit.Usage, errs)
		}
	}
}

// tree is the names of all files below a folder, sorted.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Clean follows no link out of the course.
func TestCleanFollowsNoLink(t *testing.T) {
	wirelab := built(t)
	dir, elsewhere := many(t, "s1\n"), t.TempDir()
	kept := filepath.Join(elsewhere, "kept")
	if err := os.WriteFile(kept, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, class.ReportFolder)); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := run(t, wirelab, "class", "clean", dir); code != 0 {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

// The profile for pods is printed as it is, and installed where a kubelet looks for it.
func TestSeccompCommand(t *testing.T) {
	wirelab := built(t)
	if out, errs, code := run(t, wirelab, "class", "seccomp"); code != 0 || out != string(seccomp.Profile) {
		t.Errorf("exit code %d, %d bytes of %d\n%s", code, len(out), len(seccomp.Profile), errs)
	}
	dir := t.TempDir()
	out, errs, code := run(t, wirelab, "class", "seccomp", "--install", dir)
	want := filepath.Join(dir, seccomp.Name)
	if got, err := os.ReadFile(want); code != 0 || strings.TrimSpace(out) != want || err != nil || string(got) != string(seccomp.Profile) {
		t.Errorf("install: exit code %d, said %q, %v\n%s", code, out, err, errs)
	}
	if _, _, code := run(t, wirelab, "class", "seccomp", "--install", want); code != exit.Unable {
		t.Errorf("install into a file: exit code %d, want %d", code, exit.Unable)
	}
}

// jobFile writes the job document of a student of a course.
func jobFile(t *testing.T, job class.Job) string {
	t.Helper()
	whole, err := job.Whole()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(t.TempDir(), "job")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := report.EncodeJSON(f, whole); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
