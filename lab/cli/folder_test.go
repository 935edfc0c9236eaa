package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/exit"
)

// A run writes into a folder of its own, never over what is there.
func TestMakeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"runs/1", "runs/2"} {
		dir, err := makeFolder("")
		if err != nil || dir != filepath.FromSlash(want) {
			t.Errorf("%q, %v, want %q", dir, err, want)
		}
	}
	if dir, err := makeFolder("mine/new"); err != nil || dir != "mine/new" {
		t.Errorf("a new folder: %q, %v", dir, err)
	}
	if _, err := makeFolder("mine/new"); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	kept := filepath.Join("mine", "new", "ping.pcapng")
	if err := os.WriteFile(kept, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := makeFolder("mine/new"); exit.Code(err) != exit.Usage || !strings.Contains(err.Error(), "has something in it") {
		t.Errorf("a folder with something in it: %v", err)
	}
	if _, err := makeFolder(kept); exit.Code(err) != exit.Unable {
		t.Errorf("a file: %v", err)
	}
}

func TestPointLatest(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"1", "2"} {
		dir, err := nextFolder()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "result.json"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := pointLatest(dir); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join("runs", "latest", "result.json")); err != nil || string(got) != name {
			t.Errorf("latest has %q, %v, want %q", got, err, name)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%v is left in %s, %v", left, dir, err)
		}
	}
	// What somebody else has put there stays.
	link := filepath.Join("runs", "latest")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(link, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := pointLatest(filepath.Join("runs", "1")); err != nil {
		t.Errorf("latest is a folder: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || !info.IsDir() {
		t.Errorf("the folder has gone: %v", err)
	}
}
