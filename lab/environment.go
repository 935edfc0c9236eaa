package lab

import (
	"net/netip"

	"wirelab/internal/hostnames"
	"wirelab/internal/lang"
)

// Path is where programs on hosts look for others.
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environment returns the variables of every program on a host: the lab's, and
// none of the person's who runs it, so that a lab is the same for everybody: it speaks
// English, which a script awaits, also in a container that was started for people who
// speak another language.
// names are the addresses of all hosts as this one knows them, the nearest first.
func Environment(host string, names map[string][]netip.Addr) []string {
	return append([]string{
		"PATH=" + Path,
		"HOME=/",
		"LC_ALL=C.UTF-8",
		lang.Variable + "=" + string(lang.English),
		hostnames.OwnVariable + "=" + host,
		hostnames.Variable + "=" + hostnames.Table(names).String(),
	}, instrumented...)
}
