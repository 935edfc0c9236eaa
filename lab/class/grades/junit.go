package grades

import (
	"encoding/xml"
	"io"

	"wirelab/internal/lang"
)

// The elements of JUnit's XML, as far as Jenkins, GitLab and GitHub read them.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     float64     `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Time    float64    `xml:"time,attr"`
		Failure *junitText `xml:"failure,omitempty"`
		Error   *junitText `xml:"error,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a student's grades as JUnit XML: a suite for each experiment, a case
// for each claim. What is open is an error, and not skipped: CI must not turn green.
func (s Student) WriteJUnit(w io.Writer, l lang.Lang) error {
	doc := junitSuites{Suites: []junitSuite{}}
	for _, work := range s.Work {
		suite := junitSuite{Name: s.ID + "." + work.Experiment.Name, Time: work.Result.Seconds, Cases: []junitCase{}}
		for _, c := range work.Claims {
			one := junitCase{Class: suite.Name, Name: c.ID}
			suite.Tests++
			why := work.why(c, l)
			text := &junitText{Message: why, Type: string(c.State), Text: work.detail(c, l)}
			switch _, known := c.Score(); {
			case !known:
				suite.Errors++
				one.Error = text
			case c.State != Pass:
				suite.Failures++
				one.Failure = text
			}
			suite.Cases = append(suite.Cases, one)
		}
		doc.Suites = append(doc.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
