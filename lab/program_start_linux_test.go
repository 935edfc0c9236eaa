package lab

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// A lab starts the program on every host, and what happens before main is paid for at
// each start. Memory stands for it: what the inits allocate is the same on every
// machine, and a table or an expression that only some commands need shows in it.
func TestProgramInitAllocatesLittle(t *testing.T) {
	program, err := Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--version")
	cmd.Env = append(cmd.Environ(), "GODEBUG=inittrace=1") // package runtime
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &trace)
	}
	total := 0
	for line := range strings.Lines(trace.String()) {
		// init internal/bytealg @0.008 ms, 0 ms clock, 0 bytes, 0 allocs
		words := strings.Fields(line)
		if len(words) != 11 || words[0] != "init" {
			t.Fatalf("inittrace says %q", line)
		}
		bytes, err := strconv.Atoi(words[7])
		if err != nil {
			t.Fatalf("inittrace says %q: %v", line, err)
		}
		total += bytes
		if strings.HasPrefix(words[1], modulePath+"/") && bytes > 64<<10 {
			t.Errorf("the init of %s allocates %d bytes, want 65536 at most: can it wait for its first use?", words[1], bytes)
		}
	}
	// 414 KB are github.com/distribution/reference's, which the client of Docker needs, and
	// 467 KB gopacket's; its tables of 6 MB are no allocations.
	if total == 0 || total > 3<<19 {
		t.Errorf("all inits allocate %d bytes, want 1.5 MiB at most:\n%s", total, &trace)
	}
}
