package stream

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// talk is a connection in which both ends speak and acknowledge, and close.
func talk(r *rand.Rand) (all []segment) {
	seq := [2]uint32{r.Uint32(), r.Uint32()}
	send := func(side int, flags sniffer.TCPFlags, data string) {
		s := segment{server: side == 1, flags: flags, seq: seq[side], data: data}
		if flags&ack != 0 {
			s.ack = seq[1-side]
		}
		all = append(all, s)
		if seq[side] += uint32(len(data)); flags&(sniffer.SYN|sniffer.FIN) != 0 {
			seq[side]++
		}
	}
	send(0, syn, "")
	send(1, synAck, "")
	send(0, ack, "")
	for n := range 5 + r.IntN(15) {
		side := r.IntN(2)
		for i := range r.IntN(5) {
			send(side, psh, strings.Repeat(fmt.Sprintf("%d%c", n, 'a'+i), 1+r.IntN(20)))
		}
		send(1-side, ack, "")
	}
	send(0, fin, "")
	send(1, fin, "")
	send(0, ack, "")
	return all
}

// spoil loses and repeats segments behind the handshake and before the end, whose
// acknowledgements are of everything, and exchanges some that nothing answers between
// them: tshark takes for lost what is acknowledged before it comes.
func spoil(r *rand.Rand, all []segment) []segment {
	for range r.IntN(3) {
		i := 3 + r.IntN(len(all)-6)
		all = slices.Delete(all, i, i+1)
	}
	for range r.IntN(12) {
		i := 3 + r.IntN(len(all)-6)
		s := all[i]
		later := i + 1 + r.IntN(len(all)-3-i)
		switch r.IntN(5) {
		case 0:
			all = slices.Insert(all, later, s)
		case 1: // its end
			if n := len(s.data); n > 1 {
				from := r.IntN(n)
				s.seq, s.data = s.seq+uint32(from), s.data[from:]
				all = slices.Insert(all, later, s)
			}
		default:
			if next := all[i+1]; s.server == next.server && i+1 < len(all)-3 {
				all[i], all[i+1] = next, s
			}
		}
	}
	return all
}

// What each end says, and what is missing of it, is what tshark follows; without a hole
// the order of both is.
func TestFollowsLikeTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", err)
	}
	const connections = 300
	file := filepath.Join(t.TempDir(), "talks.pcap")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := pcapfile.NewWriter(out, pcapfile.Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	var frames []sniffer.Frame
	for seed := range uint64(connections) {
		r := rand.New(rand.NewPCG(seed, 11))
		for _, s := range spoil(r, talk(r)) {
			frames = append(frames, s.frame(uint16(1024+seed), len(frames)))
		}
	}
	for _, f := range frames {
		if err := w.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	args := []string{"-n", "-q", "-r", file}
	for i := range connections {
		args = append(args, "-z", fmt.Sprintf("follow,tcp,raw,%d", i))
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tshark, args...)
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	followed := map[string][]string{}
	for part := range strings.SplitSeq(string(text), "Node 0: ") {
		node, rest, ok := strings.Cut(part, "\n")
		if _, rest, _ = strings.Cut(rest, "\n"); !ok || !strings.HasPrefix(node, "10.0.0.1:") {
			continue
		}
		rest, _, _ = strings.Cut(rest, "=")
		followed[node] = strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	}
	whole, holes := 0, 0
	for _, c := range conversations(frames...).All() {
		ours, theirs := transcripts(t, c, followed[c.Ends[0].String()])
		if strings.Contains(ours[2], "[") {
			holes++
			ours[2], theirs[2] = "", ""
		} else {
			whole++
		}
		if ours != theirs {
			t.Errorf("%v:\n%q\ntshark has\n%q", c.Ends[0], ours, theirs)
		}
	}
	if t.Logf("%d whole, %d with holes", whole, holes); whole < connections/10 || holes < connections/10 {
		t.Error("too few of a kind")
	}
}

var lost = regexp.MustCompile(`^\[(\d+) bytes missing in capture file\]\x00?`)

// transcripts are what each end says, and both of them, as we and as tshark tell it. What
// is missing at the end tshark does not know.
func transcripts(t *testing.T, c *Conversation, lines []string) (ours, theirs [3]string) {
	t.Helper()
	last := [2]string{}
	for _, s := range c.Said() {
		text := string(s.Data)
		if s.Missing > 0 {
			text = fmt.Sprintf("[%d]", s.Missing)
			last[s.From] = text
		} else {
			last[s.From] = ""
		}
		ours[s.From] += text
		ours[2] += fmt.Sprint(s.From, text)
	}
	for i, hole := range last {
		ours[i] = strings.TrimSuffix(ours[i], hole)
	}
	for _, line := range lines {
		digits, from := strings.TrimPrefix(line, "\t"), 0
		if len(digits) < len(line) {
			from = 1
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatalf("tshark says %q: %v", line, err)
		}
		text := lost.ReplaceAllString(string(b), "[$1]")
		theirs[from] += text
		theirs[2] += fmt.Sprint(from, text)
	}
	return ours, theirs
}
