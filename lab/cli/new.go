package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/internal/self"
	"wirelab/lab/experiments"
	"wirelab/lab/trace"
)

func newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "new NAME",
		SuggestFor: []string{"create", "init", "template"},
		GroupID:    cmdline.Learn,
		Args:       cmdline.Args(1, 1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		l := cmdline.Lang(cmd)
		path, err := writeNew(args[0], l)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), i18n.Text(l, "new.written", "File", safetext.Escape(asPath(path))))
		return exit.With(exit.Unable, err)
	}
	return cmd
}

// writeNew writes a new experiment, of a name or a path, and returns its path. What
// is there is never written over.
func writeNew(name string, l lang.Lang) (path string, err error) {
	path = strings.TrimSuffix(name, extension) + extension
	base := strings.TrimSuffix(filepath.Base(path), extension)
	if !trace.ValidLabel(base) {
		return "", exit.UsageMsg("new.name", "Name", base)
	}
	text, err := experiments.Template(base, l)
	if err != nil {
		return "", exit.With(exit.Usage, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return "", exit.UsageMsg("new.exists", "File", path)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // it is the folder that is missing
			path = filepath.Dir(path)
		}
		return "", exit.With(exit.Unable, i18n.FileError(path, err))
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", exit.With(exit.Unable, i18n.FileError(path, errors.Join(err, os.Remove(path))))
	}
	return path, nil
}

// extension is that of an experiment file.
const extension = ".txtar"

// asPath is a path as it has to be typed: a word without a slash would be the name of an
// experiment that comes with wirelab.
func asPath(path string) string {
	if filepath.Base(path) == path {
		path = "./" + path
	}
	return self.Quote(path)
}
