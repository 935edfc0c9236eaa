package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/require"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/class/classtest"
	"wirelab/lab/experiments"
	"wirelab/lab/netns"
)

// A job has the same verdicts where it is carried out and where its capture is judged: of
// every experiment that comes with wirelab, of predictions right and wrong, and of
// programs.
func TestOnlineAndOffline(t *testing.T) {
	t.Parallel()
	program(t)
	labs := require.Many(10, 200)
	config, of := "seeds = true\n", 0
	add := func(name, kind string) {
		config += fmt.Sprintf("[[experiment]]\nname = %q\nsubmission = %q\n", name, kind)
		of++
	}
	all, err := experiments.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		switch {
		case !e.Runs():
		case e.Name == "ping" || e.Name == "tcp-once":
			add(e.Name, string(class.Expectation))
		default:
			add(e.Name, string(class.Nothing))
		}
	}
	add("talk.txtar", string(class.Program))
	files := map[string]string{class.RosterFile: "id\n", "talk.txtar": classtest.Talk}
	for i := range max(1, labs/of) {
		id := fmt.Sprintf("s%03d", i)
		files[class.RosterFile] += id + "\n"
		folder := filepath.Join(class.SubmissionFolder, id)
		files[filepath.Join(folder, "talk.py")] = classtest.Client
		for _, name := range []string{"ping", "tcp-once"} {
			text, err := experiments.Source(name)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Join(folder, name+".txtar")] = prediction(string(text), i)
		}
	}
	jobs := jobsOf(t, config, files)
	statuses := map[claim.Status]int{}
	n := 0
	err = class.NewLocal(netns.Backend{}, 0).Run(t.Context(), jobs, func(j class.Job, r class.Result, files []class.File) error {
		n++
		if len(files) != 1 {
			t.Errorf("%s: %d files, %v", j.Key(), len(files), r.Reason)
			return nil
		}
		whole, err := j.Whole()
		if err != nil {
			return err
		}
		offline, _ := class.Carry(t.Context(), nil, whole.Judging(files[0].Data))
		again := offline.Claims()
		if len(again) != len(r.Claims()) {
			t.Errorf("%s, %s: %d claims in the lab, %d offline", j.Student, j.Experiment, len(r.Claims()), len(again))
			return nil
		}
		for i, v := range r.Claims() {
			statuses[v.Status]++
			if again[i].ID != v.ID || again[i].Status != v.Status {
				t.Errorf("%s, %s: %s in the lab (%v), %s offline (%v)", j.Student, v.ID, v.Status, v.Reason, again[i].Status, again[i].Reason)
			}
		}
		return nil
	})
	if err != nil || n != len(jobs) {
		t.Errorf("%d of %d jobs, %v", n, len(jobs), err)
	}
	if statuses[claim.Pass] == 0 || statuses[claim.Fail] == 0 {
		t.Errorf("verdicts %v; want some that pass and some that fail", statuses)
	}
}

// prediction is what the i-th student expects of an experiment: all of it, a line less in
// each section, or one section less.
func prediction(text string, i int) string {
	at := strings.Index(text, "\n-- ") + 1
	sections := strings.SplitAfter(text[at:], "\n")
	switch i % 3 {
	case 0:
		var kept []string
		for k, line := range sections {
			if k == 0 || !strings.HasPrefix(sections[k-1], "-- ") {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	case 1:
		return text
	}
	last := strings.LastIndex(text, "\n-- ")
	return text[at : last+1]
}
