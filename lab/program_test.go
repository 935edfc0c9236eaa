package lab

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
)

// A test binary is not what runs on hosts.
func TestProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the program is for Linux: it is run here")
	}
	path, err := Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkProgram(t, path)
	if again, err := Program(t.Context()); err != nil || again != path { // built once
		t.Errorf("Program = %q, %v; want %q", again, err, path)
	}
}

func TestStaticProgram(t *testing.T) {
	require.Long(t, "where the go command uses a C compiler, it compiles all of wirelab without")
	if runtime.GOOS != "linux" {
		t.Skip("the program is for Linux: it is run here")
	}
	path, err := StaticProgram(t.Context(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	if !isStatic(path, runtime.GOARCH) {
		t.Errorf("%s is not a static program for %s", path, runtime.GOARCH)
	}
	if isStatic(path, "s390x") && runtime.GOARCH != "s390x" {
		t.Errorf("%s is taken for a program of another architecture", path)
	}
	checkProgram(t, path)
}

// checkProgram checks that a file is a wirelab that runs here.
func checkProgram(t *testing.T, path string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), path, "hold", "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "hold [OPTIONS]") {
		t.Errorf("wirelab hold --help: %v: %s", err, out)
	}
}

func TestIsStatic(t *testing.T) {
	text := t.TempDir() + "/text"
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, t.TempDir() + "/none"} {
		if isStatic(path, runtime.GOARCH) {
			t.Errorf("%s is taken for a program", path)
		}
	}
}

// Outside the module, and of a program that is not wirelab, nothing can be
// built: the error says so and what helps.
func TestProgramUnavailable(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := buildProgram(t.Context(), "s390x")
	u, ok := errors.AsType[*Unavailable](err)
	if !ok {
		t.Fatalf("error %v, want *Unavailable", err)
	}
	if !strings.Contains(u.Cause.String(), "go run") || !strings.Contains(i18n.Lines(lang.English, u.Advice), "go build") {
		t.Errorf("cause %q, advice %q", u.Cause, u.Advice)
	}
}
