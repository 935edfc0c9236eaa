package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wirelab/lab/agent"
)

// markingHosts are hosts on one segment whose markers take until somebody reads ended.
type markingHosts struct {
	Network
	begun atomic.Int32
	ended chan struct{}
}

func (n *markingHosts) Host(name string) Host { return markingHost{name: name} }

func (n *markingHosts) Mark(string, ...string) error {
	n.begun.Add(1)
	n.ended <- struct{}{}
	return nil
}

func (n *markingHosts) Quiet(context.Context, time.Duration) (string, error) { return "", nil }
func (n *markingHosts) Alive(string, int) (bool, error)                      { return false, nil }
func (n *markingHosts) Left(string) (bool, error)                            { return false, nil }

type markingHost struct {
	Host
	name string
}

func (h markingHost) Name() string  { return h.name }
func (h markingHost) Ports() []Port { return []Port{{Segment: DefaultSegment, Device: "eth0"}} }

// Of many hosts markingAtOnce send markers at once, and no more. In the bubble whoever may
// begin has begun when the test looks.
func TestHostsMarkInTurn(t *testing.T) {
	const hosts = 2*markingAtOnce + 1
	for name, mark := range map[string]func(context.Context, *Lab) error{
		"mark":   func(ctx context.Context, l *Lab) error { return l.mark(ctx, "label") },
		"markOn": func(ctx context.Context, l *Lab) error { return l.markOn(ctx, "label", []string{DefaultSegment}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &markingHosts{ended: make(chan struct{})}
				l := attach(network, Topology{})
				for i := range hosts {
					host := fmt.Sprint("h", i)
					questions, in := io.Pipe()
					out, answers := io.Pipe()
					go agent.Serve(t.Context(), questions, answers, network)
					l.Topology.Hosts = append(l.Topology.Hosts, host)
					l.agents[host] = &hostAgent{host: host, client: agent.NewClient(in, out, func(error) {}), in: in, out: out}
					if err := l.agents[host].client.Ready(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				over := make(chan error)
				go func() { over <- mark(t.Context(), l) }()
				most := 0
				for ended := range hosts {
					synctest.Wait()
					most = max(most, int(network.begun.Load())-ended)
					<-network.ended
				}
				if err := <-over; err != nil {
					t.Error(err)
				}
				if most != markingAtOnce {
					t.Errorf("of %d hosts %d send markers at once, want %d", hosts, most, markingAtOnce)
				}
				for _, a := range l.agents {
					a.close()
				}
			})
		})
	}
}

// What a program has left undone is said in words, and the socket is named behind it.
func TestBusyHost(t *testing.T) {
	for _, test := range []struct{ what, want string }{
		{"tcp 10.0.0.11:43210 > 10.0.0.10:7000 ESTABLISHED unread=17 unsent=0", "a program there has not read all that it was sent (tcp "},
		{"udp 10.0.0.11:54321 > 10.0.0.10:7001 unread=768 unsent=0", "a program there has not read all that it was sent (udp "},
		{"tcp 10.0.0.11:43210 > 10.0.0.10:7000 CLOSE_WAIT unread=5 unsent=0", "the other side has closed a connection, and a program there has not (tcp "},
		{"tcp 10.0.0.11:43210 > 10.0.0.10:7000 ESTABLISHED unread=0 unsent=5", "tcp "},
		{"tcp 0.0.0.0:7002 > 0.0.0.0:0 LISTEN unread=1 unsent=0", "tcp "}, // connections
		{"arp 10.0.0.10 is being asked for", "arp "},
	} {
		if got := (&busyHost{test.what}).Error(); !strings.HasPrefix(got, test.want) || !strings.Contains(got, test.what) {
			t.Errorf("%s:\n%s\nwant %s…", test.what, got, test.want)
		}
	}
}

// slowHost finds its sockets busy, and is kept from saying so for some seconds.
type slowHost struct{ agent.Host }

func (slowHost) Quiet(ctx context.Context, limit time.Duration) (string, error) {
	select {
	case <-time.After(limit + 5*time.Second): // in the bubble
	case <-ctx.Done():
	}
	return "tcp 10.77.0.10:7000 > 10.77.0.11:40000 CLOSE_WAIT unread=0 unsent=0", nil
}

// On a busy machine a host's answer, which names what is under way, comes after the time in
// which it was to look. Who cancels waits for none.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := func(ctx context.Context) error {
			l := attach(&markingHosts{}, Topology{Hosts: []string{"h"}})
			questions, in := io.Pipe()
			out, answers := io.Pipe()
			serving, end := context.WithCancel(t.Context())
			defer end()
			go agent.Serve(serving, questions, answers, slowHost{})
			l.agents["h"] = &hostAgent{host: "h", client: agent.NewClient(in, out, func(err error) { in.CloseWithError(err); out.CloseWithError(err) }), in: in, out: out}
			defer l.agents["h"].close()
			if err := l.agents["h"].client.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			return l.quiet(ctx)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := asked(ctx); err == nil || !strings.Contains(err.Error(), "CLOSE_WAIT") {
			t.Errorf("the host has found a socket, and the error is %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		if err := asked(ctx); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("cancelled after a second: %v after %v", err, time.Since(began))
		}
	})
}

// twoHosts is a network of client1 and server, which must not be asked anything.
type twoHosts struct{ Network }

func (n twoHosts) Hosts() []string { return []string{"client1", "server"} }

func (n twoHosts) Host(name string) Host {
	if slices.Contains(n.Hosts(), name) {
		return markingHost{name: name}
	}
	return nil
}

// Who names a host that is not there is told which one may have been meant, and nothing
// happens to the others.
func TestUnknownHost(t *testing.T) {
	l := attach(twoHosts{}, Topology{Hosts: []string{"client1"}})
	for name, act := range map[string]func() error{
		"Mark":            func() error { return Mark(t.Context(), twoHosts{}, []string{"client1", "sevrer"}, "label") },
		"Start":           func() error { return l.Start(t.Context(), "sevrer", "ping") },
		"FlushNeighbours": func() error { return l.FlushNeighbours(t.Context(), "sevrer") },
	} {
		const want = `no host "sevrer" in the lab (did you mean server?): there are client1, server`
		if err := act(); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
