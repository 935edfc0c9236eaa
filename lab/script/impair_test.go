package script

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/claim"
)

// impairs is an experiment with some lines of a script in its second phase.
func impairs(topology, lines string) []byte {
	return []byte(topology + "\nrun client1 ping server\nsettle one\n" + lines + "\nrun client1 ping server\nsettle two\nrun client1 ping server\nsettle three\nexpect x.y in one trace icmp\n-- x.y --\n")
}

const (
	oneSegment  = "topology client1 server sniffer"
	twoSegments = "segment lan client1 gateway\nsegment dmz gateway server\nhost gateway router"
)

// What no lab could carry out is refused with the line that says so.
func TestWrongImpairments(t *testing.T) {
	for lines, say := range map[string]string{
		"impair":                                                     "impair NAME FROM TO",
		"impair lose client1 server":                                 "impair NAME FROM TO",
		"impair lose client1 server smash":                           `"smash"`,
		"impair lose client1 sever drop":                             `"sever"`,
		"impair lose client1 sniffer drop":                           "sniffer",
		"impair lose sniffer server drop":                            "sniffer",
		"impair lose client1 client1 drop":                           "two different",
		"impair lose client1 server drop where tpc":                  "tpc",
		"impair lose client1 server drop where host nobdy":           "nobdy",
		"! impair lose client1 server drop":                          `"!"`,
		"impair a client1 server drop\nimpair a server client1 drop": "another name",
		"mend":   "mend NAME",
		"mend a": "no impairment a",
		"impair a client1 server drop\nmend a\nmend a":                       "no impairment a",
		"impair a client1 server drop\nmend a\nimpair a client1 server drop": "another name",
		"? mend a": `"?"`,
	} {
		_, err := Parse("x.txtar", impairs(oneSegment, lines))
		if err == nil || !strings.Contains(err.Error(), say) || !strings.HasPrefix(err.Error(), "x.txtar:") {
			t.Errorf("%q: error %v, want one that says %s", lines, err, say)
		}
	}
}

// Frames are impaired on a cable between two hosts of one segment.
func TestImpairmentsOfSegments(t *testing.T) {
	for lines, say := range map[string]string{
		"impair a client1 gateway drop":                       "",
		"impair a gateway client1 drop":                       "",
		"impair a * server drop":                              "",
		"impair a client1 * drop before":                      "",
		"impair a gateway server drop before":                 "",
		"impair a client1 server drop":                        "no common segment",
		"impair a client1 server drop before":                 "no common segment",
		"impair a * gateway drop":                             "lan, dmz",
		"impair a gateway * drop before":                      "lan, dmz",
		"impair a gateway server drop where src host client1": "",
	} {
		_, err := Parse("x.txtar", impairs(twoSegments, lines))
		if say == "" && err != nil || say != "" && (err == nil || !strings.Contains(err.Error(), say)) {
			t.Errorf("%q: error %v, want one that says %q", lines, err, say)
		}
	}
}

// A claim is about the impairments that are in force in its phases.
func TestImpairmentsInForce(t *testing.T) {
	e, err := Parse("x.txtar", impairs(oneSegment, "start server chat serve\nawait server listening\nimpair a client1 server drop\n? impair b * server loss 1%\nclose server\nmend a"))
	if err != nil {
		t.Fatal(err)
	}
	want := []claim.Impaired{{Name: "a", Phases: []string{"two"}}, {Name: "b", Phases: []string{"two", "three"}, Optional: true}}
	if diff := cmp.Diff(want, e.Plan().Impaired); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
