package webguard

import (
	"crypto/rand"
	"crypto/subtle"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
)

// Token admits whoever has it.
type Token struct {
	Value string // NewToken makes one
	Role  string // what Role returns for a request with it
	Path  string // the folder, "/chat/", that it admits to, and to nothing else; "" is all
}

// admits reports whether the token admits to a path; each does to the icon, for which
// browsers ask by themselves. No token admits to nothing.
func (t *Token) admits(to string) bool {
	return t != nil && (strings.HasPrefix(path.Clean("/"+to)+"/", t.Path) || to == "/favicon.ico")
}

// over reports whether the token admits to more than another, which may be nil.
func (t *Token) over(other *Token) bool {
	rank := func(t *Token) int {
		switch {
		case t == nil:
			return 0
		case t.Path != "":
			return 1
		case t.Role == "":
			return 2
		}
		return 3
	}
	return rank(t) > rank(other)
}

// NewToken returns a random token of 128 bits or more, of letters and digits.
func NewToken() string { return rand.Text() }

// parameter is where a link has its token.
const parameter = "token"

// Link returns a link to a path of the server at an address (HOST:PORT) with a token,
// which may be empty.
func Link(address, path, token string) string {
	u := url.URL{Scheme: "http", Host: address, Path: path}
	if token != "" {
		u.RawQuery = url.Values{parameter: {token}}.Encode()
	}
	return u.String()
}

// Role returns the role of the token of a request that was admitted; empty for a
// request without one. Config.ProxyRoles has it believe a proxy.
func (g *Guard) Role(r *http.Request) string {
	if t := g.token(r); t != nil && t.Role != "" {
		return t.Role
	}
	if g.config.ProxyRoles && proxied(r) {
		return r.Header.Get(roleHeader)
	}
	return ""
}

// cookieName returns the name of the server's cookie. Ports share cookies: two servers
// of one machine have one each.
func cookieName(r *http.Request) string {
	name := "wirelab"
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(at.String()); err == nil {
			name += "-" + port
		}
	}
	return name
}

// token returns the token of a request, by its link or its cookie: that which admits to
// more. It is nil if none is valid.
func (g *Guard) token(r *http.Request) *Token {
	best := g.find(r.URL.Query().Get(parameter))
	for _, c := range r.CookiesNamed(cookieName(r)) {
		if t := g.find(c.Value); t.over(best) {
			best = t
		}
	}
	return best
}

func (g *Guard) find(value string) (found *Token) {
	for i, t := range g.config.Tokens {
		if subtle.ConstantTimeCompare([]byte(t.Value), []byte(value)) == 1 && value != "" {
			found = &g.config.Tokens[i]
		}
	}
	return found
}

// enter gives a browser the cookie, and leads one that came by a link with a token to
// the same place without it: a link that is shown, kept or sent on has none. It
// reports whether the request is answered.
//
// A page leads on, not a redirect: where a link was followed from another site, a
// redirect's request has no SameSite=Strict cookie yet.
func (g *Guard) enter(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	query := r.URL.Query()
	byLink := g.find(query.Get(parameter))
	value := g.cookie
	switch {
	case byLink != nil: // who could do more keeps that
		value = g.token(r).Value
	case g.needsToken || g.hasCookie(r):
		return false
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	if byLink == nil {
		return false
	}
	query.Del(parameter)
	// Relative, as a proxy may have the page at another path. It begins with a dot: what
	// begins with "//host" would be another server.
	to := url.URL{Path: "./" + r.URL.Path[strings.LastIndexAny(r.URL.Path, `/\`)+1:], RawQuery: query.Encode()}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = leadOn().Execute(w, to.String()) // a reader who has gone misses it
	return true
}

// leadOn is made when it is asked for: every command has this package.
var leadOn = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={{.}}"><title>wirelab</title><a href="{{.}}">wirelab</a>
`))
})

// hasCookie reports whether a request has the cookie that the guard gives: a page of
// another site cannot send it (SameSite=Strict).
func (g *Guard) hasCookie(r *http.Request) bool {
	for _, c := range r.CookiesNamed(cookieName(r)) {
		if g.find(c.Value) != nil || subtle.ConstantTimeCompare([]byte(c.Value), []byte(g.cookie)) == 1 {
			return true
		}
	}
	return false
}
