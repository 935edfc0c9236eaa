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
	groups, err := reportedGroups(p.Device)
	if err != nil {
		return err
	}
	want, sent := mldReports*groups, 0
	err = poll.Until(ctx, poll.Kernel, func() (done bool, err error) {
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
