package grades

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/report"
)

// hostile is a name that means something to every place that it is shown in.
const hostile = `=HYPERLINK("http://x")<script>alert(1)</script>` + "\x1b[31m"

// book is that of a course with two experiments and a student for each state.
func book(t *testing.T) *Book {
	t.Helper()
	dir := t.TempDir()
	var roster bytes.Buffer
	w := csv.NewWriter(&roster)
	w.WriteAll([][]string{{"id", "name"}, {"good", "Good"}, {"half", hostile}, {"unsure", "Unsure"}, {"wrong", "Wrong"}, {"none", "王小明"}, {"later", "Later"}})
	for name, text := range map[string]string{
		class.ConfigFile: "name='C <1>'\nlanguages=['en','zh-TW']\n[[experiment]]\nname='ping'\npoints=2\nclaims={'ping.echo-pairs'=5}\nsubmission='experiment'\n",
		class.RosterFile: roster.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"good", "half", "unsure", "wrong", "later"} {
		sub := filepath.Join(dir, class.SubmissionFolder, id)
		if err := os.MkdirAll(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sub, "ping.txtar"), []byte(id), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	jobs, _ := c.Jobs()
	of := map[string][]claim.Status{
		"good": {claim.Pass, claim.Pass, claim.Pass}, "half": {claim.Pass, claim.Fail, claim.Pass}, "unsure": {claim.Pass, claim.Inconclusive, claim.Pass},
	}
	for _, j := range jobs {
		r := j.Of(class.Done, nil)
		statuses := of[j.Student]
		switch {
		case j.Student == "later":
			continue
		case statuses == nil:
			r = j.Of(class.Done, i18n.Errmsg("class.empty"))
		default:
			r.Run = report.NewResult("netns")
			e := report.Experiment{Name: "ping", Capture: "ping.pcapng"}
			for i, id := range c.Experiments[0].Claims {
				v := claim.Verdict{ID: id, Status: statuses[i], Packets: []int{1, 4}, Expected: []string{"client1 > server echo-reply"}, Observed: []string{"client1 > server echo-request"}}
				if statuses[i] != claim.Pass {
					m := i18n.Msg("claim.missing", "Line", "<b>&\x00")
					v.Reason = &m
				}
				e.Claims = append(e.Claims, v)
			}
			r.Run.Experiments = append(r.Run.Experiments, e)
		}
		if err := c.Put(j, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	return Read(c)
}

// What is inconclusive or not graded has no grade, and is not worth nothing.
func TestScores(t *testing.T) {
	var got []string
	b := book(t)
	for _, s := range b.Students {
		n, known := s.Score()
		got = append(got, fmt.Sprint(s.ID, " ", s.Work[0].State, " ", n, " ", known, " of ", s.Most()))
	}
	want := []string{"good pass 9 true of 9", "half fail 4 true of 9", "unsure inconclusive 0 false of 9", "wrong fail 0 true of 9", "none missing 0 true of 9", "later pending 0 false of 9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var open []string
	for _, w := range b.Open() {
		open = append(open, w.Student)
	}
	if !slices.Equal(open, []string{"unsure", "later"}) {
		t.Errorf("open are %v", open)
	}
}

// Every file is written, and what is hostile in a name acts nowhere.
func TestWrite(t *testing.T) {
	b := book(t)
	if err := b.Write(t.Context(), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(b.Course.Dir, class.ReportFolder)
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	for _, name := range []string{"report.html", "report.zh-TW.html", "students/half.html", "students.zh-TW/half.html"} {
		if text := read(name); strings.Contains(text, "<script") || strings.Contains(text, "<b>&") || strings.Contains(text, "\x1b") || !strings.Contains(text, "half") {
			t.Errorf("%s: a name acts in it, or it is not about half", name)
		}
	}
	for name, key := range map[string]string{"results.csv": "claim", "grades.csv": "max_score"} {
		text := read(name)
		rest, marked := strings.CutPrefix(text, byteOrderMark)
		rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
		if err != nil || !marked || !slices.Contains(rows[0], key) {
			t.Errorf("%s: mark %v, %v, %v", name, marked, err, rows)
		}
		for _, row := range rows {
			for _, c := range row {
				if c != "" && strings.ContainsRune("=+-@\t", rune(c[0])) {
					t.Errorf("%s: the cell %q is a formula", name, c)
				}
				if strings.ContainsFunc(c, safetext.Unsafe) {
					t.Errorf("%s: the cell %q acts on a terminal", name, c)
				}
			}
		}
	}
	for _, id := range []string{"good", "half", "unsure", "wrong", "none", "later"} {
		var doc junitSuites
		if err := xml.Unmarshal([]byte(read("junit/"+id+".xml")), &doc); err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		s, want := doc.Suites[0], map[string][2]int{"good": {0, 0}, "half": {1, 0}, "unsure": {0, 1}, "wrong": {3, 0}, "none": {3, 0}, "later": {0, 3}}[id]
		if s.Tests != 3 || s.Failures != want[0] || s.Errors != want[1] {
			t.Errorf("%s: %d tests, %d failures, %d errors; want 3, %v", id, s.Tests, s.Failures, s.Errors, want)
		}
		_, err := os.Stat(filepath.Join(dir, "gradescope", id, "results.json"))
		_, err50 := os.Stat(filepath.Join(dir, "classroom50", id, "result.json"))
		if graded := id != "unsure" && id != "later"; graded != (err == nil) || graded != (err50 == nil) {
			t.Errorf("%s: files of a grade that is known: %v, %v, %v", id, graded, err, err50)
		}
	}
	for name, doc := range map[string]any{"gradescope/half/results.json": &gradescope{}, "classroom50/half/result.json": &classroom50{}} {
		strict(t, name, strings.NewReader(read(name)), doc)
	}
}

// A capture that is there of an earlier submission is not shown with one that was not graded
// yet, nor with one of which nothing was judged.
func TestCaptureOfAnother(t *testing.T) {
	b := book(t)
	capture, err := os.ReadFile("../../../sniffer/testdata/session.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range b.Students {
		if s.ID == "none" {
			continue
		}
		path := b.Course.CapturePath(s.Work[0].Job)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, capture, 0o644); err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		if err := b.WriteStudent(&page, s, lang.English); err != nil {
			t.Fatal(err)
		}
		text, judged := page.String(), s.Work[0].Result.Run != nil
		if picture, link := strings.Contains(text, "<img"), strings.Contains(text, "ping.pcapng"); picture != judged || link != judged {
			t.Errorf("%s, %s: a picture %v, a link to the capture %v, want %v", s.ID, s.Work[0].State, picture, link, judged)
		}
	}
}

// strict reads a document that has no field which the format does not know.
func strict(t *testing.T, name string, r io.Reader, doc any) {
	t.Helper()
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// The table fits its columns, and its names cannot act on a terminal.
func TestPrint(t *testing.T) {
	b := book(t)
	for _, l := range lang.All() {
		var out bytes.Buffer
		if err := b.Print(&out, l, display.Display{Width: 80, ASCII: l == lang.English}); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if strings.Contains(text, "\x1b") || !strings.Contains(text, "unsure (ping)") || !strings.Contains(text, "? ?/9") {
			t.Errorf("%s:\n%s", l, text)
		}
		const narrow = 40
		out.Reset()
		if err := b.Print(&out, l, display.Display{Width: narrow}); err != nil {
			t.Fatal(err)
		}
		_, footer, _ := strings.Cut(out.String(), "\n\n")
		for line := range strings.Lines(footer) {
			if w := columns.Width(strings.TrimSuffix(line, "\n")); w > narrow {
				t.Errorf("%s: a line below the table has %d columns of %d: %q", l, w, narrow, line)
			}
		}
	}
}
