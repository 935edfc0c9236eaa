package webguard

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

// forwarded is the header in which a proxy says for whom it asks.
const forwarded = "X-Forwarded-For"

// roleHeader is the header in which a proxy says which role who asks has.
const roleHeader = "X-Wirelab-Role"

// proxied reports whether a request came over a Unix socket. Who may open that socket is a
// matter of its place: the Guard at its other end has admitted whoever asks.
func proxied(r *http.Request) bool {
	_, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return unix
}

// unmask gives a request by a proxy the address of who asks.
func unmask(r *http.Request) {
	if a, err := netip.ParseAddr(r.Header.Get(forwarded)); err == nil {
		r.RemoteAddr = netip.AddrPortFrom(a, 0).String()
	}
}

// Proxy returns a handler that passes requests, which a Guard has admitted, to another
// Guard. dial connects to the Unix socket of that one. Streams pass as they come, for as
// long as their reader reads. Where nobody answers, it says absent.
func (g *Guard) Proxy(dial func(context.Context) (net.Conn, error), absent i18n.Message) http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{
			DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableCompression:    true,
			ResponseHeaderTimeout: bodyTimeout,
			IdleConnTimeout:       idleTimeout / 2, // before the other end closes it
		},
		Rewrite: func(p *httputil.ProxyRequest) {
			// The Host stays: the other Guard compares it with the Origin.
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "proxied"
			p.Out.Header.Set(forwarded, remote(p.In).String())
			p.Out.Header.Set(roleHeader, g.Role(p.In)) // whatever who asks says of itself
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				return
			}
			g.log.Warn("proxy", "error", err)
			setHeaders(w.Header())
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = w.Write([]byte(absent.In(lang.Accepted(r.Header.Get("Accept-Language"))) + "\n"))
		},
		ErrorLog: slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		go func() {
			select {
			case <-g.over:
				cancel()
			case <-ctx.Done():
			}
		}()
		// The other Guard says the same of its answer, and would say it a second time.
		cookies := w.Header()["Set-Cookie"]
		clear(w.Header())
		if cookies != nil {
			w.Header()["Set-Cookie"] = cookies
		}
		proxy.ServeHTTP(&passing{w, http.NewResponseController(w)}, r.WithContext(ctx))
	})
}

// passing gives the reader of what is passed as long for each part as a Stream does: the
// deadline of an answer as a whole would end a stream.
type passing struct {
	http.ResponseWriter
	rc *http.ResponseController
}

// Write implements http.ResponseWriter.
func (p *passing) Write(b []byte) (int, error) {
	_ = p.rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // a recorder in a test has none
	return p.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (p *passing) Unwrap() http.ResponseWriter { return p.ResponseWriter }
