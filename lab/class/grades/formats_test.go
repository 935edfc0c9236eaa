package grades

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// format is what the authors of a format have published of it, in a file of testdata: for
// each object its fields, in lines "OBJECT FIELD TYPE [!] [VALUE…]". The type is string,
// number, integer, boolean, time, object, any or the name of an object, with [] behind it
// for a list. ! is a field that must be there; a value that begins with ^ is a prefix, and
// others are all that there may be.
type format map[string]map[string]field

type field struct {
	kind     string
	required bool
	values   []string
}

func readFormat(t *testing.T, name string) format {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	f := format{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(words) < 3 {
			t.Fatalf("%s: %q", name, line)
		}
		if f[words[0]] == nil {
			f[words[0]] = map[string]field{}
		}
		one := field{kind: words[2], values: words[3:]}
		if len(one.values) > 0 && one.values[0] == "!" {
			one.required, one.values = true, one.values[1:]
		}
		f[words[0]][words[1]] = one
	}
	return f
}

// check returns what is wrong with an object.
func (f format) check(object string, v any) (wrong []string) {
	fields, ok := v.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s is %T, and no object", object, v)}
	}
	for _, name := range slices.Sorted(maps.Keys(f[object])) {
		if _, has := fields[name]; f[object][name].required && !has {
			wrong = append(wrong, object+" lacks "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		known, ok := f[object][name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s has a field %s, which the format has not", object, name))
			continue
		}
		kind, isList := strings.CutSuffix(known.kind, "[]")
		elements := []any{fields[name]}
		if isList {
			if elements, ok = fields[name].([]any); !ok {
				wrong = append(wrong, fmt.Sprintf("%s.%s is no list", object, name))
			}
		}
		for _, element := range elements {
			wrong = append(wrong, f.value(object+"."+name, kind, known.values, element)...)
		}
	}
	return wrong
}

func (f format) value(at, kind string, values []string, v any) []string {
	ok := true
	switch kind {
	case "any":
	case "string":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "number":
		_, ok = v.(float64)
	case "integer":
		n, is := v.(float64)
		ok = is && n == float64(int(n)) && n >= 0
	case "time":
		text, _ := v.(string)
		_, err := time.Parse("2006-01-02T15:04:05Z", text)
		ok = err == nil
	case "object":
		_, ok = v.(map[string]any)
	default:
		return f.check(kind, v)
	}
	if !ok {
		return []string{fmt.Sprintf("%s is %v, and no %s", at, v, kind)}
	}
	if len(values) > 0 && !slices.ContainsFunc(values, func(want string) bool {
		prefix, is := strings.CutPrefix(want, "^")
		return v == want || is && strings.HasPrefix(fmt.Sprint(v), prefix)
	}) {
		return []string{fmt.Sprintf("%s is %v, want one of %v", at, v, values)}
	}
	return nil
}

// runner are the variables that the runner of Classroom 50 gives to a grader.
var runner = map[string]string{
	"CLASSROOM": "cs-1", "ASSIGNMENT": "hello", "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
	"COMMIT_URL": "https://example.org/commit", "RELEASE_URL": "https://example.org/release", "REVIEW_URL": "",
}

// What is written for Gradescope and Classroom 50 is as their authors have published it.
func TestPublishedFormats(t *testing.T) {
	for name, value := range runner {
		t.Setenv(name, value)
	}
	b := book(t)
	written := map[string]int{}
	for _, s := range b.Students {
		for name, write := range map[string]func(*bytes.Buffer) (bool, error){
			"gradescope.txt":  func(w *bytes.Buffer) (bool, error) { return s.WriteGradescope(w, b.Course.Languages[0]) },
			"classroom50.txt": func(w *bytes.Buffer) (bool, error) { return s.WriteClassroom50(w, b.Course.Name, time.Unix(1e9, 0)) },
		} {
			var w bytes.Buffer
			ok, err := write(&w)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			written[name]++
			var doc map[string]any
			if err := json.Unmarshal(w.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			for _, wrong := range readFormat(t, name).check("result", doc) {
				t.Errorf("%s, %s: %s", name, s.ID, wrong)
			}
			tests, _ := doc["tests"].([]any)
			var sum, most float64
			for _, one := range tests {
				m := one.(map[string]any)
				sum += m["score"].(float64)
				for _, key := range []string{"max_score", "max-score"} {
					if n, ok := m[key].(float64); ok {
						most += n
					}
				}
			}
			if got, _ := s.Score(); sum != float64(got) || most != float64(s.Most()) {
				t.Errorf("%s, %s: the tests have %v of %v points, want %d of %d", name, s.ID, sum, most, got, s.Most())
			}
		}
	}
	if written["gradescope.txt"] != 4 || written["classroom50.txt"] != 4 {
		t.Errorf("written: %v, want those of the four whose grade is known", written)
	}
}

// A document that is not of a format is told from one that is.
func TestFormatRefuses(t *testing.T) {
	for _, test := range []struct{ format, doc, want string }{
		{"gradescope.txt", `{"tests":[{"score":1,"status":"pass"}]}`, "want one of"},
		{"gradescope.txt", `{"tests":[{"points":1}]}`, "points"},
		{"gradescope.txt", `{"score":"1"}`, "no number"},
		{"classroom50.txt", `{"schema":"classroom50/result/v2"}`, "want one of"},
		{"classroom50.txt", `{}`, "lacks max-score"},
		{"classroom50.txt", `{"score":1.5}`, "no integer"},
		{"classroom50.txt", `{"datetime":"yesterday"}`, "no time"},
	} {
		var doc any
		if err := json.Unmarshal([]byte(test.doc), &doc); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(readFormat(t, test.format).check("result", doc), "\n"); !strings.Contains(got, test.want) {
			t.Errorf("%s: found %q, want %q", test.doc, got, test.want)
		}
	}
}

// element is an element of XML, with what is in it.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
}

// surefire is what the time of a suite may look like (junit-10.xsd, SUREFIRE_TIME).
var surefire = regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`)

// junitAttributes are the attributes that an element may have, those with ! must be there,
// and junitChildren the elements that may be in it: of junit-10.xsd of Jenkins' plugin xunit
// (https://github.com/jenkinsci/xunit-plugin), as far as we use it.
var (
	junitAttributes = map[string]string{
		"testsuites": "name time tests failures errors",
		"testsuite":  "!name !tests !failures !errors group time skipped timestamp hostname id package file log url",
		"testcase":   "!name time classname group",
		"failure":    "type message", "error": "type message", "skipped": "type message",
	}
	junitChildren = map[string]string{
		"testsuites": "testsuite", "testsuite": "testsuite properties testcase system-out system-err", "testcase": "skipped error failure system-out system-err",
	}
)

func checkJUnit(e element) (wrong []string) {
	name := e.XMLName.Local
	allowed, known := junitAttributes[name]
	if !known {
		return []string{"the schema has no <" + name + ">"}
	}
	for _, word := range strings.Fields(allowed) {
		if must, is := strings.CutPrefix(word, "!"); is && !slices.ContainsFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == must }) {
			wrong = append(wrong, fmt.Sprintf("<%s> lacks %s", name, must))
		}
	}
	for _, a := range e.Attrs {
		if !slices.Contains(strings.Fields(strings.ReplaceAll(allowed, "!", "")), a.Name.Local) {
			wrong = append(wrong, fmt.Sprintf("<%s> has an attribute %s, which the schema has not", name, a.Name.Local))
		}
		if a.Name.Local == "time" && !surefire.MatchString(a.Value) {
			wrong = append(wrong, fmt.Sprintf("<%s time=%q>", name, a.Value))
		}
	}
	for _, child := range e.Children {
		if !slices.Contains(strings.Fields(junitChildren[name]), child.XMLName.Local) {
			wrong = append(wrong, fmt.Sprintf("<%s> in <%s>", child.XMLName.Local, name))
		}
		wrong = append(wrong, checkJUnit(child)...)
	}
	return wrong
}

// What is written as JUnit XML is valid by the schema that Jenkins publishes, whatever the
// duration: a float of Go would have an exponent now and then.
func TestJUnitSchema(t *testing.T) {
	b := book(t)
	for _, seconds := range []float64{0, 0.25, 1e-7, 12345678, 1e21} {
		for _, s := range b.Students {
			for i := range s.Work {
				s.Work[i].Result.Seconds = seconds
			}
			var w bytes.Buffer
			if err := s.WriteJUnit(&w, b.Course.Languages[0]); err != nil {
				t.Fatal(err)
			}
			var root element
			if err := xml.Unmarshal(w.Bytes(), &root); err != nil {
				t.Fatal(err)
			}
			if root.XMLName.Local != "testsuites" {
				t.Errorf("%s: the root is <%s>", s.ID, root.XMLName.Local)
			}
			for _, wrong := range checkJUnit(root) {
				t.Errorf("%s, %v s: %s", s.ID, seconds, wrong)
			}
		}
	}
	if wrong := checkJUnit(element{XMLName: xml.Name{Local: "testsuite"}, Children: []element{{XMLName: xml.Name{Local: "claim"}}}}); len(wrong) != 6 {
		t.Errorf("of what is no JUnit: %q", wrong)
	}
}
