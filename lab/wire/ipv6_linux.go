package wire

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"wirelab/internal/poll"
	"wirelab/lab"
	"wirelab/lab/trace"
)

// mldReports is how often a host reports each of its groups when its device comes up, with
// MLDv1 (RFC 2710, section 4). With MLDv2 the machine's net.ipv6.mld_qrv says how often,
// which a network namespace does not show.
const mldReports = 2

// groupWaits is the flag of a group in /proc/net/igmp6 that its next report has a timer
// (MAF_TIMER_RUNNING, include/net/if_inet6.h).
const groupWaits = 0x01

// AwaitReports waits until the host has reported the groups of its IPv6 addresses: from
// then on it sends nothing by itself. Its ports are plugged in.
func (h *Host) AwaitReports(ctx context.Context) error {
	for _, p := range h.Ports {
		if err := h.awaitReports(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) awaitReports(ctx context.Context, p lab.Port) error {
	if !hasIPv6(p) {
		return nil
	}
	var want, sent, waiting int
	err := poll.Until(ctx, poll.Kernel, func() (done bool, err error) {
		if want, waiting, err = reportedGroups(p.Device); err != nil {
			return false, err
		}
		sent, err = reportsSent(p.Device)
		return sent >= want && waiting == 0, err
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%s has sent %d of %d MLD reports, and %d groups are to be reported again: %w", p.Device, sent, want, waiting, err)
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

// reportedGroups returns how many reports a device sends at least for the groups that it is
// in, and how many of these have a report to come. Groups of the device alone and that of
// all nodes are not reported (RFC 2710, section 5). The group of a host's address has one
// member and is reported twice. Those that routers are in may have several: who hears
// another's report does not send its second (section 4).
func reportedGroups(device string) (reports, waiting int, err error) {
	allNodes := hex.EncodeToString(trace.AllNodes.AsSlice())
	err = procLines("igmp6", func(fields []string) error {
		if len(fields) < 5 || fields[1] != device || fields[2] == allNodes || strings.HasPrefix(fields[2], "ff01") {
			return nil
		}
		flags, err := strconv.ParseUint(fields[4], 16, 32)
		if flags&groupWaits != 0 {
			waiting++
		}
		if low, is := strings.CutPrefix(fields[2], solicitedNode); is && low != subnetRouter {
			reports += mldReports
		} else {
			reports++
		}
		return err
	})
	return reports, waiting, err
}

// solicitedNode begins the group of a unicast address, in hexadecimal digits (RFC 4291,
// section 2.7.1); subnetRouter ends that of the address 0 of a subnet, which all of its
// routers have (section 2.6.1).
const (
	solicitedNode = "ff0200000000000000000001ff"
	subnetRouter  = "000000"
)

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
