package netns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wirelab/lab"
	"wirelab/lab/fault"
)

// BenchmarkCable sends datagrams from a to b, whose port has a cable or not: many under way
// (frames/s), and one after the other, each answered (the median round trip). The rule's
// filter is tried on every frame and takes none.
//
//	go test ./lab/netns -run '^$' -bench Cable -benchtime 200000x
func BenchmarkCable(b *testing.B) {
	for _, with := range []bool{false, true} {
		name := map[bool]string{false: "none", true: "cable"}[with]
		n, err := Backend{}.Up(b.Context(), lab.Hosts("a", "b"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { n.Close() })
		if with {
			r := fault.Rule{Name: "idle", From: "a", To: "b", Kind: fault.Drop, Where: "tcp port 9"}
			if err := n.(lab.Impairer).Impair(b.Context(), r); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(name+"/stream", func(b *testing.B) { stream(b, n, 96, 32) })
		b.Run(name+"/round-trip", func(b *testing.B) { stream(b, n, 1, 1) })
		r, err := n.(lab.Impairer).Faults(b.Context(), 0)
		if err != nil || r.Dropped > 0 {
			b.Errorf("the cable dropped %d frames: %v", r.Dropped, err)
		}
		n.Close()
	}
}

// stream sends datagrams, so many of which are under way at most, and of which every so
// many-th is answered.
func stream(b *testing.B, n lab.Network, window, every int) {
	from, to := benchSocket(b, n, "a"), benchSocket(b, n, "b")
	address, err := net.ResolveUDPAddr("udp4", address(n, "b")+":7000")
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		buf := make([]byte, 100)
		for count := 1; ; count++ {
			m, peer, err := to.ReadFrom(buf)
			if err == nil && count%every == 0 {
				_, err = to.WriteTo(buf[:m], peer)
			}
			if err != nil {
				return
			}
		}
	}()
	var trips []time.Duration
	buf := make([]byte, 64)
	sent, answered := 0, 0
	before := processorTime(b, n)
	b.ResetTimer()
	for sent < b.N || answered < b.N/every {
		began := time.Now()
		for ; sent < b.N && sent-answered*every < window; sent++ {
			if _, err := from.WriteTo(buf, address); err != nil {
				b.Fatal(err)
			}
		}
		from.SetReadDeadline(time.Now().Add(20 * time.Second))
		if answered < b.N/every {
			if _, _, err := from.ReadFrom(make([]byte, 100)); err != nil {
				b.Fatalf("%d of %d: %v", answered*every, sent, err)
			}
			answered++
		}
		trips = append(trips, time.Since(began))
	}
	b.StopTimer()
	// What the machine has for it, however busy it is: the lab process carries the frames.
	b.ReportMetric(float64((processorTime(b, n)-before).Microseconds())/float64(b.N), "lab-µs/frame")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
	if window == 1 {
		slices.Sort(trips)
		b.ReportMetric(float64(trips[len(trips)/2].Nanoseconds())/1e3, "µs-median")
	}
}

// processorTime is what the lab process has used so far (proc(5), stat), in steps of 10 ms.
func processorTime(b *testing.B, n lab.Network) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.(*network).process.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, behind, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(behind)
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

func benchSocket(b *testing.B, n lab.Network, host string) net.PacketConn {
	c, err := n.Host(host).(lab.SocketHost).ListenPacket(b.Context(), "udp4", ":7000")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}
