package class

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/script"
)

// Student is a row of the roster.
type Student struct {
	ID   string // names the folders of the submissions and results (ValidID)
	Name string // as the school's list has it; "" if it has none
	Seed string // the id, or what the column of seeds has
}

// columns are the names of the roster's columns, by class.toml.
type columns struct {
	ID   string `toml:"id"`
	Name string `toml:"name"`
	Seed string `toml:"seed"`
}

// The bounds of a roster.
const (
	maxRoster   = 16 << 20 // bytes
	maxStudents = 20_000
	maxID       = 64  // bytes
	maxName     = 256 // bytes
)

// ValidID reports whether a student's id can name a folder on every system: letters,
// digits and . _ @ + -, at most 64 bytes, neither beginning with a dot nor ending in one.
func ValidID(id string) bool {
	if id == "" || len(id) > maxID || id[0] == '.' || id[0] == '-' || strings.HasSuffix(id, ".") || !utf8.ValidString(id) {
		return false
	}
	for _, r := range id {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._@+-", r) {
			return false
		}
	}
	return true
}

// readRoster reads a list as spreadsheets and schools export it: with a byte order mark
// or without, between commas, semicolons or tabs, lines of either kind, quoted fields.
func readRoster(path string, want columns) ([]Student, error) {
	text, err := readBounded(path, maxRoster)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, i18n.Errmsg("class.roster.missing", "File", path)
		}
		return nil, err
	}
	students, err := parseRoster(text, want)
	if err != nil {
		return nil, i18n.Errmsg("class.roster.wrong", "File", path, "Cause", err)
	}
	return students, nil
}

// parseRoster reads the text of a roster. Ids that differ in case alone are one on some
// file systems, and are refused.
func parseRoster(text []byte, want columns) ([]Student, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, i18n.Errmsg("class.roster.encoding")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator(text), -1
	r.TrimLeadingSpace = r.Comma != '\t' // with the blanks it would take the next separators
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, i18n.Errmsg("class.roster.empty")
	}
	if err != nil {
		return nil, misquoted(err)
	}
	for i, name := range head {
		head[i] = strings.TrimSpace(name)
	}
	id, err := column(head, want.ID, "id")
	if err != nil {
		return nil, err
	}
	name, err := column(head, want.Name, "name")
	if err != nil && want.Name != "" {
		return nil, err
	}
	seed := -1
	if want.Seed != "" {
		if seed, err = column(head, want.Seed, ""); err != nil {
			return nil, err
		}
	}
	students, lines := []Student{}, map[string]int{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, misquoted(err)
		}
		line, _ := r.FieldPos(0)
		cell := func(at int) string {
			if at < 0 || at >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[at])
		}
		if !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			continue
		}
		s := Student{ID: cell(id), Name: cell(name), Seed: cell(seed)}
		if s.Seed == "" {
			s.Seed = s.ID
		}
		folded := strings.ToLower(s.ID)
		switch {
		case !ValidID(s.ID):
			return nil, i18n.Errmsg("class.roster.badid", "Line", line, "ID", s.ID)
		case lines[folded] > 0:
			return nil, i18n.Errmsg("class.roster.twice", "Line", line, "ID", s.ID, "First", lines[folded])
		case len(s.Name) > maxName || len(s.Seed) > script.MaxSeed:
			return nil, i18n.Errmsg("class.roster.long", "Line", line, "Most", maxName)
		case len(students) == maxStudents:
			return nil, i18n.Errmsg("class.roster.toomany", "Most", maxStudents)
		}
		lines[folded] = line
		students = append(students, s)
	}
	if len(students) == 0 {
		return nil, i18n.Errmsg("class.roster.empty")
	}
	return students, nil
}

// misquoted is an error of the CSV reader, which refuses nothing but quotation marks where
// rows may have any number of fields.
func misquoted(err error) error {
	wrong, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, csv.ErrBareQuote):
		return i18n.Errmsg("class.roster.barequote", "Line", wrong.Line)
	}
	return i18n.Errmsg("class.roster.quote", "Line", wrong.StartLine)
}

// separator is what stands between the fields of the first line: of the three that
// spreadsheets write, the one that it has most of.
func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, r := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(r))) > bytes.Count(first, []byte(string(best))) {
			best = r
		}
	}
	return best
}

// column is the place of a column by its name, in whatever case; of usual where no name
// was given.
func column(head []string, name, usual string) (int, error) {
	if name == "" {
		name = usual
	}
	at := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(h, name) })
	if at < 0 {
		return -1, i18n.Errmsg("class.roster.column", "Column", name, "Known", head, "Hint", suggest.Hint(name, head))
	}
	return at, nil
}
