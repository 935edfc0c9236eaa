package web

import (
	"context"
	"embed"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"wirelab/internal/i18n"
	"wirelab/internal/webguard"
	"wirelab/lab"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

//go:embed static
var static embed.FS

// Config says what a Server offers.
type Config struct {
	// Experiments are those that can be run, or that judge a capture.
	Experiments []*script.Experiment
	// Run carries an experiment out, as script.Run does; nil: none can be run here, and
	// NoRun says why.
	Run   func(ctx context.Context, e *script.Experiment, observe func(script.Event)) (*script.Outcome, error)
	NoRun error
	// Names reads NAME=ADDRESS pairs that say which host has which address, for an
	// experiment with these hosts.
	Names func(pairs, hosts []string) (sniffer.Names, error)
	// Labs are the labs that are up; nil: none can be watched.
	Labs Labs
	// Opened is the name of a lab that the page shows first, "" for none.
	Opened string
	// Chat connects to the Unix socket of a chat server (chat serve --web-proxy), whose
	// page is then at /chat/; nil: there is none.
	Chat func(ctx context.Context) (net.Conn, error)
	// Address is where other machines reach the page, the zero value where they do not or
	// it is not known; PhoneToken admits them to the chat, and had better admit to nothing
	// else. A code on the page leads phones there. NoPhones says how to have one, where
	// there is none.
	Address    netip.AddrPort
	PhoneToken string
	NoPhones   error
}

// Labs are labs that are up, by the names by which people call them. It is used by several
// goroutines.
type Labs interface {
	List(ctx context.Context) ([]Standing, error)
	// Watch begins to capture a lab.
	Watch(ctx context.Context, name string) (*Watched, error)
	// SetMode makes a segment a hub or a switch, all where it is "".
	SetMode(ctx context.Context, name, segment string, mode lab.Mode) error
}

// Watched is a lab that is captured.
type Watched struct {
	Source
	Topology lab.Topology // the zero value: who sends packets is there
	Leave    func() error // ends the capture and leaves the lab up
}

// Source is a recording that grows. A *lab.Lab is one. Its methods may be called from
// several goroutines at once.
type Source interface {
	// View calls do with what there is so far, which does not change meanwhile.
	View(do func(*trace.Recording))
	// Changed returns a channel that is closed at the next packet, or at the end.
	Changed() <-chan struct{}
	// Ended returns a channel that is closed when no packet will be added.
	Ended() <-chan struct{}
	// EndedBy returns, once it has Ended, why: nil where the lab has gone.
	EndedBy() error
}

// Standing is a lab that is up.
type Standing struct {
	Name     string            `json:"name"`
	Segments []StandingSegment `json:"segments"`
}

// StandingSegment is a segment of a lab that is up, and what it is now.
type StandingSegment struct {
	Name string   `json:"name"`
	Mode lab.Mode `json:"mode"` // "" where that is not known
}

// Server serves the page, once.
type Server struct {
	config   Config
	guard    *webguard.Guard
	running  sync.WaitGroup // what runs or is watched
	starting sync.Mutex     // of who begins something that may be there once alone

	mu       sync.Mutex
	captures []*capture // the newest last
	changed  chan struct{}
	closed   bool
	loading  int // uploads that are being read
}

// New returns a server that has run nothing yet.
func New(config Config) *Server { return &Server{config: config, changed: make(chan struct{})} }

// close ends what runs and what is watched, and returns when it has ended.
func (s *Server) close() {
	s.mu.Lock()
	s.closed = true
	for _, c := range s.captures {
		c.cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Serve serves the page on a listener, to whom the guard admits, until ctx ends. Then it
// closes all but what it was not asked to: labs that are up stay up.
func (s *Server) Serve(ctx context.Context, l net.Listener, c webguard.Config) error {
	c.Uploads = map[string]int64{uploads: mostUpload}
	s.guard = webguard.New(c)
	defer s.close()
	return s.guard.Serve(ctx, l, s.handler())
}

// handler returns what serves the page and all that it asks for.
func (s *Server) handler() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /c/{id}", s.page)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(files)))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /api/state", s.state)
	mux.HandleFunc("GET /api/labs", s.labs)
	mux.HandleFunc("POST /api/language", s.language)
	mux.HandleFunc("POST /api/run", s.run)
	mux.HandleFunc("POST "+uploads, s.check)
	mux.HandleFunc("POST /api/watch", s.watch)
	mux.HandleFunc("POST /api/mode", s.mode)
	if s.config.Chat != nil {
		mux.Handle("/chat/", http.StripPrefix("/chat", s.guard.Proxy(s.config.Chat, i18n.Msg("web.nochat"))))
		mux.HandleFunc("GET /api/chat.svg", s.code)
	}
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request, *capture){
		"GET /api/c/{id}":                s.info,
		"POST /api/c/{id}/stop":          s.stop,
		"GET /api/c/{id}/events":         s.events,
		"GET /api/c/{id}/rows":           s.rows,
		"GET /api/c/{id}/ladder":         s.ladder,
		"GET /api/c/{id}/place":          s.place,
		"GET /api/c/{id}/packet":         s.packet,
		"GET /api/c/{id}/follow":         s.follow,
		"GET /api/c/{id}/capture.pcapng": s.pcapng,
		"GET /api/c/{id}/ladder.svg":     s.picture,
		"GET /api/c/{id}/report.txt":     s.report,
		"GET /api/c/{id}/result.json":    s.result,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c := s.find(r.PathValue("id"))
			if c == nil {
				refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.gone"))
				return
			}
			handle(w, r, c)
		})
	}
	return mux
}

// uploads is where capture files are sent.
const uploads = "/api/check"

// find returns the capture of an id, nil for none.
func (s *Server) find(id string) *capture {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.captures {
		if c.id == id {
			return c
		}
	}
	return nil
}

// experiment returns the experiment of a name, nil for none.
func (s *Server) experiment(name string) *script.Experiment {
	for _, e := range s.config.Experiments {
		if e.Name == name {
			return e
		}
	}
	return nil
}
