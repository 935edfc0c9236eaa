package netns

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab"
)

// A program on a host has the lab's environment and what was added to it,
// nothing of the caller's.
func TestEnvironment(t *testing.T) {
	t.Setenv("WIRELAB_TEST_SECRET", "of the caller")
	t.Setenv("LC_ALL", "zh_TW.UTF-8")
	t.Setenv("WIRELAB_LANG", "zh-TW")
	n := up(t)
	var out bytes.Buffer
	if code, err := execute(t.Context(), n.Host("client2"), lab.Cmd{Args: []string{"/usr/bin/env"}, Env: []string{"ADDED=yes"}, Stdout: &out}); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v", code, err)
	}
	want := `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/
LC_ALL=C.UTF-8
WIRELAB_LANG=en
WIRELAB_HOST=client2
WIRELAB_HOSTS=client1=10.77.0.10,client2=10.77.0.12,server=10.77.0.11,sniffer=10.77.0.13
ADDED=yes
`
	got := lines(out.String())
	for _, v := range lab.Environment("client2", nil) {
		if strings.HasPrefix(v, "GORACE=") { // with the race detector alone
			delete(got, v+"\n")
		}
	}
	if diff := cmp.Diff(lines(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func lines(s string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(s) {
		set[line] = true
	}
	return set
}

func TestPassOn(t *testing.T) {
	for _, test := range []struct {
		name            string
		environ, passed []string
	}{
		{"secrets stay", []string{"HOME=/home/me", "TOKEN=x", "PATH=/me", "LD_PRELOAD=x", "LESSOPEN=|x"}, nil},
		{"a terminal", []string{"TERM=xterm", "COLORTERM=truecolor", "NO_COLOR=1", "TZ=Asia/Taipei", "EDITOR=vi"},
			[]string{"TERM=xterm", "COLORTERM=truecolor", "NO_COLOR=1", "TZ=Asia/Taipei", "EDITOR=vi"}},
		{"a language", []string{"LANG=zh_TW.UTF-8", "LC_TIME=C"}, []string{"LANG=zh_TW.UTF-8", "LC_TIME=C", "LC_ALL=", "WIRELAB_LANG="}},
		{"a language of wirelab", []string{"LANG=C", "WIRELAB_LANG=zh-TW"}, []string{"LANG=C", "WIRELAB_LANG=zh-TW", "LC_ALL=", "WIRELAB_LANG=zh-TW"}},
		{"a language for all", []string{"LC_ALL=zh_TW.UTF-8"}, []string{"LC_ALL=zh_TW.UTF-8", "LC_ALL=zh_TW.UTF-8", "WIRELAB_LANG="}},
		{"no language", []string{"LANG=", "LC_ALL="}, nil},
	} {
		if diff := cmp.Diff(test.passed, PassOn(test.environ)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
