package chat

import (
	"slices"
	"strings"
	"testing"

	"wirelab/internal/columns"
)

func TestCleanName(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as it is", "alice", "alice"},
		{"trimmed", "  alice \r", "alice"},
		{"controls and bidi go", "al\x1bi\u202ece", "alice"},
		{"composed", "e\u0301", "é"},
		{"Chinese", "小明", "小明"},
		{"the widest", strings.Repeat("明", maxName/2), strings.Repeat("明", maxName/2)},
		{"empty", " \x00 ", ""},
		{"too wide", strings.Repeat("明", maxName/2) + "x", ""},
		{"too many bytes", "x" + strings.Repeat("\u0323\u0301", 50), ""},
		{"full width", "ａｌｉｃｅ", "alice"},
		{"four marks", "x\u0323\u0331\u0332\u0301", "x\u0323\u0331\u0332\u0301"},
		{"five marks", "x\u0323\u0331\u0332\u0301\u0302", ""},
		{"marks with a joiner between", "x\u0323\u0331\u200d\u0332\u0301\u0302", ""},
		{"invisible", "\u200b", ""},
		{"an empty Braille pattern", "\u2800", ""},
		{"Hangul fillers", "\u3164", ""},
		{"a Hangul filler in a name", "al\u115fice", ""},
		{"a half-width Hangul filler", "alice\uffa0", ""},
		{"a joiner", "ali\u200dce", ""},
		{"a variation selector", "alice\ufe0f", ""},
		{"a soft hyphen", "al\u00adice", ""},
		{"an Ogham blank", "a\u1680b", ""},
		{"a full-width colon", "bob：hi", ""},
		{"a letter colon", "bob\ua789 hi", ""},
		{"a ratio", "bob\u2236 hi", ""},
		{"a long mark", "bob\u02d0 hi", ""},
		{"a full-width star", "＊ bob", ""},
		{"an operator star", "\u2217 bob", ""},
		{"a low star", "\u204e bob", ""},
		{"a message in disguise", "bob: hi", ""},
		{"a notice in disguise", "* bob", ""},
	}
	for _, tt := range tests {
		got, err := CleanName(tt.in)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: CleanName(%q) = %q, %v, want %q", tt.name, tt.in, got, err, tt.want)
		}
	}
}

func TestSuffixed(t *testing.T) {
	tests := []struct {
		name string
		n    int
		want string
	}{
		{"bob", 2, "bob2"},
		{"小明", 12, "小明12"},
		{strings.Repeat("明", maxName/2), 2, strings.Repeat("明", maxName/2-1) + "2"},
		{"x" + strings.Repeat("\u0301", (maxNameBytes-1)/2), 2, "x" + strings.Repeat("\u0301", (maxNameBytes-2)/2) + "2"},
	}
	for _, tt := range tests {
		got := suffixed(tt.name, tt.n)
		if got != tt.want || len(got) > maxNameBytes || columns.Width(got) > maxName {
			t.Errorf("suffixed(%q, %d) = %q, want %q", tt.name, tt.n, got, tt.want)
		}
	}
}

func alike(a, b string) bool {
	ka, kb := keys(a), keys(b)
	return slices.ContainsFunc(ka[:], func(k string) bool { return slices.Contains(kb[:], k) })
}

func TestAlike(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"alice", "bob", false},
		{"alice", "ALICE", true},
		{"alice", "аlісе", true}, // Cyrillic а, і, с, е
		{"SERVER", "ЅЕRVЕR", true},
		{"server", "ѕеrvеr", true},
		{"bob", "b0b", true},
		{"client1", "clientl", true},
		{"ian", "Ian", true},
		{"lan", "Ian", true}, // a capital i
		{"alice", "ａｌｉｃｅ", true},
		{"straße", "STRASSE", true},
		{"Οδυσσεύς", "οδυσσεύσ", true},
		{"résumé", "resume", false},
		{"がく", "かく", false},
		{"modern", "modem", true},
		{"a b", "a_b", true},
		{"client1", "client2", false},
		{"小明", "小名", false},
		{"ali\u200dce", "alice", true},
		{"server", "ꜱerver", true},
		{"paul", "𝐩𝐚𝐮𝐥", true},
		{"bob", "Ьob", true}, // a Cyrillic soft sign
		{"alice", "αlice", true},
	}
	for _, tt := range tests {
		if got := alike(tt.a, tt.b); got != tt.want {
			t.Errorf("alike(%q, %q) = %t, want %t; keys %q and %q", tt.a, tt.b, got, tt.want, keys(tt.a), keys(tt.b))
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("alice")
	f.Add("\xff\u202e 名")
	f.Fuzz(func(t *testing.T, s string) {
		name, err := CleanName(s)
		if err != nil {
			return
		}
		if again, err := CleanName(name); err != nil || again != name {
			t.Errorf("CleanName(%q) = %q, cleaned again %q, %v", s, name, again, err)
		}
		if !alike(name, name) {
			t.Errorf("%q is not like itself", name)
		}
		second := suffixed(name, 2)
		if len(second) > maxNameBytes || columns.Width(second) > maxName {
			t.Errorf("suffixed(%q, 2) = %q", name, second)
		}
	})
}

func TestMarksInTexts(t *testing.T) {
	tall := "h" + strings.Repeat("\u0301", 100) + "i"
	if got, want := CleanText(tall), "h"+strings.Repeat("\u0301", maxMarks)+"i"; got != want {
		t.Errorf("CleanText left %q, want %q", got, want)
	}
	const thai, family = "ที่นี่ น้ำ", "👩🏽‍❤️‍💋‍👨🏻"
	for _, s := range []string{thai, family, "Tiếng Việt", "בְּרֵאשִׁ֖ית"} {
		if got := CleanText(s); got != s {
			t.Errorf("CleanText(%q) = %q", s, got)
		}
	}
}
