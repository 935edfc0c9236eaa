package tui

import (
	"slices"
	"strings"
	"time"

	"wirelab/chat"
	"wirelab/internal/inline"
)

// Room is a chat room as its client shows it on a terminal: what happens in
// it and what the user types goes in, what is to be written and to be said
// comes out.
type Room struct {
	inline.Screen
	Words Words
	Where string // the server, as people write it
	UDP   bool

	me        string
	known     bool     // there was a connection once
	connected bool     // there is one
	waiting   bool     // it was said that there is none
	people    []string // first to come first
	asking    bool     // for who is here; not the user, the client itself
	answering bool     // the answer has begun
	unheard   []string // said and not yet heard back, over TCP
	doubtful  []string // the same, over a connection that was lost
	outbox    []string
	leaving   bool
	word      string // with which the user said so
	kicked    bool
}

// Start shows that a connection is being made.
func (r *Room) Start() {
	r.AskPaste = r.Words.AskPaste
	r.InterruptHint = r.Words.howToLeave()
	r.Prompt = ""
	r.describe()
}

// Joined takes the name that the server gave. A connection is resumed if it
// goes on where the last one was lost.
func (r *Room) Joined(name string, resumed bool) {
	again := r.known
	r.me, r.known, r.connected, r.waiting = name, true, true, false
	r.Prompt = "(" + name + ") "
	switch {
	case !again && r.UDP:
		r.Notice(r.Words.Joined(r.Where, name, "udp"))
	case !again:
		r.Notice(r.Words.Joined(r.Where, name, "tcp"))
	case resumed:
		r.Notice(r.Words.Resumed())
	default:
		r.Notice(r.Words.Another())
	}
	if !resumed {
		r.people = nil
	}
	r.came(name)
	if !r.UDP { // over which nothing is said that the user does not say
		r.doubtful, r.unheard = append(r.doubtful, r.unheard...), nil
		r.asking, r.answering = true, false
		r.outbox = append(r.outbox, "/who")
	}
	r.describe()
}

// Waiting says why there is no connection yet, once.
func (r *Room) Waiting(cause error) {
	if !r.waiting {
		r.waiting = true
		r.Notice(r.Words.Waiting(r.Where, cause))
	}
}

// Lost takes the news that there is no connection any more.
func (r *Room) Lost() {
	r.connected, r.asking = false, false
	r.Hint("")
	r.Notice("* " + r.Words.Gone(r.Where))
	r.describe()
}

// Receive takes a line of the room.
func (r *Room) Receive(l chat.Line) {
	if r.answered(l) {
		return
	}
	switch l.Kind {
	case chat.Join:
		r.came(l.Name)
	case chat.Leave:
		r.went(l.Name)
	case chat.Kick:
		r.went(l.Name)
		r.kicked = r.kicked || l.Name == r.me
	case chat.Nick:
		r.renamed(l.Name, l.Text)
	case chat.Say:
		if l.Name == r.me {
			r.heard(l.Text)
		}
		if r.UDP {
			r.came(l.Name)
		}
	}
	if t := r.show(l); t != nil && (l.Kind != chat.Join || l.Name != r.me) {
		r.Print(t)
	}
}

// Kicked reports whether the user was put out of the room.
func (r *Room) Kicked() bool { return r.kicked }

// Press takes a key.
func (r *Room) Press(k inline.Key) {
	lines, leave := r.Key(k)
	if leave {
		r.leaving = true
	}
	for _, line := range lines {
		r.enter(line)
	}
}

func (r *Room) enter(line string) {
	text := chat.CleanText(line)
	switch {
	case text == "exit" || text == "/quit":
		r.leaving, r.word = true, text
	case text == "":
	case !r.connected:
		r.Restore(line)
		r.Hint(r.Words.offline())
	default:
		r.outbox = append(r.outbox, text)
		said, isCommand := strings.CutPrefix(text, "/")
		if isCommand && !strings.HasPrefix(said, "/") {
			return
		}
		if isCommand {
			text = said
		}
		if r.UDP { // it is not told what it said
			r.Print(r.show(chat.Line{Time: time.Now(), Kind: chat.Say, Name: r.me, Text: text}))
		} else {
			r.unheard = append(r.unheard, text)
		}
	}
}

// Outgoing returns what is to be said since the last call.
func (r *Room) Outgoing() []string {
	out := r.outbox
	r.outbox = nil
	return out
}

// Leaving reports whether the user wants to leave, and the word it was said
// with, if it was.
func (r *Room) Leaving() (word string, leaving bool) { return r.word, r.leaving }

// Notice shows a line of the client's own.
func (r *Room) Notice(s string) { r.Print(inline.Text{inline.Warning.Span(s)}) }

// heard takes a line that came back. Those said before it have been, too.
func (r *Room) heard(text string) {
	for _, list := range []*[]string{&r.doubtful, &r.unheard} {
		if n := slices.Index(*list, text); n >= 0 {
			*list = (*list)[n+1:]
			return
		}
	}
}

// answered reports whether a line belongs to the answer to the /who with which
// the client itself began. The answer comes after all that was missed: what was
// said and has not come back by then, the room has not heard.
func (r *Room) answered(l chat.Line) bool {
	switch {
	case r.asking && l.Kind == chat.Who:
		if !r.answering {
			r.answering, r.people = true, nil
			for _, text := range r.doubtful {
				r.Notice(r.Words.unheard(text))
			}
			r.doubtful = nil
		}
		r.came(l.Name)
		return true
	case r.answering && l.Kind == chat.Reply:
		r.asking, r.answering = false, false
		return true
	}
	return false
}

func (r *Room) came(name string) {
	if !slices.Contains(r.people, name) {
		r.people = append(r.people, name)
		r.describe()
	}
}

func (r *Room) went(name string) {
	if n := slices.Index(r.people, name); n >= 0 {
		r.people = slices.Delete(r.people, n, n+1)
		r.describe()
	}
}

func (r *Room) renamed(from, to string) {
	if n := slices.Index(r.people, from); n >= 0 {
		r.people[n] = to
	}
	if from == r.me {
		r.me = to
		r.Prompt = "(" + to + ") "
	}
	r.describe()
}

// describe sets the status line.
func (r *Room) describe() {
	switch {
	case !r.known:
		r.SetStatus(inline.Text{inline.Warning.Span(r.Words.connecting(r.Where))})
	case !r.connected:
		r.SetStatus(inline.Text{inline.Warning.Span(r.Words.reconnecting(r.Where))})
	case r.UDP:
		others := slices.DeleteFunc(slices.Clone(r.people), func(name string) bool { return name == r.me })
		r.SetStatus(inline.Text{inline.Dim.Span("-- udp " + r.Where + " -- " + r.Words.heardOf(others))})
	default:
		r.SetStatus(inline.Text{inline.Dim.Span("-- tcp " + r.Where + " -- " + r.Words.people(r.people))})
	}
}
