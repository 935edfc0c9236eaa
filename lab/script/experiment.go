package script

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
	"wirelab/message"
	"wirelab/sniffer"
)

// Experiment is a script and the traces that it expects: a txtar file whose
// comment is the script and whose files are the expectations.
type Experiment struct {
	Name     string // the file's name without .txtar; claim ids begin with it
	Lesson   message.Text
	Topology lab.Topology
	Steps    []Step
	Claims   []claim.Claim
	Seed     string // "" for none

	PhaseNames map[string]message.Text // what people call the phases, by the labels of their barriers
}

// PhaseName returns what people call the phase that a barrier ends: its label where the
// script gives it no name.
func (e *Experiment) PhaseName(label string, l message.Lang) string {
	return cmp.Or(e.PhaseNames[label].In(l), label)
}

// Step is one line of a script.
type Step struct {
	Line int      // in the file, from 1
	Ends Ends     // how a command is to end, of a run or close
	Verb string   // a name of the table of verbs
	Host string   // where it happens; empty for settle and mode
	Args []string // a command line, or one text, label or mode
}

// Ends says with which exit code a command has to end.
type Ends string

// The prefixes of run and close.
const (
	Succeeds Ends = ""  // exit code 0
	Fails    Ends = "!" // another
	MayFail  Ends = "?" // any
)

// String returns the step as it stands in a script, safe to print: a quoted word
// may have any character.
func (s Step) String() string {
	words := []string{s.Verb}
	if s.Host != "" {
		words = append(words, s.Host)
	}
	words = append(words, s.Args...)
	if s.Ends != Succeeds {
		words = slices.Insert(words, 0, string(s.Ends))
	}
	return safetext.Escape(strings.Join(words, " "))
}

// MaxFile bounds an experiment file, in bytes.
const MaxFile = 1 << 20

// Read reads an experiment file.
func Read(path string) (*Experiment, error) { return ReadSeeded(path, "") }

// ReadFile returns the text of an experiment file: at most MaxFile bytes, whatever it is.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if len(data) > MaxFile {
		return nil, i18n.Errmsg("script.large", "File", path, "Most", MaxFile)
	}
	return data, nil
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

// NewRecording returns an empty recording for a capture made elsewhere, whose hosts have
// names.
func (e *Experiment) NewRecording(names sniffer.Names) *trace.Recording {
	hosts := e.Topology.TraceHosts()
	hosts.Names = names
	return trace.New(hosts)
}

// Runs reports whether there is a script to carry out. An experiment without one
// judges captures made elsewhere.
func (e *Experiment) Runs() bool { return len(e.Steps) > 0 }

// Plan is what the claims are judged by: hosts, barriers, what is said, and
// in which phases something is done whose success their barrier proves.
func (e *Experiment) Plan() claim.Plan {
	plan := claim.Plan{Plan: e.Topology.Plan(), Stimulated: map[string]bool{}}
	plan.Barriers = e.Barriers()
	plan.Impaired = e.impaired()
	done := false
	for _, s := range e.Steps {
		if s.Host != "" && !slices.Contains(plan.Acting, s.Host) {
			plan.Acting = append(plan.Acting, s.Host)
		}
		done = done || findVerb(s.Verb).proves && s.Ends == Succeeds
		switch {
		case s.Verb == "say" && !slices.Contains(plan.Texts, s.Args[0]):
			plan.Texts = append(plan.Texts, s.Args[0])
		case s.Verb == "settle":
			plan.Stimulated[s.Args[0]], done = done, false
		}
	}
	return plan
}

// checkStarted refuses a step that speaks to a host's program where none runs.
func (e *Experiment) checkStarted(s Step) error {
	if !findVerb(s.Verb).speaks {
		return nil
	}
	for _, before := range slices.Backward(e.Steps) {
		switch {
		case before.Host != s.Host:
		case before.Verb == "start":
			return nil
		case before.Verb == "close":
			return i18n.Errmsg("script.closed", "Host", s.Host, "Number", before.Line)
		}
	}
	return i18n.Errmsg("script.unstarted", "Host", s.Host, "Word", s.Verb)
}

// checkAwaited refuses a script in which a program is started, or something is
// said, and a barrier is set before anything shows that it had an effect: what
// the sniffer has seen by then depends on the weather.
func (e *Experiment) checkAwaited() error {
	var open []Step
	for _, s := range e.Steps {
		if findVerb(s.Verb).awaited {
			open = append(open, s)
		}
		switch s.Verb {
		case "await":
			open = discharge(open, s)
		case "close": // the program has done all that it was told, and ended
			open = slices.DeleteFunc(open, func(o Step) bool { return o.Host == s.Host })
		case "settle":
			if len(open) > 0 {
				o := open[0]
				return &lineError{o.Line, i18n.Errmsg("script.unawaited", "Step", o, "Settle", s, "Remedy", remedy(o))}
			}
		}
	}
	return nil
}

func remedy(s Step) string {
	if s.Verb == "say" {
		return "await HOST " + s.Args[0]
	}
	return "await " + s.Host + " TEXT"
}

// discharge takes out what an await shows the effect of: a start on its host,
// and one text that was said: that which it awaits, or else the latest.
func discharge(open []Step, await Step) []Step {
	said := -1
	for i, o := range open {
		if o.Verb == "say" && (said < 0 || !strings.Contains(open[said].Args[0], await.Args[0])) {
			said = i
		}
	}
	if said >= 0 {
		open = slices.Delete(slices.Clone(open), said, said+1)
	}
	return slices.DeleteFunc(open, func(o Step) bool { return o.Verb == "start" && o.Host == await.Host })
}

// lineError is an error of one line of the file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%d: %v", e.line, e.err) }

// Unwrap returns what is wrong with the line.
func (e *lineError) Unwrap() error { return e.err }

// check checks what can only be known at the end of the file.
func (e *Experiment) check() error {
	if e.Topology.Hosts == nil {
		return i18n.Errmsg("script.notopology")
	}
	if len(e.Claims) == 0 {
		return i18n.Errmsg("script.noclaim")
	}
	labels := e.Barriers()
	needsBarrier := slices.ContainsFunc(e.Claims, func(c claim.Claim) bool { return !c.Anywhere })
	if len(labels) == 0 && (needsBarrier || e.Runs()) {
		return i18n.Errmsg("script.nosettle")
	}
	if !e.Runs() {
		return nil
	}
	if last := e.Steps[len(e.Steps)-1]; last.Verb != "settle" {
		return &lineError{last.Line, i18n.Errmsg("script.nophase", "Step", last)}
	}
	for _, c := range e.Claims {
		if err := c.CheckPhases(labels); err != nil {
			return i18n.Errmsg("script.inclaim", "Claim", c.ID, "Cause", err)
		}
	}
	return e.checkAwaited()
}
