package lab

import (
	"net/netip"

	"wirelab/internal/hostnames"
	"wirelab/internal/lang"
)

// Path is the PATH of programs on hosts.
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environment returns the environment of every program on a host, NAME=VALUE each. It
// takes nothing from this process's environment, so that a lab behaves the same for
// everybody. Programs speak English, which scripts wait for. names are the addresses of
// all hosts by name, the nearest first (Topology.Names).
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
