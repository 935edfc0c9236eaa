package claim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlign(t *testing.T) {
	lines := func(letters string) (all []string) {
		for _, l := range letters {
			all = append(all, "a > b "+string(l))
		}
		return all
	}
	for _, test := range []struct{ expected, observed, want string }{
		{"", "", ""},
		{"xyz", "xyz", "xx yy zz"},
		{"xz", "xyz", "xx .y zz"},
		{"xyz", "xz", "xx y. zz"},
		{"xyz", "xwz", "xx y. .w zz"},
		{"", "xy", ".x .y"},
		{"xy", "", "x. y."},
		{"xyxz", "yxzx", "x. yy xx zz .x"},
	} {
		var got []string
		for _, p := range Align(lines(test.expected), lines(test.observed)) {
			letter := func(s string) string {
				if s == "" {
					return "."
				}
				return s[len(s)-1:]
			}
			got = append(got, letter(p.Expected)+letter(p.Observed))
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q beside %q (-want +got):\n%s", test.expected, test.observed, diff)
		}
	}
	// White space and the form of flags are no difference.
	if got := Align([]string{"a > b  S  acked"}, []string{"a  > b SYN acked"}); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// The lines of a claim that needs no barrier stand beside those that show them.
func TestAlignAnywhere(t *testing.T) {
	pairs := AlignAnywhere([]string{"a > b echo-request", "b > a echo-reply"}, []string{"a > b echo-request seq=0 vlan=7"})
	want := []Pair{{"a > b echo-request", "a > b echo-request seq=0 vlan=7"}, {"b > a echo-reply", ""}}
	if diff := cmp.Diff(want, pairs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Long traces are put side by side in bounded time and memory, and no line is lost.
func TestAlignLong(t *testing.T) {
	var expected, observed []string
	for i := range 1 << 13 {
		expected = append(expected, fmt.Sprintf("a > b e%d", i))
		observed = append(observed, fmt.Sprintf("a > b o%d", i))
	}
	expected[0], observed[0] = "a > b same", "a > b same"
	got := Align(expected, observed)
	if len(got) != 2*len(expected)-1 || got[0].Observed == "" || got[1].Observed != "" {
		t.Errorf("%d pairs, the first %v", len(got), got[:2])
	}
}
