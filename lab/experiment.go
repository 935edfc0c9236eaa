package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"wirelab/internal/lang"
	"wirelab/sniffer"
)

// Experiment is a script and the traces that it expects: a txtar file whose
// comment is the script and whose files are the expectations.
type Experiment struct {
	Name     string // the file's name without .txtar; claim ids begin with it
	Lesson   Text
	Topology Topology
	Steps    []Step
	Claims   []Claim
}

// Text is a sentence for people in the languages that the file gives.
type Text map[lang.Lang]string

// In returns the sentence in a language, or in English, or what there is.
func (t Text) In(l lang.Lang) string {
	for _, l := range []lang.Lang{l, lang.English, lang.Chinese} {
		if s := t[l]; s != "" {
			return s
		}
	}
	return ""
}

// Step is one line of a script.
type Step struct {
	Line int      // in the file, from 1
	Verb string   // start, run, say, await, close, settle, mode or fresh
	Host string   // where it happens; empty for settle and mode
	Args []string // a command line, or one text, label or mode
}

// Claim is one thing that an experiment says about the wire.
type Claim struct {
	ID         string // experiment.claim, never translated
	Sentence   Text
	Phases     []string // labels of the barriers that end the judged phases; none is all of the capture
	Projection sniffer.Projection
	Expected   []string // lines of the trace, words between single spaces
}

// MaxExperimentFile bounds an experiment file, in bytes.
const MaxExperimentFile = 1 << 20

// ReadExperiment reads an experiment file.
func ReadExperiment(path string) (*Experiment, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxExperimentFile {
		return nil, fmt.Errorf("%s: %d bytes, an experiment has at most %d", path, info.Size(), MaxExperimentFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseExperiment(filepath.Base(path), data)
}

// ParseExperiment reads an experiment. Errors begin with file:line.
func ParseExperiment(file string, data []byte) (*Experiment, error) {
	archive := txtar.Parse(data)
	name := strings.TrimSuffix(file, filepath.Ext(file))
	p := &parser{file: file, exp: &Experiment{Name: name, Lesson: Text{}}, expect: map[string]string{}}
	if !ValidLabel(name) {
		return nil, fmt.Errorf("%s: the file's name is the experiment's: want lower-case letters, digits and '-', ending in .txtar", file)
	}
	for _, f := range archive.Files {
		if _, twice := p.expect[f.Name]; twice {
			return nil, fmt.Errorf("%s: the expectation %q is there twice", file, f.Name)
		}
		p.expect[f.Name] = string(f.Data)
	}
	for i, line := range strings.Split(string(archive.Comment), "\n") {
		if err := p.line(i+1, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	if err := p.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p.exp, nil
}

// Texts are the texts that the experiment says, in order: those a trace with
// the modifier "text" shows.
func (e *Experiment) Texts() []string {
	var texts []string
	for _, s := range e.Steps {
		if s.Verb == "say" && !slices.Contains(texts, s.Args[0]) {
			texts = append(texts, s.Args[0])
		}
	}
	return texts
}

// Barriers are the labels of the barriers, in order.
func (e *Experiment) Barriers() []string {
	var labels []string
	for _, s := range e.Steps {
		if s.Verb == "settle" {
			labels = append(labels, s.Args[0])
		}
	}
	return labels
}

type parser struct {
	file   string
	exp    *Experiment
	expect map[string]string
	text   Text // takes the indented lines that follow
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
	verb, args := words[0], words[1:]
	switch verb {
	case "lesson":
		p.text = p.exp.Lesson
		return nil
	case "topology":
		if p.exp.Topology.Hosts != nil {
			return errors.New("the topology is there twice")
		}
		p.exp.Topology = Topology{Hosts: args}
		return p.exp.Topology.Validate()
	case "expect":
		return p.claim(args)
	}
	if p.exp.Topology.Hosts == nil {
		return fmt.Errorf("%q comes before the topology", verb)
	}
	return p.step(Step{Line: number, Verb: verb, Args: args})
}

func (p *parser) sentence(line string) error {
	tag, sentence, ok := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	l := lang.Lang(tag)
	switch {
	case p.text == nil:
		return errors.New("an indented line belongs to a lesson or an expect above it")
	case !ok || l != lang.English && l != lang.Chinese:
		return fmt.Errorf("want %q or %q and a sentence", lang.English, lang.Chinese)
	case p.text[l] != "":
		return fmt.Errorf("the sentence in %q is there twice", l)
	}
	p.text[l] = strings.TrimSpace(sentence)
	return nil
}

// verbs says what follows each verb of the script.
var verbs = map[string]struct {
	host  bool
	least int // words after the host
	most  int
	usage string
}{
	"start":  {true, 1, 1 << 10, "start HOST COMMAND…"},
	"run":    {true, 1, 1 << 10, "run HOST COMMAND…"},
	"say":    {true, 1, 1 << 10, "say HOST TEXT"},
	"await":  {true, 1, 1 << 10, "await HOST TEXT"},
	"close":  {true, 0, 0, "close HOST"},
	"fresh":  {true, 0, 0, "fresh HOST"},
	"settle": {false, 1, 1, "settle LABEL"},
	"mode":   {false, 1, 1, "mode hub|switch"},
}

func (p *parser) step(s Step) error {
	v, known := verbs[s.Verb]
	if !known {
		return fmt.Errorf("%q is not known: topology, lesson, start, run, say, await, close, fresh, mode, settle or expect", s.Verb)
	}
	if v.host {
		if len(s.Args) == 0 {
			return fmt.Errorf("want %s", v.usage)
		}
		s.Host, s.Args = s.Args[0], s.Args[1:]
		if !slices.Contains(p.exp.Topology.Hosts, s.Host) {
			return fmt.Errorf("host %q is not in the topology", s.Host)
		}
	}
	if len(s.Args) < v.least || len(s.Args) > v.most {
		return fmt.Errorf("want %s", v.usage)
	}
	switch s.Verb {
	case "say", "await":
		s.Args = []string{strings.Join(s.Args, " ")}
	case "mode":
		if _, err := ParseMode(s.Args[0]); err != nil {
			return err
		}
	case "settle":
		switch label := s.Args[0]; {
		case !ValidLabel(label):
			return fmt.Errorf("label %q: want a lower-case letter, then letters, digits or '-'", label)
		case label == startLabel || label == learnLabel:
			return fmt.Errorf("label %q is the lab's own", label)
		case slices.Contains(p.exp.Barriers(), label):
			return fmt.Errorf("barrier %q is there twice", label)
		}
	}
	p.exp.Steps = append(p.exp.Steps, s)
	return nil
}

// claim reads: ID in PHASE[,PHASE…]|all trace PROJECTION
func (p *parser) claim(args []string) error {
	if len(args) < 5 || args[1] != "in" || args[3] != "trace" {
		return errors.New("want expect ID in PHASE[,PHASE…]|all trace PROTOCOLS [text] [first]")
	}
	c := Claim{ID: args[0], Sentence: Text{}}
	if !strings.HasPrefix(c.ID, p.exp.Name+".") || !ValidLabel(c.ID[len(p.exp.Name)+1:]) {
		return fmt.Errorf("claim id %q: want %s.CLAIM", c.ID, p.exp.Name)
	}
	if slices.ContainsFunc(p.exp.Claims, func(o Claim) bool { return o.ID == c.ID }) {
		return fmt.Errorf("claim %q is there twice", c.ID)
	}
	if args[2] != "all" {
		c.Phases = strings.Split(args[2], ",")
	}
	var err error
	if c.Projection, err = sniffer.ParseProjection(strings.Join(args[4:], " ")); err != nil {
		return err
	}
	expected, ok := p.expect[c.ID]
	if !ok {
		return fmt.Errorf("the file has no section -- %s -- with the trace that is expected", c.ID)
	}
	delete(p.expect, c.ID)
	if c.Expected, err = ParseTrace(expected); err != nil {
		return fmt.Errorf("section %s: %w", c.ID, err)
	}
	p.exp.Claims = append(p.exp.Claims, c)
	p.text = c.Sentence
	return nil
}

// finish checks what can only be known at the end.
func (p *parser) finish() error {
	e := p.exp
	if e.Topology.Hosts == nil {
		return errors.New("no topology")
	}
	if len(e.Claims) == 0 {
		return errors.New("no claim: an experiment expects something")
	}
	for id := range p.expect {
		return fmt.Errorf("section %q belongs to no expect", id)
	}
	labels := e.Barriers()
	if len(labels) == 0 {
		return errors.New("no settle: without a barrier nobody knows that the capture is complete")
	}
	for _, c := range e.Claims {
		for i, phase := range c.Phases {
			at := slices.Index(labels, phase)
			if at < 0 {
				return fmt.Errorf("claim %s: no barrier ends a phase %q", c.ID, phase)
			}
			if i > 0 && at != slices.Index(labels, c.Phases[i-1])+1 {
				return fmt.Errorf("claim %s: phase %q does not follow %q", c.ID, phase, c.Phases[i-1])
			}
		}
	}
	return nil
}

// ParseTrace reads expected lines: "FROM > TO WHAT…", white space folded,
// empty lines and lines that begin with # left out.
func ParseTrace(s string) ([]string, error) {
	lines := []string{}
	for i, line := range strings.Split(s, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 4 || words[1] != ">" {
			return nil, fmt.Errorf("line %d: %q: want FROM > TO and what was sent", i+1, line)
		}
		lines = append(lines, foldSpace(line))
	}
	return lines, nil
}

// foldSpace makes one space of every run of white space outside quotes, so
// that a text that was said keeps its own.
func foldSpace(line string) string {
	before, quoted, found := strings.Cut(line, `"`)
	out := strings.Join(strings.Fields(before), " ")
	if found {
		out += ` "` + strings.TrimRight(quoted, " \t\r")
	}
	return out
}

// splitWords splits a line at white space; a word in double quotes is a Go
// string.
func splitWords(line string) ([]string, error) {
	var words []string
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("a quote is not closed in %q", rest)
			}
			word, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", quoted, err)
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
