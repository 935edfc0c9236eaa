package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/display"
	"wirelab/internal/lang"
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
