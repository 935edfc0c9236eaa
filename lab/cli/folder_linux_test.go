package cli

import (
	"os"
	"path/filepath"
	"testing"

	"wirelab/lab/netns"
)

// A folder that was there stays, as does a link to one, whatever becomes of the run.
func TestRunKeepsTheFolderThatWasThere(t *testing.T) {
	requireBackend(t, netns.Name)
	program, dir := wirelab(t), t.TempDir()
	own := filepath.Join(dir, "own")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("own", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	// Nothing is written into the folder of a run whose files may have no byte.
	out, code := answered(t, dir, "/bin/sh", "", "-c", `ulimit -f 0; trap "" XFSZ; exec `+program+" run --backend netns -o own ping-once")
	if entries, err := os.ReadDir(own); err != nil || len(entries) > 0 || code == 0 {
		t.Fatalf("exit code %d, %v is in the folder: %v\n%s", code, entries, err, out)
	}
	if out, code := answered(t, dir, program, "", "run", "--backend", "netns", "-o", "link", "ping-once"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "link", "result.json")); err != nil {
		t.Error(err)
	}
}
