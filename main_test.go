package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"wirelab/internal/require"
	"wirelab/lab/netns"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wirelab": func() { os.Exit(run(os.Args[1:])) },
	})
}

// The scripts use wirelab as people do. Those that bring a lab up need
// namespaces; where the machine refuses them they are skipped with the cause,
// unless WIRELAB_REQUIRE has netns.
func TestScripts(t *testing.T) {
	refused := netns.Backend{}.Check(context.Background())
	if refused != nil && require.Required(netns.Name) {
		t.Fatal(refused)
	}
	if refused != nil {
		t.Logf("scripts that need namespaces are skipped: %v", refused)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Condition: func(cond string) (bool, error) {
			if cond == "netns" {
				return refused == nil, nil
			}
			return false, fmt.Errorf("condition %q is not known", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			// Go builds the program for the hosts, and needs its caches for it.
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN"} {
				if v, ok := os.LookupEnv(name); ok {
					env.Setenv(name, v)
				}
			}
			home, err := os.UserHomeDir()
			if err != nil {
				return err
			}
			env.Setenv("HOME", home)
			env.Setenv("LC_CTYPE", "C.UTF-8") // what is drawn is not ASCII
			module, err := os.Getwd()
			if err != nil {
				return err
			}
			env.Setenv("MODULE", module)
			return nil
		},
	})
}

// What was typed is in an error, and acts on no terminal.
func TestErrorsAreSafe(t *testing.T) {
	for _, args := range [][]string{
		{"check", "ping", "none\x1b[31m\u202e.pcap"},
		{"check", "ping", os.DevNull, "--host", "client1=\x1b[31m\u202e"},
		{"run", "none\x1b[31m\u202e"},
		{"\x1b[31m\u202e"},
	} {
		if _, said := runAside(t, args...); !strings.Contains(said, `\x1b[31m\u202e`) {
			t.Errorf("%q: %q, want what was typed, escaped", args, said)
		}
	}
}

// runAside runs a command line with a standard error of its own.
func runAside(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	f, err := os.Create(t.TempDir() + "/stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stderr := os.Stderr
	os.Stderr = f
	code = run(args)
	os.Stderr = stderr
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(b)
}

// exits runs a command and checks its exit code: exits 3 wirelab run.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
