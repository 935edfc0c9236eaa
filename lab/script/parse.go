package script

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
)

// Parse reads an experiment. Errors begin with file:line, or with the file.
func Parse(file string, data []byte) (*Experiment, error) { return ParseSeeded(file, data, "") }

// parse reads an experiment in which every placeholder is resolved.
func parse(file string, data []byte) (*Experiment, error) {
	archive := txtar.Parse(data)
	name := strings.TrimSuffix(file, filepath.Ext(file))
	p := &parser{exp: &Experiment{Name: name, Lesson: lang.Text{}, PhaseNames: map[string]lang.Text{}}, expect: map[string]string{}}
	if !trace.ValidLabel(name) {
		return nil, i18n.Errmsg("script.filename", "File", file)
	}
	for _, f := range archive.Files {
		if _, twice := p.expect[f.Name]; twice {
			return nil, i18n.Errmsg("script.twice.section", "File", file, "Section", f.Name)
		}
		p.expect[f.Name] = string(f.Data)
	}
	err := p.script(string(archive.Comment))
	if _, hasLine := errors.AsType[*lineError](err); hasLine {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p.exp, nil
}

// parser reads the script of an experiment.
type parser struct {
	exp    *Experiment
	expect map[string]string // sections that no claim has taken yet
	text   lang.Text         // takes the indented lines that follow
}

func (p *parser) script(text string) error {
	for i, line := range strings.Split(text, "\n") {
		if err := p.line(i+1, line); err != nil {
			return &lineError{i + 1, err}
		}
	}
	for id := range p.expect {
		return i18n.Errmsg("script.orphan", "Section", id)
	}
	return p.exp.check()
}

func (p *parser) line(number int, line string) error {
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if line[0] == ' ' || line[0] == '\t' {
		return p.sentence(strings.TrimSpace(line))
	}
	words, err := splitWords(line)
	if err != nil {
		return err
	}
	p.text = nil
	switch words[0] {
	case "lesson":
		p.text = p.exp.Lesson
		return nil
	case "topology":
		return p.topology(words[1:])
	case "segment":
		return p.segment(words[1:])
	case "host":
		return p.host(words[1:])
	case "expect":
		return p.claim(words[1:])
	}
	if p.exp.Topology.Hosts == nil {
		return i18n.Errmsg("script.before", "Word", words[0])
	}
	return p.step(number, words)
}

func (p *parser) sentence(line string) error {
	tag, sentence, ok := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	l := lang.Lang(tag)
	switch {
	case p.text == nil:
		return i18n.Errmsg("script.indented")
	case !ok || l != lang.English && l != lang.Chinese:
		return i18n.Errmsg("script.sentence")
	case p.text[l] != "":
		return i18n.Errmsg("script.twice.sentence", "Lang", string(l))
	}
	p.text[l] = strings.TrimSpace(sentence)
	return nil
}

// step reads a line that is done.
func (p *parser) step(number int, words []string) error {
	s := Step{Line: number}
	if e := Ends(words[0]); e == Fails || e == MayFail {
		s.Ends, words = e, words[1:]
	} else if rest, ok := strings.CutPrefix(words[0], string(Fails)); ok { // "!run" as well
		s.Ends, words = Fails, append([]string{rest}, words[1:]...)
	}
	if len(words) == 0 {
		return i18n.Errmsg("script.ends.alone", "Sign", string(s.Ends))
	}
	v := findVerb(words[0])
	if v == nil {
		if err := suggest.Halfwidth(words[0]); err != nil {
			return err
		}
		known := append([]string{"topology", "segment", "host", "lesson", "expect"}, Verbs()...)
		return i18n.Errmsg("script.word", "Word", words[0], "Hint", suggest.Hint(words[0], known), "Known", known)
	}
	s.Verb, s.Args = v.name, words[1:]
	if s.Ends != Succeeds && !v.ends {
		return i18n.Errmsg("script.ends.misplaced", "Sign", string(s.Ends), "Word", v.name)
	}
	if v.host {
		if len(s.Args) == 0 {
			return i18n.Errmsg("script.usage", "Usage", v.usage)
		}
		s.Host, s.Args = s.Args[0], s.Args[1:]
		if !slices.Contains(p.exp.Topology.Hosts, s.Host) {
			if err := suggest.Halfwidth(s.Host); err != nil {
				return err
			}
			return i18n.Errmsg("script.host", "Host", s.Host, "Hint", suggest.Hint(s.Host, p.exp.Topology.Hosts), "Known", p.exp.Topology.Hosts)
		}
		if s.Host == lab.SnifferHost {
			return i18n.Errmsg("script.sniffer", "Host", s.Host, "Word", s.Verb)
		}
	}
	if len(s.Args) < v.least || len(s.Args) > v.most {
		return i18n.Errmsg("script.usage", "Usage", v.usage)
	}
	if v.parse != nil {
		if err := v.parse(p.exp, &s); err != nil {
			return err
		}
	}
	if err := p.exp.checkStarted(s); err != nil {
		return err
	}
	p.exp.Steps = append(p.exp.Steps, s)
	if s.Verb == "settle" {
		p.text = lang.Text{}
		p.exp.PhaseNames[s.Args[0]] = p.text
	}
	return nil
}

// claim reads: ID in PHASE[,PHASE…]|in all|anywhere [on SEGMENT] trace PROJECTION, or a
// matcher in the place of the trace.
func (p *parser) claim(args []string) error {
	c := claim.Claim{Sentence: lang.Text{}}
	at := 3 // in PHASE, which may be one of the words
	if len(args) > 1 && args[1] == "anywhere" {
		at = 2
	}
	if len(args) > at+2 && args[at] == "on" {
		at += 2
	}
	if len(args) <= at || !isClaimWord(args[at]) || args[at] == "trace" && at == len(args)-1 {
		return i18n.Errmsg("script.expect")
	}
	where, projection := args[1:at], args[at+1:]
	switch {
	case where[0] == "anywhere":
		c.Anywhere, where = true, where[1:]
	case where[0] == "in" && len(where) > 1:
		if where[1] != allPhases {
			c.Phases = strings.Split(where[1], ",")
		}
		where = where[2:]
	default:
		return i18n.Errmsg("script.expect")
	}
	segment, err := "", error(nil)
	if len(where) == 2 && where[0] == "on" {
		if segment, err = p.on(where[1]); err != nil {
			return err
		}
		where = nil
	}
	if len(where) > 0 {
		return i18n.Errmsg("script.expect")
	}
	c.ID = args[0]
	if err := p.claimID(c.ID); err != nil {
		return err
	}
	expected, ok := p.expect[c.ID]
	if args[at] == "trace" {
		if c.Projection, err = trace.ParseProjection(strings.Join(projection, " ")); err != nil {
			return err
		}
	}
	c.Projection.Segment = segment
	if !ok {
		return &MissingSection{c.ID}
	}
	delete(p.expect, c.ID)
	if args[at] != "trace" {
		if c.Anywhere {
			return i18n.Errmsg("match.anywhere", "Word", args[at])
		}
		if c.Matcher, err = p.exp.matcher(args[at:], expected); err != nil {
			return i18n.Errmsg("script.inclaim", "Claim", c.ID, "Cause", err)
		}
	} else if c.Expected, err = p.exp.ReadTrace(expected, segment); err != nil {
		return i18n.Errmsg("script.insection", "Section", c.ID, "Cause", err)
	}
	if c.Projection.Hidden && len(c.Expected) > 0 {
		return i18n.Errmsg("script.hidden", "Claim", c.ID)
	}
	if c.Anywhere {
		if err := c.CheckAnywhere(); err != nil {
			return i18n.Errmsg("script.inclaim", "Claim", c.ID, "Cause", err)
		}
	}
	p.exp.Claims = append(p.exp.Claims, c)
	p.text = c.Sentence
	return nil
}

// allPhases stands for every phase of the script.
const allPhases = "all"

// claimID checks that a claim is named after its file, and that no other is so named.
func (p *parser) claimID(id string) error {
	word := id[strings.LastIndex(id, ".")+1:]
	switch {
	case id == p.exp.Name+"."+word && trace.ValidLabel(word):
	case trace.ValidLabel(word):
		return i18n.Errmsg("script.id.name", "ID", id, "Right", p.exp.Name+"."+word)
	default:
		return i18n.Errmsg("script.id.form", "ID", id, "Name", p.exp.Name)
	}
	if slices.ContainsFunc(p.exp.Claims, func(o claim.Claim) bool { return o.ID == id }) {
		return i18n.Errmsg("script.twice.claim", "Claim", id)
	}
	return nil
}

// MissingSection is an expectation that an experiment file lacks.
type MissingSection struct {
	ID string // of the claim
}

func (m *MissingSection) Error() string { return m.Unwrap().Error() }

// Unwrap returns the error in people's languages.
func (m *MissingSection) Unwrap() error { return i18n.Errmsg("script.section", "Claim", m.ID) }

// splitWords splits a line at white space; a word in double quotes is a Go
// string.
func splitWords(line string) ([]string, error) {
	var words []string
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, i18n.Errmsg("script.quote", "Text", rest)
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, i18n.Errmsg("script.quoted", "Text", quoted)
			}
			words, rest = append(words, word), rest[len(quoted):]
			continue
		}
		end := strings.IndexAny(rest, " \t")
		if end < 0 {
			end = len(rest)
		}
		words, rest = append(words, rest[:end]), rest[end:]
	}
	return words, nil
}
