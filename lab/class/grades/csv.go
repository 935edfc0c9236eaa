package grades

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

// byteOrderMark tells spreadsheets that a CSV file is UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// cell is a text as a spreadsheet may be given it: one that begins like a formula is
// marked as text (OWASP, CSV Injection), and what acts on a terminal is escaped.
func cell(s string) string {
	s = safetext.Escape(s)
	if s != "" && strings.ContainsRune("=+-@|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

// score is a number of points, "" where it is open.
func score(points int, known bool) string {
	if !known {
		return ""
	}
	return strconv.Itoa(points)
}

func writeCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteClaims writes a row for each claim of each student, as CSV for spreadsheets.
func (b *Book) WriteClaims(w io.Writer, l lang.Lang) error {
	rows := [][]string{{"student", "name", "experiment", "claim", "status", "score", "max_score", "packets", "reason"}}
	for _, s := range b.Students {
		for _, work := range s.Work {
			for _, c := range work.Claims {
				var packets []string
				if c.Verdict != nil {
					for _, n := range c.Verdict.Packets {
						packets = append(packets, strconv.Itoa(n))
					}
				}
				rows = append(rows, []string{s.ID, s.Name, work.Experiment.Name, c.ID, string(c.State), score(c.Score()), strconv.Itoa(c.Most),
					strings.Join(packets, " "), work.why(c, l)})
			}
		}
	}
	return writeCSV(w, rows)
}

// WriteGrades writes a row for each student, as CSV for spreadsheets.
func (b *Book) WriteGrades(w io.Writer) error {
	head := []string{"student", "name"}
	for _, e := range b.Course.Experiments {
		head = append(head, e.Name)
	}
	rows := [][]string{append(head, "score", "max_score", "status")}
	for _, s := range b.Students {
		row := []string{s.ID, s.Name}
		for _, work := range s.Work {
			row = append(row, score(work.Score()))
		}
		points, known := s.Score()
		status := "graded"
		if !known {
			status = "open"
		}
		rows = append(rows, append(row, score(points, known), strconv.Itoa(s.Most()), status))
	}
	return writeCSV(w, rows)
}

// why says why a claim of the work is not a pass, "" if it is or nothing is known.
func (w Work) why(c Claim, l lang.Lang) string {
	switch {
	case c.State == Pass:
		return ""
	case c.Verdict != nil && c.Verdict.Reason != nil:
		return c.Verdict.Reason.In(l)
	case w.Reason != nil:
		return w.Reason.In(l)
	}
	return stateText(w.State, l)
}
