package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/lab/trace"
)

// MarkCommand returns the command mark as it is on a host: that host sends a
// marker.
func MarkCommand() *cobra.Command {
	var devices []string
	var host, programs string
	var stdin bool
	c := &cobra.Command{
		Use:     "mark LABEL",
		GroupID: cmdline.Lab,
		Args: func(c *cobra.Command, args []string) error {
			if stdin {
				return cmdline.Args(0, 0)(c, args)
			}
			return cmdline.Args(1, 1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if host == "" {
				host = hostnames.Own()
			}
			if !stdin && !trace.ValidLabel(args[0]) {
				return exit.UsageMsg("mark.label", "Label", args[0])
			}
			if !trace.ValidLabel(host) { // a host's name and a label have one form
				return exit.UsageMsg("mark.host", "Host", host)
			}
			if !c.Flags().Changed("interface") && os.Getenv(hostnames.OwnVariable) != "" {
				devices = labDevices()
			}
			if stdin {
				a, err := OpenAgent(devices, host, programs)
				if err == nil {
					err = a.Serve(c.Context(), c.InOrStdin(), c.OutOrStdout())
				}
				return exit.With(exit.Unable, err)
			}
			s, err := openMarkSockets(devices, host, false)
			if err != nil {
				return exit.With(exit.Unable, err)
			}
			defer s.Close()
			if err := s.Mark(args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), i18n.Text(cmdline.Lang(c), "mark.sent", "Label", args[0], "Host", host, "Devices", devices))
			return exit.With(exit.Unable, err)
		},
	}
	c.Flags().StringSliceVar(&devices, "interface", []string{device}, "")
	c.Flags().StringVar(&host, "host", "", "")
	c.Flags().BoolVar(&stdin, "stdin", false, "")
	c.Flags().StringVar(&programs, "programs", "", "")
	// The resident form is the lab's own way of asking a host.
	for _, flag := range []string{"stdin", "programs"} {
		if err := c.Flags().MarkHidden(flag); err != nil {
			panic(err) // the flags are just above
		}
	}
	return c
}

func badLabel(label string) error {
	return i18n.Errmsg("mark.label", "Label", label)
}

// labDevices are the network devices of a lab's host: eth0, and more where it is on
// several segments.
func labDevices() (names []string) {
	for n := 0; ; n++ {
		name := fmt.Sprintf("eth%d", n)
		if _, err := net.InterfaceByName(name); n > 0 && err != nil {
			return names
		}
		names = append(names, name) // a host without the first is told so by who uses it
	}
}

// markSockets send the markers of a host, one on each of its segments.
type markSockets []*markSocket

func openMarkSockets(devices []string, host string, counts bool) (all markSockets, err error) {
	for _, name := range devices {
		s, err := openMarkSocket(name, host, counts)
		if err != nil {
			all.Close()
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Close closes the sockets.
func (all markSockets) Close() {
	for _, s := range all {
		s.Close()
	}
}

// Mark sends a marker by each of the named devices, or by all.
func (all markSockets) Mark(label string, devices ...string) error {
	for _, name := range devices {
		if !slices.ContainsFunc(all, func(s *markSocket) bool { return s.device == name }) {
			return fmt.Errorf("no device %q", name)
		}
	}
	for _, s := range all {
		if len(devices) > 0 && !slices.Contains(devices, s.device) {
			continue
		}
		if err := s.Mark(label); err != nil {
			return err
		}
	}
	return nil
}

// markSocket sends markers by one device.
type markSocket struct {
	conn    *net.UDPConn
	device  string
	counter *frameCounter // nil where frames are not counted
	to      netip.AddrPort
	host    string
}

// Close closes the socket.
func (s *markSocket) Close() {
	s.conn.Close()
	if s.counter != nil {
		s.counter.Close()
	}
}

// openMarkSocket opens a socket that sends to all hosts of the named interface's
// segment: to the broadcast address, or without IPv4 to the group of all nodes. A lab's
// hosts count what they send; other machines' devices may cut a frame into several.
func openMarkSocket(name, host string, counts bool) (*markSocket, error) {
	index, prefix, err := interfacePrefix(name)
	if err != nil {
		return nil, err
	}
	// By its number: another thread that sends may know another interface by this name.
	to := trace.AllNodes.WithZone(strconv.Itoa(index))
	if prefix.Addr().Is4() {
		to = broadcast(prefix)
	}
	// Package net sets SO_BROADCAST on every datagram socket.
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(prefix.Addr(), 0)))
	if err != nil {
		return nil, fmt.Errorf("open a socket for markers: %w", err)
	}
	s := &markSocket{conn: conn, device: name, to: netip.AddrPortFrom(to, trace.MarkerPort), host: host}
	if counts {
		// Where the system counts none, a marker can be sent all the same.
		if s.counter, err = openFrameCounter(name); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			conn.Close()
			return nil, err
		}
	}
	return s, nil
}

// Mark sends a marker.
func (s *markSocket) Mark(label string) error {
	if !trace.ValidLabel(label) {
		return badLabel(label)
	}
	m := trace.Marker{Label: label, Host: s.host}
	var err error
	for range maxCounts {
		m.Sent, m.Counted, err = s.sent()
		if err == nil {
			_, err = s.conn.WriteToUDPAddrPort(m.Payload(), s.to)
		}
		if err != nil {
			return fmt.Errorf("send marker: %w", err)
		}
		// Frames of others may have left between counting and sending: then where
		// the marker stands among them is not known, and one more counts again.
		after, _, err := s.sent()
		if err != nil || after == m.Sent+1 || !m.Counted {
			return err
		}
		m.Recount = true
	}
	return fmt.Errorf("frames leave %s too fast to be counted", s.device)
}

// maxCounts is how often a marker counts.
const maxCounts = 100

// sent is how many frames have left the device, where they are counted.
func (s *markSocket) sent() (frames uint64, known bool, err error) {
	if s.counter == nil {
		return 0, false, nil
	}
	frames, err = s.counter.sent()
	return frames, err == nil, err
}

// interfacePrefix returns the index of an interface, and its first IPv4 address and the
// length of its network; where it has none, those of its first IPv6 address that is not of the
// link alone.
func interfacePrefix(name string) (index int, found netip.Prefix, err error) {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return 0, netip.Prefix{}, i18n.Errmsg("mark.interface", "Name", name, "Cause", err)
	}
	addrs, err := ifi.Addrs()
	if err != nil {
		return 0, netip.Prefix{}, fmt.Errorf("addresses of %s: %w", name, err)
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		switch {
		case err != nil:
		case p.Addr().Is4():
			return ifi.Index, p, nil
		case !found.IsValid() && !p.Addr().IsLinkLocalUnicast():
			found = p
		}
	}
	if found.IsValid() {
		return ifi.Index, found, nil
	}
	return 0, netip.Prefix{}, i18n.Errmsg("mark.noaddress", "Name", name)
}

// broadcast returns the last address of an IPv4 network (RFC 919, section 7).
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	host := uint32(1<<(32-p.Bits()) - 1)
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])|host)
	return netip.AddrFrom4(b)
}
