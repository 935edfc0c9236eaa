package containertest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"wirelab/lab/claim"
	"wirelab/lab/containertest"
	"wirelab/lab/segment"
)

// What is not so fails, what cannot be known does not pass, and the network is
// afterwards as it was.
func TestWireFails(t *testing.T) {
	requireDocker(t)
	nw, hosts := chatNetwork(t)
	bridge := func() time.Duration {
		b, err := segment.Open("br-" + nw.ID[:12])
		if err != nil {
			t.Skipf("the daemon's networks are not this machine's: %v", err)
		}
		return b.Found()
	}
	before := bridge()
	t.Run("attached", func(t *testing.T) {
		wire := containertest.Attach(t, nw.Name, hosts)
		if ageing := bridge(); ageing != 0 {
			t.Errorf("the network is no hub: it forgets after %v", ageing)
		}
		wire.Settle("nothing")
		wire.Run("client1", "ping", "-c", "1", "server")
		wire.Settle("ping")
		wire.FlushNeighbours("client1")
		wire.Run("client1", "ping", "-c", "1", "server")
		wire.Settle("again")
		for _, test := range []struct {
			name, phase, projection, want string
			status                        claim.Status
			reason                        string
		}{
			{"a packet that was not expected", "ping", "icmp", "", claim.Fail, "echo-request"},
			{"a packet that did not come", "ping", "tcp", "client1 > server SYN acked", claim.Fail, "SYN"},
			{"an absence where nothing was done", "nothing", "tcp", "", claim.Inconclusive, ""},
			{"an absence that was seen", "ping", "tcp", "", claim.Pass, ""},
			{"asked again after the flush", "again", "arp", "client1 > * who-has server\nserver > client1 is-at server", claim.Pass, ""},
		} {
			v, err := wire.Judge("test", test.phase, test.projection, test.want)
			if err != nil || v.Status != test.status || test.reason != "" && !strings.Contains(v.Reason.String(), test.reason) {
				t.Errorf("%s: %s (%v), %v; want %s", test.name, v.Status, v.Reason, err, test.status)
			}
		}
		if err := testcontainers.TerminateContainer(hosts["client2"].(testcontainers.Container)); err != nil {
			t.Fatal(err)
		}
		if err := wire.TrySettle("after"); err == nil || !strings.Contains(err.Error(), "client2") {
			t.Errorf("client2 is gone, and a barrier is reached: %v", err)
		}
	})
	if after := bridge(); after != before {
		t.Errorf("the bridge forgets after %v, and did after %v", after, before)
	}
}
