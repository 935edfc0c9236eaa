package experiments

import (
	"bytes"
	"strings"
	"testing"

	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// client1 ─lan─ gateway ─dmz─ server: what is lost behind the router, and delayed in front of it, and
// what of it the sniffer does not see on a switch.
const impairedRoute = `segment lan client1 gateway
segment dmz gateway server
host gateway router
run client1 ping -c 1 server
settle known
impair lose gateway server drop nth 1 where icmp and src host client1
impair slow client1 gateway delay 30ms where icmp
? run client1 ping -c 2 server
settle lost
mode dmz switch
run client1 ping -c 1 server
settle switched
mend slow
mend lose
impair twice gateway server duplicate nth 1 where icmp
run client1 ping -c 1 server
settle twice
expect routed.lost in lost trace icmp
expect routed.delayed in switched on lan trace icmp
expect routed.unseen in twice on lan trace icmp
-- routed.lost --
lan client1 > server echo-request seq=1 delayed
dmz client1 > server echo-request seq=1 lost
lan client1 > server echo-request seq=2 delayed
dmz client1 > server echo-request seq=2
dmz server > client1 echo-reply seq=2
lan server > client1 echo-reply seq=2
-- routed.delayed --
client1 > server echo-request seq=1 delayed
server > client1 echo-reply seq=1
-- routed.unseen --
client1 > server echo-request seq=1
server > client1 echo-reply seq=1
server > client1 echo-reply seq=1
`

func TestRoutedImpairments(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		e, err := script.Parse("routed.txtar", []byte(impairedRoute))
		if err != nil {
			t.Fatal(err)
		}
		o := carryOut(t, backend, e)
		if o.Status() != claim.Pass {
			t.Fatal(describe(o))
		}
		want := map[string]trace.Impairment{}
		for _, i := range o.Recording.Impairments() {
			want[i.Rule.Name] = i
		}
		if i := want["twice"]; i.Acted != 1 || i.Uncaptured != 1 || len(i.Packets) > 0 {
			t.Errorf("what a switch hides is not counted: %+v", i)
		}
		if i := want["lose"]; i.Acted != 1 || len(i.Packets) != 1 || !i.Mended {
			t.Errorf("what was lost is not found: %+v", i)
		}
		// Judged from its file it is the same, and it says who tells of the impairments.
		var file bytes.Buffer
		if err := o.Recording.Write(&file); err != nil {
			t.Fatal(err)
		}
		again := trace.New(e.Topology.TraceHosts())
		if err := again.Load(&file, nil); err != nil {
			t.Fatal(err)
		}
		for i, v := range script.Check(e, again).Verdicts {
			notes := ""
			for _, n := range v.Notes {
				notes += n.In(lang.English)
			}
			if v.Status != claim.Pass || !strings.Contains(notes, "comments in the capture file") {
				t.Errorf("%s is %s from its file, %v, with the notes %q", o.Verdicts[i].ID, v.Status, v.Reason, notes)
			}
		}
	})
}
