package experiments

import (
	"context"
	"strings"
	"syscall"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/fault"
	"wirelab/lab/script"
)

// Pings that are answered end with the answer, whenever that comes. The first of two is lost,
// or is overtaken by the second.
const (
	answered  = "run client1 ping -c 1 -W 20 server\n"
	twice     = answered + answered
	lostFirst = "! run client1 ping -c 1 -W 0.2 server\n" + answered
	overtaken = "run client1 ping -c 2 -i 0.2 -W 20 server\n"
)

// kinds are a rule of each kind, and what pings come to with it.
var kinds = []struct {
	rule, pings, want string
	acted             uint64
}{
	{"drop nth 1", lostFirst, "request 1 lost, request 1, reply 1", 1},
	{"loss 100%", "! run client1 ping -c 2 -i 0.1 -W 0.2 server\n", "request 1 lost, request 2 lost", 2},
	{"delay 20ms nth 1", twice, "request 1 delayed, reply 1, request 1, reply 1", 1},
	{"duplicate nth 1", answered, "request 1 duplicated, reply 1, reply 1", 1},
	{"reorder nth 1", overtaken, "request 1 reordered, request 2, reply 2, reply 1", 1},
	{"corrupt icmp[8] nth 1", lostFirst, "request 1 corrupted, request 1, reply 1", 1},
	{"corrupt icmp[8] checksum-right nth 1", "? " + answered, "request 1 corrupted, reply 1 unasked", 1},
	{"rate 1Mbit/s", twice, "request 1, reply 1, request 1, reply 1", 2},
	{"drop nth 1 before", lostFirst, "request 1, reply 1", 1},
	{"corrupt icmp[8] nth 1 before", lostFirst, "request 1, request 1, reply 1", 1},
}

// pingLines are lines of a trace: "request 1 lost" is "client1 > server echo-request seq=1 lost".
func pingLines(short string) string {
	return strings.NewReplacer("request ", "client1 > server echo-request seq=", "reply ", "server > client1 echo-reply seq=", ", ", "\n").Replace(short) + "\n"
}

func kindOf(t *testing.T, rule, pings, want string) *script.Experiment {
	t.Helper()
	e, err := script.Parse("kind.txtar", []byte("topology client1 server sniffer\nrun client1 ping -c 1 server\nsettle known\n"+
		"impair fault client1 server "+rule+" where icmp[icmptype] = icmp-echo\n"+
		pings+"settle with\nexpect kind.with in with trace icmp\n-- kind.with --\n"+want))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Every kind of impairment does the same in namespaces and in containers, and without its
// word, or with a line more, nothing passes.
func TestImpairmentKinds(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		network := bringUp(t, backend, lab.Topology{Hosts: []string{"client1", "server", lab.SnifferHost}})
		for _, test := range kinds {
			t.Run(test.rule, func(t *testing.T) {
				outcome, err := script.RunAttached(t.Context(), network, kindOf(t, test.rule, test.pings, pingLines(test.want)), nil)
				if err != nil {
					t.Fatal(err)
				}
				if outcome.Status() != claim.Pass {
					t.Fatal(describe(outcome))
				}
				if all := outcome.Recording.Impairments(); len(all) != 1 || all[0].Acted != test.acted {
					t.Errorf("the impairments have acted so: %+v, want once: %d", all, test.acted)
				}
				other := pingLines(test.want + ", reply 1")
				for _, word := range []string{" lost", " delayed", " duplicated", " reordered", " corrupted"} {
					if strings.Contains(test.want, word) {
						other = pingLines(strings.ReplaceAll(test.want, word, ""))
					}
				}
				if v := script.Check(kindOf(t, test.rule, test.pings, other), outcome.Recording).Verdicts[0]; v.Status != claim.Fail {
					t.Errorf("%q is %s, %v; want that it fails", other, v.Status, v.Reason)
				}
			})
		}
	})
}

// unimpaired is a network of which the machine refuses to impair a cable.
type unimpaired struct {
	lab.Network
	refusal error
}

func (u unimpaired) Impair(context.Context, fault.Rule) error { return u.refusal }
func (unimpaired) Mend(context.Context, string) error         { return nil }
func (unimpaired) Faults(context.Context, int) (fault.Report, error) {
	return fault.Report{}, nil
}

// Where the machine cannot impair a cable, nothing is proved, and the verdict says why.
func TestImpairmentRefused(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		network := bringUp(t, backend, lab.Topology{Hosts: []string{"client1", "server", lab.SnifferHost}})
		cannot := &lab.Unavailable{What: i18n.Verbatim("docker"), Cause: i18n.Msg("docker.wire", "Cause", syscall.EAFNOSUPPORT)}
		for _, want := range []string{pingLines("request 1, reply 1, request 2, reply 2"), ""} {
			outcome, err := script.RunAttached(t.Context(), unimpaired{network, cannot}, kindOf(t, "drop nth 1", lostFirst, want), nil)
			if err != nil {
				t.Fatal(err)
			}
			v := outcome.Verdicts[0]
			if v.Status != claim.Inconclusive || v.Reason == nil || !strings.Contains(v.Reason.In(lang.English), syscall.EAFNOSUPPORT.Error()) {
				t.Errorf("it is %s, %v; want inconclusive with the machine's refusal:\n%s", v.Status, v.Reason, describe(outcome))
			}
		}
	})
}
