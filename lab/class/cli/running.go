package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/progress"
	"wirelab/internal/safetext"
	"wirelab/internal/self"
	"wirelab/lab/claim"
	"wirelab/lab/class"
)

// Run carries out what is left of a course, on an engine, and says how far it is. Its
// fields are not changed while it runs.
type Run struct {
	Course   *class.Course
	Engine   class.Engine
	Students []string // ids; none: all
	Lang     lang.Lang
	ASCII    bool
	Stream   io.Writer // takes events as JSON lines; nil: none
	Err      *os.File  // takes what people read
	Resume   string    // what the command line of resume has besides the folder

	mu    sync.Mutex
	count tally
	began time.Time
	line  *progress.Line
	words []i18n.Message // to be said when the line is drawn again

	reasons int // jobs that were given up
}

// tally is how far a run is.
type tally struct {
	all, done, passed, failed, inconclusive int
	first                                   int // that were done before
	busy, repeated                          int // tried again: jobs, as the machine was busy or the verdict inconclusive
}

// event is a line of --json-stream.
type event struct {
	Kind       string       `json:"event"` // begin, result, end
	Student    string       `json:"student,omitempty"`
	Experiment string       `json:"experiment,omitempty"`
	Status     class.Status `json:"status,omitempty"`
	Verdict    claim.Status `json:"verdict,omitempty"`
	Tries      int          `json:"tries,omitempty"`
	Seconds    float64      `json:"seconds,omitempty"`
	Reason     string       `json:"reason,omitempty"` // of a job that was given up: why
	Jobs       int          `json:"jobs"`
	Done       int          `json:"done"`
	Left       int          `json:"left"`
	Missing    int          `json:"missing,omitempty"` // of begin: what was not handed in
}

// passes is how often a run comes back to what is left of it: verdicts that are
// inconclusive, and jobs that the machine was too busy for.
const passes = 3

// Do runs. The error has the exit code: 4 where a verdict is inconclusive at the end, 75
// where jobs have no result, 77 where no lab can run, 130 for an interruption.
func (r *Run) Do(ctx context.Context) (err error) {
	unlock, err := r.Course.Lock()
	if err != nil {
		return exit.With(exit.Unable, err)
	}
	defer unlock()
	all, missing := r.Course.Jobs()
	jobs, err := chosen(r.Course, all, r.Students)
	if err != nil {
		return err
	}
	r.began, r.line = time.Now(), progress.New(r.Err, r.ASCII)
	left := r.Course.Left(jobs)
	r.count = tally{all: len(jobs), first: len(jobs) - len(left)}
	if err := r.tell(event{Kind: "begin", Missing: len(missing)}); err != nil {
		return err
	}
	for pass := 0; pass < passes && len(left) > 0; pass++ {
		r.recount(jobs, left)
		if err := r.pass(ctx, left); err != nil {
			return r.unable(ctx, err)
		}
		left = r.Course.Left(jobs)
	}
	r.recount(jobs, nil)
	givenUp := r.count.all - r.count.done
	if err := r.tell(event{Kind: "end"}); err != nil {
		return err
	}
	r.summary()
	switch {
	case givenUp > 0:
		return exit.With(exit.TryAgain, i18n.Errmsg("class.givenup", "Count", givenUp))
	case r.count.inconclusive > 0:
		return exit.Silent(exit.Inconclusive)
	}
	return nil
}

// recount counts what is done: the verdicts of all jobs but those that are carried out
// again.
func (r *Run) recount(jobs, again []class.Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := map[string]bool{}
	for _, j := range again {
		keys[j.Key()] = true
	}
	r.count.done, r.count.passed, r.count.failed, r.count.inconclusive = 0, 0, 0, 0
	for _, j := range jobs {
		if result, ok := r.Course.Result(j); ok && !keys[j.Key()] {
			r.count.add(result)
		}
	}
}

func (t *tally) add(r class.Result) {
	t.done++
	switch r.Verdict() {
	case claim.Pass:
		t.passed++
	case claim.Fail:
		t.failed++
	default:
		t.inconclusive++
	}
}

// pass carries jobs out once.
func (r *Run) pass(ctx context.Context, jobs []class.Job) error {
	stop := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() { r.show(stop) })
	defer func() {
		close(stop)
		shown.Wait()
		r.line.Clear()
		r.sayWords()
	}()
	return r.Engine.Run(ctx, jobs, func(j class.Job, result class.Result, files []class.File) error {
		if err := r.Course.Put(j, result, files); err != nil {
			return err
		}
		r.mu.Lock()
		if result.Status == class.Done {
			r.count.add(result)
		}
		r.note(result)
		r.mu.Unlock()
		e := event{Kind: "result", Student: j.Student, Experiment: j.Experiment, Status: result.Status, Tries: result.Tries, Seconds: result.Seconds}
		if result.Status == class.Done {
			e.Verdict = result.Verdict()
		} else if result.Reason != nil {
			e.Reason = result.Reason.String()
			r.givenUp(j, *result.Reason)
		}
		return r.tell(e)
	})
}

// mostReasons bounds how often a run says why a job was given up: of a machine that is too
// busy it is the same for all.
const mostReasons = 5

// givenUp says why a job was given up.
func (r *Run) givenUp(j class.Job, why i18n.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reasons++; r.reasons <= mostReasons {
		r.words = append(r.words, i18n.Msg("class.later", "Student", j.Student, "Experiment", j.Experiment, "Reason", why))
	}
}

// note counts what was tried again.
func (r *Run) note(result class.Result) {
	if result.Busy > 0 {
		r.count.busy++
	}
	if result.Tries-result.Busy > 1 {
		r.count.repeated++
	}
}

// shownEvery is how often the line of progress is drawn anew.
const shownEvery = 250 * time.Millisecond

// show draws the line of progress until stop is closed.
func (r *Run) show(stop <-chan struct{}) {
	tick := time.NewTicker(shownEvery)
	defer tick.Stop()
	for {
		r.sayWords()
		r.line.Show(r.progress())
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// Say has people told something on a line of its own. It may be called from any
// goroutine.
func (r *Run) Say(m i18n.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.words = append(r.words, m)
}

func (r *Run) sayWords() {
	r.mu.Lock()
	words := r.words
	r.words = nil
	r.mu.Unlock()
	if len(words) > 0 {
		r.line.Clear()
		fmt.Fprintln(r.Err, safetext.EscapeLines(i18n.Lines(r.Lang, words)))
	}
}

func (r *Run) progress() string {
	r.mu.Lock()
	t := r.count
	r.mu.Unlock()
	running := 0
	if w, ok := r.Engine.(class.Watcher); ok {
		running = w.Running()
	}
	left := t.all - t.done
	text := i18n.Text(r.Lang, "class.progress", "Done", t.done, "Jobs", t.all, "Running", running, "Failed", t.failed, "Left", left)
	if carried := t.done - t.first; carried > 0 && left > 0 {
		togo := time.Duration(float64(time.Since(r.began)) / float64(carried) * float64(left))
		text += i18n.Text(r.Lang, "class.togo", "Time", clock(togo))
	}
	return text
}

// clock is a duration as people say it: 3:07, or 1:02:33.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// tell writes an event.
func (r *Run) tell(e event) error {
	if r.Stream == nil {
		return nil
	}
	r.mu.Lock()
	e.Jobs, e.Done, e.Left = r.count.all, r.count.done, r.count.all-r.count.done
	r.mu.Unlock()
	return exit.With(exit.Unable, json.NewEncoder(r.Stream).Encode(e))
}

// summary says what has come of the run, and what to do next.
func (r *Run) summary() {
	t := r.count
	say := func(text string) { fmt.Fprintln(r.Err, text) }
	say(i18n.Text(r.Lang, "class.summary", "Jobs", t.done, "Pass", t.passed, "Fail", t.failed, "Inconclusive", t.inconclusive, "Time", clock(time.Since(r.began))))
	if t.first > 0 {
		say(i18n.Text(r.Lang, "class.before", "Count", t.first))
	}
	if t.busy+t.repeated > 0 {
		say(i18n.Text(r.Lang, "class.again", "Busy", t.busy, "Repeated", t.repeated))
	}
	for _, line := range unusedLines(r.Course, r.Lang) {
		say(line)
	}
	say(self.Command() + " class report " + self.Quote(r.Course.Dir))
}

// unable is the error of a run that ended early.
func (r *Run) unable(ctx context.Context, err error) error {
	resume := self.Command() + " class resume " + self.Quote(r.Course.Dir) + r.Resume
	if _, ok := errors.AsType[*class.RefusedError](err); ok {
		return exit.With(exit.Refused, i18n.Errmsg("class.refused", "Cause", err))
	}
	if ctx.Err() != nil {
		return exit.With(exit.Interrupted, i18n.Errmsg("class.interrupted", "Done", r.count.done, "Jobs", r.count.all, "Command", i18n.Verbatim(resume)))
	}
	if _, ok := errors.AsType[*exit.Error](err); ok {
		return err
	}
	return exit.With(exit.Unable, err)
}
