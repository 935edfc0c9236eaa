package dialect

import (
	"bytes"
	"fmt"
	"strings"

	"wirelab/chat"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/pattern"
)

// Protocol is what someone speaks who is no client of a chat: a browser, a scanner,
// a web page that posts to the port. It is recognized before it could be taken for a
// name, and what it sends is not said.
type Protocol struct {
	Name   string
	answer string // a format of the sentence that says so
}

var (
	http   = &Protocol{"HTTP", "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\n"}
	irc    = &Protocol{"IRC", "ERROR :%s\r\n"}
	smtp   = &Protocol{"SMTP", "554 %s\r\n"}
	ssh    = &Protocol{"SSH", "%s\r\n"}
	tls    = &Protocol{"TLS", "%s\n"}
	binary = &Protocol{"a binary protocol", "%s\n"}
	newer  = &Protocol{"another version of its protocol", ""}
)

// firstWords begin the first line of a protocol, which a blank or the end of the line
// follows.
var firstWords = map[string]*Protocol{
	"GET": http, "HEAD": http, "POST": http, "PUT": http, "DELETE": http, "CONNECT": http, "OPTIONS": http, "TRACE": http, "PATCH": http, "PRI": http,
	"CAP": irc, "NICK": irc, "USER": irc, "PASS": irc, "JOIN": irc,
	"EHLO": smtp, "HELO": smtp, "MAIL": smtp,
}

// requestLine is that of any method (RFC 9112, section 3), and of RTSP and SIP.
var requestLine = pattern.New(`^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+ \S+ (HTTP|RTSP|SIP)/[0-9]`)

// Foreign returns the protocol whose first bytes these are; nil if they may be those
// of a chat's client.
func Foreign(b []byte) *Protocol {
	switch {
	case len(b) == 0:
		return nil
	case bytes.HasPrefix(b, []byte{0x16, 0x03}):
		return tls
	case isBinary(b):
		return binary
	case bytes.HasPrefix(b, []byte("SSH-")):
		return ssh
	case bytes.HasPrefix(b, []byte("CHAT/")) && !strings.HasPrefix(chat.Greeting, string(b[:min(len(b), len(chat.Greeting))])):
		return newer
	case requestLine().Match(b):
		return http
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	word, _, more := bytes.Cut(bytes.TrimSuffix(line, []byte("\r")), []byte(" "))
	if p := firstWords[string(word)]; more || whole && p == smtp {
		return p
	}
	return nil
}

// AsksForPage reports whether the first bytes of HTTP are a request that a browser makes
// of a page and its parts.
func AsksForPage(b []byte) bool {
	word, _, _ := bytes.Cut(b, []byte(" "))
	switch string(word) {
	case "GET", "HEAD", "POST":
		return Foreign(b) == http
	}
	return false
}

// NoPage returns what a browser is told that is refused, where others have a page: in its
// reader's language, as far as the request, of which some is read, says it by then; for a
// while only, if that is so.
func NoPage(request []byte, cause error, temporarily bool) string {
	status := "403 Forbidden"
	if temporarily {
		status = "503 Service Unavailable\r\nRetry-After: 5"
	}
	return fmt.Sprintf("HTTP/1.1 "+status+"\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\r\n%s\n", i18n.Explain(accepted(request), cause))
}

// accepted returns the language that the header of an HTTP request prefers.
func accepted(request []byte) lang.Lang {
	for line := range bytes.Lines(request) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("accept-language")):
			return lang.Accepted(string(bytes.TrimSpace(value)))
		case len(bytes.TrimSpace(line)) == 0: // the header's end
			return lang.English
		}
	}
	return lang.English
}

// isBinary reports whether no keyboard sends such bytes: a first one that is a
// control character, but for those that edit a line, or a NUL that ends no line of
// telnet (RFC 854).
func isBinary(b []byte) bool {
	if b[0] < ' ' && !bytes.ContainsRune([]byte("\b\t\n\r\x1b"), rune(b[0])) {
		return true
	}
	return bytes.Count(b, []byte{0}) > bytes.Count(b, []byte("\r\x00"))
}

// Error is what someone is told who speaks the protocol.
func (p *Protocol) Error() error {
	return &chat.MessageError{Message: i18n.Msg("chat.refused.foreign", "Protocol", p.Name)}
}

// Answer returns that in the protocol's own form; empty for that of a client of ours.
func (p *Protocol) Answer() string {
	if p.answer == "" {
		return ""
	}
	return fmt.Sprintf(p.answer, p.Error())
}
