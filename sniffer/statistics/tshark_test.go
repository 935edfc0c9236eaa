package statistics

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
	"wirelab/sniffer/pcapfile"
)

// segment is a TCP segment of a conversation between a port of 10.0.0.1 and 10.0.0.2:80.
type segment struct {
	at       time.Duration
	server   bool // it comes from the server
	flags    sniffer.TCPFlags
	seq, ack uint32
	window   uint16
	size     int
}

func (s segment) frame(port uint16) sniffer.Frame {
	b := fixture.Segment{
		Client: port, FromServer: s.server, Flags: byte(s.flags), Seq: s.seq, Ack: s.ack, Window: s.window,
		Payload: bytes.Repeat([]byte{'x'}, s.size),
	}.Frame()
	return sniffer.Frame{Time: time.Unix(1000, 0).Add(s.at), Data: b, Length: len(b), LinkType: sniffer.LinkEthernet}
}

// transfer is a connection in which both sides send, acknowledge and now and then have
// no room.
func transfer(r *rand.Rand) (all []segment) {
	seq, at := [2]uint32{1000, 5000}, time.Duration(0)
	send := func(side int, flags sniffer.TCPFlags, size int, window uint16) {
		at += time.Duration(r.IntN(2000)) * time.Microsecond
		if r.IntN(8) == 0 {
			at += time.Duration(r.IntN(300)) * time.Millisecond
		}
		s := segment{at: at, server: side == 1, flags: flags, seq: seq[side], ack: seq[1-side], window: window, size: size}
		if flags&sniffer.ACK == 0 {
			s.ack = 0
		}
		all = append(all, s)
		seq[side] += uint32(size)
		if flags&(sniffer.SYN|sniffer.FIN) != 0 {
			seq[side]++
		}
	}
	send(0, sniffer.SYN, 0, 1000)
	send(1, sniffer.SYN|sniffer.ACK, 0, 1000)
	send(0, sniffer.ACK, 0, 1000)
	for range 30 + r.IntN(60) {
		side, window := r.IntN(2), uint16(1000)
		switch r.IntN(12) {
		case 0:
			window = 0
		case 1:
			window = 1001
		}
		switch r.IntN(5) {
		case 0, 1, 2:
			send(side, sniffer.ACK|sniffer.PSH, 1+r.IntN(100), window)
		default:
			send(side, sniffer.ACK, 0, window)
		}
	}
	send(0, sniffer.FIN|sniffer.ACK, 0, 1000)
	send(1, sniffer.FIN|sniffer.ACK, 0, 1000)
	send(0, sniffer.ACK, 0, 1000)
	return all
}

// spoil loses, repeats and exchanges segments, and adds keep-alives.
func spoil(r *rand.Rand, all []segment) []segment {
	for range r.IntN(15) {
		i := r.IntN(len(all))
		s := all[i]
		switch r.IntN(5) {
		case 0:
			all = slices.Delete(all, i, i+1)
		case 1, 2: // once or more, soon or late
			for range 1 + r.IntN(3) {
				s.at += time.Duration(r.IntN(60)) * time.Millisecond
				all = append(all, s)
			}
		case 3:
			s.at += time.Duration(r.IntN(4000)) * time.Microsecond
			all[i] = s
		case 4:
			s.seq, s.size, s.flags = s.seq-1, r.IntN(2), sniffer.ACK
			s.at += time.Microsecond
			all = append(all, s)
		}
		slices.SortStableFunc(all, func(a, b segment) int { return int(a.at - b.at) })
	}
	return all
}

// Every mark is tshark's, over connections that lose, repeat and exchange segments.
func TestMarksLikeTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", err)
	}
	file := filepath.Join(t.TempDir(), "transfers.pcap")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := pcapfile.NewWriter(out, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	var sent [][]segment
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		segments, c, marks := spoil(r, transfer(r)), &connection{}, []string{}
		for i, s := range segments {
			f := s.frame(uint16(1024 + seed))
			if err := w.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
			p := sniffer.Packet{Frame: f, Number: i + 1}
			p.Decode()
			_, from := sniffer.FlowOf(&p)
			marks = append(marks, strings.Join(c.mark(&p, from).Words(), " "))
		}
		got, sent = append(got, marks), append(sent, segments)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	all := tsharkMarks(t, tshark, file)
	compared := map[string]int{}
	for seed, marks := range got {
		want := all[:len(marks)]
		all = all[len(marks):]
		for i := range marks {
			if want[i] == unseen {
				break
			}
			compared[want[i]]++
			if marks[i] != want[i] {
				var before strings.Builder
				for n := range i + 1 {
					fmt.Fprintf(&before, "%3d %+v %s\n", n+1, sent[seed][n], marks[n])
				}
				t.Errorf("seed %d, packet %d: %q, tshark says %q\n%s", seed, i+1, marks[i], want[i], &before)
				break
			}
		}
	}
	t.Logf("compared: %v", compared)
}

// unseen stands for a segment that acknowledges what was not captured: tshark counts
// it as very many duplicate ACKs, so that what follows is no rule.
const unseen = "unseen"

func tsharkMarks(t *testing.T, tshark, file string) (marks []string) {
	t.Helper()
	args := []string{"-n", "-r", file, "-T", "fields", "-E", "separator=|", "-E", "occurrence=f"}
	for _, f := range []string{"retransmission", "out_of_order", "lost_segment", "duplicate_ack", "zero_window", "zero_window_probe", "keep_alive", "ack_lost_segment"} {
		args = append(args, "-e", "tcp.analysis."+f)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tshark, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	words := []string{"retransmission", "out-of-order", "segment-missing", "duplicate-ack", "zero-window", "zero-window-probe", "keep-alive", unseen}
	for line := range strings.Lines(string(out)) {
		var is []string
		for i, field := range strings.Split(strings.TrimSuffix(line, "\n"), "|") {
			if field != "" {
				is = append(is, words[i])
			}
		}
		if slices.Contains(is, unseen) {
			is = []string{unseen}
		}
		marks = append(marks, strings.Join(is, " "))
	}
	return marks
}
