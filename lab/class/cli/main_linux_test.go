package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/class"
	"wirelab/lab/class/classtest"
	"wirelab/lab/class/grades"
	"wirelab/lab/experiments"
	"wirelab/lab/netns"
	"wirelab/lab/script"
)

// Most of the time a lab is waited for: a program that says nothing is given its ten seconds
// three times.
func TestMain(m *testing.M) {
	require.Parallel(8)
	m.Run()
}

// program returns wirelab as people run it, where labs can run.
func program(t *testing.T) string {
	t.Helper()
	if err := (netns.Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, netns.Name, err)
	}
	path, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, program string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "WIRELAB_LANG=en")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exited.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), code
}

// captured is the capture of a run of tcp-once with a seed.
func captured(t *testing.T) func(seed string) ([]byte, error) {
	return func(seed string) ([]byte, error) {
		e, err := experiments.FindSeeded("tcp-once", seed)
		if err != nil {
			return nil, err
		}
		o, err := script.Run(t.Context(), netns.Backend{}, e, nil)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = o.Recording.Write(&b)
		return b.Bytes(), err
	}
}

// Students hand in what students hand in, and each gets what it is worth.
func TestInventedCourse(t *testing.T) {
	t.Parallel()
	wirelab := program(t)
	students, err := classtest.Students(require.Many(classtest.Kinds, 30), captured(t))
	if err != nil {
		t.Fatal(err)
	}
	if !require.Required("long") {
		// The lab waits three times ten seconds for a program that is ready and does not say
		// the word.
		for _, s := range students {
			if talk := s.Work["talk"]; talk.Want == "fail" && bytes.Contains(talk.Text, []byte("ready")) {
				s.Work["talk"] = classtest.Submission{Want: "missing"}
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "course")
	if err := classtest.Write(dir, students); err != nil {
		t.Fatal(err)
	}
	// Captures of a neighbour's seed stay inconclusive, and so do those that are cut.
	if _, errs, code := run(t, wirelab, "class", "run", dir); code != exit.Inconclusive {
		t.Fatalf("run: exit code %d\n%s", code, errs)
	}
	out, errs, code := run(t, wirelab, "class", "report", dir, "--json")
	if code != 0 {
		t.Fatalf("report: exit code %d\n%s", code, errs)
	}
	var doc grades.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Students) != len(students) {
		t.Fatalf("%d students, want %d", len(doc.Students), len(students))
	}
	for i, s := range doc.Students {
		for _, w := range s.Work {
			sub := students[i].Work[w.Experiment]
			if string(w.State) != sub.Want {
				t.Errorf("%s %s (%s, %.40q): %s, want %s", s.ID, w.Experiment, sub.File, sub.Text, w.State, sub.Want)
			}
			if (w.Score == nil) != (sub.Want == "inconclusive") {
				t.Errorf("%s %s: score %v of a work that is %s", s.ID, w.Experiment, w.Score, sub.Want)
			}
		}
	}
	if _, err := os.Stat("/tmp/wirelab-was-here"); err == nil {
		t.Error("the script of a student was carried out")
	}
	table, _, _ := run(t, wirelab, "class", "report", dir)
	if strings.ContainsAny(table, "\x1b\x07") || !strings.Contains(table, "s02 (tcp-once)") {
		t.Errorf("the table acts on a terminal, or does not list whose grade is open:\n%s", table)
	}
	tells(t, filepath.Join(dir, class.ReportFolder), dir)
	for _, name := range []string{"report.html", "report.zh-TW.html", "students/s01.html", "students.zh-TW/s05.html", "results.csv", "grades.csv"} {
		text, err := os.ReadFile(filepath.Join(dir, class.ReportFolder, name))
		if err != nil || bytes.Contains(text, []byte("<script")) && strings.HasSuffix(name, ".html") {
			t.Errorf("%s: %v, or a script in it", name, err)
		}
	}
}

// tells checks that the reports, which students get, do not tell where the course lies.
func tells(t *testing.T, reports, dir string) {
	t.Helper()
	err := filepath.WalkDir(reports, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if at := bytes.Index(text, []byte(dir)); at >= 0 {
			t.Errorf("%s tells where the course lies: %.200s", path, text[max(0, at-100):])
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// many writes a course of labs alone.
func many(t *testing.T, students string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		class.ConfigFile: "[[experiment]]\nname='ping'\n[[experiment]]\nname='tcp-once'\n",
		class.RosterFile: "id\n" + students,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// results counts the results in a course's folder, and refuses one that is not whole.
func results(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, class.ResultFolder, "*", "*", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := class.ReadResult(f); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		f.Close()
	}
	return len(files)
}

// However a run ends, its folder has whole results alone, nothing of it runs any more,
// and the next run completes it.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	wirelab := program(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			dir := many(t, "s1\ns2\ns3\ns4\ns5\ns6\n")
			cmd := exec.Command(wirelab, "class", "run", dir, "--json-stream")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			// Every lab has the pipe: its end is that of all.
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			cmd.Stderr = writer
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			events := json.NewDecoder(out)
			for seen := 0; seen < 2; {
				var e event
				if err := events.Decode(&e); err != nil {
					t.Fatalf("after %d results: %v", seen, err)
				}
				if e.Kind == "result" {
					seen++
				}
			}
			if _, _, code := run(t, wirelab, "class", "clean", dir); code != exit.Unable {
				t.Errorf("clean while a run is at work: exit code %d, want %d", code, exit.Unable)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				b := make([]byte, 4096)
				for {
					if _, err := reader.Read(b); err != nil {
						return
					}
				}
			}()
			select {
			case <-ended:
			case <-time.After(30 * time.Second):
				t.Error("something of the run still has its standard error, 30 s after the signal")
			}
			err = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); signal == syscall.SIGINT && code != exit.Interrupted {
				t.Errorf("exit code %d (%v), want %d", code, err, exit.Interrupted)
			}
			if n := results(t, dir); n < 2 || n > 12 {
				t.Errorf("%d results, want those that were told of", n)
			}
			if _, errs, code := run(t, wirelab, "class", "resume", dir); code != 0 || results(t, dir) != 12 {
				t.Errorf("resume: exit code %d, %d results of 12\n%s", code, results(t, dir), errs)
			}
		})
	}
}

// A run is ended from another terminal.
func TestCancel(t *testing.T) {
	t.Parallel()
	wirelab := program(t)
	dir := many(t, "s1\ns2\ns3\ns4\ns5\ns6\n")
	cmd := exec.Command(wirelab, "class", "run", dir, "--json-stream")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var e event
	if err := json.NewDecoder(out).Decode(&e); err != nil || e.Kind != "begin" || e.Jobs != 12 {
		t.Fatalf("%+v, %v", e, err)
	}
	if said, errs, code := run(t, wirelab, "class", "cancel", dir); code != 0 || !strings.Contains(said, "has ended") {
		t.Errorf("cancel: exit code %d, %s%s", code, said, errs)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exit.Interrupted {
		t.Errorf("the run ends with %d, want %d", code, exit.Interrupted)
	}
	if said, _, code := run(t, wirelab, "class", "cancel", dir); code != 0 || !strings.Contains(said, "nothing runs") {
		t.Errorf("cancel of nothing: exit code %d, %s", code, said)
	}
}
