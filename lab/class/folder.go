package class

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/lab/seal"
)

// resultFile is the name of a result document in its folder.
const resultFile = "result.json"

// resultDir is the folder of a job's result.
func (c *Course) resultDir(student, experiment string) string {
	return filepath.Join(c.Dir, ResultFolder, student, experiment)
}

// Put stores a job's result and the files that it brings. The result document is written
// last and whole: it says that the job is done. A result that is not Done is not stored.
// Put may be called from several goroutines for different jobs.
func (c *Course) Put(job Job, r Result, files []File) error {
	r = r.Bind(job)
	if r.Status != Done {
		return nil
	}
	dir := c.resultDir(job.Student, job.Experiment)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return i18n.FileError(dir, err)
	}
	// What is there is of an older submission, and is no result of this one.
	for _, name := range []string{resultFile, job.CaptureName()} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return i18n.FileError(dir, err)
		}
	}
	key, err := c.Key()
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name != job.CaptureName() || len(f.Data) > MaxCapture {
			continue // an engine brings what a pod says
		}
		if job.Kind != Capture { // what students made is not signed
			f.Data = seal.Sign(f.Data, key, c.Name+": "+job.Student+" "+job.Experiment)
		}
		if err := write(filepath.Join(dir, f.Name), f.Data); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := report.EncodeJSON(&b, r); err != nil {
		return err
	}
	if b.Len() > MaxResult {
		return i18n.Errmsg("class.large", "Most", MaxResult)
	}
	return write(filepath.Join(dir, resultFile), b.Bytes())
}

// The key of the course, by which the captures of its labs are signed, and its public
// half.
const (
	KeyFile    = "course.key"
	PublicFile = "course.pub"
)

// Key returns the key of the course. It is made when it is first asked for.
func (c *Course) Key() (ed25519.PrivateKey, error) {
	c.key.once.Do(func() {
		c.key.private, c.key.err = seal.LoadKey(filepath.Join(c.Dir, KeyFile), filepath.Join(c.Dir, PublicFile))
	})
	return c.key.private, c.key.err
}

// courseKey is a key that is read once.
type courseKey struct {
	once    sync.Once
	private ed25519.PrivateKey
	err     error
}

func write(path string, data []byte) error {
	if err := wholefile.WriteBytes(path, data, 0o644); err != nil {
		return i18n.FileError(path, err)
	}
	return nil
}

// Result returns the stored result of a job; false where there is none, or one of
// another submission.
func (c *Course) Result(job Job) (Result, bool) {
	f, err := os.Open(filepath.Join(c.resultDir(job.Student, job.Experiment), resultFile))
	if err != nil {
		return Result{}, false
	}
	defer f.Close()
	r, err := ReadResult(f)
	return r, err == nil && r.Status == Done && r.Key() == job.Key()
}

// CapturePath is where the capture of a job is; it need not be there.
func (c *Course) CapturePath(job Job) string {
	return filepath.Join(c.resultDir(job.Student, job.Experiment), job.CaptureName())
}

// Left are the jobs that have no result, and those whose verdict another try may decide:
// that of a lab which was inconclusive. A capture says the same again.
func (c *Course) Left(jobs []Job) (left []Job) {
	for _, job := range jobs {
		if r, ok := c.Result(job); !ok || r.Verdict() == claim.Inconclusive && job.Kind != Capture {
			left = append(left, job)
		}
	}
	return left
}

// Clean removes what runs and reports have written, and nothing that was handed in.
func (c *Course) Clean() error {
	var all error
	for _, name := range []string{ResultFolder, ReportFolder} {
		dir := filepath.Join(c.Dir, name)
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
			continue // nothing, or what is not ours
		}
		all = errors.Join(all, os.RemoveAll(dir))
	}
	return all
}

// ReportFolder is the folder of a course's reports.
const ReportFolder = "report"
