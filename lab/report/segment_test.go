package report

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/display"
	"wirelab/internal/lang"
	"wirelab/lab"
)

func TestSegment(t *testing.T) {
	for _, test := range []struct {
		rows  string
		ascii bool
		want  string
	}{
		{"sniffer", false, `
  sniffer ──┬── lan
`},
		{"server sniffer", false, `
  server  ──┬── lan
  sniffer ──┘   note
`},
		{"client1 server sniffer", false, `
  client1 ──┐   note
  server  ──┼── lan
  sniffer ──┘   note
`},
		{"a b c d", true, `
  a --+   note
  b --+-- lan
  c --|   note
  d --+   note
`},
	} {
		var out bytes.Buffer
		NewTerminal(&out, lang.English, display.Display{ASCII: test.ascii}).Segment(strings.Fields(test.rows), "lan", func(int) string { return "note" })
		if diff := cmp.Diff(test.want, "\n"+out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rows, diff)
		}
	}
}

// Each segment is drawn with the hosts on it, and a router is one on each.
func TestTopology(t *testing.T) {
	routed := lab.Topology{
		Hosts:    []string{"client", "gateway", "server", lab.SnifferHost},
		Segments: []lab.SegmentSpec{{Name: "lan", Hosts: []string{"client", "gateway"}}, {Name: "dmz", Subnet: netip.MustParsePrefix("10.9.9.0/24"), Hosts: []string{"gateway", "server"}}},
		Routers:  []string{"gateway"},
	}
	for want, topology := range map[string]lab.Topology{`
  client  ──┐
  server  ──┼── one segment
  sniffer ──┘   captures the frames that reach it
`: lab.Hosts("client", "server"), `
  client           ──┐
  gateway (router) ──┼── lan  10.77.0.0/24
  sniffer          ──┘   captures the frames that reach it

  gateway (router) ──┐
  server           ──┼── dmz  10.9.9.0/24
  sniffer          ──┘   captures the frames that reach it
`: routed} {
		var out bytes.Buffer
		NewTerminal(&out, lang.English, display.Display{}).Topology(topology)
		if diff := cmp.Diff(want, "\n"+out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
