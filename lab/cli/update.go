package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
	"wirelab/lab/experiments"
	"wirelab/lab/script"
)

// source is an experiment file whose expectations a run fills in.
type source struct {
	path string // as it was typed
	file string // that it leads to
	text []byte // as it was read
	full []byte // with a section for each claim
}

// openSource reads an experiment file of one's own, which may lack expectations.
func openSource(path string) (*source, *script.Experiment, error) {
	if slices.Contains(experiments.Names(), path) {
		return nil, nil, exit.UsageMsg("update.ours", "Name", path)
	}
	file, err := filepath.EvalSymlinks(path) // what is written over is the file, not a link to it
	if err != nil {
		return nil, nil, exit.With(exit.Usage, i18n.FileError(path, err))
	}
	text, err := script.ReadFile(file)
	if err != nil {
		return nil, nil, exit.With(exit.Usage, err)
	}
	name := filepath.Base(path)
	full, err := script.Complete(name, text)
	if err != nil {
		return nil, nil, exit.With(exit.Usage, err)
	}
	e, err := script.Parse(name, full)
	return &source{path, file, text, full}, e, exit.With(exit.Usage, err)
}

// write writes the file with what was filled in, unless somebody has changed it
// meanwhile.
func (s *source) write(updated []byte) error {
	now, err := script.ReadFile(s.file)
	if err != nil {
		return exit.With(exit.Unable, i18n.FileError(s.path, err))
	}
	if !bytes.Equal(now, s.text) {
		return exit.UnableMsg("update.changed", "File", s.path)
	}
	info, err := os.Stat(s.file)
	if err != nil {
		return exit.With(exit.Unable, i18n.FileError(s.path, err))
	}
	err = wholefile.WriteBytes(s.file, updated, 0o644)
	if err == nil {
		err = os.Chmod(s.file, info.Mode().Perm())
	}
	if err != nil {
		return exit.With(exit.Unable, i18n.FileError(s.path, err))
	}
	return nil
}

// fillIn fills in what an outcome has seen. What cannot be filled in is inconclusive.
func (s *source) fillIn(o *script.Outcome) (*script.Updated, error) {
	u, err := o.Update(s.full)
	if err != nil {
		return nil, exit.With(exit.Inconclusive, err)
	}
	if bytes.Equal(u.Text, s.text) {
		return u, nil
	}
	return u, s.write(u.Text)
}
