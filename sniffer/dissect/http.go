package dissect

import (
	"bytes"
	"strconv"
	"strings"

	"wirelab/sniffer"
)

// HTTP is the first line of a request or response (RFC 9112, sections 3 and 4).
type HTTP struct {
	Method     string `json:"method,omitempty"`
	Target     string `json:"target,omitempty"`
	Version    string `json:"version,omitempty"`
	Status     int    `json:"status,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Incomplete bool   `json:"incomplete,omitempty"`
}

const maxMethod = 20 // bytes; IANA's longest is UPDATEREDIRECTREF

func readHTTP(p *sniffer.Packet) *Message {
	b := p.Payload
	if b[0] < 'A' || b[0] > 'Z' { // most segments are no beginning
		return nil
	}
	end := bytes.IndexByte(b[:min(len(b), maxText)], '\n')
	h := &HTTP{Incomplete: end < 0}
	if h.Incomplete {
		end = min(len(b), maxText)
	}
	line := string(bytes.TrimSuffix(b[:end], []byte("\r")))
	before, after, _ := strings.Cut(line, " ")
	if strings.HasPrefix(before, "HTTP/1.") {
		if len(before) != len("HTTP/1.1") {
			return nil
		}
		h.Version = text([]byte(before))
		status, reason, _ := strings.Cut(after, " ")
		n, err := strconv.ParseUint(status, 10, 16)
		if len(status) != 3 || err != nil {
			return nil
		}
		h.Status, h.Reason = int(n), text([]byte(reason))
	} else {
		if len(before) > maxMethod || strings.Trim(before, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
			return nil
		}
		target, version := after, ""
		if i := strings.LastIndex(after, " "); i >= 0 && !h.Incomplete {
			target, version = after[:i], after[i+1:]
		}
		if h.Incomplete {
			// The rest is in a later segment, or was not captured.
			if !httpMethods[before] || !strings.HasPrefix(after, "/") {
				return nil
			}
		} else if !strings.HasPrefix(version, "HTTP/1.") || len(version) != len("HTTP/1.1") {
			return nil
		}
		h.Method, h.Target, h.Version = before, text([]byte(target)), text([]byte(version))
	}
	m := &Message{Protocol: "http", Object: h, Incomplete: h.Incomplete, Offset: p.PayloadOffset, Length: end}
	m.say("", word(text([]byte(line))))
	return m
}

// httpMethods are those of RFC 9110 and RFC 5789.
var httpMethods = map[string]bool{
	"GET": true, "HEAD": true, "POST": true, "PUT": true, "DELETE": true, "CONNECT": true, "OPTIONS": true, "TRACE": true, "PATCH": true,
}
