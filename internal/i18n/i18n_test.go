package i18n

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"

	"wirelab/internal/lang"
)

func TestPlural(t *testing.T) {
	for _, test := range []struct {
		count         any
		english, zhTW string
	}{
		{1, "1 frame was dropped while capturing", "擷取時遺漏了 1 個訊框"},
		{2, "2 frames were dropped while capturing", "擷取時遺漏了 2 個訊框"},
		{uint64(7000), "7000 frames were dropped while capturing", "擷取時遺漏了 7000 個訊框"},
	} {
		m := Msg("claim.dropped", "Count", test.count)
		for l, want := range map[lang.Lang]string{lang.English: test.english, lang.Chinese: test.zhTW} {
			if got := m.In(l); got != want {
				t.Errorf("%v in %s is %q, want %q", m, l, got, want)
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var again Message
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if got := again.In(lang.English); got != test.english {
			t.Errorf("read back from %s: %q, want %q", b, got, test.english)
		}
	}
}

func TestUnknownCode(t *testing.T) {
	if got := Msg("from.the.future", "Name", "x").In(lang.Chinese); !strings.Contains(got, "from.the.future") {
		t.Errorf("a code that is not known shows as %q", got)
	}
}

// entries are the codes of a catalogue file and their forms.
func entries(t *testing.T, l lang.Lang) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		for name, v := range node {
			switch v := v.(type) {
			case map[string]any:
				walk(strings.TrimPrefix(prefix+"."+name, "."), v)
			case string:
				code, form := prefix, name
				if name != "one" && name != "other" {
					code, form = strings.TrimPrefix(prefix+"."+name, "."), "other"
				}
				if all[code] == nil {
					all[code] = map[string]string{}
				}
				if all[code][form] != "" {
					t.Errorf("%s is there twice in %s", code, l)
				}
				all[code][form] = v
			}
		}
	}
	for _, file := range filesOf(l) {
		b, err := files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := toml.Unmarshal(b, &tree); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		walk("", tree)
	}
	return all
}

// Neither language lacks an entry, no sentence lacks an argument that the
// other has, and every code that the program says is there, and no other.
func TestCatalogue(t *testing.T) {
	english, chinese := entries(t, lang.English), entries(t, lang.Chinese)
	for code, forms := range english {
		if chinese[code]["other"] == "" {
			t.Errorf("zh-TW.toml lacks %s", code)
			continue
		}
		if want, got := arguments(forms["other"]), arguments(chinese[code]["other"]); !slices.Equal(want, got) {
			t.Errorf("%s: arguments %v in English, %v in 正體中文", code, want, got)
		}
		if _, plural := forms["one"]; plural != strings.Contains(forms["other"], "{{.Count}}") {
			t.Errorf("%s: a sentence with Count has a form for one, and no other has", code)
		}
	}
	for code := range chinese {
		if english[code] == nil {
			t.Errorf("en.toml lacks %s", code)
		}
	}
	used := map[string]bool{}
	for _, c := range calls(t) {
		used[c.code] = true
		if english[c.code] == nil {
			t.Errorf("%s says %s, which the catalogue lacks", c.where, c.code)
			continue
		}
		for _, name := range arguments(english[c.code]["other"]) {
			if c.whole && len(c.names) > 0 && !slices.Contains(c.names, strings.TrimPrefix(name, ".")) {
				t.Errorf("%s gives %s no argument %s: <no value> is shown", c.where, c.code, name)
			}
		}
	}
	for code := range english {
		if !used[code] {
			t.Errorf("nothing says %s", code)
		}
	}
}

// Each sentence is found in a catalogue that has said nothing yet, and is the file's:
// the tables are cut apart where they begin.
func TestFirstSentence(t *testing.T) {
	argument := regexp.MustCompile(`{{[^}]*}}`)
	for _, l := range lang.All() {
		for code, forms := range entries(t, l) {
			got, err := newCatalogue(l).localize(&goi18n.LocalizeConfig{MessageID: code, PluralCount: "2", TemplateData: map[string]any{}})
			if want := argument.ReplaceAllLiteralString(forms["other"], "<no value>"); err != nil || got != want {
				t.Errorf("%s in %s: %q, %v; want %q", code, l, got, err, want)
			}
		}
	}
}

// Sentences are said by several goroutines at once, and each table is parsed once.
func TestConcurrentSentences(t *testing.T) {
	c := newCatalogue(lang.English)
	codes := slices.Sorted(maps.Keys(entries(t, lang.English)))
	var said sync.WaitGroup
	for i := range 8 {
		said.Go(func() {
			for _, code := range slices.Concat(codes[i*len(codes)/8:], codes) {
				if _, err := c.localize(&goi18n.LocalizeConfig{MessageID: code, PluralCount: "2"}); err != nil {
					t.Errorf("%s: %v", code, err)
				}
			}
		})
	}
	said.Wait()
	if len(c.tables) != 0 {
		t.Errorf("tables are left: %v", slices.Sorted(maps.Keys(c.tables)))
	}
}

// arguments are the names in a template, sorted, each once.
func arguments(template string) []string {
	var names []string
	for _, part := range strings.Split(template, "{{")[1:] {
		name, _, _ := strings.Cut(part, "}}")
		if name = strings.TrimSpace(name); name != "."+program { // which every sentence has
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// saying is a call that says a code.
type saying struct {
	code, where string
	names       []string // of its arguments
	whole       bool     // names has all of them, unless others are added later
}

// calls finds the codes that the module's code says: the first string literal of a
// call of Msg or Text, or of a method or function that ends in one of these.
func calls(t *testing.T) []saying {
	t.Helper()
	root := filepath.Join("..", "..")
	var said []saying
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata") {
			if d != nil && d.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		// Tests of this package name codes as well.
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") && filepath.Base(filepath.Dir(path)) != "i18n" {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch fun := call.Fun.(type) {
			case *ast.Ident:
				name = fun.Name
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			}
			if !strings.HasSuffix(name, "Msg") && !strings.HasSuffix(name, "msg") && name != "Text" && name != "text" {
				return true
			}
			for i, arg := range call.Args {
				code, ok := literal(arg)
				if !ok {
					continue
				}
				if isCode(code) {
					s := saying{code: code, where: fset.Position(arg.Pos()).String(), whole: !call.Ellipsis.IsValid()}
					for j := i + 1; j < len(call.Args); j += 2 {
						name, ok := literal(call.Args[j])
						s.names, s.whole = append(s.names, name), s.whole && ok
					}
					said = append(said, s)
				}
				break
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// literal returns the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// isCode reports whether s has the form of a code: words between dots.
func isCode(s string) bool {
	return strings.Contains(s, ".") && !strings.ContainsAny(s, " /:*\\%") && s != "from.the.future"
}

// A message in messages, as a hostile document has them, is told, and takes neither the time
// nor the memory of all that it could say: a sentence has some arguments twice.
func TestNestedMessages(t *testing.T) {
	nested := func(code, arg string, depth int) (m Message) {
		t.Helper()
		text := strings.Repeat(`{"code":"`+code+`","args":{"`+arg+`":`, depth) + `"innermost"` + strings.Repeat("}}", depth)
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if text := nested("run.folder", "Cause", maxNested).In(lang.English); !strings.Contains(text, "innermost") || strings.Contains(text, `"code"`) {
		t.Errorf("%d messages in each other: %.200q", maxNested, text)
	}
	if text := nested("run.folder", "Cause", 1000).In(lang.English); strings.Count(text, `"code"`) != 1000-maxNested || !strings.Contains(text, "innermost") {
		t.Errorf("1000 messages in each other: %d as they are", strings.Count(text, `"code"`))
	}
	if text := nested("class.nocourse", "Folder", maxNested).In(lang.English); len(text) > 4*maxText {
		t.Errorf("%d messages in each other, each twice, have %d bytes", maxNested, len(text))
	}
}

// A text is replaced wherever an argument has it, and the message itself stays as it was.
func TestReplace(t *testing.T) {
	m := Msg("a", "Text", "at /x", "Cause", Msg("b", "File", "/x/y"), "Words", []string{"/x", "z"}, "Count", 3)
	want := Msg("a", "Text", "at /q", "Cause", Msg("b", "File", "/q/y"), "Words", []string{"/q", "z"}, "Count", 3)
	if diff := cmp.Diff(want, m.Replace("/x", "/q")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m.Args["Cause"].(Message).Args["File"] != "/x/y" || m.Args["Words"].([]string)[0] != "/x" {
		t.Errorf("the message itself was changed: %v", m)
	}
	if diff := cmp.Diff(Msg("c"), Msg("c").Replace("/x", "/q")); diff != "" {
		t.Errorf("without arguments (-want +got):\n%s", diff)
	}
}
