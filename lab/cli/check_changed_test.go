package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wirelab/lab/seal"
	"wirelab/lab/trace"
)

// A capture file that somebody writes while it is judged is noticed, whatever its length;
// one that another replaces is still the one that was opened.
func TestChanged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(path string) error
		want   bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"other bytes", func(path string) error { return os.WriteFile(path, []byte("frames of me"), 0o644) }, true},
		{"cut off", func(path string) error { return os.Truncate(path, 3) }, true},
		{"another in its place", func(path string) error {
			if err := os.WriteFile(path+".new", []byte("other frames"), 0o644); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mine.pcap")
			if err := os.WriteFile(path, []byte("frames of it"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			before, err := file.Stat()
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			if after, err := file.Stat(); err != nil || changed(before, after) != tt.want {
				t.Errorf("changed %v (%v), want %v", changed(before, after), err, tt.want)
			}
		})
	}
}

// It is the file that is judged whose signature is verified, not another that has its name
// by then.
func TestSealOfWhatIsJudged(t *testing.T) {
	dir := t.TempDir()
	public := filepath.Join(dir, "course.pub")
	key, err := seal.LoadKey(filepath.Join(dir, "course.key"), public)
	if err != nil {
		t.Fatal(err)
	}
	var capture bytes.Buffer
	if err := trace.New(trace.Hosts{}).Write(&capture); err != nil {
		t.Fatal(err)
	}
	genuine, mine := filepath.Join(dir, "genuine.pcapng"), filepath.Join(dir, "mine.pcapng")
	if err := os.WriteFile(genuine, seal.Sign(capture.Bytes(), key, "course: alice ping"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, capture.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(mine)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := os.Rename(genuine, mine); err != nil {
		t.Fatal(err)
	}
	if said, err := checkSeal(file, public); err == nil {
		t.Errorf("a capture without a signature: %v", said)
	}
	other, err := os.Open(mine)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := checkSeal(other, public); err != nil {
		t.Error(err)
	}
}
