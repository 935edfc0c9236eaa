package grades

import (
	"io"

	"wirelab/internal/lang"
	"wirelab/lab/report"
)

// gradescope is the document that Gradescope reads from /autograder/results/results.json
// (gradescope-autograders.readthedocs.io, "Autograder Specifications").
type gradescope struct {
	Score            *float64         `json:"score,omitempty"`
	ExecutionTime    float64          `json:"execution_time,omitempty"` // seconds
	Output           string           `json:"output,omitempty"`
	OutputFormat     string           `json:"output_format,omitempty"`
	TestOutputFormat string           `json:"test_output_format,omitempty"`
	TestNameFormat   string           `json:"test_name_format,omitempty"`
	Visibility       string           `json:"visibility,omitempty"`
	StdoutVisibility string           `json:"stdout_visibility,omitempty"`
	ExtraData        map[string]any   `json:"extra_data,omitempty"`
	Tests            []gradescopeTest `json:"tests,omitempty"`
	Leaderboard      []gradescopeRank `json:"leaderboard,omitempty"`
}

type gradescopeTest struct {
	Score        *float64       `json:"score,omitempty"`
	MaxScore     *float64       `json:"max_score,omitempty"`
	Status       string         `json:"status,omitempty"` // passed or failed
	Name         string         `json:"name,omitempty"`
	NameFormat   string         `json:"name_format,omitempty"`
	Number       string         `json:"number,omitempty"`
	Output       string         `json:"output,omitempty"`
	OutputFormat string         `json:"output_format,omitempty"`
	Tags         []string       `json:"tags,omitempty"`
	Visibility   string         `json:"visibility,omitempty"`
	ExtraData    map[string]any `json:"extra_data,omitempty"`
}

type gradescopeRank struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	Order string `json:"order,omitempty"`
}

// WriteGradescope writes a student's grades for Gradescope. It is false where the grade
// is open: without a file Gradescope says that grading did not succeed, and with one
// that lacks points it would say that there are none.
func (s Student) WriteGradescope(w io.Writer, l lang.Lang) (written bool, err error) {
	if _, known := s.Score(); !known {
		return false, nil
	}
	doc := gradescope{OutputFormat: "text", TestOutputFormat: "text", TestNameFormat: "text", Visibility: "visible"}
	for _, work := range s.Work {
		doc.ExecutionTime += work.Result.Seconds
		for _, c := range work.Claims {
			points, _ := c.Score()
			got, most, status := float64(points), float64(c.Most), "failed"
			if c.State == Pass {
				status = "passed"
			}
			doc.Tests = append(doc.Tests, gradescopeTest{Score: &got, MaxScore: &most, Status: status, Name: c.ID, Output: work.detail(c, l), OutputFormat: "text"})
		}
	}
	return true, report.EncodeJSON(w, doc)
}
