// Command bench measures chat servers: ours and, where it is installed, that
// of `ncat --chat`, one after the other, with the load on the same machine.
// scripts/bench-chat builds and runs it.
//
// Closed loop: 16 messages are under way; when all clients have one, its
// sender sends the next. Paced: messages are sent at fixed times, and their
// latency counts from the time at which they were due. Every line is checked:
// none lost, none twice, each sender's in order and, of our server, all in one.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	wirelab := flag.String("wirelab", "wirelab", "the program")
	seconds := flag.Float64("seconds", 5, "of measuring, after one of warming up")
	peers := flag.Bool("ncat", true, "measure ncat --chat, too")
	joins := flag.Int("joins", 1000, "clients that join at once")
	hostile := flag.Int("hostile", 0, "instead, have so many clients, of which a tenth never read (needs twice as many file descriptors)")
	text := flag.Int("text", textSize, "bytes of a message; long ones fill the buffers of those who never read")
	only := flag.String("only", "", "the rows that contain this")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench: no arguments but options: %q\n", flag.Args())
		os.Exit(2)
	}

	servers := []server{ours(*wirelab)}
	if _, err := exec.LookPath("ncat"); err == nil && *peers {
		servers = append(servers, ncat())
	}
	rows := []row{
		{name: "closed 10", clients: 10},
		{name: "closed 100", clients: 100},
		{name: "closed 1000", clients: 1000},
		{name: "paced 100 at 100/s", clients: 100, rate: 100},
		{name: "joins", clients: *joins, idle: true},
	}
	if *hostile > 0 {
		servers = servers[:1] // the other would stall
		rows = []row{{name: fmt.Sprint("hostile ", *hostile), clients: *hostile, frozen: *hostile / 10, rate: 5}}
	}
	fmt.Printf("%-20s %-8s %12s %9s %9s %9s %8s %8s %s\n", "", "", "deliveries/s", "p50 ms", "p99 ms", "CPU-s/M", "join s", "RSS MB", "faults")
	for _, r := range rows {
		r.text = *text
		if !strings.Contains(r.name, *only) {
			continue
		}
		var first result
		for i, s := range servers {
			res, err := measure(s, r, time.Duration(*seconds*float64(time.Second)))
			if err != nil {
				fmt.Printf("%-20s %-8s %v\n", r.name, s.name, err)
				continue
			}
			fmt.Printf("%-20s %-8s %s\n", r.name, s.name, res)
			if i == 0 {
				first = res
				continue
			}
			fmt.Printf("%-20s ours/%s: %s\n", "", s.name, first.ratio(res))
		}
	}
	return nil
}

// row is a load.
type row struct {
	name    string
	clients int
	rate    float64 // messages a second; 0: closed loop
	idle    bool    // they only join
	frozen  int     // of the clients, those that never read
	text    int     // bytes of a message
}

type result struct {
	idle     bool
	perSec   float64
	p50, p99 time.Duration
	cpu      float64 // seconds a million deliveries
	join     time.Duration
	rss      float64 // MB
	faults   int
	cut      int // clients that the server has cut
}

func (r result) String() string {
	join := fmt.Sprintf("%8.2f %8.1f %d", r.join.Seconds(), r.rss, r.faults)
	if r.cut > 0 {
		join += fmt.Sprintf(", %d clients were cut", r.cut)
	}
	if r.idle {
		return fmt.Sprintf("%12s %9s %9s %9s %s", "-", "-", "-", "-", join)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return fmt.Sprintf("%12.0f %9.2f %9.2f %9.2f %s", r.perSec, ms(r.p50), ms(r.p99), r.cpu, join)
}

func (r result) ratio(other result) string {
	join := fmt.Sprintf("join time %.3f, RSS %.2f", r.join.Seconds()/other.join.Seconds(), r.rss/other.rss)
	if r.idle {
		return join
	}
	return fmt.Sprintf("deliveries %.2f, p99 %.2f, CPU a delivery %.2f, %s",
		r.perSec/other.perSec, float64(r.p99)/float64(other.p99), r.cpu/other.cpu, join)
}

func measure(s server, r row, d time.Duration) (res result, err error) {
	p, err := s.start(r.clients)
	if err != nil {
		return res, err
	}
	defer p.stop()
	l, err := newLoad(s, r)
	if err != nil {
		return res, err
	}
	defer l.close()
	res.idle = r.idle
	if res.join, err = l.join(p.addr); err != nil {
		return res, err
	}
	if err := l.quiet(); err != nil { // who joined is told of those who joined later
		return res, err
	}
	if r.idle {
		res.rss, res.faults = p.rss(), l.faults
		return res, nil
	}
	if err := l.generate(time.Second); err != nil { // warming up
		return res, err
	}
	l.reset()
	before := p.cpu()
	began := time.Now()
	if err := l.generate(d); err != nil {
		return res, err
	}
	took := time.Since(began)
	used := p.cpu() - before
	l.settle()
	res.perSec = float64(l.delivered) / took.Seconds()
	res.cpu = used.Seconds() / float64(l.delivered) * 1e6
	res.p50, res.p99 = l.percentile(0.50), l.percentile(0.99)
	res.rss, res.faults, res.cut = p.rss(), l.faults+l.missing(), p.cuts()
	return res, nil
}
