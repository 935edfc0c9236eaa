package chat

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// Record is a line that the room has told everyone, and who caused it. A log file of a
// room has one as a JSON object on each line.
type Record struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	Name    string    `json:"name"`
	Text    string    `json:"text"`
	Address string    `json:"address,omitempty"` // IP address and port of the member who caused it; empty for the console
	Session string    `json:"session,omitempty"` // a hash of the member's token, which tells sessions apart
	Guest   bool      `json:"guest,omitempty"`   // the member was not told its token, and so cannot resume
}

// errNoRecord is returned by Restore.
var errNoRecord = i18n.Errmsg("chat.mistake.norecord")

// sessionID returns a hash of a token, which tells sessions apart and lets nobody
// resume one.
func sessionID(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// append tells everyone a line, which a member causes; nil for the console. The room
// is locked.
func (r *Room) append(kind Kind, name, text string, by *Member) Line {
	l := r.log.append(kind, name, text)
	if r.Record != nil {
		rec := Record{Seq: l.Seq, Time: l.Time, Kind: kind, Name: name, Text: text}
		if by != nil {
			rec.Address, rec.Session, rec.Guest = by.person.Address, sessionID(by.token), by.person.Guest
		}
		r.Record(rec)
	}
	return l
}

// restored is a session that a record tells of.
type restored struct {
	name, address string
	last          time.Time // zero: it has not left
}

// maxRecord is the size of the longest line of a record, in bytes.
const maxRecord = 8 * (MaxLine + MaxHeader)

// Restore gives a room the history that a file of records has, its topic, and the sessions
// that may still resume. Call it before anybody joins. It skips lines that are broken. It
// returns an error if the first line is no Record, or if reading fails.
func (r *Room) Restore(in io.Reader) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	sessions := map[string]restored{}
	lines := NewLineReader(in, maxRecord)
	for first := true; ; first = false {
		text, err := lines.ReadLine()
		if errors.Is(err, io.EOF) {
			break
		}
		var rec Record
		switch {
		case err == nil:
			err = json.Unmarshal([]byte(text), &rec)
		case !errors.Is(err, ErrTooLong):
			return fmt.Errorf("record: %w", err)
		}
		if err != nil || rec.Kind == "" {
			if first {
				return errNoRecord
			}
			continue
		}
		if l := (Line{rec.Seq, rec.Time, rec.Kind, rec.Name, rec.Text}); l.restorable() {
			r.log.restore(l)
			r.restore(rec, sessions)
		}
	}
	now := time.Now()
	for id, s := range sessions {
		left := disconnectedMember{id: id, name: s.name, since: now, spoke: now, keys: keys(s.name)}
		if !s.last.IsZero() {
			left.since = s.last
		}
		if a, err := netip.ParseAddrPort(s.address); err == nil {
			left.address = a.Addr().Unmap()
		}
		r.disconnected.list = append(r.disconnected.list, left)
	}
	slices.SortFunc(r.disconnected.list, func(a, b disconnectedMember) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.name, b.name))
	})
	r.disconnected.expire(maxDisconnected)
	return nil
}

// restore follows what a record tells of the topic and the sessions.
func (r *Room) restore(rec Record, sessions map[string]restored) {
	switch s := (restored{name: rec.Name, address: rec.Address}); {
	case rec.Kind == Topic:
		r.topic = rec.Text
	case rec.Session == "" || rec.Guest:
	case rec.Kind == Kick:
		delete(sessions, rec.Session)
	case rec.Kind == Leave:
		s.last = rec.Time
		sessions[rec.Session] = s
	case rec.Kind == Nick:
		s.name = rec.Text
		sessions[rec.Session] = s
	default:
		sessions[rec.Session] = s
	}
}

// restorable reports whether a line is one that a room tells: what a file has may
// come from anywhere.
func (l Line) restorable() bool {
	if l.Seq == 0 || l.Private() || l.Kind == Gap || len(l.Kind) > 16 || len(l.Name) > maxNameBytes || len(l.Text) > MaxLine {
		return false
	}
	return !strings.ContainsFunc(string(l.Kind)+l.Name+l.Text, safetext.Unsafe)
}
