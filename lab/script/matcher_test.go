package script

import (
	"strings"
	"testing"

	"wirelab/lab/claim"
)

// matched is an experiment with one claim, and what its section has.
func matched(expect, section string) []byte {
	return []byte("topology client1 server sniffer\nrun client1 ping -c 1 server\nsettle order\nexpect x.y " + expect + "\n-- x.y --\n" + section)
}

// A claim about one thing alone is read, and told as it was written. Its words may name
// phases, too.
func TestMatcherIsRead(t *testing.T) {
	for _, test := range []struct{ expect, section, want string }{
		{"in order never", "arp\n", "in order never arp"},
		{"in order never from server to *", "# a comment\n\nhost server and icmp\n", "in order never host server and icmp; from server; to *"},
		{"in all exactly 2 to server each tcp port 80", "tcp[13] & 2 != 0\n", "in all exactly 2 tcp[13] & 2 != 0; to server; each tcp port 80"},
		{"in order on lan before", "arp\ntrace icmp: client1 > server echo-request\n", "in order arp before trace icmp: client1 > server echo-request"},
		{"in order order", "arp\nicmp\nicmp", "in order in order arp, icmp, icmp"},
		{"in order trace icmp", "", "in order trace icmp"},
	} {
		e, err := Parse("x.txtar", matched(test.expect, test.section))
		if err != nil {
			t.Errorf("%s: %v", test.expect, err)
			continue
		}
		if got := e.Claims[0].Scope(); got != test.want {
			t.Errorf("%s: read as %q, want %q", test.expect, got, test.want)
		}
	}
}

// What could never be judged is refused where it stands.
func TestMatcherMistakes(t *testing.T) {
	for _, test := range []struct{ expect, section, want string }{
		{"in order never", "", "takes 1"},
		{"in order never", "arp\nicmp\n", "takes 1"},
		{"in order before", "arp\n", "takes 2"},
		{"in order exactly", "arp\n", "want a number from 0"},
		{"in order exactly -1", "arp\n", "want a number from 0"},
		{"in order exactly 1 form server", "arp\n", `"form"`},
		{"in order never from", "arp\n", `"from"`},
		{"in order never from sever", "arp\n", `no host "sever"`},
		{"in order never each tpc", "arp\n", "tpc"},
		{"in order never", "apr\n", "apr"},
		{"in order never", "host sever\n", "sever"},
		{"in order never", "trace icmp: client1 > sever echo-request\n", "sever"},
		{"in ordre never", "arp\n", "ordre"},
		{"in order on dmz never", "arp\n", "dmz"},
		{"anywhere never", "arp\n", "needs a barrier"},
		{"in order", "arp\n", "write: expect"},
		{"in order nevver", "arp\n", "write: expect"},
	} {
		if _, err := Parse("x.txtar", matched(test.expect, test.section)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %q: %v, want %q", test.expect, test.section, err, test.want)
		}
	}
}

// What must not be is not filled in with what was seen.
func TestMatcherIsNotUpdated(t *testing.T) {
	e, err := Parse("x.txtar", matched("in order never", "arp\n"))
	if err != nil {
		t.Fatal(err)
	}
	v := claim.Unable(e.Claims, failed(claimFailed{}))[0]
	v.Status = claim.Fail
	o := &Outcome{Experiment: e, Verdicts: []claim.Verdict{v}}
	if u, err := o.Update(matched("in order never", "arp\n")); err == nil {
		t.Errorf("it is filled in: %s", u.Text)
	}
}

type claimFailed struct{}

func (claimFailed) Error() string { return "packet 3 matches arp" }
