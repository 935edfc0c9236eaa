package require

import (
	"flag"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		value string
		want  []string
		err   string
	}{
		{"", nil, ""},
		{"netns", []string{"netns"}, ""},
		{"netns,docker,tshark,tcpdump", []string{"netns", "docker", "tshark", "tcpdump"}, ""},
		{"netns,dokcer", nil, `"dokcer"`},
		{"netns, docker", nil, `" docker"`},
		{"netns,", nil, `""`},
	} {
		got, err := parse(test.value)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.value, diff)
		}
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: error %v, want %q", test.value, err, test.err)
		}
	}
}

func TestLong(t *testing.T) {
	for value, want := range map[string]bool{"": false, "netns": false, "netns,long": true} {
		t.Setenv(Variable, value)
		carriedOut := false
		t.Run(value, func(t *testing.T) {
			Long(t, "it takes long")
			carriedOut = true
		})
		if carriedOut != want || (Many(2, 20) == 20) != want {
			t.Errorf("%s=%s: carried out: %v, %d times", Variable, value, carriedOut, Many(2, 20))
		}
	}
}

func TestParallel(t *testing.T) {
	flags := flag.Lookup("test.parallel")
	before := flags.Value.String()
	t.Cleanup(func() { flags.Value.Set(before) })
	if Parallel(7); flags.Value.String() != "7" {
		t.Errorf("-parallel is %s", flags.Value)
	}
}
