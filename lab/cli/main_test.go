//go:build linux

package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/lab"
)

// wirelab returns the program as people run it.
func wirelab(t *testing.T) string {
	t.Helper()
	path, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// requireBackend ends the test where this machine cannot run a backend.
func requireBackend(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for _, b := range backends() {
		if b.Name() != name {
			continue
		}
		if err := b.Check(ctx); err != nil {
			require.Missing(t, name, err)
		}
	}
}

// runID is a word that no other run has.
func runID() string { return strings.ToLower(rand.Text()[:12]) }

// command runs wirelab and returns its output and exit code.
func command(t *testing.T, program string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return commandIn(t, "", program, args...)
}

// commandIn is command in a folder.
func commandIn(t *testing.T, dir, program string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), code
}

// lineReader reads lines until one has a text.
func awaitLine(t *testing.T, r io.Reader, text string) {
	t.Helper()
	found := make(chan error, 1)
	var seen []string
	go func() {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			seen = append(seen, lines.Text())
			if strings.Contains(lines.Text(), text) {
				found <- nil
				io.Copy(io.Discard, r) // the writer goes on
				return
			}
		}
		found <- fmt.Errorf("the output ended: %v", lines.Err())
	}()
	select {
	case err := <-found:
		if err != nil {
			t.Fatalf("awaited %q: %v; seen: %q", text, err, seen)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("awaited %q for 20 s", text)
	}
}
