// Package grades makes grades of a course's results and writes them: as tables, as pages
// for the teacher, and in the formats of other graders.
//
// A grade is the sum of the points of the claims that pass. A claim that is inconclusive
// is worth neither its points nor none: the grade is left open and the student is
// listed, for the work to be graded again.
package grades

import (
	"wirelab/internal/i18n"
	"wirelab/lab/claim"
	"wirelab/lab/class"
)

// State is where a student's work on an experiment stands.
type State string

// The states. The first three are those of a verdict.
const (
	Pass         State = "pass"
	Fail         State = "fail"
	Inconclusive State = "inconclusive"
	Missing      State = "missing" // nothing was handed in, or nothing that is a file
	Pending      State = "pending" // it was not graded yet
)

// Book has the grades of a course. It is not changed after Read.
type Book struct {
	Course   *class.Course
	Students []Student // in the order of the roster
}

// Student has the grades of one.
type Student struct {
	class.Student
	Work []Work // of the course's experiments, in order
}

// Work is a student's on one experiment.
type Work struct {
	Experiment class.Experiment
	Student    string
	State      State
	Claims     []Claim       // of the experiment, in order; of work that was not judged all have its state
	Reason     *i18n.Message // why nothing was judged
	Result     class.Result  // the zero value where there is none
	Job        class.Job     // the zero value where nothing was handed in
	Most       int           // points of all claims
}

// Claim is what one came to.
type Claim struct {
	ID      string
	State   State
	Most    int // points
	Verdict *claim.Verdict
}

// Score is what the claim is worth, false where that is open.
func (c Claim) Score() (points int, known bool) {
	switch c.State {
	case Pass:
		return c.Most, true
	case Fail, Missing:
		return 0, true
	}
	return 0, false
}

// Score is the sum of the claims' points, false where one of them is open.
func (w Work) Score() (points int, known bool) {
	for _, c := range w.Claims {
		p, ok := c.Score()
		if !ok {
			return 0, false
		}
		points += p
	}
	return points, true
}

// Score is the sum over all experiments, false where one of them is open.
func (s Student) Score() (points int, known bool) {
	for _, w := range s.Work {
		p, ok := w.Score()
		if !ok {
			return 0, false
		}
		points += p
	}
	return points, true
}

// Most are the points of all experiments.
func (s Student) Most() (points int) {
	for _, w := range s.Work {
		points += w.Most
	}
	return points
}

// Open are the students whose grade is open, by their work that is.
func (b *Book) Open() (open []Work) {
	for _, s := range b.Students {
		for _, w := range s.Work {
			if _, known := w.Score(); !known {
				open = append(open, w)
			}
		}
	}
	return open
}

// Read reads the results of a course.
func Read(c *class.Course) *Book {
	jobs, missing := c.Jobs()
	type key struct{ student, experiment string }
	at, lacks := map[key]class.Job{}, map[key]error{}
	for _, j := range jobs {
		at[key{j.Student, j.Experiment}] = j
	}
	for _, m := range missing {
		lacks[key{m.Student, m.Experiment}] = m.Err
	}
	b := &Book{Course: c}
	for _, s := range c.Students {
		student := Student{Student: s}
		for _, e := range c.Experiments {
			w := Work{Experiment: e, Student: s.ID, Most: e.MostPoints()}
			if job, ok := at[key{s.ID, e.Name}]; ok {
				w.Job = job
				w.graded(c.Result(job))
			} else {
				w.State = Missing
				if err := lacks[key{s.ID, e.Name}]; err != nil {
					m := i18n.FromError(err)
					w.Reason = &m
				}
			}
			w.claims()
			student.Work = append(student.Work, w)
		}
		b.Students = append(b.Students, student)
	}
	return b
}

// graded takes a result over.
func (w *Work) graded(r class.Result, ok bool) {
	if !ok {
		w.State = Pending
		return
	}
	w.Result, w.State, w.Reason = r, State(r.Verdict()), r.Reason
}

// claims says what each claim of the experiment came to: by its verdict, or else as the
// whole work. Of a result that lacks one nothing is known.
func (w *Work) claims() {
	verdicts := map[string]*claim.Verdict{}
	all := w.Result.Claims()
	for i := range all {
		verdicts[all[i].ID] = &all[i]
	}
	for _, id := range w.Experiment.Claims {
		c := Claim{ID: id, State: w.State, Most: w.Experiment.Points[id], Verdict: verdicts[id]}
		switch {
		case c.Verdict != nil:
			c.State = State(c.Verdict.Status)
		case w.Result.Run != nil:
			c.State = Inconclusive
		}
		w.Claims = append(w.Claims, c)
	}
}
