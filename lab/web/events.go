package web

import (
	"net/http"
	"strconv"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/internal/webguard"
	"wirelab/lab/claim"
	"wirelab/lab/report"
	"wirelab/lab/script"
)

// pace is how long the page is told nothing after it was told something: packets that
// come meanwhile are told together.
const pace = 100 * time.Millisecond

// judgement is a verdict as the page shows it.
type judgement struct {
	ID      string       `json:"id"`
	Status  claim.Status `json:"status"`
	Packets []int        `json:"packets"`
	Details string       `json:"details"` // in the reader's language
}

func judgements(verdicts []claim.Verdict, l lang.Lang) []judgement {
	all := []judgement{}
	for _, v := range verdicts {
		all = append(all, judgement{v.ID, v.Status, v.Packets, report.Details(v, l)})
	}
	return all
}

// happening is an event of a run, as the page is told it.
type happening struct {
	Kind     script.Kind `json:"event"`
	Step     string      `json:"step,omitempty"`
	Line     int         `json:"line,omitempty"`
	Label    string      `json:"label,omitempty"`
	Error    string      `json:"error,omitempty"`
	Verdicts []judgement `json:"verdicts,omitempty"`
}

// progress is how far a capture is.
type progress struct {
	Packets int     `json:"packets"`
	Dropped *uint64 `json:"dropped"` // by the kernel; null while that is not known
	State   state   `json:"state"`
	Error   string  `json:"error,omitempty"`
	Hosts   int     `json:"hosts"` // that are drawn: more may be found
}

// progress returns how far the capture is. The caller holds mu.
func (c *capture) progress(l lang.Lang) progress {
	p := progress{Packets: c.packets, State: c.state, Hosts: len(c.topology.Hosts)}
	if c.recording != nil {
		p.Dropped = c.recording.Dropped()
	}
	switch {
	case c.err != nil:
		p.Error = safetext.EscapeLines(i18n.Explain(l, c.err))
	case c.outcome != nil && c.outcome.Err != nil:
		p.Error = safetext.EscapeLines(c.outcome.Why.In(l))
	}
	return p
}

// events is the stream of a capture: what has happened since the event that the reader
// had last, and how many packets there are. The packets themselves the page asks for by
// their numbers, those that it shows: none can be lost on the way, or come twice.
func (s *Server) events(w http.ResponseWriter, r *http.Request, c *capture) {
	stream := s.guard.Stream(w, r)
	if stream == nil {
		return
	}
	defer stream.Close()
	had, err := strconv.Atoi(stream.LastID())
	if err != nil || had < 0 {
		had = 0
	}
	l, said := langOf(r), ""
	for {
		c.mu.Lock()
		had = min(had, len(c.events))
		news, is, changed := c.events[had:], c.progress(l), c.changed
		c.mu.Unlock()
		for _, e := range news {
			had++
			told := happening{e.Kind, e.Step, e.Line, e.Label, safetext.EscapeLines(e.Error), judgements(e.Verdicts, l)}
			if stream.Send(webguard.Event{ID: strconv.Itoa(had), Name: "happening", Data: marshal(told)}) != nil {
				return
			}
		}
		if b := marshal(is); string(b) != said {
			said = string(b)
			if stream.Send(webguard.Event{Name: "progress", Data: b}) != nil {
				return
			}
		}
		select {
		case <-time.After(pace):
		case <-r.Context().Done():
			return
		}
		if stream.Wait(changed) != nil {
			return
		}
	}
}
