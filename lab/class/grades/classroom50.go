package grades

import (
	"cmp"
	"io"
	"os"
	"time"

	"wirelab/lab/report"
)

// classroom50 is a result of Classroom 50 (classroom50/result/v1: foundation50/classroom50,
// wiki, "Advanced Autograding"). Scores are whole numbers. Its runner says who the owner is
// and of what type the assignment, whatever the document has.
type classroom50 struct {
	Schema     string            `json:"schema"`
	Classroom  string            `json:"classroom"`
	Assignment string            `json:"assignment"`
	Type       string            `json:"assignment_type"`
	Owner      string            `json:"owner"`
	Submission string            `json:"submission"`
	Commit     string            `json:"commit"`
	Release    string            `json:"release"`
	Review     string            `json:"review"`
	At         string            `json:"datetime"`  // RFC 3339
	GradedAt   string            `json:"graded_at"` // RFC 3339
	Score      int               `json:"score"`
	MaxScore   int               `json:"max-score"`
	Tests      []classroom50Test `json:"tests"`
}

type classroom50Test struct {
	Name     string `json:"test-name"`
	Passed   bool   `json:"passed"`
	Score    int    `json:"score"`
	MaxScore int    `json:"max-score"`
}

// WriteClassroom50 writes a student's grades for Classroom 50, with what its runner says
// in the environment. It is false where the grade is open, as WriteGradescope is.
func (s Student) WriteClassroom50(w io.Writer, course string, now time.Time) (written bool, err error) {
	points, known := s.Score()
	if !known {
		return false, nil
	}
	at := now.UTC().Format(time.RFC3339)
	doc := classroom50{
		Schema: "classroom50/result/v1", Type: "individual", Owner: s.ID, At: at, GradedAt: at, Score: points, MaxScore: s.Most(), Tests: []classroom50Test{},
		Classroom: cmp.Or(os.Getenv("CLASSROOM"), course), Assignment: cmp.Or(os.Getenv("ASSIGNMENT"), course),
		Submission: os.Getenv("SUBMISSION_TAG"), Commit: os.Getenv("COMMIT_URL"), Release: os.Getenv("RELEASE_URL"), Review: cmp.Or(os.Getenv("REVIEW_URL"), os.Getenv("COMMIT_URL")),
	}
	for _, work := range s.Work {
		for _, c := range work.Claims {
			got, _ := c.Score()
			doc.Tests = append(doc.Tests, classroom50Test{c.ID, c.State == Pass, got, c.Most})
		}
	}
	return true, report.EncodeJSON(w, doc)
}
