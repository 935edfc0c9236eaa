package class

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/suggest"
	"wirelab/lab/experiments"
	"wirelab/lab/script"
)

// The files of a course's folder.
const (
	ConfigFile       = "class.toml"
	RosterFile       = "roster.csv"
	SubmissionFolder = "submissions"
	ResultFolder     = "results"
)

// Course is a course's folder, read: what is asked for, and who is asked. It is not
// changed after Open and may be used from several goroutines.
type Course struct {
	Dir         string
	Name        string
	Deadline    string      // as its author wrote it
	Languages   []lang.Lang // of the reports, the first one foremost
	Seeds       bool        // each student has a seed
	Experiments []Experiment
	Students    []Student

	key courseKey
}

// Experiment is an experiment of a course.
type Experiment struct {
	Name       string
	Submission Kind
	Source     string         // the text of its file
	Points     map[string]int // what each claim is worth, by its id
	Claims     []string       // their ids, in order

	runs bool // it has a script, and does not judge captures alone
}

// MostPoints are those of all its claims.
func (e Experiment) MostPoints() (sum int) {
	for _, p := range e.Points {
		sum += p
	}
	return sum
}

// config is class.toml.
type config struct {
	Name        string   `toml:"name"`
	Deadline    string   `toml:"deadline"`
	Languages   []string `toml:"languages"`
	Seeds       bool     `toml:"seeds"`
	Roster      columns  `toml:"roster"`
	Experiments []struct {
		Name       string         `toml:"name"`
		Submission string         `toml:"submission"`
		Points     *int           `toml:"points"`
		Claims     map[string]int `toml:"claims"`
	} `toml:"experiment"`
}

// maxConfig and maxPoints bound class.toml, in bytes, and what a claim may be worth.
const (
	maxConfig = 1 << 20
	maxPoints = 1000
)

// Open reads a course. Its errors say which file is wrong, and where.
func Open(dir string) (*Course, error) {
	path := filepath.Join(dir, ConfigFile)
	text, err := readBounded(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, i18n.Errmsg("class.nocourse", "Folder", dir, "File", ConfigFile)
	}
	if err != nil {
		return nil, err
	}
	var c config
	meta, err := toml.Decode(string(text), &c)
	if err != nil {
		if at, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, i18n.Errmsg("class.toml", "File", path, "Line", at.Position.Line, "Cause", errors.New(at.Message))
		}
		return nil, i18n.Errmsg("class.toml", "File", path, "Line", 1, "Cause", err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return nil, i18n.Errmsg("class.key", "File", path, "Key", extra[0].String())
	}
	course := &Course{Dir: dir, Name: c.Name, Deadline: c.Deadline, Seeds: c.Seeds}
	if course.Name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		course.Name = filepath.Base(abs)
	}
	if err := course.config(path, c); err != nil {
		return nil, err
	}
	course.Students, err = readRoster(filepath.Join(dir, RosterFile), c.Roster)
	return course, err
}

// config takes over what class.toml says of languages and experiments.
func (c *Course) config(path string, from config) error {
	for _, word := range from.Languages {
		l, err := lang.Parse(word)
		if err != nil || word == "" {
			return i18n.Errmsg("class.language", "File", path, "Word", word, "Known", words(lang.All()))
		}
		c.Languages = append(c.Languages, l)
	}
	if c.Languages == nil {
		c.Languages = []lang.Lang{lang.English}
	}
	if len(from.Experiments) == 0 {
		return i18n.Errmsg("class.noexperiment", "File", path)
	}
	for i, one := range from.Experiments {
		e, err := c.experiment(one.Name)
		if err != nil {
			return i18n.Errmsg("class.experiment", "File", path, "Number", i+1, "Cause", err)
		}
		if slices.ContainsFunc(c.Experiments, func(o Experiment) bool { return o.Name == e.Name }) {
			return i18n.Errmsg("class.twice", "File", path, "Experiment", e.Name)
		}
		e.Submission = Kind(one.Submission)
		if one.Submission == "" {
			e.Submission = Nothing
		}
		if !slices.Contains(kinds, string(e.Submission)) {
			return i18n.Errmsg("class.kind", "File", path, "Experiment", e.Name, "Word", one.Submission, "Hint", suggest.Hint(one.Submission, kinds), "Known", kinds)
		}
		if e.Submission != Capture && !e.runs {
			return i18n.Errmsg("class.norun", "File", path, "Experiment", e.Name)
		}
		if err := e.points(path, one.Points, one.Claims); err != nil {
			return err
		}
		c.Experiments = append(c.Experiments, e)
	}
	return nil
}

// experiment reads the experiment of a name, or of a path in the course's folder.
func (c *Course) experiment(name string) (Experiment, error) {
	text, file := []byte(nil), name+".txtar"
	var err error
	switch {
	case name == "":
		return Experiment{}, i18n.Errmsg("class.noname")
	case strings.HasSuffix(name, ".txtar"):
		file = filepath.Base(name)
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.Dir, path)
		}
		text, err = script.ReadFile(path)
	case slices.Contains(experiments.Names(), name):
		text, err = experiments.Source(name)
	default:
		return Experiment{}, i18n.Errmsg("run.unknown", "Name", name, "Hint", suggest.Hint(name, experiments.Names()), "Known", experiments.Names())
	}
	if err != nil {
		return Experiment{}, err
	}
	parsed, err := script.Parse(file, text)
	if err != nil {
		return Experiment{}, err
	}
	return Experiment{Name: parsed.Name, Source: string(text), Claims: ids(parsed), runs: parsed.Runs()}, nil
}

// points says what each claim is worth: one point, or what class.toml says.
func (e *Experiment) points(path string, each *int, own map[string]int) error {
	worth := 1
	if each != nil {
		worth = *each
	}
	e.Points = map[string]int{}
	for _, id := range e.Claims {
		e.Points[id] = worth
	}
	for _, id := range slices.Sorted(maps.Keys(own)) {
		if _, ok := e.Points[id]; !ok {
			return i18n.Errmsg("class.claim", "File", path, "Experiment", e.Name, "Claim", id, "Hint", suggest.Hint(id, e.Claims), "Known", e.Claims)
		}
		e.Points[id] = own[id]
	}
	for _, id := range e.Claims {
		if p := e.Points[id]; p < 0 || p > maxPoints {
			return i18n.Errmsg("class.points", "File", path, "Claim", id, "Number", p, "Most", maxPoints)
		}
	}
	return nil
}

func words(all []lang.Lang) (out []string) {
	for _, l := range all {
		out = append(out, string(l))
	}
	return out
}

// seed is that of a student.
func (c *Course) seed(s Student) string {
	if !c.Seeds {
		return ""
	}
	return s.Seed
}

// Missing is work that was not handed in, or that is no file.
type Missing struct {
	Student    string
	Experiment string
	Err        error // why; nil where there is nothing
}

// Jobs are what the students have handed in, a job each, in the order of the roster; and
// what is missing.
func (c *Course) Jobs() (jobs []Job, missing []Missing) {
	for _, s := range c.Students {
		for _, e := range c.Experiments {
			job := Job{Schema: JobSchema, Course: c.Name, Student: s.ID, Experiment: e.Name, Seed: c.seed(s), Kind: e.Submission, Source: e.Source}
			if e.Submission == Nothing {
				job.Digest = job.digest(sha256.Sum256(nil))
				jobs = append(jobs, job)
				continue
			}
			path, err := c.submission(s.ID, e)
			var sum [sha256.Size]byte
			if err == nil && path != "" {
				sum, err = hashFile(path, e.Submission.limit())
			}
			if err != nil || path == "" {
				missing = append(missing, Missing{s.ID, e.Name, c.inside(err)})
				continue
			}
			job.file, job.Digest = path, job.digest(sum)
			jobs = append(jobs, job)
		}
	}
	return jobs, missing
}

// inside is an error that names files as they lie in the course's folder: the student is told
// it, too, who need not know where the teacher keeps courses.
func (c *Course) inside(err error) error {
	if err == nil {
		return nil
	}
	return i18n.FromError(err).Replace(filepath.Join(c.Dir, SubmissionFolder)+string(filepath.Separator), SubmissionFolder+"/").Err()
}

// endings are those of the files of a kind of submission.
var endings = map[Kind][]string{
	Expectation: {".txtar"},
	Capture:     {".pcapng", ".pcap", ".pcapng.gz", ".pcap.gz"},
	Program:     {"", ".py", ".sh", ".bin"},
}

// submission is the file that a student has handed in to an experiment, "" if there is none:
// NAME.txtar, NAME.pcapng and so on in the folder of the student's id. A folder that is
// a symbolic link is none: it could lead anywhere. A folder of that name is one only where
// nothing else is: a program's sources may be in it.
func (c *Course) submission(id string, e Experiment) (string, error) {
	dir := filepath.Join(c.Dir, SubmissionFolder, id)
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", i18n.FileError(dir, err)
	}
	if !info.IsDir() {
		return "", i18n.Errmsg("class.file.irregular", "File", dir)
	}
	folder := ""
	for _, ending := range endings[e.Submission] {
		path := filepath.Join(dir, e.Name+ending)
		switch info, err := os.Lstat(path); {
		case err != nil:
		case !info.IsDir():
			return path, nil
		case folder == "":
			folder = path
		}
	}
	return folder, nil
}

// hashFile is the SHA-256 of a file of so many bytes at most.
func hashFile(path string, most int64) (sum [sha256.Size]byte, err error) {
	f, err := openRegular(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, most+1))
	if err != nil {
		return sum, i18n.FileError(path, err)
	}
	if n > most {
		return sum, i18n.Errmsg("class.file.large", "File", path, "Most", most)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
