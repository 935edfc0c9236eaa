package webguard

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

// refusal is why a request is refused.
type refusal struct {
	status int
	reason string       // for the log
	text   i18n.Message // what its sender reads
}

var (
	refusedHost    = &refusal{http.StatusMisdirectedRequest, "host", i18n.Msg("web.refused.host")}
	refusedRemote  = &refusal{http.StatusForbidden, "not from this machine", i18n.Msg("web.refused.remote")}
	refusedToken   = &refusal{http.StatusForbidden, "no token", i18n.Msg("web.refused.token")}
	refusedOrigin  = &refusal{http.StatusForbidden, "another site's page", i18n.Msg("web.refused.origin")}
	refusedOften   = &refusal{http.StatusTooManyRequests, "too many requests", i18n.Msg("web.refused.often")}
	refusedStreams = &refusal{http.StatusServiceUnavailable, "too many streams", i18n.Msg("web.refused.streams")}
)

// refuse answers a request that is refused. The connection ends with it: its body is
// not read.
func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	g.refused.add(r, why)
	h := w.Header()
	h.Set("Connection", "close")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if why.status == http.StatusTooManyRequests || why.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2")
	}
	w.WriteHeader(why.status)
	_, _ = w.Write([]byte(why.text.In(lang.Accepted(r.Header.Get("Accept-Language"))) + "\n"))
}

const (
	refusalsTold = 10          // that are logged one by one
	refusalsFor  = time.Minute // after which the others are summed up, and it begins anew
)

// refusals logs who is refused: the first ones, then how many more there were. A flood
// fills no log.
type refusals struct {
	log *slog.Logger

	mu         sync.Mutex
	since      time.Time
	told, more int
}

func (f *refusals) add(r *http.Request, why *refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.since) > refusalsFor {
		if f.more > 0 {
			f.log.Warn("refused", "more", f.more)
		}
		f.since, f.told, f.more = now, 0, 0
	}
	if f.told == refusalsTold {
		f.more++
		return
	}
	f.told++
	f.log.Warn("refused", "address", r.RemoteAddr, "reason", why.reason, "host", brief(r.Host), "origin", brief(r.Header.Get("Origin")))
}

// brief is what a log repeats of a header.
func brief(s string) string { return safetext.Escape(s[:min(len(s), 100)]) }
