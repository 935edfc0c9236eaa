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

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
)

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
		return exit.With(exit.Usage, i18n.NetError(err))
	}
	conn, err := openEcho(target, o.ttl)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.wake() })()
	p := &pinger{pingOptions: o, out: out, conn: conn, target: target, shown: target.String(), pending: map[uint16]time.Time{}}
	if host != p.shown {
		p.shown = fmt.Sprintf("%s (%s)", host, target)
	}
	header := ipHeader
	if target.Is6() {
		header = ip6Header
	}
	fmt.Fprintf(out, "PING %s (%s) %d(%d) bytes of data.\n", host, target, o.size, o.size+icmpHeader+header)
	if err := p.run(ctx); err != nil {
		return exit.UsageMsg("ping.failed", "Cause", err)
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
