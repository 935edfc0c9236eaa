// Package webguard is what stands before every page that wirelab serves: an HTTP
// server on a person's own machine is reached by every web page that the person
// visits, and, beyond loopback, by everybody on the network. A Guard checks each
// request before its handler sees it:
//
//   - The Host header is an IP address, localhost or a name that was configured, so
//     that no other site's name leads here (DNS rebinding).
//   - A change (any method but GET and HEAD) and a stream of events come from a page
//     of this server: by Origin and Sec-Fetch-Site (W3C Fetch Metadata), or, where an
//     older browser sends neither with a stream, by a SameSite=Strict cookie.
//   - Where the server is not for its own machine alone, the request has a token: in the
//     link once, then in an HttpOnly, SameSite=Strict cookie.
//   - A request over a Unix socket comes from a proxy (Proxy) whose Guard has checked
//     these, and says for whom it asks, and in which role where that is to be believed;
//     only its Origin is checked again.
//   - Requests, connections, streams, sizes and times are limited, for each address
//     (an IPv6 /64 is one) and in all.
//
// Every response forbids what is not from this server (Content-Security-Policy).
// The package knows neither chat nor lab.
package webguard

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wirelab/internal/netblock"
)

// Config is what a Guard is to admit. The zero value admits what comes from this
// machine alone, without a token.
type Config struct {
	// Tokens admit whoever has one of them. If all of them have a role, whoever has none
	// is admitted, too, but only from this machine: the connection must be of a
	// loopback address at both ends.
	Tokens []Token
	// Hosts are names, beside IP addresses and localhost, by which the server is
	// reached. Where a token is not needed, only loopback addresses and localhost are.
	Hosts []string
	// ProxyRoles has Role believe what a proxy on a Unix socket says in X-Wirelab-Role.
	// The proxy is to set that on every request, as Proxy does, or who asks could.
	ProxyRoles bool
	// Logger is told who is refused; nil discards.
	Logger *slog.Logger

	MaxBody int64            // bytes of a request's body; 0: 64 KiB
	Uploads map[string]int64 // paths whose bodies may have more bytes, and how many
	Limits  Limits
}

// Limits are what one address, an IPv6 /64 being one, and all of them may take. Zero
// values stand for what a class behind one address needs.
type Limits struct {
	Rate              float64 // requests a second of one address; 0: 100
	Burst             int     // requests at once of one address; 0: 400
	StreamsPerAddress int     // streams at once; 0: 64
	Streams           int     // streams at once of all addresses; 0: 1024
}

// Guard checks requests. Its methods may be called from several goroutines at once.
type Guard struct {
	config     Config
	log        *slog.Logger
	cookie     string // the value of the cookie of who needs no token
	needsToken bool
	over       chan struct{} // closed when streams are to end

	closing sync.Once
	refused refusals

	mu        sync.Mutex
	addresses map[netip.Prefix]*address
	streams   int
	sweep     int               // entries of addresses at which they are looked through
	cuts      map[string]string // why streams that may come back were cut
}

// New returns a guard. Close ends its streams.
func New(c Config) *Guard {
	c.MaxBody = cmp.Or(c.MaxBody, 64<<10)
	c.Limits.Rate = cmp.Or(c.Limits.Rate, 100)
	c.Limits.Burst = cmp.Or(c.Limits.Burst, 400)
	c.Limits.StreamsPerAddress = cmp.Or(c.Limits.StreamsPerAddress, 64)
	c.Limits.Streams = cmp.Or(c.Limits.Streams, 1024)
	g := &Guard{config: c, log: c.Logger, cookie: NewToken(), over: make(chan struct{}),
		addresses: map[netip.Prefix]*address{}, sweep: 1024, cuts: map[string]string{}}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.refused.log = g.log
	g.needsToken = slices.ContainsFunc(c.Tokens, func(t Token) bool { return t.Role == "" })
	return g
}

// Close ends every stream, and those that are opened later at once. It may be called
// more than once.
func (g *Guard) Close() { g.closing.Do(func() { close(g.over) }) }

// Protect returns a handler that passes to next what the guard admits, and refuses the
// rest with a sentence in the reader's language.
func (g *Guard) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer g.logPanic(r)
		setHeaders(w.Header())
		if proxied(r) {
			unmask(r)
		}
		rc, now := http.NewResponseController(w), time.Now()
		// A recorder in a test has no deadlines.
		_ = rc.SetReadDeadline(now.Add(bodyTimeout))
		_ = rc.SetWriteDeadline(now.Add(answerTimeout))
		if why := g.check(r); why != nil {
			g.refuse(w, r, why)
			return
		}
		if g.enter(w, r) {
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, max(g.config.MaxBody, g.config.Uploads[r.URL.Path]))
		next.ServeHTTP(w, r)
	})
}

// logPanic logs a panic of a handler, and passes it on: net/http ends the connection.
func (g *Guard) logPanic(r *http.Request) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		g.log.Error("panic", "method", r.Method, "path", brief(r.URL.Path), "panic", brief(fmt.Sprint(p)), "stack", string(debug.Stack()))
		panic(http.ErrAbortHandler) // it is logged once
	}
}

// check returns why a request is refused; nil if it is not.
func (g *Guard) check(r *http.Request) *refusal {
	if !g.allow(remote(r)) {
		return refusedOften
	}
	switch by := proxied(r); {
	case by: // whose Guard has seen to all of it
	case !g.hostAllowed(r):
		return refusedHost
	case !g.needsToken && !local(r):
		return refusedRemote
	case g.needsToken && !g.token(r).admits(r.URL.Path):
		return refusedToken
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if embedded(r) {
			return refusedOrigin
		}
	default:
		if !fromHere(r) {
			return refusedOrigin
		}
	}
	return nil
}

// embedded reports whether a page of another site asks for something to use in itself:
// a picture, a script, a frame. A link that is followed is none of these.
func embedded(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// remote returns the address that a request comes from; the zero Addr if it has none.
func remote(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr().Unmap()
}

// local reports whether both ends of a request's connection are of this machine.
func local(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	a, err := netip.ParseAddrPort(at.String())
	return err == nil && a.Addr().Unmap().IsLoopback() && remote(r).IsLoopback()
}

// hostAllowed reports whether the Host header names this server. An IP address is no
// name that somebody else could have given it.
func (g *Guard) hostAllowed(r *http.Request) bool {
	host := hostOf(r.Host)
	if host == "localhost" {
		return true
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback() || g.needsToken && !a.IsUnspecified()
	}
	return host != "" && slices.ContainsFunc(g.config.Hosts, func(name string) bool { return strings.EqualFold(name, host) })
}

// hostOf returns the host of a Host header without its port and brackets, in lower
// case; empty for a header that has not this form.
func hostOf(header string) string {
	host := header
	if h, port, err := net.SplitHostPort(header); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return ""
		}
		host = h
	} else {
		inner, ok := strings.CutPrefix(host, "[")
		if inner, closed := strings.CutSuffix(inner, "]"); ok && closed {
			host = inner
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// fromHere reports whether a browser says that a page of this server makes a request:
// by Origin (RFC 6454, section 7), Sec-Fetch-Site, or both. It is false where neither
// is said.
func fromHere(r *http.Request) bool {
	origin, site := r.Header.Values("Origin"), r.Header.Values("Sec-Fetch-Site")
	if len(origin)+len(site) == 0 || len(origin) > 1 || len(site) > 1 {
		return false
	}
	if len(site) == 1 && site[0] != "same-origin" {
		return false
	}
	return len(origin) == 0 || origin[0] == "http://"+r.Host
}

// block returns what counts as the address of a request.
func block(r *http.Request) netip.Prefix { return netblock.Of(remote(r)) }

// setHeaders sets what every response says.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store") // a handler may say otherwise
}

// policy lets a page load from this server alone, and run nothing that stands in the
// page itself; and no script makes markup of a text (Trusted Types).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
