package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
)

// The limits of ping's options.
const (
	maxPingData   = 65507 // what is left of an IPv4 datagram: 65535 - 20 - 8
	minPingPeriod = 2 * time.Millisecond
	icmpHeader    = 8
	ipHeader      = 20
)

// pingOptions are the options of ping(8) of the same letters.
type pingOptions struct {
	count    int     // -c, 0: until interrupted
	interval float64 // -i, seconds
	size     int     // -s, bytes of data
	wait     float64 // -W, seconds
	ttl      int     // -t, hops
	quiet    bool    // -q
}

func pingCommand() *cobra.Command {
	var o pingOptions
	c := &cobra.Command{
		Use:   "ping HOST",
		Short: "Send ICMP echo requests, as ping(8) does",
		Long: `Sends one ICMP echo request each interval and prints the replies and ICMP errors
that come. It needs no capability where net.ipv4.ping_group_range allows the
group (Docker's default), else CAP_NET_RAW. It asks no name server about
addresses, so that a lab's wire shows the ping alone.

Exits with 0 if anything was answered, 1 if nothing was, 2 for other errors and
3 where the socket is refused.`,
		Example: `  wirelab ping server
  wirelab ping -c 3 -i 0.2 server
  wirelab ping -c 1 -s 1472 -t 1 192.0.2.1`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			ctx, stop := untilSignal(c)
			defer stop()
			return ping(ctx, c.OutOrStdout(), args[0], o)
		},
	}
	f := c.Flags()
	f.IntVarP(&o.count, "count", "c", 0, "stop after this many requests; 0 for never")
	f.Float64VarP(&o.interval, "interval", "i", 1, "`seconds` between requests")
	f.IntVarP(&o.size, "size", "s", 56, "`bytes` of data in a request")
	f.Float64VarP(&o.wait, "timeout", "W", 10, "`seconds` to wait for the first reply after the last request")
	f.IntVarP(&o.ttl, "ttl", "t", 64, "time to live of the requests, in `hops`")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the summary only")
	return c
}

func (o pingOptions) check() error {
	switch {
	case o.count < 0:
		return exit.Usagef("count %d: want 0 or more", o.count)
	case !(o.interval >= minPingPeriod.Seconds() && o.interval <= 86400):
		return exit.Usagef("interval %g: want %g to 86400 seconds", o.interval, minPingPeriod.Seconds())
	case o.size < 0 || o.size > maxPingData:
		return exit.Usagef("size %d: want 0 to %d bytes", o.size, maxPingData)
	case !(o.wait > 0 && o.wait <= 86400):
		return exit.Usagef("timeout %g: want more than 0 and at most 86400 seconds", o.wait)
	case o.ttl < 1 || o.ttl > 255:
		return exit.Usagef("ttl %d: want 1 to 255 hops", o.ttl)
	}
	return nil
}

// echoEvent is an answer to an echo request.
type echoEvent struct {
	from    netip.Addr
	seq     uint16
	ttl     int    // of a reply, hops
	size    int    // of a reply's ICMP message, bytes
	problem string // of an ICMP error, in ping(8)'s words; empty for a reply
	at      time.Time
}

// pinger is one run of ping.
type pinger struct {
	pingOptions
	out    io.Writer
	conn   *echoConn
	target netip.Addr
	shown  string // the target in a line: "server (10.0.0.10)"

	first, last            time.Time // requests
	pending                map[uint16]time.Time
	sent, received, failed int
	duplicates             int
	min, max, sum, squares float64 // of the round-trip times, ms
}

// ping pings host until the count is reached or ctx ends. The error has the
// exit code of ping(8).
func ping(ctx context.Context, out io.Writer, host string, o pingOptions) error {
	target, err := hostnames.Lookup(ctx, host)
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("ping: unknown host %s: %w", host, err))
	}
	if !target.Is4() {
		return exit.Usagef("ping: %s is not an IPv4 address", target)
	}
	conn, err := openEcho(o.ttl)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.wake() })()
	p := &pinger{pingOptions: o, out: out, conn: conn, target: target, shown: target.String(), pending: map[uint16]time.Time{}}
	if host != p.shown {
		p.shown = fmt.Sprintf("%s (%s)", host, target)
	}
	fmt.Fprintf(out, "PING %s (%s) %d(%d) bytes of data.\n", host, target, o.size, o.size+icmpHeader+ipHeader)
	if err := p.run(ctx); err != nil {
		return exit.With(exit.Usage, fmt.Errorf("ping: %w", err))
	}
	p.summary(host)
	if p.received == 0 {
		return exit.Silent(exit.Failed)
	}
	return nil
}

// run sends and receives until it is over.
func (p *pinger) run(ctx context.Context) error {
	next := time.Now()
	period := seconds(p.interval)
	for ctx.Err() == nil {
		now := time.Now()
		more := p.count == 0 || p.sent < p.count
		if more && !now.Before(next) {
			if err := p.send(now); err != nil {
				return err
			}
			// A process that was stopped does not make up for what it missed.
			if next = next.Add(period); next.Before(now) {
				next = now.Add(period)
			}
			continue
		}
		until := next
		if !more {
			if p.received+p.failed >= p.count {
				return nil
			}
			until = p.last.Add(p.patience())
		}
		e, err := p.conn.receive(ctx, until)
		switch {
		case err == nil:
			p.answer(e)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case !more && !time.Now().Before(until):
			return nil
		}
	}
	return nil
}

// patience is how long the last request may go unanswered: -W where nothing was
// answered, else two round trips or an interval, as in ping(8).
func (p *pinger) patience() time.Duration {
	if p.received == 0 {
		return seconds(p.wait)
	}
	return max(seconds(2*p.max/1000), seconds(p.interval))
}

func (p *pinger) send(now time.Time) error {
	seq := uint16(p.sent + 1)
	data := make([]byte, p.size)
	for i := range data {
		data[i] = byte(i)
	}
	if err := p.conn.send(p.target, seq, data); err != nil {
		return err
	}
	if p.sent == 0 {
		p.first = now
	}
	p.last = now
	p.pending[seq] = now
	p.sent++
	return nil
}

func (p *pinger) answer(e echoEvent) {
	sent, known := p.pending[e.seq]
	if e.problem != "" {
		if known {
			p.failed++
			delete(p.pending, e.seq)
		}
		p.print("From %s icmp_seq=%d %s\n", p.name(e.from), e.seq, e.problem)
		return
	}
	if !known {
		p.duplicates++
		p.print("%d bytes from %s: icmp_seq=%d ttl=%d (DUP!)\n", e.size, p.name(e.from), e.seq, e.ttl)
		return
	}
	delete(p.pending, e.seq)
	ms := float64(e.at.Sub(sent)) / float64(time.Millisecond)
	if p.received == 0 || ms < p.min {
		p.min = ms
	}
	p.max = max(p.max, ms)
	p.sum += ms
	p.squares += ms * ms
	p.received++
	p.print("%d bytes from %s: icmp_seq=%d ttl=%d time=%s ms\n", e.size, p.name(e.from), e.seq, e.ttl, digits(ms))
}

func (p *pinger) name(from netip.Addr) string {
	if from == p.target {
		return p.shown
	}
	return from.String()
}

func (p *pinger) print(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.out, format, args...)
	}
}

func (p *pinger) summary(host string) {
	extra := ""
	if p.duplicates > 0 {
		extra += fmt.Sprintf(", +%d duplicates", p.duplicates)
	}
	if p.failed > 0 {
		extra += fmt.Sprintf(", +%d errors", p.failed)
	}
	loss := 0.0
	if p.sent > 0 {
		loss = 100 * float64(p.sent-p.received) / float64(p.sent)
	}
	fmt.Fprintf(p.out, "\n--- %s ping statistics ---\n%d packets transmitted, %d received%s, %.4g%% packet loss, time %dms\n",
		host, p.sent, p.received, extra, loss, p.last.Sub(p.first).Milliseconds())
	if p.received > 0 {
		mean := p.sum / float64(p.received)
		deviation := math.Sqrt(max(0, p.squares/float64(p.received)-mean*mean))
		fmt.Fprintf(p.out, "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", p.min, mean, p.max, deviation)
	}
}

// digits writes milliseconds with three significant digits or so, as ping(8).
func digits(ms float64) string {
	switch {
	case ms >= 100:
		return fmt.Sprintf("%.0f", ms)
	case ms >= 10:
		return fmt.Sprintf("%.1f", ms)
	case ms >= 1:
		return fmt.Sprintf("%.2f", ms)
	}
	return fmt.Sprintf("%.3f", ms)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
