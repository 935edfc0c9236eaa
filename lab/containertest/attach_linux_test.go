package containertest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"wirelab/lab/claim"
	"wirelab/lab/containertest"
	"wirelab/lab/segment"
)

// recorder is a test that cannot fail: it tells why it would have ended.
type recorder struct {
	testing.TB
	fatal chan string
}

func (r *recorder) Fatal(args ...any) {
	r.fatal <- fmt.Sprint(args...)
	runtime.Goexit()
}

// What is not so fails, what cannot be known does not pass, and the network is
// afterwards as it was.
func TestAttachedFails(t *testing.T) {
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
		r := &recorder{t, make(chan string, 1)}
		l := containertest.Attach(r, nw.Name, hosts)
		if ageing := bridge(); ageing != 0 {
			t.Errorf("the network is no hub: it forgets after %v", ageing)
		}
		l.Settle("nothing")
		l.Run("client1", "ping", "-c", "1", "server")
		l.Settle("ping")
		l.FlushNeighbours("client1")
		l.Run("client1", "ping", "-c", "1", "server")
		l.Settle("again")
		for _, test := range []struct {
			name, part, want string
			status           claim.Status
			reason           string
		}{
			{"a packet that was not expected", "icmp in ping", "", claim.Fail, "echo-request"},
			{"a packet that did not come", "tcp in ping", "client1 > server SYN acked", claim.Fail, "SYN"},
			{"an absence where nothing was done", "tcp in nothing", "", claim.Inconclusive, ""},
			{"an absence that was seen", "tcp in ping", "", claim.Pass, ""},
			{"asked again after the flush", "arp in again", "client1 > * who-has server\nserver > client1 is-at server", claim.Pass, ""},
		} {
			v, err := l.Judge(test.part, test.want)
			if err != nil || v.Status != test.status || test.reason != "" && !strings.Contains(v.Reason.String(), test.reason) {
				t.Errorf("%s: %s (%v), %v; want %s", test.name, v.Status, v.Reason, err, test.status)
			}
		}
		if err := testcontainers.TerminateContainer(hosts["client2"].(testcontainers.Container)); err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(r.fatal)
			l.Settle("after")
		}()
		if why := <-r.fatal; !strings.Contains(why, "client2") {
			t.Errorf("client2 is gone, and a barrier is reached: %q", why)
		}
	})
	if after := bridge(); after != before {
		t.Errorf("the bridge forgets after %v, and did after %v", after, before)
	}
}
