package experiments_test

import (
	"testing"

	"wirelab/lab/claim"
	"wirelab/lab/netns"
	"wirelab/lab/script"
)

// An engineer's own test, as docs/go.md shows it.
func TestPingAsksFirst(t *testing.T) {
	backend := netns.Backend{}
	if err := backend.Check(t.Context()); err != nil {
		t.Skip(err)
	}
	e, err := script.Parse("first.txtar", []byte(`
topology client server sniffer
run client ping -c 1 server
settle pinged
expect first.arp in pinged trace arp,icmp
	en ARP comes first.
-- first.arp --
client > *      who-has server
server > client is-at server
client > server echo-request seq=1
server > client echo-reply seq=1
`))
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := script.Run(t.Context(), backend, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range outcome.Verdicts {
		if v.Status != claim.Pass {
			t.Errorf("%s: %s: %s\n%q", v.ID, v.Status, v.Reason, v.Observed)
		}
	}
}
