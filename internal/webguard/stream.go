package webguard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	heartbeat   = 15 * time.Second // between two signs of life
	sendTimeout = 20 * time.Second // for a reader to take what it is sent
	maxLastID   = 256              // bytes of a Last-Event-ID
	maxCuts     = 1024             // streams whose cuts are remembered
)

// The errors of a stream.
var (
	ErrSlow    = errors.New("the reader does not read")
	ErrClosing = errors.New("the server is closing")
	ErrGone    = errors.New("the reader has gone")
)

// Event is one of Server-Sent Events (HTML Standard, section 9.2).
type Event struct {
	ID   string // what a browser that comes back sends as Last-Event-ID; may be empty
	Name string // the event's type; empty is "message"
	Data []byte
}

// Stream is an open stream of events. It keeps nothing: its owner keeps a position in
// what there is to tell, sends from there and waits for more. Its methods are for the
// handler's goroutine.
type Stream struct {
	g    *Guard
	w    http.ResponseWriter
	rc   *http.ResponseController
	r    *http.Request
	end  func()
	last string
	buf  bytes.Buffer
}

// Stream begins a stream of events in answer to a request, and returns nil if it has
// refused it: to a page of another site, or because there are too many. Its owner
// closes it.
//
// A reader that did not read, and was cut for that, is sent the event "cut" with the
// data "slow" when it asks for the same URL again, so a page that puts a random word
// into it knows why its stream had ended.
func (g *Guard) Stream(w http.ResponseWriter, r *http.Request) *Stream {
	if !fromHere(r) && (len(r.Header.Values("Origin"))+len(r.Header.Values("Sec-Fetch-Site")) > 0 || !g.hasCookie(r)) {
		g.refuse(w, r, refusedOrigin)
		return nil
	}
	end, why := g.begin(remote(r))
	if why != nil {
		g.refuse(w, r, why)
		return nil
	}
	s := &Stream{g: g, w: w, rc: http.NewResponseController(w), r: r, end: end, last: r.Header.Get("Last-Event-ID")}
	if len(s.last) > maxLastID {
		s.last = ""
	}
	_ = s.rc.SetReadDeadline(time.Time{}) // a recorder in a test has none
	w.Header().Set("Content-Type", "text/event-stream")
	s.buf.WriteString("retry: 1000\n\n")
	if why := g.takeCut(s.key()); why != "" {
		Event{Name: "cut", Data: []byte(why)}.write(&s.buf)
	}
	return s
}

// LastID returns the ID of the last event that the browser has received; empty if it
// is new.
func (s *Stream) LastID() string { return s.last }

// Send sends events, and what waits. It returns ErrSlow if the reader does not take
// them within 20 s, and ErrGone if it has gone. The events of one call should have
// less than about 64 KiB.
func (s *Stream) Send(events ...Event) error {
	for _, e := range events {
		e.write(&s.buf)
	}
	_ = s.rc.SetWriteDeadline(time.Now().Add(sendTimeout))
	_, err := s.buf.WriteTo(s.w)
	if err == nil {
		err = s.rc.Flush()
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.g.log.Warn("stream cut", "address", s.r.RemoteAddr, "reason", "slow")
		s.g.keepCut(s.key(), "slow")
		return ErrSlow
	}
	return fmt.Errorf("%w: %w", ErrGone, err)
}

// Wait waits until wake has a token. Every 15 s it sends the event "beat", by which a
// page knows that the stream lives. It returns ErrGone, ErrSlow, or ErrClosing when
// the guard was closed.
func (s *Stream) Wait(wake <-chan struct{}) error {
	if s.buf.Len() > 0 { // nothing was sent yet
		if err := s.Send(); err != nil {
			return err
		}
	}
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-s.g.over:
			return ErrClosing
		case <-s.r.Context().Done():
			return ErrGone
		case <-wake:
			return nil
		case <-beat.C:
			if err := s.Send(Event{Name: "beat", Data: []byte("1")}); err != nil {
				return err
			}
			beat.Reset(heartbeat)
		}
	}
}

// Close ends the stream. A browser comes back, unless its page was told not to.
func (s *Stream) Close() { s.end() }

// key tells streams apart: by address and URL.
func (s *Stream) key() string { return block(s.r).String() + " " + s.r.URL.RequestURI() }

func (g *Guard) keepCut(key, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.cuts) >= maxCuts {
		clear(g.cuts)
	}
	g.cuts[key] = why
}

func (g *Guard) takeCut(key string) (why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	why = g.cuts[key]
	delete(g.cuts, key)
	return why
}

// newlines are what ends a line of an event stream.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// write writes the event. IDs and names with a line's end or a NUL, which no program
// of ours makes, lose what follows it.
func (e Event) write(out *bytes.Buffer) {
	field := func(name, value string) {
		if i := strings.IndexAny(value, "\r\n\x00"); i >= 0 {
			value = value[:i]
		}
		if value != "" {
			io.WriteString(out, name+": "+value+"\n")
		}
	}
	field("id", e.ID)
	field("event", e.Name)
	for line := range strings.SplitSeq(newlines.Replace(string(e.Data)), "\n") {
		io.WriteString(out, "data: "+line+"\n")
	}
	out.WriteByte('\n')
}
