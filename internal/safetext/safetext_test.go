package safetext

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscapeAndStrip(t *testing.T) {
	for _, test := range []struct{ name, in, escaped, stripped string }{
		{"plain", "hello, 你好 👋🏽", "hello, 你好 👋🏽", "hello, 你好 👋🏽"},
		{"terminal escape", "a\x1b[2Jb", `a\x1b[2Jb`, "a[2Jb"},
		{"C1 control", "a\u009b2J", `a\u009b2J`, "a2J"},
		{"delete", "a\x7fb", `a\x7fb`, "ab"},
		{"lines and tabs", "a\r\n\tb", `a\r\n\tb`, "a b"},
		{"bidi override", "a\u202eb\u2066c", `a\u202eb\u2066c`, "abc"},
		{"separators", "a\u2028b", `a\u2028b`, "ab"},
		{"invalid UTF-8", "a\xffb\xe4\xbd", `a\xffb\xe4\xbd`, "a\uFFFDb\uFFFD"},
		{"empty", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Escape(test.in); got != test.escaped {
				t.Errorf("Escape: %q, want %q", got, test.escaped)
			}
			if got := Strip(test.in); got != test.stripped {
				t.Errorf("Strip: %q, want %q", got, test.stripped)
			}
		})
	}
}

func TestEscapeLines(t *testing.T) {
	if got, want := EscapeLines("a\x1b\n\n\tb\r\n"), "a\\x1b\n\n\\tb\\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzSafe(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for name, safe := range map[string]string{"Escape": Escape(s), "Strip": Strip(s)} {
			if !utf8.ValidString(safe) || strings.IndexFunc(safe, Unsafe) >= 0 {
				t.Errorf("%s(%q) = %q", name, s, safe)
			}
		}
	})
}

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{"plain": "plain", "你 a\x1b": `\u4f60 a\x1b`, "\U0001f600\xff": `\U0001f600\xff`} {
		if got := ASCII(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}
