package grades

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"

	"wirelab/internal/lang"
)

// The elements of JUnit's XML, as far as Jenkins, GitLab and GitHub read them, and as
// Jenkins' schema has them (xunit-plugin, junit-10.xsd).
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
		Time     seconds     `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Time    seconds    `xml:"time,attr"`
		Failure *junitText `xml:"failure,omitempty"`
		Error   *junitText `xml:"error,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// seconds are written without an exponent, which the schema does not know.
type seconds float64

// MarshalText implements encoding.TextMarshaler.
func (s seconds) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%.3f", float64(s)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *seconds) UnmarshalText(text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	*s = seconds(n)
	return err
}

// WriteJUnit writes a student's grades as JUnit XML: a suite for each experiment, a case
// for each claim. What is open is an error, and not skipped: CI must not turn green.
func (s Student) WriteJUnit(w io.Writer, l lang.Lang) error {
	doc := junitSuites{Suites: []junitSuite{}}
	for _, work := range s.Work {
		suite := junitSuite{Name: s.ID + "." + work.Experiment.Name, Time: seconds(work.Result.Seconds), Cases: []junitCase{}}
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
