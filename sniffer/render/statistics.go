package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"text/tabwriter"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/statistics"
)

const (
	mostListed = 10 // conversations and endpoints of the text
	sparks     = 60 // columns of the rate
)

// Statistics writes a capture's statistics for people: totals, the rate as a row of
// bars, protocols, the conversations and endpoints with the most bytes, and what TCP
// segments tell of losses.
func Statistics(w io.Writer, s *statistics.Statistics, o Options) error {
	var b strings.Builder
	out, back := o.arrows()
	text := func(code string, pairs ...any) string { return i18n.Text(o.Lang, code, pairs...) }
	fmt.Fprintln(&b, text("sniff.stats.total", "Count", s.All.Frames, "Bytes", s.All.Bytes))
	if rate := s.Rate.Fit(sparks); len(rate.Steps) > 0 {
		fmt.Fprintf(&b, "%s  %s\n", o.bars(rate), text("sniff.stats.rate", "Step", Duration(rate.Step), "Most", rate.Most()))
	}
	table := func(title string, row func(w io.Writer)) {
		fmt.Fprintf(&b, "\n%s\n", title)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight|tabwriter.DiscardEmptyColumns)
		row(w)
		w.Flush() // to memory
	}
	table(text("sniff.stats.protocols"), func(w io.Writer) {
		for _, p := range s.Protocols(LayerNames) {
			depth := len(p.Names) - 1
			// The name stands left, in a column that is aligned right.
			fmt.Fprintf(w, "%-24s\t%d\t%d\t\n", strings.Repeat("  ", depth+1)+p.Names[depth], p.Frames, p.Bytes)
		}
	})
	conversations := s.Conversations()
	table(text("sniff.stats.conversations", "Count", len(conversations)), func(w io.Writer) {
		for _, c := range conversations[:min(len(conversations), mostListed)] {
			ends := fmt.Sprintf("  %-4s  %s > %s", layerName(c.Layer), o.end(c.A), o.end(c.B))
			fmt.Fprintf(w, "%-56s\t%s %d\t%d\t%s %d\t%d\t%s\t\n", ends, out, c.FromA.Frames, c.FromA.Bytes, back, c.FromB.Frames, c.FromB.Bytes, Duration(c.Last.Sub(c.First)))
		}
	})
	endpoints := s.Endpoints()
	table(text("sniff.stats.endpoints", "Count", len(endpoints)), func(w io.Writer) {
		for _, e := range endpoints[:min(len(endpoints), mostListed)] {
			fmt.Fprintf(w, "  %-38s\t%s %d\t%d\t%s %d\t%d\t\n", o.address(e.Addr), out, e.Sent.Frames, e.Sent.Bytes, back, e.Received.Frames, e.Received.Bytes)
		}
	})
	if len(s.Marks) > 0 {
		table(text("sniff.stats.tcp"), func(w io.Writer) {
			for m := sniffer.Marks(1); m != 0; m <<= 1 {
				if s.Marks[m] > 0 {
					fmt.Fprintf(w, "  %-22s\t%d\t\n", m.Words()[0], s.Marks[m])
				}
			}
		})
	}
	if s.Untracked > 0 {
		fmt.Fprintf(&b, "\n%s\n", text("sniff.stats.untracked", "Count", s.Untracked))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// arrows are the two ways of a conversation.
func (o Options) arrows() (out, back string) {
	if o.ASCII {
		return "->", "<-"
	}
	return "→", "←"
}

// bars is a rate as a row of characters that fill more and more of their place.
func (o Options) bars(r statistics.Rate) string {
	levels := "▁▂▃▄▅▆▇█"
	if o.ASCII {
		levels = "_.-=+*#@"
	}
	blocks, most := []rune(levels), max(r.Most(), 1)
	var b strings.Builder
	for _, n := range r.Steps {
		if n == 0 {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(blocks[(n*uint64(len(blocks))-1)/most])
	}
	return b.String()
}

func layerName(l sniffer.Layers) string { return cmp.Or(strings.Join(LayerNames(l), " "), "?") }

// escape makes text from outside fit to be shown. Who reads Chinese is shown it.
func (o Options) escape(s string) string {
	if o.ASCII && o.Lang != lang.Chinese {
		return safetext.ASCII(s)
	}
	return safe(s)
}

// address is an address by its name, if it has one.
func (o Options) address(a netip.Addr) string {
	if o.Names != nil {
		if name := o.Names.Name(a); name != "" {
			return o.escape(name)
		}
	}
	return a.String()
}

func (o Options) end(e netip.AddrPort) string {
	if e.Port() == 0 {
		return o.address(e.Addr())
	}
	return fmt.Sprintf("%s:%d", o.address(e.Addr()), e.Port())
}

// statisticsJSON is the object that StatisticsJSON writes.
type statisticsJSON struct {
	Frames        uint64             `json:"frames"`
	Bytes         uint64             `json:"bytes"`
	Rate          rateJSON           `json:"rate"`
	Protocols     []protocolJSON     `json:"protocols"`
	Conversations []conversationJSON `json:"conversations"`
	Endpoints     []endpointJSON     `json:"endpoints"`
	TCP           []markJSON         `json:"tcp"`
	Untracked     uint64             `json:"untracked"`
}

type rateJSON struct {
	Start  string   `json:"start,omitempty"`
	Step   float64  `json:"step_s"`
	Frames []uint64 `json:"frames"`
	Out    uint64   `json:"out"`
}

type protocolJSON struct {
	Layers []string `json:"layers"`
	Frames uint64   `json:"frames"`
	Bytes  uint64   `json:"bytes"`
}

type conversationJSON struct {
	Protocol string     `json:"protocol"`
	A        endJSON    `json:"a"`
	B        endJSON    `json:"b"`
	First    string     `json:"first"`
	Seconds  float64    `json:"seconds"`
	TCP      []markJSON `json:"tcp,omitempty"`
}

type endJSON struct {
	Address string `json:"address"`
	Port    uint16 `json:"port,omitempty"`
	Frames  uint64 `json:"frames"` // that it has sent
	Bytes   uint64 `json:"bytes"`
}

type markJSON struct {
	Mark     string `json:"mark"`
	Segments uint64 `json:"segments"`
}

type endpointJSON struct {
	Address  string    `json:"address"`
	Sent     countJSON `json:"sent"`
	Received countJSON `json:"received"`
}

type countJSON struct {
	Frames uint64 `json:"frames"`
	Bytes  uint64 `json:"bytes"`
}

// StatisticsJSON writes all of a capture's statistics as one JSON object with the key
// "statistics", on a line (docs/sniff-json.md).
func StatisticsJSON(out io.Writer, s *statistics.Statistics) error {
	stamp := func(t time.Time) string {
		if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	o := statisticsJSON{
		Frames: s.All.Frames, Bytes: s.All.Bytes, TCP: marksJSON(s.Marks), Untracked: s.Untracked,
		Rate:      rateJSON{stamp(s.Rate.Start), s.Rate.Step.Seconds(), append([]uint64{}, s.Rate.Steps...), s.Rate.Out},
		Protocols: []protocolJSON{}, Conversations: []conversationJSON{}, Endpoints: []endpointJSON{},
	}
	for _, p := range s.Protocols(LayerNames) {
		o.Protocols = append(o.Protocols, protocolJSON{p.Names, p.Frames, p.Bytes})
	}
	for _, c := range s.Conversations() {
		o.Conversations = append(o.Conversations, conversationJSON{
			layerName(c.Layer), endJSON{c.A.Addr().String(), c.A.Port(), c.FromA.Frames, c.FromA.Bytes}, endJSON{c.B.Addr().String(), c.B.Port(), c.FromB.Frames, c.FromB.Bytes},
			stamp(c.First), c.Last.Sub(c.First).Seconds(), marksJSON(c.Marks),
		})
	}
	for _, e := range s.Endpoints() {
		o.Endpoints = append(o.Endpoints, endpointJSON{e.Addr.String(), countJSON(e.Sent), countJSON(e.Received)})
	}
	return json.NewEncoder(out).Encode(map[string]any{"statistics": o})
}

func marksJSON(marks map[sniffer.Marks]uint64) []markJSON {
	all := []markJSON{}
	for m := sniffer.Marks(1); m != 0; m <<= 1 {
		if marks[m] > 0 {
			all = append(all, markJSON{m.Words()[0], marks[m]})
		}
	}
	return all
}
