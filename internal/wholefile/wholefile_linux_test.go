package wholefile

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The mode is before the umask, also where the system has no files without a name.
func TestUmask(t *testing.T) {
	before := unix.Umask(0o027)
	defer unix.Umask(before)
	hidden := func(path string, write func(io.Writer) error) error { return writeHidden(0o644, path, write) }
	for name, write := range map[string]func(string, func(io.Writer) error) error{"unnamed": Write, "hidden": hidden} {
		path := filepath.Join(t.TempDir(), "grades.csv")
		if err := write(path, func(w io.Writer) error { _, err := io.WriteString(w, "grades"); return err }); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
			t.Errorf("%s: mode %v (%v), want 0640", name, info.Mode(), err)
		}
	}
}
