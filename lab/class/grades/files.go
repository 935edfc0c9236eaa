package grades

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/wholefile"
	"wirelab/lab/class"
)

// Write writes all reports into the folder report of the course:
//
//	report.html             for the teacher; report.zh-TW.html in another language
//	students/ID.html        each student's own; students.zh-TW/ID.html
//	results.csv grades.csv  a row for each claim; a row for each student
//	junit/ID.xml
//	gradescope/ID/results.json
//	classroom50/ID/result.json
//
// The plain names are of the course's first language. Of a student whose grade is open the last two
// are removed: they would say that it is not.
func (b *Book) Write(ctx context.Context, now time.Time) error {
	r := &writer{dir: filepath.Join(b.Course.Dir, class.ReportFolder)}
	first := b.Course.Languages[0]
	r.file("results.csv", func(w io.Writer) error { return b.WriteClaims(w, first) })
	r.file("grades.csv", b.WriteGrades)
	for _, l := range b.Course.Languages {
		r.file(reportName(l, first), func(w io.Writer) error { return b.WriteReport(w, l) })
	}
	next := make(chan Student)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for s := range next {
				b.student(r, s, first, now)
			}
		})
	}
	for _, s := range b.Students {
		if ctx.Err() != nil {
			break
		}
		next <- s
	}
	close(next)
	workers.Wait()
	return errors.Join(r.err, context.Cause(ctx))
}

// student writes the files of one.
func (b *Book) student(r *writer, s Student, first lang.Lang, now time.Time) {
	for _, l := range b.Course.Languages {
		r.file(studentFolder(l, first)+"/"+s.ID+".html", func(w io.Writer) error { return b.WriteStudent(w, s, l) })
	}
	r.file("junit/"+s.ID+".xml", func(w io.Writer) error { return s.WriteJUnit(w, first) })
	gradescope, classroom := "gradescope/"+s.ID+"/results.json", "classroom50/"+s.ID+"/result.json"
	if _, known := s.Score(); !known {
		r.remove(gradescope)
		r.remove(classroom)
		return
	}
	r.file(gradescope, func(w io.Writer) error { _, err := s.WriteGradescope(w, first); return err })
	r.file(classroom, func(w io.Writer) error { _, err := s.WriteClassroom50(w, b.Course.Name, now); return err })
}

// writer writes files into a folder, and keeps the first error.
type writer struct {
	dir string
	mu  sync.Mutex
	err error
}

func (r *writer) file(name string, write func(io.Writer) error) {
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = wholefile.Write(path, write)
	}
	if err != nil {
		r.fail(i18n.FileError(path, err))
	}
}

func (r *writer) remove(name string) {
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		r.fail(i18n.FileError(path, err))
	}
}

func (r *writer) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}
