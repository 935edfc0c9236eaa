package labtest_test

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"testing"

	"wirelab/lab/labtest"
)

// Labs that are up at once do not see one another: the hosts of each have the same
// names and addresses, and say something of their own. Nobody says it before all are
// up, and no lab ends before all have judged. scripts/parallel-labs has more of them.
func TestLabsAtOnce(t *testing.T) {
	labs := 16
	if s := os.Getenv("LABTEST_LABS"); s != "" {
		var err error
		if labs, err = strconv.Atoi(s); err != nil || labs < 2 {
			t.Fatalf("LABTEST_LABS is %q, want a number from 2", s)
		}
	} else {
		t.Parallel()
	}
	labtest.New(t, "client", "server") // skips where no lab can run, and builds what hosts run
	var up, judged, ended sync.WaitGroup
	up.Add(labs)
	judged.Add(labs)
	for n := range labs {
		ended.Go(func() {
			errors, causes, failed := labtest.Attempt(t, func(t testing.TB) {
				here := sync.OnceFunc(up.Done)
				done := sync.OnceFunc(judged.Done)
				defer done()
				defer here()
				l := labtest.New(t, "client", "server")
				here()
				up.Wait()
				own := fmt.Sprintf("this is lab %d of all", n)
				l.Texts(own)
				server := l.ListenPacket("server", "udp", ":7000")
				if _, err := io.WriteString(l.Dial("client", "udp", "server:7000"), own); err != nil {
					t.Fatal(err)
				}
				b := make([]byte, 100)
				if got, _, err := server.ReadFrom(b); err != nil || string(b[:got]) != own {
					t.Errorf("the server of lab %d has got %q, %v", n, b[:got], err)
				}
				l.Settle("said")
				l.Expect("arp,icmp,tcp,udp,other text in said", fmt.Sprintf(`
					client > * who-has server
					server > client is-at server
					client > server udp "%s"`, own))
				l.Exactly(1, `bytes "this is lab "`, labtest.In("said"))
				done()
				judged.Wait()
			})
			if failed || len(causes) > 0 {
				t.Errorf("lab %d: %q %q", n, errors, causes)
			}
		})
	}
	ended.Wait()
}
