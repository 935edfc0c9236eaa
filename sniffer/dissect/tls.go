package dissect

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"wirelab/sniffer"
)

// TLS is the handshake message that a connection's direction begins with: a
// ClientHello or a ServerHello (RFC 8446, section 4.1).
type TLS struct {
	RecordVersion     uint16   `json:"record_version"`
	Handshake         uint8    `json:"handshake"`
	HandshakeName     string   `json:"handshake_name"`
	LegacyVersion     uint16   `json:"legacy_version"`
	Version           string   `json:"version,omitempty"` // the highest that is offered, or the one chosen
	SupportedVersions []uint16 `json:"supported_versions,omitempty"`
	ServerName        string   `json:"server_name,omitempty"`
	ALPN              []string `json:"alpn,omitempty"`
	Incomplete        bool     `json:"incomplete,omitempty"`
}

// Numbers of RFC 8446 and RFC 7301.
const (
	tlsHandshake   = 22
	clientHello    = 1
	serverHello    = 2
	extServerName  = 0
	extALPN        = 16
	extVersions    = 43
	tlsVersionHigh = 3 // the upper byte of all versions
)

func readTLS(p *sniffer.Packet) *Message {
	b := p.Payload
	if len(b) < 11 || b[0] != tlsHandshake || b[1] != tlsVersionHigh || b[9] != tlsVersionHigh {
		return nil
	}
	t := &TLS{RecordVersion: uint16(b[1])<<8 | uint16(b[2]), Handshake: b[5], LegacyVersion: uint16(b[9])<<8 | uint16(b[10])}
	switch t.Handshake {
	case clientHello:
		t.HandshakeName = "client-hello"
	case serverHello:
		t.HandshakeName = "server-hello"
	default:
		return nil
	}
	// Of a message over several segments or records the first is read.
	record := 5 + int(b[3])<<8 + int(b[4])
	hello := 9 + int(b[6])<<16 + int(b[7])<<8 + int(b[8])
	t.Incomplete = hello > min(len(b), record)
	body := cryptobyte.String(b[11:max(11, min(len(b), record, hello))])
	if !t.readHello(body) {
		if !t.Incomplete {
			return nil
		}
	}
	highest := t.LegacyVersion
	if len(t.SupportedVersions) > 0 {
		highest = 0
		for _, v := range t.SupportedVersions {
			if v>>8 == tlsVersionHigh { // others are GREASE (RFC 8701) and drafts
				highest = max(highest, v)
			}
		}
	}
	if !t.Incomplete || t.SupportedVersions != nil { // TLS 1.3 says so in an extension alone
		t.Version = tlsVersion(highest)
	}
	m := &Message{Protocol: "tls", Object: t, Incomplete: t.Incomplete}
	m.say("", t.HandshakeName)
	m.say("version", t.Version)
	m.say("sni", word(t.ServerName))
	m.say("alpn", list(t.ALPN))
	return m
}

// readHello reads what follows the version, and reports whether it could.
func (t *TLS) readHello(s cryptobyte.String) bool {
	var skipped, extensions cryptobyte.String
	if !s.Skip(32) || !s.ReadUint8LengthPrefixed(&skipped) { // random, session
		return false
	}
	if t.Handshake == clientHello {
		if !s.ReadUint16LengthPrefixed(&skipped) || !s.ReadUint8LengthPrefixed(&skipped) { // ciphers, compression
			return false
		}
	} else if !s.Skip(3) {
		return false
	}
	if s.Empty() {
		return true
	}
	if t.Incomplete {
		var length uint16
		if !s.ReadUint16(&length) {
			return false
		}
		extensions = s[:min(len(s), int(length))]
	} else if !s.ReadUint16LengthPrefixed(&extensions) {
		return false
	}
	for !extensions.Empty() {
		var kind uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&kind) || !extensions.ReadUint16LengthPrefixed(&data) || !t.readExtension(kind, data) {
			return false
		}
	}
	return true
}

func (t *TLS) readExtension(kind uint16, data cryptobyte.String) bool {
	var names, name cryptobyte.String
	switch {
	case kind == extServerName && t.Handshake == clientHello: // RFC 6066, section 3
		var of uint8
		if !data.ReadUint16LengthPrefixed(&names) || !names.ReadUint8(&of) || !names.ReadUint16LengthPrefixed(&name) {
			return false
		}
		if of == 0 {
			t.ServerName = text(name)
		}
	case kind == extALPN:
		if !data.ReadUint16LengthPrefixed(&names) {
			return false
		}
		for !names.Empty() && len(t.ALPN) < maxListed {
			if !names.ReadUint8LengthPrefixed(&name) {
				return false
			}
			t.ALPN = append(t.ALPN, text(name))
		}
	case kind == extVersions:
		if t.Handshake == clientHello && !data.ReadUint8LengthPrefixed(&names) {
			return false
		} else if t.Handshake == serverHello {
			names = data
		}
		for !names.Empty() && len(t.SupportedVersions) < maxListed {
			var v uint16
			if !names.ReadUint16(&v) {
				return false
			}
			t.SupportedVersions = append(t.SupportedVersions, v)
		}
	}
	return true
}

// tlsVersion returns what a version is called, or its number.
func tlsVersion(v uint16) string {
	switch {
	case v == 0x0300:
		return "SSL3.0"
	case v > 0x0300 && v < 0x0310:
		return fmt.Sprintf("1.%d", v-0x0301)
	}
	return fmt.Sprintf("0x%04x", v)
}
