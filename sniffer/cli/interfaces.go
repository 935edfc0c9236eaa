package cli

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"text/tabwriter"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/internal/suggest"
	"wirelab/sniffer/capture"
	"wirelab/sniffer/pcapfile"
)

// defaultRoute returns the interface by which packets to the world leave, nil
// if there is none. Connecting a UDP socket makes the kernel choose a route
// and a source address, and sends nothing.
func defaultRoute(all []net.Interface) *net.Interface {
	// Addresses of the documentation (RFC 5737, RFC 3849), which nobody has.
	for _, world := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		conn, err := net.Dial("udp", world)
		if err != nil {
			continue
		}
		local, err := netip.ParseAddrPort(conn.LocalAddr().String())
		_ = conn.Close()
		if err != nil {
			continue
		}
		for i := range all {
			addrs, err := all[i].Addrs()
			if err != nil {
				continue
			}
			for _, a := range addrs {
				prefix, err := netip.ParsePrefix(a.String())
				if err == nil && prefix.Addr() == local.Addr().Unmap() {
					return &all[i]
				}
			}
		}
	}
	return nil
}

// namesOf are what -i takes.
func namesOf(all []net.Interface) []string {
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	return append(names, capture.Any)
}

// chooseInterface returns the interface that the options name, else the one
// that packets to the world leave by, else the only one there is.
func (s *session) chooseInterface() (*net.Interface, error) {
	if s.options.iface == capture.Any {
		return capture.AnyInterface(), nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, exit.With(exit.Unable, i18n.Errmsg("sniff.interfaces", "Cause", err))
	}
	if s.options.iface != "" {
		for i := range all {
			if all[i].Name == s.options.iface {
				return &all[i], nil
			}
		}
		if pcapfile.IsCapture(s.options.iface) {
			return nil, isFile(s.options.iface, "")
		}
		return nil, exit.UsageMsg("sniff.interface.unknown", "Name", s.options.iface, "Hint", suggest.Hint(s.options.iface, namesOf(all)), "Known", namesOf(all))
	}
	if ifi := defaultRoute(all); ifi != nil {
		s.report(s.words.chosen(ifi.Name, true))
		return ifi, nil
	}
	var only *net.Interface
	for i := range all {
		if all[i].Flags&net.FlagLoopback != 0 || all[i].Flags&net.FlagUp == 0 {
			continue
		}
		if only != nil && hostnames.FromEnvironment()[hostnames.Own()] != nil {
			return capture.AnyInterface(), nil // a lab's host on several segments
		}
		if only != nil {
			return nil, exit.UsageMsg("sniff.interface.which", "Known", namesOf(all))
		}
		only = &all[i]
	}
	if only == nil {
		return nil, exit.UsageMsg("sniff.interface.none", "Known", namesOf(all))
	}
	s.report(s.words.chosen(only.Name, false))
	return only, nil
}

// list writes the interfaces: name, whether it is up, hardware address, and
// the network addresses.
func list(w io.Writer) error {
	all, err := net.Interfaces()
	if err != nil {
		return exit.With(exit.Unable, i18n.Errmsg("sniff.interfaces", "Cause", err))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, i := range all {
		state := "down"
		if i.Flags&net.FlagUp != 0 {
			state = "up"
		}
		var texts []string
		if len(i.HardwareAddr) > 0 {
			texts = append(texts, i.HardwareAddr.String())
		}
		addrs, err := i.Addrs()
		if err != nil {
			return exit.With(exit.Unable, i18n.Errmsg("sniff.addresses", "Name", i.Name, "Cause", err))
		}
		for _, a := range addrs {
			texts = append(texts, a.String())
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", safetext.Escape(i.Name), state, strings.Join(texts, " "))
	}
	return table.Flush()
}
