package web

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"wirelab/chat"
)

const (
	maxText = chat.MaxLine - 1 // bytes of a text, as over TCP
	// longestWait is how long a text waits for its turn; the page sends one that had
	// to wait longer again.
	longestWait = 3 * time.Second
	maxSaid     = 256 // ids that are remembered
)

// saying is the body of POST say.
type saying struct {
	ofSession
	ID   string `json:"id"` // a text that is sent again has the same
	Text string `json:"text"`
}

// posts are the ids of the texts that a browser's room has heard. Its lock has one text
// said at a time.
type posts struct {
	saying sync.Mutex
	said   []string // the oldest first
}

func (s *Site) say(w http.ResponseWriter, r *http.Request) {
	var q saying
	if !read(w, r, &q) {
		return
	}
	if q.ID == "" || len(q.ID) > maxOnce {
		refuse(w, r, http.StatusBadRequest, errRequest)
		return
	}
	if len(q.Text) > maxText {
		refuse(w, r, http.StatusRequestEntityTooLarge, errLong)
		return
	}
	m := s.find(q.Session)
	if m == nil || m.in.Removed() != 0 {
		refuse(w, r, http.StatusGone, errSession)
		return
	}
	m.posts.saying.Lock()
	defer m.posts.saying.Unlock()
	if !slices.Contains(m.said, q.ID) {
		wait := time.Duration(0)
		if !chat.Leaves(q.Text) {
			var ok bool
			if wait, ok = m.seat.Spend(longestWait, time.Now()); !ok {
				tryLater(w, r, wait)
				return
			}
		}
		if !pause(r, wait) {
			return // it comes again
		}
		err := m.in.Do(q.Text)
		if m.in.Removed() != 0 { // in between
			refuse(w, r, http.StatusGone, errSession)
			return
		}
		if m.said = append(m.said, q.ID); len(m.said) > maxSaid {
			m.said = m.said[1:]
		}
		if errors.Is(err, chat.ErrLeave) {
			m.in.Leave(chat.ErrLeave.Error(), false)
		}
	}
	answer(w, http.StatusOK, struct{}{})
}
