package experiments

import (
	"regexp"
	"strings"
	"testing"

	"wirelab/internal/columns"
	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// A new experiment passes as it is, in either language.
func TestTemplate(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		for _, l := range []lang.Lang{lang.English, lang.Chinese} {
			t.Run(string(l), func(t *testing.T) {
				besideOthers(t, backend)
				text, err := Template("mine", l)
				if err != nil {
					t.Fatal(err)
				}
				e, err := script.Parse("mine.txtar", text)
				if err != nil {
					t.Fatal(err)
				}
				if outcome := carryOut(t, backend, e); outcome.Status() != claim.Pass || len(outcome.Verdicts) == 0 {
					t.Error(describe(outcome))
				}
			})
		}
	})
}

// The two differ in what is said to people alone, and each says it in its language.
func TestTemplatesAgree(t *testing.T) {
	bare := func(l lang.Lang) string {
		text, err := Template("mine", l)
		if err != nil {
			t.Fatal(err)
		}
		if chinese := regexp.MustCompile(`\p{Han}`).Match(text); chinese != (l == lang.Chinese) {
			t.Errorf("%s has Chinese: %v", l, chinese)
		}
		var kept []string
		for _, line := range strings.Split(string(text), "\n") {
			if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "\t") && line != "" {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		text, _ := Template("a-long-name", l)
		for line := range strings.SplitSeq(string(text), "\n") {
			if n := columns.Width(strings.ReplaceAll(line, "\t", strings.Repeat(" ", 8))); n > 80 {
				t.Errorf("%s: %d columns, which a terminal of 80 breaks: %s", l, n, line)
			}
		}
	}
	if en, zh := bare(lang.English), bare(lang.Chinese); en != zh {
		t.Errorf("without comments and sentences:\n%s\n%s", en, zh)
	}
	if _, err := Template("My First", lang.English); err == nil || !strings.Contains(err.Error(), "lower-case letters") {
		t.Errorf("a name that no file may have: %v", err)
	}
}
