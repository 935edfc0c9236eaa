package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"rsc.io/qr"

	"wirelab/internal/webguard"
)

// Teacher is the role, of a guard's token, that may mute and kick in the chat, as the
// chat's own page calls it.
const Teacher = "teacher"

// chatLink returns the link by which a phone reaches the chat's page: at the address by
// which the reader has reached this one, unless that is this machine's own loopback. It is
// "" where there is no chat, or a phone reaches nothing.
func (s *Server) chatLink(r *http.Request) string {
	if s.config.Chat == nil || s.config.PhoneToken == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.Trim(r.Host, "[]"), "80"
	}
	a, err := netip.ParseAddr(host)
	if host == "localhost" || err == nil && a.IsLoopback() {
		if !s.config.Address.IsValid() || s.config.Address.Addr().IsLoopback() {
			return ""
		}
		return webguard.Link(s.config.Address.String(), "/chat/", s.config.PhoneToken)
	}
	return webguard.Link(net.JoinHostPort(host, port), "/chat/", s.config.PhoneToken)
}

// quiet is how many modules are blank around a code (ISO/IEC 18004).
const quiet = 4

// code answers with the chat's link as a QR code: a picture, which no script reads.
func (s *Server) code(w http.ResponseWriter, r *http.Request) {
	link := s.chatLink(r)
	if link == "" {
		refuse(w, r, http.StatusNotFound, s.config.NoPhones)
		return
	}
	c, err := qr.Encode(link, qr.L)
	if err != nil {
		refuse(w, r, http.StatusInternalServerError, err)
		return
	}
	var dark strings.Builder
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				fmt.Fprintf(&dark, "M%d,%dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	size := c.Size + 2*quiet
	_, _ = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0,0h%dv%dH0z"/><path d="%s"/></svg>`,
		size, size, size, size, &dark) // who asked may have gone
}
