// Package hostnames maps the names of a lab's hosts to addresses and back,
// from what the lab put in the environment, for the machines on which the lab
// may not put its own /etc/hosts in place. Programs other than ours use the
// system's resolver, and so does Lookup for any name that is not the lab's.
package hostnames

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"wirelab/internal/i18n"
)

// Variable is the environment variable that holds the lab's names:
// "server=10.77.0.10,client1=10.77.0.11". A name may come several times, the nearest
// of its addresses first.
const Variable = "WIRELAB_HOSTS"

// OwnVariable is the environment variable in which a lab tells a command on
// which host it runs.
const OwnVariable = "WIRELAB_HOST"

// Own returns the name of the host on which this process runs: the lab's, else
// the system's, "" if neither is known.
func Own() string {
	if name := os.Getenv(OwnVariable); name != "" {
		return name
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// Table maps names to addresses, the nearest first.
type Table map[string][]netip.Addr

// Parse reads the form of Variable. Empty parts are allowed.
func Parse(s string) (Table, error) {
	t := Table{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		addr, err := netip.ParseAddr(value)
		if _, other := netip.ParseAddr(name); err != nil && other == nil && value != "" {
			return nil, i18n.Errmsg("usage.host.swapped", "Word", part, "Right", value+"="+name)
		}
		if !ok || name == "" || err != nil {
			return nil, i18n.Errmsg("usage.host.form", "Word", part)
		}
		t[name] = append(t[name], addr)
	}
	return t, nil
}

// String returns the form of Variable, in the order of the names.
func (t Table) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		for _, addr := range t[name] {
			parts = append(parts, name+"="+addr.String())
		}
	}
	return strings.Join(parts, ",")
}

// FromEnvironment returns the lab's names, empty outside a lab.
func FromEnvironment() Table {
	t, err := Parse(os.Getenv(Variable))
	if err != nil {
		return Table{}
	}
	return t
}

// Names returns the table the other way round. An address of several names has the first
// in the order of the names.
func (t Table) Names() map[netip.Addr]string {
	m := make(map[netip.Addr]string, len(t))
	for name, addrs := range t {
		for _, addr := range addrs {
			if other, named := m[addr]; !named || name < other {
				m[addr] = name
			}
		}
	}
	return m
}

// Lookup returns the address of host: an address as it is, a name of the lab from the
// environment, any other name from the system's resolver, an IPv4 address rather than
// one of IPv6.
func Lookup(ctx context.Context, host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, nil
	}
	if addrs := FromEnvironment()[host]; len(addrs) > 0 {
		return addrs[0], nil
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	if i := slices.IndexFunc(addrs, netip.Addr.Is4); i >= 0 {
		return addrs[i], nil
	}
	if len(addrs) == 0 {
		return netip.Addr{}, i18n.Errmsg("usage.host.noaddress", "Host", host)
	}
	return addrs[0], nil
}
