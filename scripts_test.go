//go:build unix

package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every script says what it is for, and does nothing for a word that it does not know.
func TestScriptsSayWhatTheyTake(t *testing.T) {
	all, err := filepath.Glob("scripts/[a-z]*")
	if err != nil || len(all) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	run := func(script, word string) (stdout, stderr string, code int) {
		t.Helper()
		var out, errs strings.Builder
		cmd := exec.CommandContext(t.Context(), script, word)
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return out.String(), errs.String(), exit.ExitCode()
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.String(), errs.String(), 0
	}
	for _, script := range all {
		for _, word := range []string{"--help", "-h"} {
			if stdout, stderr, code := run(script, word); code != 0 || !strings.Contains(stdout, script) || strings.Contains(stdout, "set -") || stderr != "" {
				t.Errorf("%s %s: exit code %d, %q, %q", script, word, code, stdout, stderr)
			}
		}
		if script == "scripts/bench-chat" {
			continue // its program refuses options, once it is built
		}
		if _, stderr, code := run(script, "--nonsense"); code != 2 || !strings.Contains(stderr, "--nonsense") {
			t.Errorf("%s --nonsense: exit code %d, %q", script, code, stderr)
		}
	}
	for _, script := range []string{"bench-lab", "bench-sniffer", "kubernetes-10000", "kubernetes-down", "kubernetes-kills", "page-picture", "parallel-labs", "repeat", "time-run"} {
		if _, stderr, code := run("scripts/"+script, "word"); code != 2 || !strings.Contains(stderr, "word") {
			t.Errorf("%s word: exit code %d, %q", script, code, stderr)
		}
	}
}
