package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/dissect"
	"wirelab/sniffer/internal/fixture"
)

// colours are the only escape sequences that any output has.
var colours = strings.NewReplacer(sgrReset, "", sgrBold, "", sgrDim, "", sgrRed, "", sgrGreen, "", sgrYellow, "", sgrBlue, "", sgrMagenta, "", sgrCyan, "")

// checkText looks for what must not reach a terminal.
func checkText(t *testing.T, what string, text []byte) {
	t.Helper()
	s := colours.Replace(string(text))
	if !utf8.ValidString(s) {
		t.Errorf("%s: not UTF-8: %q", what, s)
	}
	for _, r := range s {
		if r != '\n' && safetext.Unsafe(r) {
			t.Errorf("%s: has %U: %q", what, r, s)
			return
		}
	}
	if len(text) == 0 || text[len(text)-1] != '\n' {
		t.Errorf("%s: no end of line: %q", what, s)
	}
}

// What is printed is appended, and is the same whatever stands before it.
func TestAppend(t *testing.T) {
	for name, printer := range map[string]Printer{"line": NewLine(Options{}), "json": NewJSON(Options{}), "note": NewNote(Options{}), "fields": NewFields(Options{}), "text": NewLine(Options{Text: true})} {
		for _, p := range decoded(t, slices.Concat(frames, carriedFrames)) {
			alone := printer.Append(nil, &p)
			if got := printer.Append([]byte("[before"), &p); string(got) != "[before"+string(alone) {
				t.Errorf("%s: %q behind other text, %q alone", name, got, alone)
			}
		}
	}
}

func TestPrintersAllocateNothing(t *testing.T) {
	for name, printer := range map[string]Printer{"line": NewLine(Options{Names: hosts}), "json": NewJSON(Options{Names: hosts})} {
		var text []byte
		for i, p := range packets(t) {
			if p.Err != nil || frames[i].name == "hostile" || dissect.Of(&p) != nil {
				continue
			}
			text = printer.Append(text[:0], &p)
			if n := testing.AllocsPerRun(100, func() { text = printer.Append(text[:0], &p) }); n > 0 {
				t.Errorf("%s of %s: %v allocations", name, frames[i].name, n)
			}
		}
	}
}

func fuzzPackets(f *testing.F, check func(t *testing.T, p *sniffer.Packet)) {
	for _, frame := range slices.Concat(frames, carriedFrames) {
		f.Add(fixture.Bytes(f, frame.hex), uint16(frame.link), frame.cut)
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint16, cut int) {
		p := sniffer.Packet{Number: 1, Frame: sniffer.Frame{Data: data, Length: len(data) + max(0, cut%70000), LinkType: sniffer.LinkType(link)}}
		p.Decode()
		check(t, &p)
	})
}

// one checks that a printer writes one line, or several for the note.
func one(name string, printer func(Options) Printer, lines bool) func(t *testing.T, p *sniffer.Packet) {
	o := Options{Names: hosts, Colour: true}
	return func(t *testing.T, p *sniffer.Packet) {
		text := printer(o).Append(nil, p)
		checkText(t, name, text)
		if n := bytes.Count(text, []byte("\n")); !lines && n != 1 {
			t.Errorf("%d lines: %q", n, text)
		}
	}
}

func FuzzLine(f *testing.F) { fuzzPackets(f, one("line", NewLine, false)) }
func FuzzNote(f *testing.F) { fuzzPackets(f, one("note", NewNote, true)) }
func FuzzText(f *testing.F) {
	fuzzPackets(f, one("text", func(o Options) Printer {
		o.Text = true
		return NewLine(o)
	}, false))
}

func FuzzFields(f *testing.F) {
	fuzzPackets(f, func(t *testing.T, p *sniffer.Packet) {
		one("fields", NewFields, true)(t, p)
		checkPlaces(t, p)
	})
}

func BenchmarkPrinters(b *testing.B) {
	all := packets(b)
	// A frame as long as those of the speed table, with names as in a lab.
	long := all[0]
	long.Data = append(bytes.Clone(long.Data), make([]byte, 274-len(long.Data))...)
	long.Length = len(long.Data)
	for _, test := range []struct {
		name string
		Printer
	}{
		{"line", NewLine(Options{})}, {"line-names", NewLine(Options{Names: hosts})}, {"line-utc", NewLine(Options{UTC: true})},
		{"json", NewJSON(Options{})}, {"note", NewNote(Options{})},
	} {
		b.Run(test.name, func(b *testing.B) {
			var text []byte
			b.ReportAllocs()
			for b.Loop() {
				text = test.Append(text[:0], &long)
			}
		})
	}
}
