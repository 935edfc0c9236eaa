package class

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/class/cage"
	"wirelab/lab/report"
	"wirelab/lab/script"
)

// talk is an experiment with a student's program.
const talk = "topology client1 server sniffer\nstart client1 ${program}\nawait client1 ready\nsettle talk\nexpect talk.syn in talk trace tcp\n-- talk.syn --\nclient1 > server SYN acked\n"

// noLab is a backend on which no lab may come up.
type noLab struct{ t *testing.T }

func (noLab) Name() string                { return "netns" }
func (noLab) Check(context.Context) error { return nil }

func (b noLab) Up(context.Context, lab.Topology) (lab.Network, error) {
	b.t.Error("a lab was brought up")
	return nil, errors.New("no lab")
}

func talkJob(t *testing.T, program string) Job {
	t.Helper()
	c := course(t, map[string]string{
		ConfigFile: "[[experiment]]\nname='talk.txtar'\nsubmission='program'\n", RosterFile: "id\ns1\n", "talk.txtar": talk, "submissions/s1/talk": program})
	jobs, missing := c.Jobs()
	if len(jobs) != 1 {
		t.Fatalf("%d jobs, missing %v", len(jobs), missing)
	}
	whole, err := jobs[0].Whole()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// A place that cannot run a program costs nobody points: the verdict is inconclusive, with
// the cause, and the job is left for another run.
func TestPlaceIsToBlame(t *testing.T) {
	able := func(context.Context) error { return nil }
	calm := func() (int, int, bool) { return 1, 1, true }
	has := func(string) bool { return true }
	for _, test := range []struct {
		name   string
		at     place
		status Status
		want   string
	}{
		{"no cage", place{func(context.Context) error { return errors.New("pivot_root: operation not permitted") }, has, calm}, Done, "pivot_root"},
		{"no interpreter", place{able, func(string) bool { return false }, calm}, Done, "/bin/sh"},
		{"no process to be had", place{func(context.Context) error { return syscall.EAGAIN }, has, calm}, Temporary, "temporarily"},
	} {
		t.Run(test.name, func(t *testing.T) {
			job := talkJob(t, "#!/bin/sh\necho ready\n")
			r, files := job.runProgram(t.Context(), noLab{t}, test.at)
			if r.Status != test.status || r.Verdict() != claim.Inconclusive || len(files) > 0 {
				t.Errorf("%s, %s, %d files; want %s, inconclusive, none", r.Status, r.Verdict(), len(files), test.status)
			}
			if r.Reason == nil || !strings.Contains(r.Reason.String(), test.want) {
				t.Errorf("the reason is %v, want %q", r.Reason, test.want)
			}
			if r.Status == Done && (len(r.Claims()) != 1 || r.Claims()[0].Reason == nil) {
				t.Errorf("claims %+v, want one with the cause", r.Claims())
			}
		})
	}
}

// What is no program is the student's fault, and needs no lab.
func TestNoProgram(t *testing.T) {
	able := func(context.Context) error { return nil }
	at := place{able, func(string) bool { return true }, func() (int, int, bool) { return 1, 1, true }}
	r, files := talkJob(t, "print('hello')\n").runProgram(t.Context(), noLab{t}, at)
	if r.Status != Done || r.Verdict() != claim.Fail || len(files) > 0 || r.Reason == nil || r.Reason.Code != "class.program.format" {
		t.Errorf("%s, %s, %d files, %v; want done, fail, none, that it is no program", r.Status, r.Verdict(), len(files), r.Reason)
	}
}

// A step that a program does not do is its fault, unless the machine was crowded.
func TestBlame(t *testing.T) {
	job := talkJob(t, "#!/bin/sh\n")
	e, err := job.parse([]byte(strings.ReplaceAll(job.Source, ProgramMark, ProgramCommand+" /p")))
	if err != nil {
		t.Fatal(err)
	}
	first := programLine(e)
	if first != 2 {
		t.Fatalf("the program begins in line %d, want 2", first)
	}
	outcome := func(line int) *script.Outcome {
		return &script.Outcome{Experiment: e, Verdicts: claim.Unable(e.Claims, i18n.Verbatim("stopped")), Err: &script.StepError{Experiment: "talk", Step: script.Step{Line: line}, Err: errors.New("silent")}}
	}
	if stopped(outcome(1), first) || !stopped(outcome(2), first) || !stopped(outcome(3), first) || stopped(&script.Outcome{}, first) {
		t.Error("what stops before the program begins is its doing, or what stops after is not")
	}
	o := outcome(3)
	if uncaged(o) {
		t.Error("a silent program is said to be uncaged")
	}
	o.Err.(*script.StepError).Err = i18n.Errmsg("lab.process.awaited.ended", "Text", "ready", "Cause", &lab.ExitError{Command: "client1: p", Code: cage.Uncaged})
	if !uncaged(o) {
		t.Errorf("a program that could not be locked in is to blame: %v", o.Err)
	}
	o = outcome(3)
	blame(o)
	if o.Status() != claim.Fail || o.Verdicts[0].Reason == nil {
		t.Errorf("%+v, want a failure with the reason", o.Verdicts)
	}
}

// The crowd is counted over the whole time, and is 0 where nobody knows.
func TestWatchCrowd(t *testing.T) {
	counted := make(chan struct{}, 100)
	mean := watchCrowd(func() (int, int, bool) { counted <- struct{}{}; return 64, 2, true })
	<-counted
	<-counted
	if got := mean(); got != 32 {
		t.Errorf("%v for each CPU, want 32", got)
	}
	if got := mean(); got != 32 {
		t.Errorf("asked again: %v, want 32", got)
	}
	if got := watchCrowd(func() (int, int, bool) { return 0, 0, false })(); got != 0 {
		t.Errorf("%v where it is not known, want 0", got)
	}
}

// What a student reads names the program as the script does, and not the folder in which it
// lay. This holds in both languages and in the JSON document.
func TestProgramIsCalledByItsMark(t *testing.T) {
	const path = "/home/teacher/courses/talk.sh"
	ended := i18n.Msg("lab.process.exit", "Command", "client1: "+ProgramCommand+" "+path+" server 7000", "Code", 1, "Output", path+": not found")
	r := Result{Reason: &ended, Run: report.NewResult("netns")}
	r.Run.Experiments = []report.Experiment{{Reason: ended.String(), Claims: []claim.Verdict{{Reason: new(i18n.Msg("class.program.step", "Step", "await client1 ready", "Cause", ended))}, {}}}}
	r = r.calling(ProgramCommand+" "+path, ProgramMark).calling(path, ProgramMark)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "teacher") || strings.Count(string(text), "client1: ${program} server 7000") != 3 || strings.Count(string(text), "${program}: not found") != 3 {
		t.Errorf("%s", text)
	}
	if !strings.Contains(ended.String(), path) {
		t.Error("a message was changed that others have")
	}
}
