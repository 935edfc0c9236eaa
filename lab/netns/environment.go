package netns

import (
	"slices"
	"strings"

	"wirelab/internal/lang"
)

// passed are the variables that a command of Exec takes over from its caller, by
// name or by the prefix before *: what the terminal can do, the person's language and
// time zone, and which editor and pager they like.
var passed = []string{
	"TERM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE",
	"LANG", "LANGUAGE", "LC_*", lang.Variable, "TZ", "EDITOR", "VISUAL", "PAGER", "LESS",
}

// PassOn returns the part of an environment that a command receives. Where it
// names no language the command has the lab's.
func PassOn(environ []string) []string {
	var env []string
	language, all, ours := false, "", ""
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		if value == "" || !slices.ContainsFunc(passed, func(p string) bool {
			prefix, found := strings.CutSuffix(p, "*")
			return name == p || found && strings.HasPrefix(name, prefix)
		}) {
			continue
		}
		env = append(env, v)
		language = language || name == "LANG" || strings.HasPrefix(name, "LC_") || name == lang.Variable
		switch name {
		case "LC_ALL":
			all = value
		case lang.Variable:
			ours = value
		}
	}
	if language { // the lab's own would come before all of them
		env = append(env, "LC_ALL="+all, lang.Variable+"="+ours)
	}
	return env
}
