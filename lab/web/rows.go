package web

import (
	"net/http"
	"strconv"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// mostRows bounds the rows of one answer.
const mostRows = 500

// row is a row of the table, or of the ladder.
type row struct {
	script.PacketRow
	Ms float64 `json:"ms"` // since the first packet of the capture
}

// heading is a row of the ladder that begins a phase.
type heading struct {
	Heading string `json:"heading"`
}

// window is a part of a list.
type window struct {
	Total int   `json:"total"` // rows of the list
	From  int   `json:"from"`  // index of the first of Rows
	Rows  []any `json:"rows"`
}

// asked reads which part of a list is asked for.
func asked(r *http.Request, total int) (from, to int) {
	from, _ = strconv.Atoi(r.FormValue("from"))
	to, err := strconv.Atoi(r.FormValue("to"))
	if err != nil {
		to = from + mostRows
	}
	from = min(max(from, 0), total)
	return from, max(from, min(to, from+mostRows, total))
}

// maker returns what makes rows.
func (c *capture) maker(r *trace.Recording) func(number int) row {
	make, began := script.Rows(r, c.texts()), r.Packet(1).Time
	return func(number int) row {
		p := r.Packet(number)
		return row{make(p), float64(p.Time.Sub(began)) / float64(time.Millisecond)}
	}
}

// rows answers with packets by their place in the table, of those that a filter accepts.
func (s *Server) rows(w http.ResponseWriter, r *http.Request, c *capture) {
	answerList(w, r, c, func(recording *trace.Recording) (int, func(int) any, error) {
		row := c.maker(recording)
		f, err := c.lists.filter(recording, r.FormValue("filter"), r.FormValue("own") != "")
		if err != nil {
			return 0, nil, err
		}
		return len(f.numbers), func(i int) any { return row(int(f.numbers[i])) }, nil
	})
}

// ladder answers with rows of the ladder.
func (s *Server) ladder(w http.ResponseWriter, r *http.Request, c *capture) {
	answerList(w, r, c, func(recording *trace.Recording) (int, func(int) any, error) {
		row, l, lang := c.maker(recording), c.phaseRows(recording), langOf(r)
		return len(l.rows), func(i int) any {
			if n := int(l.rows[i]); n > 0 {
				return row(n)
			}
			at := -int(l.rows[i]) - 1
			return heading{c.phaseName(l.names[at], l.open[at], lang)}
		}, nil
	})
}

// phaseName is what people call a phase.
func (c *capture) phaseName(label string, open bool, l lang.Lang) string {
	switch {
	case label == "":
		return i18n.Text(l, "report.phase.after")
	case label == trace.StartLabel:
		return i18n.Text(l, "report.phase.before")
	case open && c.kind != ofRun:
		return i18n.Text(l, "report.phase.open", "Phase", c.experiment.PhaseName(label, l))
	}
	return c.experiment.PhaseName(label, l)
}

// answerList answers with the part of a list that is asked for.
func answerList(w http.ResponseWriter, r *http.Request, c *capture, list func(*trace.Recording) (total int, at func(int) any, err error)) {
	out := window{Rows: []any{}}
	var failed error
	c.read(func(recording *trace.Recording) {
		if recording == nil || recording.Len() == 0 {
			return
		}
		total, at, err := list(recording)
		if err != nil {
			failed = err
			return
		}
		out.Total = total
		var to int
		out.From, to = asked(r, total)
		for i := out.From; i < to; i++ {
			out.Rows = append(out.Rows, at(i))
		}
	})
	if failed != nil {
		refuse(w, r, http.StatusBadRequest, failed)
		return
	}
	answer(w, out)
}

// place answers with where a packet stands in the table and in the ladder.
func (s *Server) place(w http.ResponseWriter, r *http.Request, c *capture) {
	number, _ := strconv.Atoi(r.FormValue("p"))
	out := struct {
		Table  int `json:"table"`
		Ladder int `json:"ladder"`
	}{}
	c.read(func(recording *trace.Recording) {
		if recording == nil {
			return
		}
		if f, err := c.lists.filter(recording, r.FormValue("filter"), r.FormValue("own") != ""); err == nil {
			out.Table = f.place(number)
		}
		out.Ladder = c.phaseRows(recording).place(number)
	})
	answer(w, out)
}
