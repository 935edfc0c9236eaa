package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/cmdline"
	"wirelab/sniffer/internal/ownnet"
)

// asCommand marks the test binary that runs as the command sniff.
const asCommand = "WIRELAB_TEST_SNIFF"

func init() {
	if args := os.Getenv(asCommand); args != "" {
		os.Exit(cmdline.New(Part()).Run(context.Background(), append([]string{"sniff"}, strings.Fields(args)...), os.Stderr))
	}
}

// A sniff that captures has no capability in any thread and cannot get one, and
// goes on capturing and rotating files.
func TestConfined(t *testing.T) {
	near, far := ownnet.Cable(t)
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asCommand+"=-i "+near.Name+" --until-eof --lang en --rotate-size 1K -w "+filepath.Join(dir, "x.pcapng"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := newTranscript()
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	stderr.await(t, "capturing on")
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", cmd.Process.Pid))
	if err != nil || len(tasks) < 2 {
		t.Fatalf("threads %v, %v; want some", tasks, err)
	}
	for _, path := range tasks {
		status, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		for _, want := range []string{"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1"} {
			if !strings.Contains(string(status), want) {
				t.Errorf("%s lacks %q:\n%s", path, want, status)
			}
		}
	}
	send := ownnet.Sender(t, far)
	for i := range uint32(30) {
		send(frame(i))
	}
	lines := bufio.NewScanner(stdout)
	for range 30 {
		if !lines.Scan() {
			t.Fatal("too few lines", lines.Err())
		}
	}
	stdin.Close()
	if _, err := io.Copy(io.Discard, stdout); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "x-*.pcapng")); len(files) < 2 {
		t.Errorf("files %v, want several", files)
	}
}
