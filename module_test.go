package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wirelab/internal/require"
)

// copyTree copies what the module is made of.
func copyTree(t *testing.T, to string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skipf("the files of the module are told by git: %v", err)
	}
	for _, file := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		b, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // removed and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(to, file)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, b, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}

// inFolder runs a command in a folder and returns what it printed. A module that is
// neither in the cache nor to be had ends the test.
func inFolder(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil && regexp.MustCompile(`(?m)disabled by GOPROXY=off|: dial tcp.*$`).Match(out) {
		t.Skipf("a module cannot be had: %s", out)
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// another is a test of another module.
const another = `package shop

import (
	"fmt"
	"net/http"
	"testing"

	"wirelab/lab/labtest"
)

func TestOneConnection(t *testing.T) {
	l := labtest.New(t, "client", "server")
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") })}
	go web.Serve(l.Listen("server", "tcp", ":80"))
	t.Cleanup(func() { web.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client")}}
	resp, err := client.Get("http://server/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	l.Settle("fetched")
	l.Expect("tcp/80 first in fetched", "client > server SYN acked")
	l.Run("client", "ping", "-c", "1", "server")
	l.Settle("pinged")
}
`

// A module outside the tree uses a checkout by the lines that docs/go.md shows, and
// its own test passes. Nothing is written into the checkout, which may be read-only,
// as what lies in the module cache is.
func TestAnotherModuleUsesACheckout(t *testing.T) {
	require.Long(t, "it compiles the module anew")
	t.Parallel()
	work := t.TempDir()
	checkout, shop := filepath.Join(work, "wirelab"), filepath.Join(work, "shop")
	copyTree(t, checkout)
	setWritable(t, checkout, false)
	t.Cleanup(func() { setWritable(t, checkout, true) })
	before := tree(t, checkout)

	if err := os.Mkdir(shop, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module example.org/shop\n\ngo 1.26\n", "shop_test.go": another} {
		if err := os.WriteFile(filepath.Join(shop, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shown := regexp.MustCompile(`(?m)^    (go mod .*)$`).FindAllStringSubmatch(readText(t, "docs/go.md"), -1)
	if len(shown) != 2 {
		t.Fatalf("docs/go.md shows %q, want the two commands by which a module uses a checkout", shown)
	}
	for _, m := range shown {
		words := strings.Fields(m[1])
		inFolder(t, shop, words[0], words[1:]...)
	}
	out := inFolder(t, shop, "go", "test", "-count=1", "-v", "./...")
	switch {
	case strings.Contains(out, "--- SKIP"):
		require.Missing(t, "netns", out)
	case !strings.Contains(out, "--- PASS: TestOneConnection"):
		t.Errorf("the test of another module:\n%s", out)
	}
	if after := tree(t, checkout); after != before {
		t.Errorf("the checkout was\n%s\nand is\n%s", before, after)
	}
}

// setWritable gives or takes the right to write in a folder.
func setWritable(t *testing.T, root string, writable bool) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() &^ 0o222
		if writable {
			mode |= 0o200
		}
		return os.Chmod(path, mode)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tree lists the files of a folder with their sizes and times: a superuser writes
// where nobody may.
func tree(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			b.WriteString(path + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The module gets another path by one command, which leaves nothing of the old one
// where a path stands, and can be given again.
func TestSetModulePath(t *testing.T) {
	require.Long(t, "it compiles the module anew")
	t.Parallel()
	dir := t.TempDir()
	copyTree(t, dir)
	inFolder(t, dir, "scripts/set-module-path", "lab.example.org/net/wirelab-2")
	inFolder(t, dir, "scripts/set-module-path", "example.org/wire.lab")
	left := regexp.MustCompile(`(?:^|[^A-Za-z0-9._/@~-])wirelab/(?:chat|sniffer|lab|internal|message)(?:$|[^A-Za-z0-9_-])|wirelab-2|lab\.example\.org`)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "module_test.go" {
			return err
		}
		for n, line := range strings.Split(readText(t, path), "\n") {
			if found := left.FindString(line); found != "" {
				t.Errorf("%s:%d still has %q", path, n+1, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Every import of every package and test is found.
	inFolder(t, dir, "go", "list", "-deps", "-test", "./...")
	// The program for the lab's hosts is found by the new path.
	inFolder(t, dir, "go", "test", "-count=1", "-run", "^TestProgram$", "./lab")
	cmd := exec.CommandContext(t.Context(), "scripts/set-module-path", "no path")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "example.org/you/wirelab") {
		t.Errorf("a path with a space: %v, %s", err, out)
	}
}
