package tui

import (
	"slices"
	"strings"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/inline"
)

// view shows a chat room on a terminal. Keys and a session's events go in; what to
// write to the terminal and what to say comes out.
type view struct {
	inline.Screen
	Words  Words
	Server string // as people write it
	UDP    bool
	NoBell bool

	visit
}

// visit is a view's knowledge of one session, from joining to leaving.
type visit struct {
	me        string
	known     bool     // there was a connection once
	connected bool     // there is one
	waiting   bool     // the user was told that the server is not reached
	spoken    bool     // over UDP: the room was sent something
	people    []string // first to come first
	asking    bool     // the session has asked who is here
	answering bool     // the answer has begun
	unheard   client.Unheard
	rang      time.Time // when the bell was rung last
	crowd     crowd
	outgoing  []string
	leaving   bool
	word      string // with which the user leaves
}

// start shows that a connection is being made.
func (v *view) start() {
	v.AskPaste = v.Words.AskPaste
	v.InterruptHint = v.Words.howToLeave()
	v.Prompt = ""
	v.describe()
}

// again prepares the view for a user who is asked whether to join again.
func (v *view) again() {
	v.visit = visit{rang: v.rang}
	v.InterruptHint = ""
	v.SetStatus(inline.Text{inline.Dim.Span("-- " + v.Words.outside(v.Server))})
}

// handle shows an event.
func (v *view) handle(e client.Event) {
	switch e := e.(type) {
	case client.Waiting:
		if !v.waiting {
			v.waiting = true
			v.notice(v.Words.Waiting(v.Server, e.Cause))
		}
	case client.Connected:
		v.joined(e)
	case client.Received:
		v.receive(e.Line)
	case client.PortUnreachable:
		v.spoken = false
		v.describe()
		v.Print(inline.Text{v.time(time.Now()), inline.Warning.Span(v.Words.NobodyListens(v.Server))})
	case client.NotSaid:
		v.notice(v.Words.NotSaid(e.Err))
	case client.NotHeard:
		v.notice(v.Words.NotHeard(e.Text))
	case client.Unheard:
		v.unheard = e
		v.describe()
	case client.Lost:
		v.unheard = client.Unheard{}
		v.connected, v.asking = false, false
		v.Hint("")
		v.notice("* " + v.Words.Gone(v.Server))
		v.describe()
	}
}

func (v *view) joined(e client.Connected) {
	v.me, v.known, v.connected, v.waiting = e.Name, true, true, false
	v.Prompt = "(" + e.Name + ") "
	switch {
	case !e.Again && v.UDP:
		v.notice(v.Words.Joined(v.Server, e.Name, "udp"))
	case !e.Again:
		v.notice(v.Words.Joined(v.Server, e.Name, "tcp"))
	case e.Resumed:
		v.notice(v.Words.Resumed())
	default:
		v.notice(v.Words.NotResumed())
	}
	if !e.Resumed {
		v.people = nil
	}
	v.add(e.Name)
	v.asking, v.answering = !v.UDP, false
	v.describe()
}

func (v *view) receive(l chat.Line) {
	if v.answered(l) {
		return
	}
	switch l.Kind {
	case chat.Join:
		v.add(l.Name)
	case chat.Leave, chat.Kick:
		v.remove(l.Name)
	case chat.Nick:
		v.rename(l.Name, l.Text)
	case chat.You:
		v.rename(v.me, l.Name)
	case chat.Say:
		if v.UDP {
			v.add(l.Name)
		}
	}
	v.ring(l)
	if (l.Kind == chat.Join || l.Kind == chat.Leave) && l.Name != v.me && v.crowd.hides(l, time.Now()) {
		return
	}
	if t := v.show(l); t != nil && (l.Kind != chat.Join || l.Name != v.me) {
		v.Print(t)
	}
}

// Print shows lines, and before them how many have come and gone unshown.
func (v *view) Print(lines ...inline.Text) {
	v.tellCrowd()
	v.Screen.Print(lines...)
}

// tellCrowd says how many have come and gone unshown.
func (v *view) tellCrowd() {
	for _, text := range v.crowd.tell(v.Words) {
		v.Screen.Print(inline.Text{v.time(v.crowd.at), inline.Dim.Span(text)})
	}
}

// bellPause is how long the bell is silent after it was rung.
const bellPause = time.Second

// ring rings the bell for a line that is meant for the user. The lines before the
// answer to the session's own /who are history.
func (v *view) ring(l chat.Line) {
	said := l.Kind == chat.Say || l.Kind == chat.Me
	meant := l.Kind == chat.Msg || said && len(v.mentions(l)) > 1
	if now := time.Now(); meant && !v.NoBell && !v.asking && now.Sub(v.rang) >= bellPause {
		v.rang = now
		v.Bell()
	}
}

// time returns the time that precedes a line.
func (v *view) time(t time.Time) inline.Span { return inline.Dim.Span(t.Local().Format("15:04 ")) }

// press handles a key.
func (v *view) press(k inline.Key) {
	lines, leave := v.Key(k)
	if leave {
		v.leaving = true
	}
	for _, line := range lines {
		v.enter(line)
	}
}

func (v *view) enter(line string) {
	text := chat.CleanText(line)
	switch {
	case text == "exit" || text == "/quit":
		v.leaving, v.word = true, text
	case text == "":
	case !v.connected:
		v.offline(line)
	default:
		v.outgoing = append(v.outgoing, text)
		if !v.spoken {
			v.spoken = true
			v.describe()
		}
		said, slash := strings.CutPrefix(text, "/")
		if v.UDP && (!slash || strings.HasPrefix(said, "/")) { // the server does not send it back
			v.Print(v.show(chat.Line{Time: time.Now(), Kind: chat.Say, Name: v.me, Text: said}))
		}
	}
}

// offline puts a line back where it was typed: it cannot be said now.
func (v *view) offline(line string) {
	v.Restore(line)
	v.Hint(v.Words.offline())
}

// takeOutgoing returns the lines to say since the last call.
func (v *view) takeOutgoing() []string {
	out := v.outgoing
	v.outgoing = nil
	return out
}

// wantsToLeave reports whether the user wants to leave, and the word that says so, if
// there was one.
func (v *view) wantsToLeave() (word string, leaving bool) { return v.word, v.leaving }

// notice shows a line of the client's own.
func (v *view) notice(s string) { v.Print(inline.Text{inline.Warning.Span(s)}) }

// answered reports whether a line belongs to the answer to the session's /who.
func (v *view) answered(l chat.Line) bool {
	switch {
	case v.asking && l.Kind == chat.Who:
		if !v.answering {
			v.answering, v.people = true, nil
		}
		v.add(l.Name)
		return true
	case v.answering && l.Kind == chat.Reply:
		v.asking, v.answering = false, false
		return true
	}
	return false
}

func (v *view) add(name string) {
	if !slices.Contains(v.people, name) {
		v.people = append(v.people, name)
		v.describe()
	}
}

func (v *view) remove(name string) {
	if n := slices.Index(v.people, name); n >= 0 {
		v.people = slices.Delete(v.people, n, n+1)
		v.describe()
	}
}

func (v *view) rename(from, to string) {
	if n := slices.Index(v.people, from); n >= 0 {
		v.people[n] = to
	}
	if from == v.me {
		v.me = to
		v.Prompt = "(" + to + ") "
	}
	v.describe()
}

// describe sets the status line.
func (v *view) describe() {
	switch {
	case !v.known:
		v.SetStatus(inline.Text{inline.Warning.Span(v.Words.connecting(v.Server))})
	case !v.connected:
		v.SetStatus(inline.Text{inline.Warning.Span(v.Words.reconnecting(v.Server))})
	case v.unheard.Leaving && v.unheard.Texts > 0:
		v.SetStatus(inline.Text{inline.Warning.Span(v.Words.StillUnheard(v.unheard.Texts))})
	case v.UDP:
		others := slices.DeleteFunc(slices.Clone(v.people), func(name string) bool { return name == v.me })
		v.SetStatus(inline.Text{inline.Dim.Span("-- udp " + v.Server + " -- " + v.Words.heardOf(others, v.spoken))})
	default:
		status := inline.Text{inline.Dim.Span("-- tcp " + v.Server + " -- ")}
		if v.unheard.Texts > 0 {
			status = append(status, inline.Warning.Span(v.Words.unheard(v.unheard.Texts)), inline.Dim.Span(" -- "))
		}
		v.SetStatus(append(status, inline.Dim.Span(v.Words.people(v.people))))
	}
}
