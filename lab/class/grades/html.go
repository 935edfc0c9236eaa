package grades

import (
	"bytes"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/report"
)

//go:embed template
var files embed.FS

// pages are the templates of the pages.
var pages = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(functions("", "")).ParseFS(files, "template/*.html"))
})

// style is that of all pages.
func style() template.CSS {
	b, err := files.ReadFile("template/style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return template.CSS(b)
}

// functions are those that templates call.
func functions(l, first lang.Lang) template.FuncMap {
	total := func(s interface{ Score() (int, bool) }, most int) string {
		return points(s.Score()) + "/" + strconv.Itoa(most)
	}
	return template.FuncMap{
		"state":      func(s State) string { return stateText(s, l) },
		"points":     func(s Student) string { return total(s, s.Most()) },
		"workpoints": func(w Work) string { return total(w, w.Most) },
		"escape":     safetext.Escape, // of what a school's list has: HTML has no control characters
		"page":       func(id string) string { return studentFolder(l, first) + "/" + id + ".html" },
	}
}

// words are what the pages say besides what is in them.
func words(l lang.Lang) map[string]string {
	return map[string]string{
		"student": i18n.Text(l, "grades.student"), "name": i18n.Text(l, "grades.name"), "points": i18n.Text(l, "grades.points"),
		"claim": i18n.Text(l, "grades.claim"), "claims": i18n.Text(l, "grades.claims"), "others": i18n.Text(l, "grades.others"),
		"pass": stateText(Pass, l), "fail": stateText(Fail, l), "why": i18n.Text(l, "grades.why"), "notpassed": i18n.Text(l, "grades.notpassed"),
		"packets": i18n.Text(l, "report.packets"), "capture": i18n.Text(l, "grades.capture"),
	}
}

// page carries a template out in a language.
func (b *Book) page(w io.Writer, name string, l lang.Lang, data any) error {
	t, err := pages().Clone()
	if err != nil {
		return err
	}
	return t.Funcs(functions(l, b.first())).ExecuteTemplate(w, name, data)
}

// first is the language whose pages have the plain names.
func (b *Book) first() lang.Lang { return b.Course.Languages[0] }

// reportName is the file of the teacher's page in a language.
func reportName(l, first lang.Lang) string {
	if l == first {
		return "report.html"
	}
	return "report." + string(l) + ".html"
}

// studentFolder has the students' pages in a language.
func studentFolder(l, first lang.Lang) string {
	if l == first {
		return "students"
	}
	return "students." + string(l)
}

// other is the page in another language.
type other struct {
	File, Name string
	Lang       lang.Lang
}

// others are a page's in the other languages of the course, by their files.
func (b *Book) others(l lang.Lang, file func(lang.Lang) string) (all []other) {
	for _, o := range b.Course.Languages {
		if o != l {
			all = append(all, other{file(o), o.Pick("English", "正體中文"), o})
		}
	}
	return all
}

// count is how the class has done with a claim.
type count struct {
	ID                 string
	Pass, Fail, Others int
}

// failure is a claim of a student that is not a pass.
type failure struct {
	Student, ID, Why string
	State            State
}

// WriteReport writes the page for the teacher in a language.
func (b *Book) WriteReport(w io.Writer, l lang.Lang) error {
	var claims []count
	for i, e := range b.Course.Experiments {
		for k, id := range e.Claims {
			n := count{ID: id}
			for _, s := range b.Students {
				switch s.Work[i].Claims[k].State {
				case Pass:
					n.Pass++
				case Fail:
					n.Fail++
				default:
					n.Others++
				}
			}
			claims = append(claims, n)
		}
	}
	var failures []failure
	for _, s := range b.Students {
		for _, work := range s.Work {
			if work.Reason != nil && work.State != Pass { // it is that of all claims
				failures = append(failures, failure{s.ID, work.Experiment.Name, work.Reason.In(l), work.State})
				continue
			}
			for _, c := range work.Claims {
				if c.State == Fail || c.State == Inconclusive {
					failures = append(failures, failure{s.ID, c.ID, work.why(c, l), c.State})
				}
			}
		}
	}
	open := ""
	if works := b.Open(); len(works) > 0 {
		open = i18n.Text(l, "grades.opencount", "Count", len(works))
	}
	return b.page(w, "report.html", l, map[string]any{
		"Lang": string(l), "Say": words(l), "Book": b, "Style": style(), "Open": open, "Claims": claims, "Failures": failures, "Others": b.others(l, func(o lang.Lang) string { return reportName(o, b.first()) }),
		"Counted": i18n.Text(l, "grades.counted", "Count", len(b.Students)),
	})
}

// shownClaim is a claim on a student's page.
type shownClaim struct {
	Claim
	Points, Sentence, Packets, Detail string
}

// shownWork is a work on a student's page.
type shownWork struct {
	Work
	Shown   []shownClaim
	Picture template.URL
	Capture string
}

// WriteStudent writes a student's own page in a language: every claim with its packets,
// and the ladder diagram of each capture. It needs no other file.
func (b *Book) WriteStudent(w io.Writer, s Student, l lang.Lang) error {
	var all []shownWork
	for _, work := range s.Work {
		one := shownWork{Work: work}
		for _, c := range work.Claims {
			shown := shownClaim{Claim: c, Points: points(c.Score()) + "/" + strconv.Itoa(c.Most), Detail: work.detail(c, l)}
			if c.Verdict != nil {
				shown.Sentence, shown.Packets = c.Verdict.Sentence.In(l), numbers(c.Verdict.Packets)
			}
			if work.Reason != nil {
				shown.Detail = "" // it is said above
			}
			one.Shown = append(one.Shown, shown)
		}
		if picture, err := b.picture(work, l); err == nil { // a result may have no capture
			one.Picture = picture
			one.Capture = (&url.URL{Path: strings.Join([]string{"..", "..", "results", s.ID, work.Experiment.Name, work.Job.CaptureName()}, "/")}).String()
		}
		all = append(all, one)
	}
	return b.page(w, "student.html", l, map[string]any{
		"Lang": string(l), "Say": words(l), "L": l, "Course": b.Course.Name, "Student": s, "Work": all, "Style": style(), "Others": b.others(l, func(o lang.Lang) string { return "../" + studentFolder(o, b.first()) + "/" + s.ID + ".html" }), "Alt": i18n.Text(l, "grades.ladder"),
	})
}

// picture is the ladder diagram of a work, as a data URL. There is none where nothing was
// judged: what is there then is the capture of an earlier submission.
func (b *Book) picture(w Work, l lang.Lang) (template.URL, error) {
	if w.Result.Run == nil {
		return "", fs.ErrNotExist
	}
	o, err := b.Course.Outcome(w.Job, w.Result)
	if err != nil {
		return "", err
	}
	var svg bytes.Buffer
	if err := report.Picture(&svg, o, l); err != nil {
		return "", err
	}
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg.Bytes())), nil
}

func numbers(packets []int) string {
	var all []string
	for _, n := range packets {
		all = append(all, strconv.Itoa(n))
	}
	return strings.Join(all, ", ")
}
