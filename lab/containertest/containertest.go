// Package containertest asserts what the containers of a test say to each other
// on the wire. It is for tests that bring up their own service with
// testcontainers-go, or otherwise, on a Docker network of their own:
//
//	wire := containertest.Attach(t, nw.Name, map[string]containertest.Container{"client": client, "server": server})
//	// … the client talks to the server …
//	wire.Settle("talk")
//	wire.Expect("handshake", "talk", "tcp/8080 first", "client > server SYN acked")
//
// Attach adds a sniffer to the network and makes its bridge a hub. Settle ends a
// phase: when it returns, everything that the containers had sent is captured.
// Expect compares the phase's packets with the lines that are expected, exactly:
// an unexpected line fails, and so does a packet that the lines do not show
// where none is expected.
//
// The containers may have any image: what runs beside them is the package's own.
// It does not know how they came about. Docker is needed, of which the package
// leaves nothing, and on the network a container that is not named is an error.
package containertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/docker"
	"wirelab/lab/trace"
)

// Container is a container that runs. testcontainers.Container is one.
type Container interface{ GetContainerID() string }

// Wire is a Docker network whose packets are captured. It is not safe for
// several goroutines.
type Wire struct {
	t       testing.TB
	lab     *lab.Lab
	network lab.Network
	plan    claim.Plan
	claims  []claim.Claim // that were met so far
}

// attachWithin bounds Attach and the end, in which images are made and
// containers started.
const attachWithin = 2 * time.Minute

// Attach begins to capture what the hosts say, and returns when it does. The
// network has these containers alone; their names here are those in the lines
// of Expect. Until the test ends they run on one CPU, so that packets are
// captured in the order in which they were sent, and the network is a hub.
func Attach(t testing.TB, network string, hosts map[string]Container) *Wire {
	t.Helper()
	ids := map[string]string{}
	for name, c := range hosts {
		ids[name] = c.GetContainerID()
	}
	names := slices.Sorted(maps.Keys(hosts))
	topology := lab.Topology{Hosts: append(names, lab.SnifferHost)}
	if err := topology.Validate(); err != nil {
		t.Fatal(err)
	}
	// Not t.Context, which ends before the test's clean-up begins.
	ctx, cancel := context.WithTimeout(context.Background(), attachWithin)
	defer cancel()
	life, end := context.WithCancel(context.Background())
	n, err := attachNetwork(ctx, life, network, ids)
	if err != nil {
		end()
		t.Fatal(explain(err))
	}
	t.Cleanup(func() {
		defer end()
		if err := n.Close(); err != nil {
			t.Errorf("detach from network %s: %v", network, err)
		}
	})
	w := &Wire{t: t, network: n}
	w.plan.Hosts = topology.Judged()
	if w.lab, err = lab.Attach(ctx, n, topology); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.finish)
	return w
}

// attachNetwork attaches within ctx a network that lives as long as life.
func attachNetwork(ctx, life context.Context, network string, ids map[string]string) (lab.Network, error) {
	life, cancel := context.WithCancel(life)
	stop := context.AfterFunc(ctx, cancel)
	n, err := (&docker.Backend{}).Attach(life, network, ids)
	if !stop() && err == nil {
		err = errors.Join(ctx.Err(), n.Close())
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return n, nil
}

// explain adds what to do where the machine lacks something.
func explain(err error) error {
	if u, ok := errors.AsType[*lab.Unavailable](err); ok {
		return fmt.Errorf("%w\n%s", err, u.Advice)
	}
	return err
}

// Settle ends a phase and gives it its name, a lower-case word. It returns when
// nothing is under way on any socket of the hosts and everything that they have
// sent is captured. The test fails, and ends, where that cannot be reached: a
// connection that opens, closes or has unread data, or a host that does not run
// any more.
func (w *Wire) Settle(phase string) {
	w.t.Helper()
	if err := w.settle(phase); err != nil {
		w.t.Fatal(err)
	}
}

func (w *Wire) settle(phase string) error {
	if err := w.lab.Settle(w.t.Context(), phase); err != nil {
		return err
	}
	w.plan.Barriers = append(w.plan.Barriers, phase)
	return nil
}

// Texts says which payloads projections with the modifier "text" show.
func (w *Wire) Texts(texts ...string) { w.plan.Texts = append(w.plan.Texts, texts...) }

// Expect compares a part of what was sent with the lines that are expected, and
// reports an error with both where they differ, or where the capture cannot
// tell. id names the claim in the report.
//
// phases are the names that Settle gave, consecutive and separated by commas;
// "" is all that has been captured. projection is the part: "arp,icmp",
// "tcp/7000", "tcp first" and so on (lab/trace.Projection). want has a line for
// each packet, as a failure prints them; "" expects that nothing was sent.
func (w *Wire) Expect(id, phases, projection, want string) {
	w.t.Helper()
	v, err := w.judge(id, phases, projection, want)
	switch {
	case err != nil:
		w.t.Fatalf("%s: %v", id, err)
	case v.Status != claim.Pass:
		w.t.Error(describe(v))
	}
}

func (w *Wire) judge(id, phases, projection, want string) (v claim.Verdict, err error) {
	c := claim.Claim{ID: id}
	if phases != "" {
		c.Phases = strings.Split(phases, ",")
	}
	if c.Projection, err = trace.ParseProjection(projection); err != nil {
		return v, err
	}
	if c.Expected, err = claim.ParseExpected(want); err != nil {
		return v, err
	}
	w.lab.View(func(r *trace.Recording) { v = claim.Judge(r, w.plan, []claim.Claim{c})[0] })
	if v.Status == claim.Pass {
		w.claims = append(w.claims, c)
	}
	return v, nil
}

// Run runs a wirelab command, such as ping, in the network of a host and
// returns what it printed. The test fails, and ends, if it fails.
func (w *Wire) Run(host string, command ...string) string {
	w.t.Helper()
	out, err := w.lab.Run(w.t.Context(), host, command...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// FlushNeighbours empties the neighbour (ARP) cache of a host, whose next packet
// is preceded by a question who has the address.
func (w *Wire) FlushNeighbours(host string) {
	w.t.Helper()
	if err := w.lab.FlushNeighbours(w.t.Context(), host); err != nil {
		w.t.Fatal(err)
	}
}
