package fault

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every rule is read, and written as it is read again.
func TestRules(t *testing.T) {
	for _, test := range []struct {
		text string
		want Rule
	}{
		{"lose-first client1 server drop nth 1 where tcp port 7000 and tcp[13] & 8 != 0", Rule{Name: "lose-first", From: "client1", To: "server", Kind: Drop, Nth: []int{1}, Where: "tcp port 7000 and tcp[13] & 8 != 0"}},
		{"noisy * server loss 20% seed 7", Rule{Name: "noisy", From: "*", To: "server", Kind: Loss, Percent: 20, Seed: 7}},
		{"noisy * server loss 0.5%", Rule{Name: "noisy", From: "*", To: "server", Kind: Loss, Percent: 0.5}},
		{"slow client1 server delay 50ms", Rule{Name: "slow", From: "client1", To: "server", Kind: Delay, Delay: 50 * time.Millisecond}},
		{"twice client1 server duplicate nth 2,4", Rule{Name: "twice", From: "client1", To: "server", Kind: Duplicate, Nth: []int{2, 4}}},
		{"swapped client1 * reorder nth 1 before", Rule{Name: "swapped", From: "client1", To: "*", Kind: Reorder, Nth: []int{1}, Before: true}},
		{"broken client1 server corrupt udp[8] checksum-right nth 1", Rule{Name: "broken", From: "client1", To: "server", Kind: Corrupt, Byte: Byte{"udp", 8}, Mend: true, Nth: []int{1}}},
		{"slow client1 server rate 4.1Mbit/s", Rule{Name: "slow", From: "client1", To: "server", Kind: Rate, Bits: 4_100_000}},
		{"narrow client1 server rate 1.5Mbit/s", Rule{Name: "narrow", From: "client1", To: "server", Kind: Rate, Bits: 1_500_000}},
		{"narrow client1 server rate 64kbit/s", Rule{Name: "narrow", From: "client1", To: "server", Kind: Rate, Bits: 64_000}},
	} {
		got, err := Parse(strings.Fields(test.text))
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", test.text, err, diff)
		}
		if got.String() != test.text {
			t.Errorf("%q is written as %q", test.text, got)
		}
	}
}

// Each mistake is refused, with the word that is wrong.
func TestWrongRules(t *testing.T) {
	for text, say := range map[string]string{
		"":                                    "FROM TO",
		"x a b":                               "FROM TO",
		"X a b drop":                          `"X"`,
		"x a a drop":                          "two different",
		"x a * drop":                          "arrive",
		"x * b drop before":                   "sent",
		"x a b lose":                          `"lose"`,
		"x a b drop nth":                      "from 1",
		"x a b drop nth 0":                    "from 1",
		"x a b drop nth 1,":                   "from 1",
		"x a b drop nth 1 nth 2":              `"nth"`,
		"x a b drop twice":                    `"twice"`,
		"x a b drop seed 1":                   `"seed"`,
		"x a b drop where":                    "filter",
		"x a b drop where " + longFilter:      "1000",
		"x a b loss":                          "%",
		"x a b loss 20":                       `"20"`,
		"x a b loss 0%":                       `"0%"`,
		"x a b loss 101%":                     `"101%"`,
		"x a b loss NaN%":                     `"NaN%"`,
		"x a b loss 5% seed":                  "whole",
		"x a b delay soon":                    `"soon"`,
		"x a b delay -1s":                     `"-1s"`,
		"x a b delay 6s":                      "5s",
		"x a b rate 1":                        `"1"`,
		"x a b rate 1bit/s":                   "1000",
		"x a b rate NaNbit/s":                 "NaN",
		"x a b rate Infbit/s":                 "Inf",
		"x a b corrupt":                       "udp[8]",
		"x a b corrupt 20":                    `"20"`,
		"x a b corrupt sctp[1]":               "sctp",
		"x a b corrupt udp[-1]":               "udp[-1]",
		"x a b corrupt udp[70000]":            "70000",
		"x a b corrupt udp[7] checksum-right": "checksum",
		"x a b corrupt ip[10] checksum-right": "checksum",
		"x a b drop checksum-right":           "checksum-right",
		"x a b duplicate before before":       `"before"`,
		"x a b drop nth " + strings.Repeat("1,", 64) + "1": "from 1",
	} {
		_, err := Parse(strings.Fields(text))
		if err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%.60q: error %v, want one that says %q", text, err, say)
		}
	}
}

var longFilter = strings.Repeat("tcp or ", 150) + "udp"

func FuzzParse(f *testing.F) {
	f.Add("x a b corrupt udp[8] checksum-right nth 1,2 before where tcp port 7000")
	f.Add("x * b loss 20% seed 7")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(strings.Fields(text))
		if err != nil {
			return
		}
		again, err := Parse(strings.Fields(r.String()))
		if err != nil || again.String() != r.String() || !slices.Equal(again.Nth, r.Nth) {
			t.Errorf("%q is read as %q, and that as %q: %v", text, r, again, err)
		}
	})
}
