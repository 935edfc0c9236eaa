package render

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wirelab/sniffer"
)

// place is where a line of fields says that its bytes are, and what they are.
var place = regexp.MustCompile(` \[(\d+):(\d+)\] *((?: (?:[0-9a-f_]{2}))*)`)

// checkPlaces checks that the lines of fields show the bytes of the slices that they
// name, and that every byte of the frame is in one.
func checkPlaces(t *testing.T, p *sniffer.Packet) {
	t.Helper()
	text := NewFields(Options{}).Append(nil, p)
	seen := make([]bool, len(p.Data))
	for line := range strings.Lines(string(text)) {
		m := place.FindAllStringSubmatch(line, -1)
		if len(m) == 0 || strings.HasPrefix(line, "frame ") || strings.HasPrefix(line, "  text") {
			continue
		}
		last := m[len(m)-1] // a value may look like one
		from, _ := strconv.Atoi(last[1])
		to, _ := strconv.Atoi(last[2])
		if from > to || to > len(p.Data) {
			t.Errorf("[%d:%d] of %d bytes: %s", from, to, len(p.Data), line)
			continue
		}
		for i := from; i < to; i++ {
			seen[i] = true
		}
		b := strings.ReplaceAll(last[3], " ", "")
		if b == "" || strings.Contains(b, "_") {
			continue
		}
		if want := hex.EncodeToString(p.Data[from:to]); b != want {
			t.Errorf("bytes %s, want %s: %s", b, want, line)
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("byte %d of the frame is on no line:\n%s", i, text)
	}
	checkTree(t, p, string(text))
}

// checkTree checks that the nodes of the tree are the labelled lines of fields, in their
// order, and that all bytes are within a layer.
func checkTree(t *testing.T, p *sniffer.Packet, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")[1:]
	seen := make([]bool, len(p.Data))
	for _, n := range Tree(p, Options{}) {
		want := strings.Repeat("  ", n.Depth) + n.Name
		at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, want+" ") && strings.Contains(line, n.Value) })
		if at < 0 {
			t.Errorf("no line of fields has %+v:\n%s", n, text)
			continue
		}
		if n.To > 0 && !strings.Contains(lines[at], "["+strconv.Itoa(n.From)+":"+strconv.Itoa(n.To)+"]") || !strings.Contains(lines[at], n.Bits) {
			t.Errorf("%+v is %q", n, lines[at])
		}
		lines = lines[at+1:]
		for i := n.From; i < min(n.To, len(seen)) && n.Depth == 0; i++ {
			seen[i] = true
		}
	}
	if i := slices.Index(seen, false); i >= 0 {
		t.Errorf("byte %d of the frame is in no layer of the tree", i)
	}
}

// Every byte of every frame is shown where it is.
func TestFieldsShowEveryByte(t *testing.T) {
	for i, p := range decoded(t, slices.Concat(frames, carriedFrames)) {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) { checkPlaces(t, &p) })
	}
}
