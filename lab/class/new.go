package class

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

//go:embed template/*.toml
var templates embed.FS

// newRoster is the list of a new course.
const newRoster = "id,name\nalice,Alice Example\nbob,Bob Example\n"

// New makes the folder of a course, which may be there, with a class.toml and a roster
// to fill in. What is there already is never written over.
func New(dir string, l lang.Lang) error {
	config := filepath.Join(dir, ConfigFile)
	if _, err := os.Lstat(config); err == nil {
		return i18n.Errmsg("class.exists", "File", config)
	}
	text, err := templates.ReadFile("template/class." + string(l) + ".toml")
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	named := strings.Replace(string(text), `"NAME"`, strconv.Quote(safetext.Strip(filepath.Base(abs))), 1) // of control characters TOML has other escapes
	if err := os.MkdirAll(filepath.Join(dir, SubmissionFolder), 0o755); err != nil {
		return i18n.FileError(dir, err)
	}
	// class.toml comes last: with it the folder is a course.
	if err := create(filepath.Join(dir, RosterFile), newRoster); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return create(config, named)
}

// create writes a file that is not there.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return i18n.FileError(path, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return i18n.FileError(path, errors.Join(err, os.Remove(path)))
	}
	return nil
}
