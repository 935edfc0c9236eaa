package pcapfile_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"wirelab/sniffer/pcapfile"
)

func TestIsCapture(t *testing.T) {
	capture, err := os.ReadFile("../testdata/session.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(capture); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, test := range []struct {
		name    string
		content []byte
		want    bool
	}{
		{"whole", capture, true},
		{"cut", capture[:len(capture)/2], true},
		{"packed", packed.Bytes(), true},
		{"text", []byte("topology client1 server sniffer\n"), false},
		{"empty", nil, false},
		{"begun", capture[:3], false},
	} {
		path := filepath.Join(dir, test.name)
		if err := os.WriteFile(path, test.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := pcapfile.IsCapture(path); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	for _, path := range []string{dir, os.DevNull, filepath.Join(dir, "none")} {
		if pcapfile.IsCapture(path) {
			t.Errorf("%s is taken for a capture", path)
		}
	}
}
