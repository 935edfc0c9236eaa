package cmdline

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// versionText is what --version prints: the module's version or the commit, Go,
// and the machine.
func versionText() string {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = versionOf(info)
	}
	return fmt.Sprintf("wirelab %s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionOf returns a module's version, with its commit where the version is a
// tag or none.
func versionOf(info *debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	const short = 12 // digits of a commit, as in a pseudo-version
	commit := set["vcs.revision"]
	if len(commit) > short {
		commit = commit[:short]
	}
	if commit != "" && !strings.Contains(version, commit) {
		version += " " + commit
	}
	if set["vcs.modified"] == "true" && !strings.Contains(version, "dirty") {
		version += " (modified)"
	}
	return version
}
