package wholefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	hidden := func(path string, write func(io.Writer) error) error { return writeHidden(0o644, path, write) }
	for name, write := range map[string]func(string, func(io.Writer) error) error{"unnamed": Write, "hidden": hidden} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "result.json")
			text := func(s string) func(io.Writer) error {
				return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
			}
			check := func(want string) {
				t.Helper()
				if b, err := os.ReadFile(path); err != nil || string(b) != want {
					t.Errorf("the file has %q (%v), want %q", b, err, want)
				}
				if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
					t.Errorf("the folder has %v, want one file", all)
				}
			}
			for _, content := range []string{"old", "new"} {
				if err := write(path, text(content)); err != nil {
					t.Fatal(err)
				}
				check(content)
			}
			broken := errors.New("broken")
			err := write(path, func(w io.Writer) error { io.WriteString(w, "half"); return broken })
			if !errors.Is(err, broken) {
				t.Errorf("error %v, want %v", err, broken)
			}
			check("new")
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm()&0o444 != 0o444 {
				t.Errorf("mode %v (%v), want readable", info.Mode(), err)
			}
			// While it is written nothing else is in the folder, where the
			// system can do that.
			if name == "unnamed" {
				err := write(path, func(w io.Writer) error { check("new"); return text("newest")(w) })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Bytes are written whole, into a file with the mode, also in the place of another.
func TestWriteBytes(t *testing.T) {
	hidden := func(path string, data []byte, mode fs.FileMode) error {
		return writeHidden(mode, path, func(w io.Writer) error { _, err := w.Write(data); return err })
	}
	for name, write := range map[string]func(string, []byte, fs.FileMode) error{"unnamed": WriteBytes, "hidden": hidden} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "course.key")
			if err := os.WriteFile(path, []byte("old and longer"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := write(path, []byte("new"), 0o600); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != "new" {
				t.Errorf("the file has %q (%v), want %q", b, err, "new")
			}
			if info, err := os.Stat(path); err != nil || os.PathSeparator == '/' && info.Mode() != 0o600 {
				t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
			}
			if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
				t.Errorf("the folder has %v, want one file", all)
			}
		})
	}
}

// A temporary file has what was written to it, and no name.
func TestTemporary(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := Temporary()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, "bytes"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if _, err := f.ReadAt(b, 2); err != nil || string(b) != "tes" {
		t.Errorf("it has %q (%v), want %q", b, err, "tes")
	}
	if all, _ := os.ReadDir(os.TempDir()); len(all) > 0 {
		t.Errorf("the folder has %v, want nothing", all)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if f, err := Temporary(); err == nil {
		f.Close()
		t.Error("a folder that is not there has a temporary file")
	}
}
