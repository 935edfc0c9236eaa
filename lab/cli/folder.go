package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// Folders of runs for which no other was asked.
const (
	runsFolder = "runs"
	latestLink = "latest" // in it, the newest
)

// makeFolder makes the folder that was asked for, or the next number in runs. One that
// has something in it is refused: it may be another run's.
func makeFolder(dir string) (string, error) {
	if dir == "" {
		dir, err := nextFolder()
		return dir, noFolder(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", noFolder(err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", noFolder(err)
	}
	defer f.Close()
	switch _, err := f.Readdirnames(1); {
	case err == nil:
		return "", exit.UsageMsg("run.full", "Folder", safetext.Escape(dir))
	case !errors.Is(err, io.EOF):
		return "", noFolder(err)
	}
	return dir, nil
}

func noFolder(err error) error {
	if err == nil {
		return nil
	}
	return exit.With(exit.Unable, i18n.Errmsg("run.folder", "Cause", err))
}

// nextFolder makes the next number in runs.
func nextFolder() (string, error) {
	if err := os.MkdirAll(runsFolder, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(runsFolder)
	if err != nil {
		return "", err
	}
	last := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			last = max(last, n)
		}
	}
	for {
		last++
		dir := filepath.Join(runsFolder, strconv.Itoa(last))
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, os.ErrExist) { // another run may have taken the number
			return dir, err
		}
	}
}

// pointLatest makes runs/latest point to a folder in runs. What is there and is no
// symbolic link is left as it is.
func pointLatest(dir string) error {
	link := filepath.Join(runsFolder, latestLink)
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink == 0 {
		return nil
	}
	// It is made under another name first, so that there is one at every moment.
	fresh := filepath.Join(dir, latestLink)
	if err := os.Symlink(filepath.Base(dir), fresh); err != nil {
		return err
	}
	return os.Rename(fresh, link)
}
