package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/script"
	"wirelab/lab/trace"
)

// What is kept: the latest captures, as far as they fit.
const (
	mostCaptures = 12
	mostPackets  = 8 << 20   // of all together
	mostUpload   = 128 << 20 // bytes of a file
	mostUploads  = 2         // at a time
)

// add keeps a capture, in place of old ones that have ended.
func (s *Server) add(c *capture) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return i18n.Errmsg("web.closing")
	}
	s.captures = append(s.captures, c)
	held := 0
	for i, old := range slices.Backward(s.captures) {
		held += old.length()
		if (len(s.captures)-i > mostCaptures || held > mostPackets) && old != c && old.ended() {
			s.captures = slices.Delete(s.captures, i, i+1)
		}
	}
	s.signal()
	return nil
}

// signal wakes who waits for a change of the list. The caller holds mu.
func (s *Server) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// announce tells who waits that a capture has ended.
func (s *Server) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signal()
}

func (c *capture) length() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.packets
}

func (c *capture) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state != running
}

// active returns a capture that has not ended and is what is asked for, nil for none.
func (s *Server) active(is func(*capture) bool) *capture {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.captures {
		if is(c) && !c.ended() {
			return c
		}
	}
	return nil
}

// run runs an experiment. One at a time: two on one machine would be in each other's way.
func (s *Server) run(w http.ResponseWriter, r *http.Request) {
	e := s.experiment(r.FormValue("experiment"))
	switch {
	case s.config.Run == nil:
		refuse(w, r, http.StatusNotImplemented, s.config.NoRun)
		return
	case e == nil:
		refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.unknown", "Experiment", r.FormValue("experiment")))
		return
	case !e.Runs():
		refuse(w, r, http.StatusBadRequest, i18n.Errmsg("web.norun", "Experiment", e.Name))
		return
	}
	s.starting.Lock()
	defer s.starting.Unlock()
	if other := s.active(func(c *capture) bool { return c.kind == ofRun }); other != nil {
		refuse(w, r, http.StatusConflict, i18n.Errmsg("web.busy", "Experiment", other.experiment.Name))
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := newCapture(ofRun, e.Name, e, cancel)
	if err := s.add(c); err != nil {
		cancel()
		refuse(w, r, http.StatusServiceUnavailable, err)
		return
	}
	s.running.Go(func() {
		defer cancel()
		observe, stop := script.WithPackets(e, c.observe)
		_, err := s.config.Run(ctx, e, observe)
		stop()
		c.end(endOf(ctx, err))
		s.announce()
	})
	answer(w, struct {
		ID string `json:"id"`
	}{c.id})
}

// endOf is how something ended.
func endOf(ctx context.Context, err error) (state, error) {
	switch {
	case ctx.Err() != nil:
		return stopped, nil
	case errors.Is(err, errAnew):
		return done, err
	case err != nil:
		return failed, err
	}
	return done, nil
}

// watch captures a lab that is up; who asks for one that is watched already is shown that.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	if s.config.Labs == nil {
		refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.nolabs"))
		return
	}
	name := r.FormValue("lab")
	s.starting.Lock()
	defer s.starting.Unlock()
	c := s.active(func(c *capture) bool { return c.kind == ofLab && c.name == name })
	if c == nil {
		ctx, cancel := context.WithCancel(context.Background())
		watched, err := s.config.Labs.Watch(r.Context(), name)
		if err != nil {
			cancel()
			refuse(w, r, http.StatusBadGateway, err)
			return
		}
		c = newCapture(ofLab, name, nil, cancel)
		c.source, c.topology = watched.Source, watched.Topology
		if err := s.add(c); err != nil {
			cancel()
			refuse(w, r, http.StatusServiceUnavailable, errors.Join(err, watched.Leave()))
			return
		}
		s.running.Go(func() {
			defer cancel()
			c.end(endOf(ctx, errors.Join(c.follow(ctx, watched), watched.Leave())))
			s.announce()
		})
	}
	answer(w, struct {
		ID string `json:"id"`
	}{c.id})
}

// follow counts the packets of a lab until it ends.
func (c *capture) follow(ctx context.Context, l *Watched) error {
	var found *ends
	if len(l.Topology.Hosts) == 0 {
		found = &ends{}
	}
	for {
		changed, packets := l.Changed(), 0
		var hosts []string
		l.View(func(r *trace.Recording) {
			packets = r.Len()
			if found != nil {
				hosts = found.of(r)
			}
		})
		c.grow(packets, hosts)
		select {
		case <-changed:
		case <-l.Ended():
			return l.EndedBy()
		case <-ctx.Done():
			return nil
		}
	}
}

// check takes a capture file, and judges it by an experiment where one is named.
func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	if !s.beginUpload() {
		refuse(w, r, http.StatusTooManyRequests, i18n.Errmsg("web.uploads"))
		return
	}
	defer s.endUpload()
	query := r.URL.Query()
	var e *script.Experiment
	recording := trace.New(trace.Hosts{})
	if name := query.Get("experiment"); name != "" {
		if e = s.experiment(name); e == nil {
			refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.unknown", "Experiment", name))
			return
		}
		names, err := s.config.Names(query["host"], e.Topology.Hosts)
		if err != nil {
			refuse(w, r, http.StatusBadRequest, err)
			return
		}
		recording = e.NewRecording(names)
	}
	recording.SpoolTo(lab.Spool)
	body := &limited{reader: http.MaxBytesReader(w, r.Body, mostUpload)}
	err := recording.Load(body, nil)
	switch {
	case body.large:
		refuse(w, r, http.StatusRequestEntityTooLarge, i18n.Errmsg("web.large", "Limit", mostUpload>>20))
		return
	case r.Context().Err() != nil: // who sent it has gone
		return
	case err != nil:
		refuse(w, r, http.StatusBadRequest, i18n.Errmsg("web.nocapture", "Cause", err))
		return
	}
	c := newCapture(ofFile, query.Get("name"), e, func() {})
	if e != nil {
		c.hold(script.Check(e, recording))
		c.events = append(c.events, script.Event{Kind: script.Done, Verdicts: c.outcome.Verdicts})
	} else {
		c.recording, c.packets = recording, recording.Len()
		c.topology = lab.Topology{Hosts: new(ends).of(recording)}
	}
	c.state, c.err = done, recording.Damage
	if c.err != nil {
		c.err = i18n.Errmsg("web.damaged", "Cause", c.err)
	}
	if err := s.add(c); err != nil {
		refuse(w, r, http.StatusServiceUnavailable, err)
		return
	}
	answer(w, struct {
		ID string `json:"id"`
		// Nameless are the addresses that have no name yet, where a verdict may need one.
		Nameless []string `json:"nameless"`
	}{c.id, recording.Nameless()})
}

// limited remembers that a body was longer than it may be: to who reads the file that is
// damage as any other.
type limited struct {
	reader io.Reader
	large  bool
}

// Read implements io.Reader.
func (l *limited) Read(b []byte) (int, error) {
	n, err := l.reader.Read(b)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		l.large = true
	}
	return n, err
}

func (s *Server) beginUpload() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loading >= mostUploads {
		return false
	}
	s.loading++
	return true
}

func (s *Server) endUpload() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loading--
}

// stop ends what runs, or what is watched.
func (s *Server) stop(w http.ResponseWriter, _ *http.Request, c *capture) {
	c.cancel()
	answer(w, struct{}{})
}

// mode makes a segment of a lab a hub or a switch.
func (s *Server) mode(w http.ResponseWriter, r *http.Request) {
	mode, err := lab.ParseMode(r.FormValue("mode"))
	switch {
	case err != nil:
		refuse(w, r, http.StatusBadRequest, err)
		return
	case s.config.Labs == nil:
		refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.nolabs"))
		return
	}
	if err := s.config.Labs.SetMode(r.Context(), r.FormValue("lab"), r.FormValue("segment"), mode); err != nil {
		refuse(w, r, http.StatusBadGateway, err)
		return
	}
	s.announce()
	answer(w, struct{}{})
}
