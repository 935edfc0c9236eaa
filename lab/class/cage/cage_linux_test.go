package cage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"wirelab/internal/require"
)

// asProgram makes this test binary one that runs a caged program, as `class program`
// does: its streams are the program's.
const asProgram = "CAGE_TEST_PROGRAM"

const asCheck = "CAGE_TEST_CHECK" // makes it one that says what Check finds

func TestMain(m *testing.M) {
	if os.Getenv(asCheck) != "" {
		fmt.Println(Check(context.Background()))
		os.Exit(0)
	}
	if path := os.Getenv(asProgram); path != "" {
		os.Unsetenv(asProgram)
		code, err := Run(context.Background(), path, os.Args[1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// caged is the command that runs a script of a shell.
func caged(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"="+path)
	return cmd
}

func run(t *testing.T, script string, args ...string) (out string, code int) {
	t.Helper()
	cmd := caged(t, script, args...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	cmd.Stdin = strings.NewReader("typed\n")
	err := cmd.Run()
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exited.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code == Uncaged {
		require.Missing(t, "netns", errors.New(b.String()))
	}
	return b.String(), code
}

// A program has its arguments and streams, and ends with its own code.
func TestRun(t *testing.T) {
	out, code := run(t, "#!/bin/sh\nread line\necho \"$1 $2 $line\"\nexit 7\n", "a b", "c")
	if out != "a b c typed\n" || code != 7 {
		t.Errorf("printed %q and ended with %d", out, code)
	}
	if out, code := run(t, "#!/bin/sh\nkill -KILL $$\n"); code != 128+int(syscall.SIGKILL) {
		t.Errorf("a killed program ends with %d: %s", code, out)
	}
	// Its own code is never the one of a program that was not locked in.
	if out, code := run(t, "#!/bin/sh\nexit 125\n"); code != notExecutable {
		t.Errorf("a program that ends with 125 has %d: %s", code, out)
	}
	for _, script := range []string{"", "no program", "\x7fELF, nearly", "#!/no/such/interpreter\n"} {
		if out, code := run(t, script); code != notExecutable || out == "" {
			t.Errorf("%q: code %d, said %q", script, code, out)
		}
	}
}

// What a program must not reach, it does not.
func TestLockedIn(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, script, want string }{
		{"this machine's files", "cat " + secret, "No such file"},
		{"by the first process's root", "cat /proc/1/root" + secret, "No such file|Permission denied"},
		{"by climbing", "cd /; cat ../../../.." + secret, "No such file"},
		{"the machine's programs", "echo x > /usr/bin/x", "Read-only"},
		{"a device of its own", "mknod /work/sda b 8 0", "not permitted"},
		{"a mount", "mount -t tmpfs x /usr", "denied|permitted|superuser"},
		{"another process", "kill -0 " + fmt.Sprint(os.Getpid()), "No such process"},
		{"a kill of everybody", "kill -KILL -1; echo alive", "alive"},
		{"more files than it may have", "head -c 80000000 /dev/zero > /work/x", "too large|No space|File size"},
		{"more processes than it may have", "i=0; while [ $i -lt 400 ]; do sleep 20 & i=$((i+1)); done; echo all", "annot fork|unavailable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.HasPrefix(test.name, "more processes") && os.Geteuid() == 0 {
				t.Skip("the number of root's processes is not bounded (setrlimit(2))")
			}
			out, code := run(t, "#!/bin/sh\n"+test.script+"\n")
			met := false
			for _, want := range strings.Split(test.want, "|") {
				met = met || strings.Contains(out, want)
			}
			if !met {
				t.Errorf("code %d, printed %q; want %s", code, out, test.want)
			}
		})
	}
	out, _ := run(t, "#!/bin/sh\ngrep -E '^(Cap|NoNewPrivs)' /proc/self/status\n")
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		if want := "0000000000000000"; strings.HasPrefix(name, "Cap") && value != want || name == "NoNewPrivs" && value != "1" {
			t.Errorf("%s is %s", name, value)
		}
	}
	if !strings.Contains(out, "CapBnd") {
		t.Errorf("printed %q", out)
	}
}

// Where programs can be locked in, Check finds nothing; where they cannot, the cause.
func TestCheck(t *testing.T) {
	if err := Check(t.Context()); err != nil {
		require.Missing(t, "netns", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	// In a user namespace whose root has forbidden others there is no cage.
	cmd := exec.Command("unshare", "--user", "--map-root-user", "sh", "-c", "echo 0 > /proc/sys/user/max_user_namespaces && exec "+os.Args[0])
	cmd.Env = append(os.Environ(), asCheck+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		require.Missing(t, "netns", fmt.Sprintf("there is no user namespace to forbid others in: %v: %s", err, out))
	}
	if !strings.Contains(string(out), "locked in") || !strings.Contains(string(out), "no space left") {
		t.Errorf("where no cage can be made: %q", out)
	}
}

// However the process ends that runs it, a program is gone with all that it started.
func TestGone(t *testing.T) {
	cmd := caged(t, "#!/bin/sh\nsleep 300 &\necho up\nsleep 300\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if _, err := out.Read(b); err != nil || string(b) != "up\n" {
		cmd.Process.Kill()
		cmd.Wait()
		t.Skipf("the program did not come up: %q, %v", b, err)
	}
	if err := unix.Kill(cmd.Process.Pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Every process of the cage has the pipe open: its end is theirs.
	ended := make(chan error, 1)
	go func() { _, err := out.Read(b); ended <- err }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the pipe is open 20 s after kill -9: something of the cage runs")
	}
	cmd.Wait()
}
