package netns

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"wirelab/internal/i18n"
	"wirelab/internal/poll"
	"wirelab/lab"
	"wirelab/lab/trace"
)

// hasIPv6 reports whether a port has an address of IPv6.
func hasIPv6(p lab.Port) bool {
	for _, prefix := range p.Addrs {
		if prefix.Addr().Is6() {
			return true
		}
	}
	return false
}

func (h *host) ipv6() bool { return slices.ContainsFunc(h.ports, hasIPv6) }

// ipv6Code begins the codes of an errIPv6.
const ipv6Code = "netns.ipv6."

// errIPv6 says why there is no IPv6 here. Its settings cannot be made by netlink, as
// IPv4's can, and without them a host sends by itself.
type errIPv6 struct{ cause error }

func (e *errIPv6) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error in people's languages.
func (e *errIPv6) Unwrap() error {
	if errors.Is(e.cause, os.ErrNotExist) {
		return i18n.Errmsg("netns.ipv6.none")
	}
	return i18n.Errmsg("netns.ipv6.settings", "Cause", e.cause)
}

func setIPv6(name, value string) error {
	if err := os.WriteFile("/proc/sys/net/ipv6/"+name, []byte(value), 0); err != nil {
		return &errIPv6{err}
	}
	return nil
}

// configureIPv6 makes the settings of the host's namespace. It comes before the devices,
// which take some of them over.
func (h *host) configureIPv6() error {
	// Only this makes a router of a host (ip-sysctl: conf/all/forwarding).
	if err := setIPv6("conf/all/forwarding", bit(h.router)); err != nil {
		return err
	}
	// As of IPv4: whether an error is sent depends on the datagram alone.
	return setIPv6("icmp/ratelimit", "0")
}

// silenceIPv6 keeps a device from sending by itself. It comes before the device is up.
func (h *host) silenceIPv6(p lab.Port) error {
	settings := [][2]string{
		{"conf/" + p.Device + "/disable_ipv6", "0"}, // which a machine's default may be
		{"conf/" + p.Device + "/forwarding", bit(h.router)},
		{"conf/" + p.Device + "/accept_dad", "0"},           // no solicitation for the own address (RFC 4862)
		{"conf/" + p.Device + "/accept_ra", "0"},            // no router tells of addresses
		{"conf/" + p.Device + "/accept_redirects", "0"},     // nor of better ways
		{"conf/" + p.Device + "/router_solicitations", "0"}, // and none is asked for (RFC 4861)
		// The reports of the groups that an address brings leave at once, in
		// milliseconds, and not within some seconds (RFC 3810, section 9.11).
		{"conf/" + p.Device + "/mldv2_unsolicited_report_interval", "1"},
		{"conf/" + p.Device + "/mldv1_unsolicited_report_interval", "1"},
		// As of IPv4: see addDevice.
		{"neigh/" + p.Device + "/delay_first_probe_time", "3600"},
	}
	if h.router {
		// With MLDv2 a link-local address brings reports whose number one cannot know,
		// since those count for nothing that come before the device is up.
		settings = append(settings, [2]string{"conf/" + p.Device + "/force_mld_version", "1"})
	}
	for _, setting := range settings {
		if err := setIPv6(setting[0], setting[1]); err != nil {
			return err
		}
	}
	return nil
}

// mldReports is how often a host reports its groups when its device comes up: all of
// them at once with MLDv2, each by itself with MLDv1 (RFC 3810, section 9.1; RFC 2710,
// section 7.1).
const mldReports = 2

// awaitReports waits until every host has reported the groups of its IPv6 addresses: from
// then on it sends nothing by itself.
func (w *wire) awaitReports(ctx context.Context) error {
	for _, h := range w.hosts {
		if !h.ipv6() {
			continue
		}
		err := onOwnThread(func() error {
			if err := unix.Setns(h.ns, unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("enter the namespace: %w", err)
			}
			for _, p := range h.ports {
				if err := h.awaitReports(ctx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("host %s: %w", h.name, err)
		}
	}
	return nil
}

func (h *host) awaitReports(ctx context.Context, p lab.Port) error {
	if !hasIPv6(p) {
		return nil
	}
	want := mldReports
	if h.router {
		groups, err := reportedGroups(p.Device)
		if err != nil {
			return err
		}
		want *= groups
	}
	sent := 0
	err := poll.Until(ctx, poll.Kernel, func() (done bool, err error) {
		sent, err = reportsSent(p.Device)
		return sent >= want, err
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%s has sent %d of %d MLD reports: %w", p.Device, sent, want, err)
	}
	return err
}

// reportsSent returns how many reports of MLDv1 and MLDv2 (ICMPv6 types 131 and 143) a
// device of the thread's namespace has sent.
func reportsSent(device string) (sent int, err error) {
	err = procLines("dev_snmp6/"+device, func(fields []string) error {
		if len(fields) != 2 || fields[0] != "Icmp6OutType131" && fields[0] != "Icmp6OutType143" {
			return nil // a type is not listed before its first message
		}
		n, err := strconv.Atoi(fields[1])
		sent += n
		return err
	})
	return sent, err
}

// reportedGroups returns how many groups a device is in that are reported: not those of
// the device alone, nor that of all nodes (RFC 2710, section 5).
func reportedGroups(device string) (groups int, err error) {
	allNodes := hex.EncodeToString(trace.AllNodes.AsSlice())
	err = procLines("igmp6", func(fields []string) error {
		if len(fields) > 2 && fields[1] == device && fields[2] != allNodes && !strings.HasPrefix(fields[2], "ff01") {
			groups++
		}
		return nil
	})
	return groups, err
}

// procLines reads a file of the thread's /proc/net line by line, in words.
func procLines(name string, do func(fields []string) error) error {
	f, err := os.Open("/proc/thread-self/net/" + name)
	if err != nil {
		return fmt.Errorf("read what IPv6 does: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if err := do(strings.Fields(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}
