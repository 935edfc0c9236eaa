package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program that starts on every host of every lab links no client of Kubernetes:
// a start would take 9 ms more.
func TestMainProgramLinksNoClient(t *testing.T) {
	t.Parallel()
	deps := func(dir string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", dir).CombinedOutput()
		if err != nil {
			t.Fatalf("go list -deps %s: %v\n%s", dir, err, out)
		}
		return string(out)
	}
	for line := range strings.Lines(deps("../../..")) {
		if strings.HasPrefix(line, "k8s.io/") {
			t.Errorf("wirelab links %s", line)
		}
	}
	if !strings.Contains(deps("../wirelab-class"), "k8s.io/client-go/kubernetes\n") {
		t.Error("wirelab-class links no client: this test looks for the wrong thing")
	}
}

// A run has one id, which stays with the course's folder.
func TestRunOf(t *testing.T) {
	dir := t.TempDir()
	first, err := RunOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := RunOf(dir); err != nil || again != first {
		t.Errorf("%s, %v; want %s again", again, err, first)
	}
	if other, err := RunOf(t.TempDir()); err != nil || other == first {
		t.Errorf("another course has %s, %v", other, err)
	}
	for _, wrong := range []string{"", "ABC", "a,b", "../../../../etc", strings.Repeat("a", 13)} {
		if err := os.WriteFile(filepath.Join(dir, runFile), []byte(wrong), 0o644); err != nil {
			t.Fatal(err)
		}
		if id, err := RunOf(dir); err == nil {
			t.Errorf("the id %q is read as %q", wrong, id)
		}
	}
}

// The second program is looked for beside this one and in PATH, and nowhere else.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", "")
	t.Chdir(dir)
	own := filepath.Join(dir, program)
	if err := os.WriteFile(own, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, ok := find(); ok {
		t.Errorf("found %s, in the current folder alone", path)
	}
	t.Setenv("PATH", dir)
	if path, ok := find(); !ok || path != own {
		t.Errorf("found %s, %v; want %s", path, ok, own)
	}
	t.Setenv("PATH", ".")
	if path, ok := find(); ok {
		t.Errorf("found %s, by a PATH that has the current folder", path)
	}
}
