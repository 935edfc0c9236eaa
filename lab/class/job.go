package class

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"wirelab/internal/i18n"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// Kind is what a student hands in.
type Kind string

// The kinds.
const (
	Expectation Kind = "experiment" // an experiment file: the teacher's script, the student's expectations
	Capture     Kind = "capture"    // pcap or pcapng, judged as `wirelab check` does
	Program     Kind = "program"    // a static binary or a script that runs on a host of the lab
	Nothing     Kind = "none"       // the experiment is the student's by its seed alone
)

// kinds are all there are, as class.toml has them.
var kinds = []string{string(Nothing), string(Expectation), string(Capture), string(Program)}

// The bounds of what is handed in, in bytes.
const (
	MaxCapture = 16 << 20
	MaxProgram = 32 << 20
)

// limit is the bound of a kind of submission, in bytes.
func (k Kind) limit() int64 {
	switch k {
	case Expectation:
		return script.MaxFile
	case Capture:
		return MaxCapture
	case Program:
		return MaxProgram
	}
	return 0
}

// JobSchema names the form of a job document.
const JobSchema = "wirelab/class-job/v1"

// Job is one submission of one student: all that is needed to carry it out on another
// machine. Jobs are plain values; as JSON they have what was handed in in base64.
type Job struct {
	Schema     string `json:"schema"`
	Course     string `json:"course"`
	Student    string `json:"student"`    // the id of the roster (ValidID)
	Experiment string `json:"experiment"` // its name: the base of its claims' ids
	Seed       string `json:"seed"`       // "" for none
	Kind       Kind   `json:"kind"`
	Source     string `json:"source"` // the text of the teacher's experiment file
	Submission []byte `json:"submission,omitempty"`
	Digest     string `json:"digest"` // SHA-256 of all that decides a verdict, in hexadecimal: what was graded

	file string // of the submission, while that was not read (Whole)
	path string // of the submission that was read, on this machine

	predicted []byte // of Judging: what the student expects
}

// Key names a job: student, experiment, and what was handed in to it. A result with the
// key of a job is that job's.
func (j Job) Key() string { return j.Student + "/" + j.Experiment + "@" + j.Digest }

// Whole returns the job with its submission, which a course reads only when it is
// needed: 300 programs at once would fill the memory. The error says that the file
// cannot be read, or is another by now.
func (j Job) Whole() (Job, error) {
	if j.file == "" {
		return j, nil
	}
	b, err := readBounded(j.file, j.Kind.limit())
	if err != nil {
		return j, err
	}
	j.Submission, j.file, j.path = b, "", j.file
	if digest := j.digest(sha256.Sum256(b)); digest != j.Digest {
		return j, i18n.Errmsg("class.changed", "Student", j.Student, "Experiment", j.Experiment)
	}
	return j, nil
}

// digest is that of the job with a submission of a hash.
func (j Job) digest(submission [sha256.Size]byte) string {
	h := sha256.New()
	for _, part := range []string{JobSchema, string(j.Kind), j.Seed, j.Experiment, j.Source} {
		fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	h.Write(submission[:])
	return hex.EncodeToString(h.Sum(nil))
}

// Check refuses a job that no course can have made: it may come from elsewhere.
func (j Job) Check() error {
	switch {
	case j.Schema != JobSchema:
		return i18n.Errmsg("class.job.schema", "Schema", j.Schema, "Wanted", JobSchema)
	case !ValidID(j.Student):
		return i18n.Errmsg("class.job.student", "Student", j.Student)
	case !trace.ValidLabel(j.Experiment):
		return i18n.Errmsg("class.job.experiment", "Experiment", j.Experiment)
	case len(j.Seed) > script.MaxSeed:
		return i18n.Errmsg("class.job.seed", "Most", script.MaxSeed)
	case len(j.Source) > script.MaxFile:
		return i18n.Errmsg("class.job.large", "Most", script.MaxFile)
	case int64(len(j.Submission)) > j.Kind.limit():
		return i18n.Errmsg("class.job.large", "Most", j.Kind.limit())
	case j.file == "" && j.digest(sha256.Sum256(j.Submission)) != j.Digest:
		return i18n.Errmsg("class.job.digest")
	}
	return nil
}

// maxJob bounds a job document: base64 makes four bytes of three.
const maxJob = MaxProgram/3*4 + 2*script.MaxFile + 64<<10

// ReadJob reads a job document of at most what a job can have, and checks it.
func ReadJob(r io.Reader) (Job, error) {
	var j Job
	if err := decodeBounded(r, maxJob, &j); err != nil {
		return j, i18n.Errmsg("class.job.read", "Cause", err)
	}
	return j, j.Check()
}

// decodeBounded reads one JSON document of so many bytes at most.
func decodeBounded(r io.Reader, most int64, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return err
	}
	if int64(len(b)) > most {
		return i18n.Errmsg("class.large", "Most", most)
	}
	return json.Unmarshal(b, v)
}

// readBounded reads a regular file of so many bytes at most.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if int64(len(b)) > most {
		return nil, i18n.Errmsg("class.file.large", "File", path, "Most", most)
	}
	return b, nil
}

// openRegular opens a file that is one, and neither a symbolic link nor a pipe, which
// nobody writes to.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, i18n.Errmsg("class.file.irregular", "File", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		f.Close()
		return nil, i18n.Errmsg("class.file.irregular", "File", path)
	}
	return f, nil
}

// Judging is the job of judging a capture of this job's lab by what was handed in: what it
// comes to where the lab itself is not carried out. The submission must have been read
// (Whole).
func (j Job) Judging(capture []byte) Job {
	if j.Kind == Expectation {
		j.predicted = j.Submission
	}
	j.Kind, j.Submission, j.file, j.path = Capture, capture, "", ""
	j.Digest = j.digest(sha256.Sum256(capture))
	return j
}
