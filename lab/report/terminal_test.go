package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab/claim"
)

func TestNumbers(t *testing.T) {
	for want, in := range map[string][]int{"": nil, "3": {3}, "4-7, 12": {4, 5, 6, 7, 12}, "1, 3-4": {1, 3, 4}} {
		if got := numbers(in); got != want {
			t.Errorf("%v is written %q, want %q", in, got, want)
		}
	}
}

// A verdict tells people what they need of it, in their language, and nothing
// that can act on a terminal.
func TestVerdict(t *testing.T) {
	unexpected, missing := i18n.Msg("claim.unexpected", "Line", "a > b RST"), i18n.Msg("claim.barrier.none", "Label", "cold")
	dropped := uint64(0)
	for _, test := range []struct {
		name       string
		v          claim.Verdict
		lang       lang.Lang
		want, lack []string
	}{
		{"pass", claim.Verdict{ID: "x.y", Status: claim.Pass, Packets: []int{4, 5}, Observed: []string{"a > b SYN"}}, lang.English,
			[]string{"✓ pass x.y", "packets    4-5"}, []string{"observed", "expected"}},
		{"an absence", claim.Verdict{ID: "x.y", Status: claim.Pass, Seconds: 0.0115, Dropped: &dropped}, lang.Chinese,
			[]string{"✓ 通過 x.y", "11.5ms 內沒有任何封包；擷取遺漏 0 個訊框"}, nil},
		{"fail", claim.Verdict{ID: "x.y", Status: claim.Fail, Packets: []int{9}, Observed: []string{"a > b RST\x1b[2J"}, Reason: &unexpected, Seconds: 1}, lang.English,
			[]string{"✗ fail x.y", "because    unexpected line: a > b RST", "expected   no packets", "observed   a > b RST"}, []string{"\x1b"}},
		{"not looked at", claim.Verdict{ID: "x.y", Status: claim.Inconclusive, Reason: &missing}, lang.Chinese,
			[]string{"? 無法判定 x.y", "擷取檔中沒有同步點「cold」"}, []string{"0s"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			NewTerminal(&out, test.lang).verdict(test.v, false)
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s", want, &out)
				}
			}
			for _, lack := range test.lack {
				if strings.Contains(out.String(), lack) {
					t.Errorf("%q is in\n%s", lack, &out)
				}
			}
		})
	}
}

// Of no experiment, and of an experiment without a claim, nothing is known.
func TestNothingIsNoPass(t *testing.T) {
	r := NewResult("netns")
	if got := r.Status(); got != claim.Inconclusive {
		t.Errorf("an empty document is %s", got)
	}
	r.Experiments = []Experiment{{Name: "x", Claims: []claim.Verdict{{Status: claim.Pass}}}, {Name: "y"}}
	if got := r.Status(); got != claim.Inconclusive {
		t.Errorf("an experiment without a claim makes the whole %s", got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteError(t *testing.T) {
	terminal := NewTerminal(full{}, lang.English)
	terminal.Summary(NewResult("netns"), time.Second, "")
	if err := terminal.Err(); err == nil || err.Error() != "no space left" {
		t.Errorf("error %v, want that of the write", err)
	}
}
