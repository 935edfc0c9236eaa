package experiments

import (
	"encoding/hex"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/require"
	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// dissected is a frame as tshark understands it.
type dissected struct {
	number, stream      int
	arp, icmp, tcp, udp bool
	src, marker         string
	syn, fin, ack       bool
	next, acknowledges  uint64
	payload             string
}

// confirmWithTshark compares the cited packets with those that tshark, which
// nobody here wrote, says a claim is about.
func confirmWithTshark(t *testing.T, path string, e *script.Experiment, o *script.Outcome) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if require.Required("tshark") {
			t.Fatal(err)
		}
		t.Log("tshark is not installed: its opinion is not asked")
		return
	}
	frames := dissect(t, tshark, path)
	for _, v := range o.Verdicts {
		i := slices.IndexFunc(e.Claims, func(c claim.Claim) bool { return c.ID == v.ID })
		var want []int
		for _, f := range framesOf(frames, e, e.Claims[i]) {
			want = append(want, aboutClaim(v.ID, f, frames, e.Plan().Texts)...)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		if want == nil {
			want = []int{}
		}
		if diff := cmp.Diff(want, v.Packets); diff != "" {
			t.Errorf("%s: packets that show it (-tshark +cited):\n%s", v.ID, diff)
		}
	}
}

// onceSteps are the segments that a claim of tcp-once is about, of the one connection
// that its script makes.
var onceSteps = map[string]func(dissected) bool{
	"tcp-once.handshake":     func(f dissected) bool { return f.syn },
	"tcp-once.client-closes": func(f dissected) bool { return f.syn && !f.ack || f.fin && ofClient(f) },
	"tcp-once.server-closes": func(f dissected) bool { return f.syn && !f.ack || f.fin && !ofClient(f) },
}

// ofClient reports whether client1 has sent a frame: the first host of a lab has .10.
func ofClient(f dissected) bool { return strings.HasSuffix(f.src, ".10") }

// aboutClaim returns the numbers of the packets by which a frame shows a claim.
func aboutClaim(id string, f dissected, all []dissected, texts []string) []int {
	shown := false
	switch id {
	case "ping.arp-before-echo", "ping.warm-no-arp", "hub-and-switch.switch-hides-unicast", "ping6.arp", "ping6.ndp", "ping6.warm-no-ndp":
		shown = f.arp || f.icmp
	case "ping.echo-pairs", "hub-and-switch.hub-sees-unicast", "ping-once.answered":
		shown = f.icmp
	case "tcp-chat.handshake", "tcp-chat.teardown", "tcp-once.handshake", "tcp-once.client-closes", "tcp-once.server-closes", "tcp-loss.segment":
		if !f.tcp || !f.syn && !f.fin {
			return nil
		}
		if step := onceSteps[id]; step != nil && !step(f) {
			return nil
		}
		// The frame and the first that acknowledges it from the other side.
		for _, g := range all {
			if g.number > f.number && g.stream == f.stream && g.src != f.src && g.ack && g.acknowledges >= f.next {
				return []int{f.number, g.number}
			}
		}
		shown = true
	case "tcp-chat.payload":
		shown = f.tcp && slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(f.payload, s) })
	case "udp-chat.no-handshake":
		shown = f.udp && !slices.ContainsFunc(all, func(g dissected) bool { return g.udp && g.marker == "" && g.stream == f.stream && g.number < f.number })
	case "tcp-loss.datagram":
		shown = f.udp
	case "udp-chat.no-teardown":
		shown = f.tcp || f.udp || f.icmp || f.arp
	}
	if shown {
		return []int{f.number}
	}
	return nil
}

// framesOf returns the frames that a claim is about, without markers.
func framesOf(frames []dissected, e *script.Experiment, c claim.Claim) []dissected {
	if c.Anywhere {
		return slices.DeleteFunc(slices.Clone(frames), func(f dissected) bool { return f.marker != "" })
	}
	return phaseOf(frames, e, c.Phases)
}

// phaseOf returns the frames of a claim's phases, without markers.
func phaseOf(frames []dissected, e *script.Experiment, phases []string) (in []dissected) {
	labels := append([]string{"start"}, e.Barriers()...)
	last := func(label string) (n int) {
		for _, f := range frames {
			if strings.HasPrefix(f.marker, label+" ") {
				n = f.number
			}
		}
		return n
	}
	after := last(labels[slices.Index(labels, phases[0])-1])
	until := last(phases[len(phases)-1])
	for _, f := range frames {
		if f.number > after && f.number <= until && f.marker == "" {
			in = append(in, f)
		}
	}
	return in
}

func dissect(t *testing.T, tshark, path string) []dissected {
	t.Helper()
	fields := []string{"frame.number", "arp.opcode", "icmp.type", "tcp.stream", "udp.stream", "ip.src", "tcp.flags.syn", "tcp.flags.fin", "tcp.flags.ack", "tcp.nxtseq", "tcp.ack", "tcp.payload", "udp.payload", "icmpv6.type"}
	args := []string{"-r", path, "-n", "-T", "fields", "-E", "separator=|", "-o", "tcp.relative_sequence_numbers:TRUE"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command(tshark, args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, &complaints)
	}
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil && s != "" {
			t.Fatalf("tshark says %q for a number", s)
		}
		return n
	}
	isTrue := func(s string) bool { return s == "1" || s == "True" }
	var frames []dissected
	for line := range strings.Lines(string(out)) {
		v := strings.Split(strings.TrimRight(line, "\n"), "|")
		if len(v) != len(fields) {
			t.Fatalf("tshark: %d fields in %q, want %d", len(v), line, len(fields))
		}
		payload, err := hex.DecodeString(v[11] + v[12])
		if err != nil {
			t.Fatalf("tshark: payload: %v", err)
		}
		f := dissected{
			number: int(number(v[0])), arp: v[1] != "", icmp: v[2] != "" || v[13] != "", tcp: v[3] != "", udp: v[4] != "",
			stream: int(number(v[3] + v[4])), src: v[5], syn: isTrue(v[6]), fin: isTrue(v[7]), ack: isTrue(v[8]),
			next: number(v[9]), acknowledges: number(v[10]), payload: string(payload),
		}
		if rest, ok := strings.CutPrefix(f.payload, "wirelab marker "); ok {
			f.marker = rest
		}
		frames = append(frames, f)
	}
	if len(frames) == 0 {
		t.Fatalf("tshark reads no frame from %s: %s", path, &complaints)
	}
	return frames
}
