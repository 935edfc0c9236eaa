package inline

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestDecoder(t *testing.T) {
	typed := func(s string) Key { return Key{Typed, s} }
	key := func(c Code) Key { return Key{Code: c} }
	tests := []struct {
		name string
		in   []string // what single reads return
		want []Key
	}{
		{"text", []string{"hi 你好"}, []Key{typed("hi 你好")}},
		{"a rune in two reads", []string{"\xe4\xbd", "\xa0"}, []Key{typed("你")}},
		{"a rune that never ends", []string{"\xe4\xbd", "a"}, []Key{typed("\uFFFD\uFFFDa")}},
		{"not UTF-8", []string{"a\xff\xfeb"}, []Key{typed("a\uFFFD\uFFFDb")}},
		{"controls", []string{"a\r\x7f\x08\x03\x04\x0c"}, []Key{typed("a"), key(Enter), key(Backspace), key(Backspace), key(Interrupt), key(Leave), key(Redraw)}},
		{"Ctrl-P does nothing", []string{"\x10a"}, []Key{typed("a")}},
		{"arrows", []string{"\x1b[A\x1bOB\x1b[1;5C\x1b[1;3D\x1b[D"}, []Key{key(Up), key(Down), key(WordRight), key(WordLeft), key(Left)}},
		{"a sequence in pieces", []string{"\x1b", "[", "3", "~x"}, []Key{key(Delete), typed("x")}},
		{"home and end", []string{"\x1b[H\x1b[4~\x1b[1~\x1bOF"}, []Key{key(Home), key(End), key(Home), key(End)}},
		{"Alt", []string{"\x1bb\x1bf\x1b\x7f\x1bx"}, []Key{key(WordLeft), key(WordRight), key(DeleteWord), typed("x")}},
		{"unknown sequences", []string{"\x1b[15~\x1b[?1;2c\x1bOPa"}, []Key{typed("a")}},
		{"a sequence broken off", []string{"\x1b[12\ra"}, []Key{key(Enter), typed("a")}},
		{"an endless sequence", []string{"\x1b[" + strings.Repeat("1", 1000)}, []Key{}},
		{"bracketed paste", []string{"\x1b[200~one\rtwo\x1b[201~x"}, []Key{{Paste, "one\rtwo"}, typed("x")}},
		{"a paste in pieces", []string{"\x1b[20", "0~on", "e\n\x1b[2", "01", "~x"}, []Key{{Paste, "one\n"}, typed("x")}},
		{"escapes within a paste", []string{"\x1b[200~a\x1b[31mb\x1b[201~"}, []Key{{Paste, "a\x1b[31mb"}}},
		{"two lines typed ahead", []string{"a\rb\r"}, []Key{typed("a"), key(Enter), typed("b"), key(Enter)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			got := []Key{}
			for _, b := range tt.in {
				for _, k := range d.Feed([]byte(b)) {
					if k.Code != None {
						got = append(got, k)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Where the terminal does not mark pastes, several lines at once are one.
func TestDecoderBursts(t *testing.T) {
	d := Decoder{Bursts: true}
	tests := []struct {
		in   string
		want []Key
	}{
		{"one line\r", []Key{{Typed, "one line"}, {Code: Enter}}},
		{"\r\r", []Key{{Code: Enter}, {Code: Enter}}},
		{"\x7f\rnext", []Key{{Code: Backspace}, {Code: Enter}, {Typed, "next"}}},
		{"one\rtwo", []Key{{Paste, "one\rtwo"}}},
		{"一\n二\n", []Key{{Paste, "一\n二\n"}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, d.Feed([]byte(tt.in))); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tt.in, diff)
		}
	}
}

func TestPasteIsBounded(t *testing.T) {
	var d Decoder
	d.Feed([]byte("\x1b[200~"))
	for range 100 {
		d.Feed([]byte(strings.Repeat("x", 4096)))
	}
	keys := d.Feed([]byte("\x1b[201~"))
	if len(keys) != 1 || len(keys[0].Text) != maxPaste {
		t.Errorf("%d keys, %d bytes; want one of %d", len(keys), len(keys[0].Text), maxPaste)
	}
}

// Whatever a terminal sends, keys have valid text, little is held back, and the
// pieces in which it came do not matter.
func FuzzDecoder(f *testing.F) {
	for _, s := range []string{"你好\r", "\x1b[A\x1bOH", "\x1b[200~a\rb\x1b[201~", "\xff\x1b\x1b[", "\x1b[1;5D\x7f"} {
		f.Add([]byte(s), 1)
	}
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		var whole, pieces Decoder
		want := joined(t, whole.Feed(b))
		var keys []Key
		size := max(1, piece%(len(b)+1))
		for at := 0; at < len(b); at += size {
			keys = append(keys, pieces.Feed(b[at:min(at+size, len(b))])...)
			if len(pieces.held) > 2*maxSequence {
				t.Fatalf("%d bytes held back", len(pieces.held))
			}
		}
		if diff := cmp.Diff(want, joined(t, keys)); diff != "" {
			t.Errorf("read in pieces of %d (-whole +pieces)\n%s", size, diff)
		}
	})
}

// joined makes one of adjacent texts, and leaves out what does nothing.
func joined(t *testing.T, keys []Key) []Key {
	var out []Key
	for _, k := range keys {
		if !utf8.ValidString(k.Text) {
			t.Fatalf("%q is not UTF-8", k.Text)
		}
		switch {
		case k.Code == None:
		case k.Code == Typed && len(out) > 0 && out[len(out)-1].Code == Typed:
			out[len(out)-1].Text += k.Text
		default:
			out = append(out, k)
		}
	}
	return out
}
