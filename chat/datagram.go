package chat

import (
	"errors"
	"fmt"
	"strings"
)

// datagram is what a client sends over UDP: "NAME\tTEXT" or, with a cookie,
// "\tCOOKIE\tNAME\tTEXT". An empty text says that the client is still there.
type datagram struct{ cookie, name, text string }

// append appends the datagram's bytes; the error is ErrTooLong.
func (d datagram) append(b []byte) ([]byte, error) {
	if d.cookie != "" {
		b = append(append(append(b, '\t'), d.cookie...), '\t')
	}
	b = append(append(append(b, d.name...), '\t'), d.text...)
	if len(b) > MaxDatagram {
		return nil, fmt.Errorf("%w: %d bytes, a datagram has at most %d", ErrTooLong, len(b), MaxDatagram)
	}
	return b, nil
}

// parseDatagram reads the form of datagram.append; name and text are clean.
func parseDatagram(b []byte) (d datagram, err error) {
	if len(b) > MaxDatagram {
		return datagram{}, ErrTooLong
	}
	s := string(b)
	if after, ok := strings.CutPrefix(s, "\t"); ok {
		if d.cookie, s, ok = strings.Cut(after, "\t"); !ok || d.cookie == "" {
			return datagram{}, errors.New("datagram with a tab first: want a cookie between two")
		}
	}
	name, text, ok := strings.Cut(s, "\t")
	if !ok {
		return datagram{}, errors.New("datagram without a tab: want NAME, a tab and TEXT")
	}
	if d.name, err = CleanName(name); err != nil {
		return datagram{}, err
	}
	d.text = CleanText(text)
	return d, nil
}
