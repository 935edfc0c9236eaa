package chat

import (
	"errors"
	"strings"

	"wirelab/internal/i18n"
)

// CookieSize is the length of a cookie in bytes: 64 bits in base64.
const CookieSize = 11

// Datagram is what a client sends over UDP: "NAME\tTEXT" or, with a cookie,
// "\tCOOKIE\tNAME\tTEXT". An empty Text says that the client is still there.
type Datagram struct{ Cookie, Name, Text string }

// Append appends the bytes of the datagram to b. The error wraps ErrTooLong if b is longer
// than MaxDatagram then.
func (d Datagram) Append(b []byte) ([]byte, error) {
	if d.Cookie != "" {
		b = append(append(append(b, '\t'), d.Cookie...), '\t')
	}
	b = append(append(append(b, d.Name...), '\t'), d.Text...)
	if len(b) > MaxDatagram {
		return nil, i18n.Errmsg("chat.mistake.longdatagram", "Number", len(b), "Most", MaxDatagram, "Cause", ErrTooLong)
	}
	return b, nil
}

// ParseDatagram reads what Append writes. It cleans the name and the text (CleanName,
// CleanText). The error is ErrTooLong, an error of CleanName, or says that the form is
// wrong.
func ParseDatagram(b []byte) (d Datagram, err error) {
	if len(b) > MaxDatagram {
		return Datagram{}, ErrTooLong
	}
	s := string(b)
	if after, ok := strings.CutPrefix(s, "\t"); ok {
		if d.Cookie, s, ok = strings.Cut(after, "\t"); !ok || d.Cookie == "" {
			return Datagram{}, errors.New("datagram with a tab first: want a cookie between two")
		}
	}
	name, text, ok := strings.Cut(s, "\t")
	if !ok {
		return Datagram{}, errors.New("datagram without a tab: want NAME, a tab and TEXT")
	}
	if d.Name, err = CleanName(name); err != nil {
		return Datagram{}, err
	}
	d.Text = CleanText(text)
	return d, nil
}
