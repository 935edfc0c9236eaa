package netns

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/fault"
)

// impaired brings up a lab of two hosts and the sniffer.
func impaired(t *testing.T) lab.Network {
	t.Helper()
	n, err := Backend{}.Up(t.Context(), lab.Topology{Hosts: []string{"a", "b", lab.SnifferHost}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func address(n lab.Network, host string) string {
	return n.Host(host).Ports()[0].Addrs[0].Addr().String()
}

func listen(t *testing.T, n lab.Network, host string) net.PacketConn {
	t.Helper()
	c, err := n.Host(host).(lab.SocketHost).ListenPacket(t.Context(), "udp4", ":7000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A cable that is put in and taken out while datagrams cross both ways loses none and
// sends none twice.
func TestCableUnderTraffic(t *testing.T) {
	for _, mode := range []lab.Mode{lab.Hub, lab.Switch} {
		t.Run(string(mode), func(t *testing.T) {
			n := impaired(t)
			if err := n.Segment(lab.DefaultSegment).SetMode(t.Context(), mode); err != nil {
				t.Fatal(err)
			}
			for try := 1; ; try++ {
				before := queuesDropped(t)
				sent, lost := underTraffic(t, n)
				r, err := n.(lab.Impairer).Faults(t.Context(), 0)
				if err != nil || r.Dropped > 0 {
					t.Errorf("cables dropped %d frames: %v", r.Dropped, err)
				}
				if lost == nil {
					t.Logf("%d datagrams were answered", sent)
					return
				}
				// All network namespaces share a CPU's queue of frames (netdev_max_backlog):
				// another test's burst drops a frame of this one.
				others := queuesDropped(t) - before
				if others == 0 || try == 5 {
					t.Fatalf("%v; the kernel's queues dropped %d frames meanwhile", lost, others)
				}
				t.Logf("once more: %v; the kernel's queues dropped %d frames meanwhile", lost, others)
			}
		})
	}
}

// underTraffic puts a cable in and takes it out while datagrams cross. It returns how many
// did, or that one was lost.
func underTraffic(t *testing.T, n lab.Network) (sent int, lost error) {
	t.Helper()
	cut := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cut <- putInAndOut(t.Context(), n.(lab.Impairer), require.Many(5, 25))
	}()
	defer func() { <-ended }()
	sent, lost = exchange(t, n, cut)
	<-ended
	select {
	case err := <-cut: // not read, since the exchange waits for an answer
		if err != nil {
			t.Fatalf("%v; %v", err, lost)
		}
	default:
	}
	return sent, lost
}

// queuesDropped is how many frames the kernel has dropped because a CPU's queue was full, in
// all network namespaces: the second column of /proc/net/softnet_stat.
func queuesDropped(t *testing.T) (all uint64) {
	t.Helper()
	stat, err := os.ReadFile("/proc/net/softnet_stat")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(stat)) {
		var processed, dropped uint64
		if _, err := fmt.Sscanf(line, "%x %x", &processed, &dropped); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all += dropped
	}
	return all
}

// putInAndOut impairs one host and then the other, many times, with rules that match no
// frame.
func putInAndOut(ctx context.Context, n lab.Impairer, times int) error {
	for i := range times {
		r := fault.Rule{Name: fmt.Sprintf("rule-%d", i), From: "a", To: "b", Kind: fault.Drop, Where: "tcp port 9"}
		if i%2 == 1 {
			r.From, r.To = r.To, r.From
		}
		if err := n.Impair(ctx, r); err != nil {
			return err
		}
		if err := n.Mend(ctx, r.Name); err != nil {
			return err
		}
	}
	return nil
}

// exchange sends numbered datagrams from a to b, which answers each, until something is
// done, and checks that every one is answered once. It returns how many, or that an answer
// did not come.
func exchange(t *testing.T, n lab.Network, done <-chan error) (sent int, lost error) {
	t.Helper()
	a, b := listen(t, n, "a"), listen(t, n, "b")
	defer a.Close()
	defer b.Close()
	to, err := net.ResolveUDPAddr("udp4", address(n, "b")+":7000")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1) // why b answers no more
	asked := atomic.Int64{}
	go func() {
		buf := make([]byte, 64)
		for {
			m, from, err := b.ReadFrom(buf)
			if err == nil {
				asked.Add(1)
				_, err = b.WriteTo(buf[:m], from)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	const window = 8 // datagrams that are under way, so that no socket's buffer is full
	answers := map[int]int{}
	buf := make([]byte, 64)
	answer := func() error {
		t.Helper()
		// What is lost never comes: the deadline is for that alone.
		a.SetReadDeadline(time.Now().Add(20 * time.Second))
		m, _, err := a.ReadFrom(buf)
		if err != nil {
			select {
			case end := <-ended:
				err = fmt.Errorf("b answers no more: %w", end)
			default:
			}
			unanswered := make([]int, 0, window)
			for number := range sent {
				if answers[number] == 0 {
					unanswered = append(unanswered, number)
				}
			}
			return fmt.Errorf("of %d datagrams %d came and %d were answered, but not %d: %w", sent, asked.Load(), len(answers), unanswered, err)
		}
		number, err := strconv.Atoi(string(buf[:m]))
		if answers[number]++; err != nil || answers[number] > 1 {
			t.Fatalf("%q was answered %d times: %v", buf[:m], answers[number], err)
		}
		return nil
	}
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			for len(answers) < sent {
				if err := answer(); err != nil {
					return sent, err
				}
			}
			// A second answer would have come before that to one more question.
			if _, err := a.WriteTo(strconv.AppendInt(nil, int64(sent), 10), to); err != nil {
				t.Fatal(err)
			}
			sent++
			return sent, answer()
		default:
		}
		if _, err := a.WriteTo(strconv.AppendInt(nil, int64(sent), 10), to); err != nil {
			t.Fatal(err)
		}
		for sent++; sent-len(answers) >= window; {
			if err := answer(); err != nil {
				return sent, err
			}
		}
	}
}
