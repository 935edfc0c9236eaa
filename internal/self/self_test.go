package self

import "testing"

func TestCommand(t *testing.T) {
	t.Cleanup(func() { Called("") })
	for _, test := range []struct{ called, want string }{
		{"", "wirelab"},
		{"wirelab", "wirelab"},
		{"./wirelab", "./wirelab"},
		{"/opt/my tools/wirelab", "'/opt/my tools/wirelab'"},
		{"it's", `'it'\''s'`},
		{"/tmp/go-build123/b001/exe/wirelab", "go run ."},
		{"/home/a/.cache/go-build/3f/3f00-d/wirelab", "go run ."},
		{"/home/a/exe/wirelab", "/home/a/exe/wirelab"},
	} {
		Called(test.called)
		if got := Command(); got != test.want {
			t.Errorf("called as %q: %q, want %q", test.called, got, test.want)
		}
		if _, kept := Path(); kept != (test.want != "go run .") {
			t.Errorf("called as %q: the file is kept: %v", test.called, kept)
		}
	}
}
