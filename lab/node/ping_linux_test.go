package node

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/require"
)

var quick = pingOptions{count: 3, interval: 0.01, size: 56, wait: 5, ttl: 64}

func checkPing(t *testing.T, host string, o pingOptions, code int, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out bytes.Buffer
	err := ping(ctx, &out, host, o)
	if exit.Code(err) != code {
		t.Errorf("ping %s: %v (exit code %d), want %d", host, err, exit.Code(err), code)
	}
	if !regexp.MustCompile("^" + want + "$").MatchString(out.String()) {
		t.Errorf("ping %s printed\n%swant\n%s", host, out.String(), want)
	}
}

// echoRequestsSent is the kernel's own count.
func echoRequestsSent(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(procNet + "snmp")
	must(t, err)
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "IcmpMsg:") {
			for j, field := range strings.Fields(l) {
				if field == "OutType8" {
					return strings.Fields(lines[i+1])[j]
				}
			}
		}
	}
	return "0"
}

func TestPingAnswered(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	t.Setenv(hostnames.Variable, "server=127.0.0.7")
	line := `64 bytes from server \(127\.0\.0\.7\): icmp_seq=%d ttl=64 time=\d+(\.\d+)? ms\n`
	want := `PING server \(127\.0\.0\.7\) 56\(84\) bytes of data\.\n` +
		strings.ReplaceAll(line, "%d", "1") + strings.ReplaceAll(line, "%d", "2") + strings.ReplaceAll(line, "%d", "3") +
		`\n--- server ping statistics ---\n3 packets transmitted, 3 received, 0% packet loss, time \d+ms\n` +
		`rtt min/avg/max/mdev = [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms\n`
	checkPing(t, "server", quick, exit.OK, want) // a new namespace allows no group: raw
	sysctl(t, "ping_group_range", "0 0")
	checkPing(t, "server", quick, exit.OK, want) // a datagram socket
	if got := echoRequestsSent(t); got != "6" {
		t.Errorf("the kernel sent %s echo requests, want 6", got)
	}
	quiet := quick
	quiet.quiet, quiet.size = true, 0
	checkPing(t, "127.0.0.1", quiet, exit.OK, `PING 127\.0\.0\.1 \(127\.0\.0\.1\) 0\(28\) bytes of data\.\n`+
		`\n--- 127\.0\.0\.1 ping statistics ---\n3 packets transmitted, 3 received(.|\n)*`)
	large := quick
	large.size, large.count = maxPingData, 1
	checkPing(t, "127.0.0.1", large, exit.OK, `(.|\n)*65515 bytes from 127\.0\.0\.1: icmp_seq=1(.|\n)*`)
}

// behindRouter makes eth0, 10.0.1.2, and a router at its other end, r0, 10.0.1.1, by which
// 10.0.2.0/24 is to be reached. More is done in the router's namespace.
func behindRouter(t *testing.T, more func()) {
	t.Helper()
	veth(t, "eth0", "r0")
	address(t, "eth0", "10.0.1.2/24")
	elsewhere(t, "r0", func() {
		more()
		address(t, "r0", "10.0.1.1/24")
		up(t, "r0")
		sysctl(t, "ip_forward", "1")
	})
	_, beyond, err := net.ParseCIDR("10.0.2.0/24")
	must(t, err)
	must(t, netlink.RouteAdd(&netlink.Route{Dst: beyond, Gw: net.IPv4(10, 0, 1, 1)}))
}

// TestPingErrors pings through a router, and where nobody is:
//
//	eth0 10.0.1.2 ---- r0 10.0.1.1 [router] r1 10.0.2.1
func TestPingErrors(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	behindRouter(t, func() {
		veth(t, "r1", "r2")
		address(t, "r1", "10.0.2.1/24")
	})
	sysctl(t, "neigh/eth0/retrans_time_ms", "300") // three of them are what a busy router has to answer
	one := quick
	one.count = 1
	for _, datagrams := range []bool{false, true} { // a new namespace allows no group
		if datagrams {
			sysctl(t, "ping_group_range", "0 0")
		}
		near := one
		near.ttl = 1
		checkPing(t, "10.0.2.5", near, exit.Failed, `PING .*\nFrom 10\.0\.1\.1 icmp_seq=1 Time to live exceeded\n`+
			`\n--- .*\n1 packets transmitted, 0 received, \+1 errors, 100% packet loss, time \d+ms\n`)
		checkPing(t, "10.0.1.77", one, exit.Failed, `PING .*\nFrom 10\.0\.1\.2 icmp_seq=1 Destination Host Unreachable\n(.|\n)*`)
		checkPing(t, "10.0.1.1", quick, exit.OK, `(.|\n)*3 packets transmitted, 3 received(.|\n)*`)
		checkPing(t, "203.0.113.1", one, exit.Usage, `PING .*\n`) // no route
	}
}

// The error of a request that was sent before does not end a ping, whichever error it is: a
// router that knows no way tells another than one that finds no host.
func TestPingAfterError(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	behindRouter(t, func() { sysctl(t, "icmp_ratelimit", "0") })
	for _, datagrams := range []bool{false, true} { // a new namespace allows no group
		if datagrams {
			sysctl(t, "ping_group_range", "0 0")
		}
		to := netip.MustParseAddr("10.0.2.5")
		c, err := openEcho(to, 64)
		must(t, err)
		require.Eventually(t, patience, func() (pending bool) {
			must(t, c.send(to, 1, nil))
			must(t, c.raw.Control(func(fd uintptr) {
				ready := []unix.PollFd{{Fd: int32(fd)}}
				_, err := unix.Poll(ready, 0)
				pending = err == nil && ready[0].Revents&unix.POLLERR != 0
			}))
			return pending
		}, func() string { return "the router's error" })
		if err := c.send(to, 2, nil); err != nil {
			t.Errorf("datagrams %v: after the error of another request: %v", datagrams, err)
		}
		c.Close()
	}
}

func TestPingLostAndInterrupted(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	sysctl(t, "icmp_echo_ignore_all", "1")
	o := quick
	o.wait = 0.05
	checkPing(t, "127.0.0.1", o, exit.Failed,
		`PING .*\n\n--- .*\n3 packets transmitted, 0 received, 100% packet loss, time \d+ms\n`)
	if got := echoRequestsSent(t); got != "3" {
		t.Errorf("the kernel sent %s echo requests, want 3", got)
	}
	sysctl(t, "icmp_echo_ignore_all", "0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &cancelAfter{text: "icmp_seq=4", cancel: cancel}
	forever := quick
	forever.count = 0
	if err := ping(ctx, out, "127.0.0.1", forever); err != nil {
		t.Errorf("interrupted after replies: %v, want no error", err)
	}
	if !strings.Contains(out.String(), "\n4 packets transmitted, 4 received, 0% packet loss") {
		t.Errorf("no summary of an interrupted ping:\n%s", out.String())
	}
}

// cancelAfter is a buffer that cancels once a text was written.
type cancelAfter struct {
	bytes.Buffer
	text   string
	cancel func()
}

func (c *cancelAfter) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(c.text)) {
		c.cancel()
	}
	return c.Buffer.Write(b)
}

func TestPingUnknownHost(t *testing.T) {
	err := ping(t.Context(), &bytes.Buffer{}, "no-such-host.invalid", quick)
	if exit.Code(err) != exit.Usage || !strings.Contains(err.Error(), `no host is called "no-such-host.invalid"`) {
		t.Errorf("got %v (exit code %d), want the name and 2", err, exit.Code(err))
	}
}

func TestPingOptions(t *testing.T) {
	for _, bad := range []func(*pingOptions){
		func(o *pingOptions) { o.count = -1 },
		func(o *pingOptions) { o.interval = 0 },
		func(o *pingOptions) { o.size = maxPingData + 1 },
		func(o *pingOptions) { o.wait = -1 },
		func(o *pingOptions) { o.ttl = 256 },
	} {
		o := quick
		bad(&o)
		if err := o.check(); exit.Code(err) != exit.Usage {
			t.Errorf("%+v: %v, want a usage error", o, err)
		}
	}
	if err := quick.check(); err != nil {
		t.Error(err)
	}
}
