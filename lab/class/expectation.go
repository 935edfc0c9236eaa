package class

import (
	"errors"
	"slices"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"wirelab/internal/i18n"
	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// prediction is the teacher's experiment with what a student expects in it. Nothing of
// the student's script is carried out: it could run any command of this machine.
type prediction struct {
	experiment *script.Experiment
	wrong      map[string]i18n.Message // of claims that have no expectation that can be read, by id: why
}

// predict puts the sections of a student's file in the place of the teacher's. The error
// is that of a file in which nothing is about the experiment's claims.
func (j Job) predict() (prediction, error) {
	p := prediction{wrong: map[string]i18n.Message{}}
	source := []byte(j.Source)
	e, err := j.parse(source)
	if err != nil {
		return p, err
	}
	switch {
	case len(j.Submission) == 0:
		return p, i18n.Errmsg("class.empty")
	case !utf8.Valid(j.Submission):
		return p, i18n.Errmsg("class.notext")
	}
	theirs := txtar.Parse(j.Submission)
	merged := txtar.Parse(source)
	found := 0
	for _, c := range e.Claims {
		at := slices.IndexFunc(theirs.Files, func(f txtar.File) bool { return f.Name == c.ID })
		if at < 0 {
			p.wrong[c.ID] = i18n.Msg("class.nosection", "Claim", c.ID)
			continue
		}
		found++
		with := withSection(merged, theirs.Files[at])
		if _, err := j.parse(txtar.Format(with)); err != nil {
			if told, ok := errors.AsType[*i18n.Error](err); ok {
				err = told // without the line, which is one of the teacher's file
			}
			p.wrong[c.ID] = i18n.FromError(err)
			continue
		}
		merged = with
	}
	if found == 0 {
		return p, i18n.Errmsg("class.nosections", "Claims", ids(e))
	}
	p.experiment, err = j.parse(txtar.Format(merged))
	return p, err
}

// withSection returns the archive with another text for a section that it has.
func withSection(a *txtar.Archive, section txtar.File) *txtar.Archive {
	with := &txtar.Archive{Comment: a.Comment, Files: slices.Clone(a.Files)}
	for i, f := range with.Files {
		if f.Name == section.Name {
			with.Files[i].Data = section.Data
		}
	}
	return with
}

func ids(e *script.Experiment) (all []string) {
	for _, c := range e.Claims {
		all = append(all, c.ID)
	}
	return all
}

// judge makes the claims fail whose expectation could not be read. What such a verdict
// compares with is the teacher's, which no student's report may show: it is taken out.
func (p prediction) judge(verdicts []claim.Verdict) {
	for i, v := range verdicts {
		if why, is := p.wrong[v.ID]; is {
			verdicts[i].Status, verdicts[i].Reason, verdicts[i].Packets = claim.Fail, &why, []int{}
			verdicts[i].Expected, verdicts[i].Matcher, verdicts[i].Notes, verdicts[i].Nearest = []string{}, "", nil, nil
		}
	}
}
