package dialect

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"wirelab/chat"
)

func TestClientPyInput(t *testing.T) {
	tests := []struct {
		name       string
		reads      []string
		want, rest []string
	}{
		{"one", []string{"a\t: hi"}, nil, []string{"hi"}},
		{"two", []string{"a\t: hia\t: ho"}, []string{"hi"}, []string{"ho"}},
		{"in pieces", []string{"a", "\t", ": h", "ia\t: h", "o"}, []string{"hi"}, []string{"ho"}},
		{"half a rune", []string{"a\t: \xe4\xbd"}, nil, nil},
		{"too much", []string{"a\t: " + strings.Repeat("x", maxMessage)}, []string{strings.Repeat("x", maxMessage-4)}, []string{"xxxx"}},
		{"nobody's", []string{"b\t: hi"}, nil, []string{"b\t: hi"}},
	}
	for _, tt := range tests {
		n := ClientPyInput{Name: "a"}
		var got []string
		for _, b := range tt.reads {
			got = append(got, n.Add([]byte(b))...)
		}
		if diff := cmp.Diff([][]string{tt.want, tt.rest}, [][]string{got, n.Settle()}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzClientPyInput(f *testing.F) {
	f.Add("小明", []byte("小明\t: hi小明\t: \xe4"), 5)
	f.Add("", []byte("\t: \t: x"), 1)
	f.Fuzz(func(t *testing.T, name string, b []byte, cut int) {
		n := ClientPyInput{Name: name}
		cut = min(max(cut, 0), len(b))
		texts := append(n.Add(b[:cut]), n.Add(b[cut:])...)
		texts = append(texts, n.Settle()...)
		total := len(n.buf)
		for _, s := range texts {
			total += len(s)
			if s == "" {
				t.Error("an empty text")
			}
		}
		if total > len(b) || len(n.buf) > utf8.UTFMax {
			t.Errorf("%d bytes of %d; %q is kept", total, len(b), n.buf)
		}
	})
}

// FuzzClientPyFormat: whatever is told, nothing but what is meant for it makes client.py
// think that it was kicked or has left, and it never dies of a message.
func FuzzClientPyFormat(f *testing.F) {
	f.Add("bob", "alice", "kick bob, exit bob")
	f.Add("", "kick ", " exit ")
	f.Add("k", "!", "kick kick kick k")
	f.Fuzz(func(t *testing.T, claimed, name, text string) {
		name, err := chat.CleanName(name)
		if text = chat.CleanText(text); err != nil || text == "" {
			return
		}
		if len(claimed) > 128 || !utf8.ValidString(claimed) {
			return
		}
		var b []byte
		for _, k := range []chat.Kind{chat.Say, chat.Me, chat.Join, chat.Leave, chat.Kick, chat.Nick, chat.Notice} {
			b = append(chat.Line{Kind: k, Name: name, Text: text}.Append(b), '\n')
		}
		n := NewClientPy(chat.ServerName, claimed)
		for rounds := 0; len(b) > 0; rounds++ {
			out, size := n.Lines(nil, b)
			b = b[size:]
			s := string(out)
			if strings.Contains(s, "kick "+claimed) || strings.Contains(s, "exit "+claimed) {
				t.Fatalf("%q is sent to %q", s, claimed)
			}
			if !utf8.ValidString(s) || len(s) > 4096 {
				t.Fatalf("a message of %d bytes: %q", len(s), s)
			}
			if rounds > 20 {
				t.Fatal("it does not end")
			}
		}
	})
}
