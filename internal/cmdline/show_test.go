package cmdline

import (
	"debug/buildinfo"
	"runtime/debug"
	"testing"
)

func TestVersionOf(t *testing.T) {
	vcs := func(revision, modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.modified", Value: modified}}
	}
	const commit = "0123456789abcdef0123"
	for _, test := range []struct {
		info buildinfo.BuildInfo
		want string
	}{
		{buildinfo.BuildInfo{}, "(devel)"},
		{buildinfo.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: vcs(commit, "false")}, "v1.2.3 0123456789ab"},
		{buildinfo.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261126115140-0123456789ab+dirty"}, Settings: vcs(commit, "true")}, "v0.0.0-20261126115140-0123456789ab+dirty"},
		{buildinfo.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs(commit, "true")}, "(devel) 0123456789ab (modified)"},
	} {
		if got := versionOf(&test.info); got != test.want {
			t.Errorf("%+v: %q, want %q", test.info, got, test.want)
		}
	}
}
