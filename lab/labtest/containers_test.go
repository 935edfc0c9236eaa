package labtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/docker"
	"wirelab/lab/labtest"
)

// inContainers brings a lab up in containers, whatever else the machine can run.
func inContainers(t *testing.T, hosts ...string) *labtest.Lab {
	t.Helper()
	b, topology := &docker.Backend{}, lab.Hosts(hosts...)
	if err := b.Check(t.Context()); err != nil {
		advice := ""
		if u, ok := errors.AsType[*lab.Unavailable](err); ok {
			advice = i18n.Lines(lang.English, u.Advice)
		}
		require.Missing(t, "docker", err.Error()+"\n"+advice)
	}
	return labtest.Attach(t, topology, func(ctx context.Context) (lab.Network, error) { return b.Up(ctx, topology) })
}

// Every kind of fault does in containers what it does in namespaces, to the first ping.
func TestImpairInContainers(t *testing.T) {
	require.Long(t, "it takes long in containers")
	l := inContainers(t, "client", "server")
	l.Run("client", "ping", "-c", "1", "server")
	l.Settle("known")
	nth := labtest.Frames{Nth: []int{1}, Where: "icmp[icmptype] = icmp-echo"}
	const unanswered, answered = "request 1 WORD, request 2, reply 2", "request 1 WORD, reply 1"
	for _, test := range []struct {
		name string
		what labtest.Fault
		want string
		word string
	}{
		{"drop", labtest.Drop{}, unanswered, " lost"},
		{"loss", labtest.Loss{Percent: 100, Seed: 7}, unanswered, " lost"},
		{"delay", labtest.Delay{By: 500 * time.Millisecond}, answered, " delayed"},
		{"duplicate", labtest.Duplicate{}, answered + ", reply 1", " duplicated"},
		{"reorder", labtest.Reorder{}, "request 1 WORD, request 2, reply 2, reply 1", " reordered"},
		{"corrupt", labtest.Corrupt{Layer: "icmp", At: 8}, unanswered, " corrupted"},
		{"rate", labtest.Rate{Bits: 1e6}, answered, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			l.Impair(test.name, "client", "server", test.what, nth)
			count, wait := "1", "20" // it ends with the answer
			if strings.Contains(test.want, "request 2") {
				count = "2"
			}
			if test.want == unanswered {
				wait = "2"
			}
			l.Run("client", "ping", "-c", count, "-i", "0.2", "-W", wait, "server")
			l.Mend(test.name)
			l.Settle(test.name)
			lines := func(word string) string {
				return strings.NewReplacer(" WORD", word, "request ", "client > server echo-request seq=", "reply ", "server > client echo-reply seq=", ", ", "\n").Replace(test.want)
			}
			l.Expect("icmp in "+test.name, lines(test.word))
			if v, err := l.Judge("icmp in "+test.name, lines("")); test.word != "" && (err != nil || v.Status != claim.Fail) {
				t.Errorf("without the word it is %s, %v", v.Status, err)
			}
		})
	}
	// One that acts on nothing proves nothing.
	l.Impair("idle", "client", "server", labtest.Drop{}, labtest.Frames{Where: "tcp port 9"})
	l.Run("client", "ping", "-c", "1", "server")
	l.Settle("idle")
	v, err := l.Judge("tcp in idle", "")
	if err != nil || v.Status != claim.Inconclusive || !strings.Contains(v.Reason.In(lang.English), "acted on no frame") {
		t.Errorf("with an impairment that does nothing it is %s, %v, %v", v.Status, v.Reason, err)
	}
}
