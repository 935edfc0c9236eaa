// Package labtest asserts, in Go tests, on what crosses a wire. It is to packets
// what net/http/httptest is to requests:
//
//	l := labtest.New(t, "client", "server")
//	web := &http.Server{Handler: handler}
//	go web.Serve(l.Listen("server", "tcp", ":80"))
//	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client")}}
//	// … client.Get("http://server/") …
//	l.Settle("fetched")
//	l.Expect("tcp/80 first in fetched", "client > server SYN acked")
//
// New brings up hosts on an Ethernet segment and captures it. Programs run on the
// hosts (Run, Start), or the test's own goroutines listen and dial there (Listen,
// DialContext). Settle ends a phase: when it returns, everything that was sent is
// captured. Expect compares the packets of phases with the expected lines. Matching is
// exact: any extra line fails the claim.
//
// Never, Exactly, Before and InOrder check one thing and ignore everything else. They
// select packets by a filter in tcpdump's syntax, or lines of a trace:
//
//	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.In("fetched"), labtest.From("server"))
//	l.Exactly(1, "trace tcp/80: client > server SYN", labtest.Each("tcp port 80"))
//
// A claim fails only if it is known to be wrong. It is inconclusive if the capture may
// lack frames, or if it expects no packets and nothing was done: the test fails, and says
// so. Retry tries again with a new lab, but only in this case:
//
//	labtest.Retry(t, 3, func(t testing.TB) { l := labtest.New(t, "client", "server") … })
//
// A test that fails prints the packets of its phases; one that fails outside a claim, as by
// t.Fatal, prints the last packets. When the test ends, the lab and its capture are removed.
// go test -artifacts keeps the capture of a test that failed, with comments at the packets
// that decide. Labs of parallel tests do not see one another.
//
// The methods of a Lab end the test if they cannot do their work. Call them from the test's
// goroutine; the function that DialContext returns may be called from any.
package labtest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/docker"
	"wirelab/lab/netns"
)

// Lab is a lab that is up and captured. It ends with the test that made it.
type Lab struct {
	t       testing.TB
	lab     *lab.Lab
	network lab.Network
	plan    claim.Plan
	met     []met // so far
	// comments are of the packets that verdicts cite which are no pass, by their numbers.
	comments map[int][]string
	told     bool     // a verdict that is no pass, with its packets
	path     string   // where the capture will be kept, once that is known
	inForce  []string // impairments of this phase
	lifted   []string // of these, those that are lifted
	// stimulated says that something was done in this phase whose success the
	// phase's barrier proves.
	stimulated atomic.Bool
	// acted says that the test itself has done something in this phase, which a dialer of
	// DialContext may in the background.
	acted atomic.Bool
}

// met is a claim that passed, and the plan by which it was judged: later phases and
// texts are none of its concern.
type met struct {
	claim claim.Claim
	plan  claim.Plan
}

// upWithin bounds bringing a lab up and its end. A lab of containers that somebody else
// brought up also builds the program for its hosts in it. buildWithin bounds that program
// elsewhere, which takes minutes on a busy machine with empty caches; go test has ten.
const (
	upWithin    = 5 * time.Minute
	buildWithin = 8 * time.Minute
)

// New brings up a lab of hosts of these names, and a sniffer, on one segment. It uses the
// first backend that the machine can run: namespaces, which need neither root nor Docker,
// otherwise Docker. If the machine can run neither, the test is skipped with the cause, or
// fails with WIRELAB_REQUIRE=netns in its environment. The first call builds the program
// for the hosts, which can take minutes if Go's build cache is empty.
func New(t testing.TB, hosts ...string) *Lab {
	t.Helper()
	return NewTopology(t, lab.Hosts(hosts...))
}

// NewTopology is New for a network of one segment or several:
//
//	lab.Topology{
//		Hosts:    []string{"client", "gateway", "server", lab.SnifferHost},
//		Segments: []lab.SegmentSpec{
//			{Name: "lan", Hosts: []string{"client", "gateway"}},
//			{Name: "dmz", Hosts: []string{"gateway", "server"}},
//		},
//		Routers: []string{"gateway"},
//	}
func NewTopology(t testing.TB, topology lab.Topology) *Lab {
	t.Helper()
	if err := topology.Validate(); err != nil {
		t.Fatal(err)
	}
	b := backend(t)
	program(t)
	return Attach(t, topology, func(ctx context.Context) (lab.Network, error) { return b.Up(ctx, topology) })
}

// program sees to it that the program for the hosts is built, which takes minutes where
// Go's build cache has none of it and the machine is busy.
func program(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), buildWithin, notWithin("the program for the lab's hosts was not built", buildWithin))
	defer cancel()
	if _, err := lab.Program(ctx); err != nil {
		t.Fatal(explain(because(ctx, err)))
	}
}

// notWithin is the cause of a deadline.
func notWithin(what string, d time.Duration) error { return fmt.Errorf("%s within %v", what, d) }

// because returns the cause of ctx in place of what followed from its end.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// backend returns the first backend that the machine can run, or ends the test.
func backend(t testing.TB) lab.Backend {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), upWithin)
	defer cancel()
	var causes []error
	for _, b := range []lab.Backend{netns.Backend{}, &docker.Backend{}} {
		err := b.Check(ctx)
		if err == nil {
			return b
		}
		if _, ok := errors.AsType[*lab.Unavailable](err); !ok {
			t.Fatal(err)
		}
		causes = append(causes, explain(err))
	}
	require.Missing(t, netns.Name, errors.Join(causes...))
	return nil
}

// explain adds what to do where the machine lacks something.
func explain(err error) error {
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		return fmt.Errorf("%w\n%s", err, i18n.Lines(lang.English, u.Advice))
	}
	return err
}

// Attach captures the network that up returns, which has the hosts of the topology, and
// closes it when the test ends. The ctx that up is given ends after that.
func Attach(t testing.TB, topology lab.Topology, up func(ctx context.Context) (lab.Network, error)) *Lab {
	t.Helper()
	return attach(t, topology, upWithin, up)
}

func attach(t testing.TB, topology lab.Topology, within time.Duration, up func(ctx context.Context) (lab.Network, error)) *Lab {
	t.Helper()
	if err := topology.Validate(); err != nil {
		t.Fatal(err)
	}
	// Not t.Context, which ends before the test's clean-up begins.
	ctx, cancel := context.WithTimeoutCause(context.Background(), within, notWithin("the lab was not up", within))
	defer cancel()
	life, end := context.WithCancel(context.Background())
	t.Cleanup(end)
	stop := context.AfterFunc(ctx, end)
	network, err := up(life)
	switch {
	case err != nil:
		t.Fatal(explain(because(ctx, err)))
	case !stop():
		t.Fatal(errors.Join(context.Cause(ctx), network.Close()))
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Errorf("the end of the lab: %v", err)
		}
	})
	l := &Lab{t: t, network: network, comments: map[int][]string{}}
	l.plan.Plan = topology.Plan()
	l.plan.Stimulated = map[string]bool{}
	if l.lab, err = lab.Attach(ctx, network, topology); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.finish)
	return l
}

// check ends the test with an error; without one something has worked.
func (l *Lab) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	l.stimulated.Store(true)
	l.acted.Store(true)
}

// Run runs a command on a host until it ends, for at most a minute, and returns what it
// printed. A first word with a slash in it is a program of the machine, any other a
// wirelab command, such as ping. The test ends if the exit code is not 0.
func (l *Lab) Run(host string, command ...string) (output string) {
	l.t.Helper()
	output, err := l.lab.Run(l.t.Context(), host, command...)
	l.check(err)
	return output
}

// Start starts a command, like Run, that keeps running until Program.Close or the end of
// the test. A host has one such program at a time. A program that ends by itself makes the
// next Settle fail.
func (l *Lab) Start(host string, command ...string) *Program {
	l.t.Helper()
	if err := l.lab.Start(l.t.Context(), host, command...); err != nil {
		l.t.Fatal(err)
	}
	return &Program{l, host}
}

// Program is a command that Start started on a host. Its methods end the test if they
// cannot do their work.
type Program struct {
	lab  *Lab
	host string
}

// Await waits until the program has printed a text after what earlier calls have found.
// The test ends if that takes longer than 10 seconds.
func (p *Program) Await(text string) {
	p.lab.t.Helper()
	p.lab.check(p.lab.lab.Await(p.lab.t.Context(), p.host, text))
}

// Say types a line to the program. Call Await for the effect of the line before the next
// Settle.
func (p *Program) Say(line string) {
	p.lab.t.Helper()
	if err := p.lab.lab.Say(p.lab.t.Context(), p.host, line); err != nil {
		p.lab.t.Fatal(err)
	}
}

// Close ends the program's input and waits until the program has ended. The test ends if
// the exit code is not 0, or if it takes longer than 10 seconds.
func (p *Program) Close() {
	p.lab.t.Helper()
	p.lab.check(p.lab.lab.CloseProgram(p.lab.t.Context(), p.host))
}

// FlushNeighbours empties the neighbour cache (ARP and NDP) of a host. The host then asks
// for an address again before it sends its next packet there.
func (l *Lab) FlushNeighbours(host string) {
	l.t.Helper()
	if err := l.lab.FlushNeighbours(l.t.Context(), host); err != nil {
		l.t.Fatal(err)
	}
}

// SetMode makes every segment a hub, as it is at first, or a switch. On a switch the
// sniffer does not see the unicast frames of others.
func (l *Lab) SetMode(mode lab.Mode) {
	l.t.Helper()
	if err := l.lab.SetMode(l.t.Context(), mode); err != nil {
		l.t.Fatal(err)
	}
}
