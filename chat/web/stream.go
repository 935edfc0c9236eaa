package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"wirelab/chat"
	"wirelab/chat/tui"
	"wirelab/internal/netblock"
	"wirelab/internal/webguard"
)

// maxBatch bounds what is made ready for a browser at a time, in bytes of lines.
const maxBatch = 32 << 10

// stream is one stream of events of a member.
type stream struct {
	m        *member
	words    tui.Words
	wake     chat.Wake
	pos      uint64        // in the log, of the next line
	missed   uint64        // lines before it that are no longer kept
	at       position      // of the line before it
	read     atomic.Uint64 // pos, for others
	replaced atomic.Bool   // another stream of the member reads on
}

// shownLine is a line as a page gets it.
type shownLine struct {
	Seq   uint64 `json:"seq"`
	Time  int64  `json:"time"` // Unix milliseconds
	Kind  string `json:"kind"`
	Name  string `json:"name,omitempty"` // who; the code of a notice, reply or error
	Text  string `json:"text"`           // what was said, or the sentence in the page's language
	Other string `json:"other,omitempty"`
}

// show returns a line in the words of a page for the member called me.
func show(w tui.Words, l chat.Line) shownLine {
	s := shownLine{Seq: l.Seq, Time: l.Time.UnixMilli(), Kind: string(l.Kind), Name: l.Name, Text: l.Text}
	switch l.Kind {
	case chat.Say, chat.Me, chat.Msg:
	case chat.Notice, chat.Reply, chat.Error:
		s.Name = l.Code()
		fallthrough
	default:
		s.Text, s.Other = strings.TrimPrefix(w.Tell(l, ""), "* "), ""
		if l.Kind == chat.Nick || l.Kind == chat.Topic {
			s.Other = l.Text
		}
	}
	return s
}

// events answers GET events. The events are:
//
//	line      a shownLine; its ID is what the browser has received then
//	here      who is in the room, and its topic: []person and string
//	ready     all that there was to tell is told
//	beat      the stream lives
//	cut       the stream before was cut, as the browser did not read
//	replaced  another page has the session's stream
//	busy      another address has it
//	over      the membership is over: "left", "kicked", "resumed" or "closed"
//	gone      there is no such session: the page joins again, with its token
//
// After the last four the stream ends.
func (s *Site) events(w http.ResponseWriter, r *http.Request) {
	out := s.guard.Stream(w, r)
	if out == nil {
		return
	}
	defer out.Close()
	query := r.URL.Query()
	m := s.find(query.Get("session"))
	if m == nil {
		_ = out.Send(event("gone", nil)) // it comes back and asks again
		return
	}
	after := out.LastID()
	if after == "" {
		after = query.Get("after")
	}
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	st := &stream{m: m, words: tui.Words{Lang: language(r)}, wake: s.room.Log().Subscribe()}
	defer s.room.Log().Unsubscribe(st.wake)
	switch ok, elsewhere := m.attach(st, netblock.Of(from.Addr())); {
	case elsewhere:
		_ = out.Send(event("busy", nil))
		return
	case !ok:
		_ = out.Send(event("gone", nil))
		return
	}
	st.begin(s.room.Log(), after)
	m.detach(st, errors.Is(st.serve(out), errOver))
}

// errOver is why a stream ends whose member has read its last line.
var errOver = errors.New("the membership is over")

// serve sends the member's lines until the stream ends.
func (st *stream) serve(out *webguard.Stream) error {
	room := st.m.site.room
	if err := out.Send(event("here", here{st.m.site.persons(false), room.Topic()})); err != nil {
		return err
	}
	ready := false
	for {
		if st.replaced.Load() {
			_ = out.Send(event("replaced", nil))
			return nil
		}
		events, over := st.next(room.Log().Snapshot())
		if len(events) > 0 {
			if err := out.Send(events...); err != nil {
				return err
			}
			st.m.sent(st.at.private)
			continue
		}
		if over {
			why := map[chat.Removed]string{chat.RemovedKicked: "kicked", chat.RemovedResumed: "resumed", chat.RemovedClosed: "closed"}[st.m.in.Removed()]
			if why == "" {
				why = "left"
			}
			if err := out.Send(event("over", why)); err != nil {
				return err
			}
			return errOver
		}
		if !ready {
			ready = true
			if err := out.Send(event("ready", nil)); err != nil {
				return err
			}
		}
		if err := out.Wait(st.wake); err != nil {
			return err
		}
	}
}

func event(name string, v any) webguard.Event {
	b, err := json.Marshal(v)
	if err != nil { // what is sent can be
		panic(err)
	}
	return webguard.Event{Name: name, Data: b}
}

// begin finds where the browser goes on. One that has received nothing yet, or has
// lost it, is told the room's last lines.
func (st *stream) begin(log *chat.Log, after string) {
	defer func() { st.read.Store(st.pos) }()
	at, err := parsePosition(after)
	if err != nil {
		pos, first := log.History()
		st.pos, st.at = pos, position{seq: first - 1}
		st.at.private = st.m.firstPrivate()
		return
	}
	s := log.Snapshot()
	at.seq = min(at.seq, s.Seq)
	st.at = at
	pos, ok := s.Find(at.seq + 1)
	if st.pos = pos; !ok {
		st.skip(s)
	}
	st.m.received(at.private)
}

// skip goes on at the first line that is kept.
func (st *stream) skip(s chat.Snapshot) {
	st.missed += s.FirstSeq() - 1 - st.at.seq
	st.pos, st.at.seq = s.Oldest(), s.FirstSeq()-1
}

// parsePosition reads the form of position.String.
func parsePosition(s string) (p position, err error) {
	seq, private, ok := strings.Cut(s, "-")
	if !ok {
		return p, fmt.Errorf("position %.40q: want SEQ-NUMBER", s)
	}
	if p.seq, err = strconv.ParseUint(seq, 10, 64); err == nil {
		p.private, err = strconv.ParseUint(private, 10, 64)
	}
	return p, err
}

// next returns the next events, none if there are none now. over says that none will
// follow.
func (st *stream) next(s chat.Snapshot) (events []webguard.Event, over bool) {
	m := st.m
	m.mu.Lock()
	defer m.mu.Unlock()
	size := 0
	tell := func(l chat.Line) {
		size += l.Size()
		e := event("line", show(st.words, l))
		e.ID = st.at.String()
		events = append(events, e)
	}
	for size < maxBatch {
		if gap := st.missed + m.dropped; gap > 0 {
			tell(chat.Line{Seq: st.at.seq, Time: time.Now(), Kind: chat.Gap, Text: strconv.FormatUint(gap, 10)})
			st.missed, m.dropped = 0, 0
		}
		limit := m.stop
		if p := m.after(st.at.private); p != nil {
			if p.at <= st.pos {
				st.at.private = p.number
				tell(p.line)
				continue
			}
			limit = min(limit, p.at)
		}
		b, kept := s.From(st.pos, limit)
		if !kept {
			st.skip(s)
			continue
		}
		if len(b) == 0 {
			over = m.over && st.pos >= m.stop && len(events) == 0
			break
		}
		for len(b) > 0 && size < maxBatch {
			l, n := chat.CutLine(b)
			b, st.pos, st.at.seq = b[n:], st.pos+uint64(n), l.Seq
			if !m.in.Ignores(l) {
				tell(l)
			}
		}
	}
	st.read.Store(st.pos)
	return events, over
}

// after returns the first private line with a higher number; nil if there is none. The
// member is locked.
func (m *member) after(number uint64) *privateLine {
	for i := range m.private {
		if m.private[i].number > number {
			return &m.private[i]
		}
	}
	return nil
}

// firstPrivate returns the number before the first private line that is kept.
func (m *member) firstPrivate() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.private) > 0 {
		return m.private[0].number - 1
	}
	return m.last
}

// sent records that the private lines up to a number were sent.
func (m *member) sent(number uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.private {
		m.private[i].sent = m.private[i].sent || m.private[i].number <= number
	}
}

// received forgets the private lines up to a number: the browser has them.
func (m *member) received(number uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.private) > 0 && m.private[0].number <= min(number, m.last) {
		m.drop()
	}
}
