package chat

import (
	"strings"
	"testing"
)

func TestCleanName(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as it is", "alice", "alice"},
		{"trimmed", "  alice \r", "alice"},
		{"controls and bidi go", "al\x1bi\u202ece", "alice"},
		{"composed", "e\u0301", "é"},
		{"Chinese", "小明", "小明"},
		{"the widest", strings.Repeat("明", MaxName/2), strings.Repeat("明", MaxName/2)},
		{"empty", " \x00 ", ""},
		{"too wide", strings.Repeat("明", MaxName/2) + "x", ""},
		{"too many bytes", "x" + strings.Repeat("\u0323\u0301", 50), ""},
		{"invisible", "\u200b", ""},
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

func TestFree(t *testing.T) {
	wide := strings.Repeat("明", MaxName/2)
	heavy := "x" + strings.Repeat("\u0301", (maxNameBytes-1)/2)
	tests := []struct {
		name  string
		taken []string
		want  string
	}{
		{"bob", nil, "bob"},
		{"bob", []string{"bob"}, "bob2"},
		{"Bob", []string{"bOB", "bob2"}, "Bob3"},
		{wide, []string{wide}, strings.Repeat("明", MaxName/2-1) + "2"},
		{heavy, []string{heavy}, "x" + strings.Repeat("\u0301", (maxNameBytes-2)/2) + "2"},
	}
	for _, tt := range tests {
		taken := map[string]bool{}
		for _, name := range tt.taken {
			taken[fold(name)] = true
		}
		got := free(tt.name, func(f string) bool { return taken[f] })
		if got != tt.want {
			t.Errorf("free(%q) beside %q = %q, want %q", tt.name, tt.taken, got, tt.want)
		}
		if len(got) > maxNameBytes || columns.StringWidth(got) > MaxName {
			t.Errorf("free(%q) = %q is above the limits", tt.name, got)
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
		second := free(name, func(folded string) bool { return folded == fold(name) })
		if fold(second) == fold(name) || len(second) > maxNameBytes || columns.StringWidth(second) > MaxName {
			t.Errorf("free(%q) = %q", name, second)
		}
	})
}
