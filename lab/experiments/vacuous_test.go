package experiments

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// CI repeats more often than anybody would wait for: -args -repeat 20, which is loaded, too.
var repeat = flag.Int("repeat", 1, "how often a script that must not pass is run, idle and loaded")

// busyLoop as the first argument makes this test binary use up a CPU until its
// input ends.
const busyLoop = "busy-loop"

// A script by which nothing can be proved proves nothing, however often it is
// run and however busy the machine is.
func TestNotVacuous(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		if *repeat == 1 {
			longInContainers(t, backend)
		}
		network := bringUp(t, backend, lab.Topology{Hosts: []string{"client1", "server", lab.SnifferHost}})
		for _, load := range []string{"idle", "loaded"} {
			t.Run(load, func(t *testing.T) {
				if load == "loaded" {
					if *repeat == 1 {
						require.Long(t, "it keeps every CPU busy")
					}
					busy(t)
				}
				for _, test := range vacuous {
					t.Run(test.name, func(t *testing.T) {
						if test.only != "" && test.only != backend.Name() {
							t.Skipf("this is for %s", test.only)
						}
						for range *repeat {
							test.run(t, network)
						}
					})
				}
			})
		}
	})
}

// The same of a script whose barrier is awaited to its end: that a frame will overtake the
// one held back is possible until then.
func TestHeldFrame(t *testing.T) {
	t.Parallel()
	test := proof{
		status: claim.Inconclusive, reason: "impairment swapped holds a frame back",
		steps: "impair swapped client1 server reorder nth 3 where icmp\nrun client1 ping -c 3 -i 0.1 server",
	}
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		test.run(t, bringUp(t, backend, lab.Topology{Hosts: []string{"client1", "server", lab.SnifferHost}}))
	})
}

// run runs the script once and compares what its one claim came to.
func (test proof) run(t *testing.T, network lab.Network) {
	t.Helper()
	e, err := script.Parse("vacuous.txtar", []byte("topology client1 server sniffer\n"+test.steps+
		"\nsettle done\nexpect vacuous.nothing in done trace tcp/9999\n-- vacuous.nothing --\n"))
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := script.RunAttached(t.Context(), network, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := outcome.Verdicts[0]
	reason := ""
	if v.Reason != nil {
		reason = v.Reason.In(lang.English)
	}
	if v.Status != test.status || !strings.Contains(reason, test.reason) {
		t.Fatalf("%s, reason %q; want %s, %q", v.Status, reason, test.status, test.reason)
	}
}

// proof is a script, and what an expectation of nothing comes to after it.
type proof struct {
	name   string
	steps  string
	status claim.Status
	reason string
	only   string // the backend that can do it, if not every one
}

var vacuous = []proof{
	{name: "a word that the program does not know", status: claim.Inconclusive, reason: "ended with exit code 2",
		steps: "start client1 chat joyn server\nawait client1 joined"},
	{name: "a flag that does not exist", status: claim.Inconclusive, reason: "ended with exit code 2",
		steps: "start client1 ping --frobnicate server\nclose client1"},
	{name: "a program that does not exist", status: claim.Inconclusive, reason: "did not start",
		steps: "start client1 /no/such/program\nclose client1"},
	{name: "a program that is none", status: claim.Inconclusive, reason: "did not start", only: "netns",
		steps: "start client1 /etc/hosts\nclose client1"},
	{name: "a program that ends before its close", status: claim.Inconclusive, reason: "was not closed, and yet client1: ping",
		// It prints before it ends: the second ping gives it the time to.
		steps: "start client1 ping -c 1 server\nawait client1 1 received\nrun server ping -c 2 -i 0.2 client1"},
	{name: "a client that is thrown out", status: claim.Inconclusive, reason: "was not closed, and yet client1: chat join server",
		steps: "start server chat serve\nawait server listening\nstart client1 chat join server\nawait client1 joined\nsay server kick client1\nawait client1 kicked\nsay server /quit\nawait server closing\nclose server"},
	{name: "a program that is killed", status: claim.Inconclusive, reason: "exit code 137", only: "netns",
		steps: "start client1 /bin/sh -c \"echo ready; kill -9 $$\"\nawait client1 ready\nrun server ping -c 1 client1"},
	{name: "a program that is killed, and what it started lives", status: claim.Inconclusive, reason: "was not closed, and yet client1: /bin/sh", only: "netns",
		steps: "start client1 /bin/sh -c \"set -m; echo ready; sleep 30 & kill -9 $$\"\nawait client1 ready\nrun server ping -c 1 client1"},
	{name: "a program that hides its environment", status: claim.Pass, only: "netns",
		steps: "start client1 /usr/bin/env -i /bin/sh -c \"echo ready; exec cat\"\nawait client1 ready\nrun server ping -c 1 client1"},
	{name: "a command that leaves something running", status: claim.Inconclusive, reason: "has ended and left a process behind", only: "netns",
		steps: "run client1 /bin/sh -c \"sleep 30 >/dev/null 2>&1 </dev/null &\"\nrun server ping -c 1 client1"},
	{name: "a program that leaves something running", status: claim.Inconclusive, reason: "has ended and left a process behind", only: "netns",
		steps: "start client1 /bin/sh -c \"sleep 30 >/dev/null 2>&1 </dev/null & cat\"\nrun server ping -c 1 client1\nclose client1"},
	{name: "an impairment that acts on nothing", status: claim.Inconclusive, reason: "impairment idle acted on no frame",
		steps: "impair idle client1 server drop where tcp port 9\nrun client1 ping -c 1 server"},
	{name: "one that need not act", status: claim.Pass,
		steps: "? impair idle client1 server drop where tcp port 9\nrun client1 ping -c 1 server"},
	{name: "a command that fails", status: claim.Inconclusive, reason: "ended with exit code",
		steps: "run client1 ping -c 1 nobody"},
	{name: "a command that says what could act on a terminal", status: claim.Inconclusive, reason: `client1: /bin/sh -c exit 3 # \x1b[31m ended`, only: "netns",
		steps: `run client1 /bin/sh -c "exit 3 # \u001b[31m"`},
	{name: "a command that was to fail", status: claim.Inconclusive, reason: "was to fail",
		steps: "! run client1 ping -c 1 server"},
	{name: "nothing was done", status: claim.Inconclusive, reason: "nothing was done",
		steps: "fresh client1"},
	{name: "nothing could have been seen", status: claim.Inconclusive, reason: "could not have seen",
		steps: "run client1 neigh"},
	{name: "on a switch nothing can be seen", status: claim.Inconclusive, reason: "could not have seen",
		steps: "run client1 ping -c 1 server\nmode switch\nrun client1 ping -c 1 server"},
	{name: "something was done, and would have been seen", status: claim.Pass,
		steps: "run client1 ping -c 1 server"},
}

// busy keeps every CPU busy until the test ends.
func busy(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range runtime.NumCPU() {
		cmd := exec.Command(self, busyLoop)
		stop, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			stop.Close()
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// spin uses up a CPU until standard input ends.
func spin() {
	var ended atomic.Bool
	go func() {
		fmt.Fscanln(os.Stdin)
		ended.Store(true)
	}()
	for !ended.Load() {
	}
}
