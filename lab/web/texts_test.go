package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"wirelab/internal/lang"
)

// The page and its scripts say what the catalogue has, and all of it.
func TestTexts(t *testing.T) {
	texts := textsOf(lang.English)
	var all strings.Builder
	err := fs.WalkDir(static, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(static, path)
		all.Write(b)
		for _, m := range regexp.MustCompile(`\btext\('(\w+)'|\.Texts\.(\w+)`).FindAllStringSubmatch(string(b), -1) {
			if name := m[1] + m[2]; texts[name] == "" {
				t.Errorf("%s says %s, which there is not", path, name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Statuses and states are said by the names that the server gives them.
	for _, name := range []string{"pass", "fail", "inconclusive", "done", "failed", "stopped"} {
		all.WriteString("'" + name + "'")
	}
	for name := range texts {
		if !strings.Contains(all.String(), "'"+name+"'") && !strings.Contains(all.String(), ".Texts."+name+"}") {
			t.Errorf("nothing says %s", name)
		}
	}
}
