package netns

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

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
			cut := make(chan error, 1)
			go func() { cut <- putInAndOut(t.Context(), n.(lab.Impairer), 25) }()
			sent := exchange(t, n, cut)
			r, err := n.(lab.Impairer).Faults(t.Context(), 0)
			if err != nil || r.Dropped > 0 {
				t.Errorf("cables dropped %d frames: %v", r.Dropped, err)
			}
			t.Logf("%d datagrams were answered", sent)
		})
	}
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
// done, and checks that every one is answered once. It returns how many.
func exchange(t *testing.T, n lab.Network, done <-chan error) (sent int) {
	t.Helper()
	a, b := listen(t, n, "a"), listen(t, n, "b")
	to, err := net.ResolveUDPAddr("udp4", address(n, "b")+":7000")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 64)
		for {
			m, from, err := b.ReadFrom(buf)
			if err == nil {
				_, err = b.WriteTo(buf[:m], from)
			}
			if err != nil {
				return
			}
		}
	}()
	const window = 8 // datagrams that are under way, so that no socket's buffer is full
	answers := map[int]int{}
	buf := make([]byte, 64)
	answer := func() {
		t.Helper()
		// What is lost never comes: the deadline is for that alone.
		a.SetReadDeadline(time.Now().Add(20 * time.Second))
		m, _, err := a.ReadFrom(buf)
		if err != nil {
			t.Fatalf("of %d datagrams %d were answered: %v", sent, len(answers), err)
		}
		number, err := strconv.Atoi(string(buf[:m]))
		if answers[number]++; err != nil || answers[number] > 1 {
			t.Fatalf("%q was answered %d times: %v", buf[:m], answers[number], err)
		}
	}
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			for len(answers) < sent {
				answer()
			}
			// A second answer would have come before that to one more question.
			if _, err := a.WriteTo(strconv.AppendInt(nil, int64(sent), 10), to); err != nil {
				t.Fatal(err)
			}
			sent++
			answer()
			return sent
		default:
		}
		if _, err := a.WriteTo(strconv.AppendInt(nil, int64(sent), 10), to); err != nil {
			t.Fatal(err)
		}
		for sent++; sent-len(answers) >= window; {
			answer()
		}
	}
}
