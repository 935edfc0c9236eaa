package web

import (
	"encoding/json"
	"html/template"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// cookie holds the language that somebody has chosen on the page.
const cookie = "wirelab_lang"

// langOf is the language of a reader: what was chosen on the page, else what the browser
// prefers (RFC 9110, section 12.5.4).
func langOf(r *http.Request) lang.Lang {
	if chosen, err := r.Cookie(cookie); err == nil && slices.Contains(lang.All(), lang.Lang(chosen.Value)) {
		return lang.Lang(chosen.Value)
	}
	return lang.Accepted(r.Header.Get("Accept-Language"))
}

// language keeps the language that somebody chooses.
func (s *Server) language(w http.ResponseWriter, r *http.Request) {
	l := lang.Lang(r.FormValue("lang"))
	if !slices.Contains(lang.All(), l) {
		refuse(w, r, http.StatusBadRequest, i18n.Errmsg("web.language", "Word", string(l)))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	answer(w, struct{}{})
}

var document = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page.html").Option("missingkey=error").ParseFS(static, "static/page.html"))
})

// page answers with the document. What it shows, the scripts ask for.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	l := langOf(r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	_ = document().Execute(w, struct { // who asked may have gone
		Lang  lang.Lang
		Texts map[string]string
	}{l, textsOf(l)})
}

// listedExperiment is an experiment that can be chosen.
type listedExperiment struct {
	Name   string        `json:"name"`
	Lesson string        `json:"lesson"`
	Runs   bool          `json:"runs"` // it can be run; else it judges captures alone
	Hosts  []string      `json:"hosts"`
	Claims []listedClaim `json:"claims"`
}

type listedClaim struct {
	ID       string `json:"id"`
	Sentence string `json:"sentence"`
	Scope    string `json:"scope"` // what it is about, as the script says it
}

func listed(e *script.Experiment, l lang.Lang) listedExperiment {
	out := listedExperiment{e.Name, e.Lesson.In(l), e.Runs(), e.Topology.Hosts, []listedClaim{}}
	for _, c := range e.Claims {
		out.Claims = append(out.Claims, listedClaim{c.ID, c.Sentence.In(l), c.Scope()})
	}
	return out
}

// listedCapture is a capture that can be chosen.
type listedCapture struct {
	ID     string       `json:"id"`
	Kind   kind         `json:"kind"`
	Name   string       `json:"name"`
	State  state        `json:"state"`
	Began  int64        `json:"began"` // milliseconds since 1970
	Status claim.Status `json:"status,omitempty"`
}

func (c *capture) listed() listedCapture {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := listedCapture{ID: c.id, Kind: c.kind, Name: safetext.Escape(c.name), State: c.state, Began: c.began.UnixMilli()}
	if c.outcome != nil {
		out.Status = c.outcome.Status()
	}
	return out
}

// state answers with what can be chosen.
func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	out := struct {
		Experiments []listedExperiment `json:"experiments"`
		Captures    []listedCapture    `json:"captures"`
		Opened      string             `json:"opened,omitempty"`
		NoRun       string             `json:"norun,omitempty"`    // why no experiment can be run
		Chat        bool               `json:"chat"`               // there is one, at /chat/
		NoPhones    string             `json:"nophones,omitempty"` // why they do not reach it
	}{Experiments: []listedExperiment{}, Captures: []listedCapture{}, Opened: s.config.Opened,
		Chat: s.config.Chat != nil}
	if out.Chat && s.chatLink(r) == "" {
		out.NoPhones = safetext.EscapeLines(i18n.Explain(langOf(r), s.config.NoPhones))
	}
	if s.config.Run == nil {
		out.NoRun = safetext.EscapeLines(i18n.Explain(langOf(r), s.config.NoRun))
	}
	for _, e := range s.config.Experiments {
		out.Experiments = append(out.Experiments, listed(e, langOf(r)))
	}
	s.mu.Lock()
	captures := slices.Clone(s.captures)
	s.mu.Unlock()
	for _, c := range slices.Backward(captures) {
		out.Captures = append(out.Captures, c.listed())
	}
	answer(w, out)
}

// labs answers with the labs that can be watched. To ask them all, and Docker, may take
// seconds where the machine is busy: nothing else waits for it.
func (s *Server) labs(w http.ResponseWriter, r *http.Request) {
	out := []Standing{}
	if s.config.Labs != nil {
		all, _ := s.config.Labs.List(r.Context()) // what does not answer cannot be watched
		out = append(out, all...)
	}
	answer(w, out)
}

// drawn is a segment of the drawing of a network.
type drawn struct {
	Name  string   `json:"name"`
	Hosts []string `json:"hosts"`
}

// faulty is an impairment that the script makes.
type faulty struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
	Rule string `json:"rule"`
	Line int    `json:"line"` // in the script, from which it is in force
	Ends int    `json:"ends"` // and up to which; 0: to the end
}

// info answers with what a capture is of.
func (s *Server) info(w http.ResponseWriter, r *http.Request, c *capture) {
	l := langOf(r)
	out := struct {
		listedCapture
		Experiment *listedExperiment `json:"experiment,omitempty"`
		Hosts      []string          `json:"hosts"`
		Segments   []drawn           `json:"segments"`
		Routers    []string          `json:"routers"`
		Witness    string            `json:"witness,omitempty"` // the host that captures
		Faults     []faulty          `json:"faults"`
		Steps      []listedStep      `json:"steps"`
		Nameless   []string          `json:"nameless"` // addresses without a name
	}{listedCapture: c.listed(), Segments: []drawn{}, Routers: []string{}, Faults: []faulty{}, Steps: []listedStep{}, Nameless: []string{}}
	c.mu.Lock()
	t := c.topology
	c.mu.Unlock()
	out.Hosts = append([]string{}, t.Hosts...)
	out.Routers = append(out.Routers, t.Routers...)
	for i, name := range t.SegmentNames() {
		out.Segments = append(out.Segments, drawn{name, append([]string{}, t.SegmentHosts(i)...)})
	}
	if slices.Contains(t.Hosts, trace.SnifferHost) {
		out.Witness = trace.SnifferHost
	}
	if c.experiment != nil {
		e := listed(c.experiment, l)
		out.Experiment = &e
		out.Faults = append(out.Faults, faults(c.experiment)...)
		for _, step := range c.experiment.Steps {
			out.Steps = append(out.Steps, listedStep{step.Line, step.String()})
		}
	}
	if c.kind == ofFile {
		out.Nameless = append(out.Nameless, c.recording.Nameless()...)
	}
	answer(w, out)
}

type listedStep struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// faults are the impairments of an experiment.
func faults(e *script.Experiment) (all []faulty) {
	for _, s := range e.Steps {
		switch {
		case s.Verb == "impair":
			rule := s.Rule()
			all = append(all, faulty{rule.Name, rule.From, rule.To, safetext.Escape(rule.String()), s.Line, 0})
		case s.Verb == "mend":
			for i := range all {
				if all[i].Name == s.Args[0] && all[i].Ends == 0 {
					all[i].Ends = s.Line
				}
			}
		}
	}
	return all
}

// answer answers with JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(marshal(v)) // who asked may have gone
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of plain values alone
	}
	return b
}

// refuse answers with an error in the reader's language.
func refuse(w http.ResponseWriter, r *http.Request, code int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(marshal(struct {
		Error string `json:"error"`
	}{safetext.EscapeLines(i18n.Explain(langOf(r), err))}))
}

// attach makes an answer a file to keep.
func attach(w http.ResponseWriter, name string) {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\"`, r) || safetext.Unsafe(r) {
			return '_'
		}
		return r
	}, name)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}
