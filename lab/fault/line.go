package fault

import (
	"container/heap"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"time"

	"wirelab/sniffer"
)

// Limits of what a Line holds and tells, which bound its memory. A frame too much is
// lost by the rule that would hold it, as a full queue of a router loses it.
const (
	maxHeld      = 4096
	maxHeldBytes = 8 << 20
	maxActs      = 100_000
)

// Matcher is a rule whose names are replaced by what they stand for.
type Matcher struct {
	Rule
	From, To map[sniffer.MAC]bool    // hardware addresses of the rule's hosts; nil is anyone
	Match    func(frame []byte) bool // the compiled Where; nil matches every frame
}

// Act is a frame that a rule acted on.
type Act struct {
	Rule  string      `json:"rule"`
	From  sniffer.MAC `json:"from"`           // source hardware address of the frame
	Frame Sum         `json:"frame"`          // of the frame as it came, before the rule changed it
	Time  time.Time   `json:"time"`           // when the frame came, by the kernel's clock
	Lost  bool        `json:"lost,omitempty"` // the frame was lost, be it that a rule of kind Delay or Rate held too many others
}

// Sum identifies a frame by its bytes: a hash, in hexadecimal.
type Sum string

// SumOf returns the sum of a frame's bytes.
func SumOf(frame []byte) Sum {
	sum := sha256.Sum256(frame)
	return Sum(hex.EncodeToString(sum[:16]))
}

// Status is what a rule has done so far.
type Status struct {
	Rule    Rule   `json:"rule"`
	Matched uint64 `json:"matched"`          // frames between the rule's hosts that its filter accepted
	Acted   uint64 `json:"acted"`            // of these, the frames that it changed, delayed, lost, duplicated, or had another overtake
	Mended  bool   `json:"mended,omitempty"` // the rule is lifted
}

// Report says what cables do and have done.
type Report struct {
	Rules   []Status `json:"rules,omitempty"`
	Acts    []Act    `json:"acts,omitempty"`
	Unsaid  uint64   `json:"unsaid,omitempty"`  // acts that Acts had no room for
	Holding int      `json:"holding,omitempty"` // frames that cables hold now
	Ever    uint64   `json:"ever,omitempty"`    // frames that cables have held so far, those of Holding among them
	Waits   string   `json:"waits,omitempty"`   // name of a rule of kind Reorder that holds a frame until another overtakes it
	Dropped uint64   `json:"dropped,omitempty"` // frames that cables lost although no rule says so
}

// Line applies rules to the frames of one direction of a cable. A frame goes through the
// rules in the order in which they were added. The first rule that acts on it is the last
// that sees it. A frame that no rule acts on is sent at once. A Line is not safe for use
// by several goroutines at once.
type Line struct {
	send    func(frame []byte)
	rules   []*rule
	held    queue
	waiting []*rule  // each with a frame that waits to be overtaken
	stuck   [][]byte // markers behind a frame that waits
	bytes   int
	order   uint64
	ever    uint64 // frames held so far
	acts    []Act
	unsaid  uint64 // acts that acts has no room for
}

// NewLine returns a line that passes frames to send. send must not keep a frame after it
// returns.
func NewLine(send func(frame []byte)) *Line { return &Line{send: send} }

// rule is a rule in force.
type rule struct {
	Matcher
	Status
	random *rand.Rand
	free   time.Time // of Rate: when the link has sent what it was given
	frame  []byte    // of Reorder: waits to be overtaken
	came   time.Time // of Reorder: when that frame came
}

// Add puts a rule in force, after those that are there.
func (l *Line) Add(m Matcher) {
	r := &rule{Matcher: m, Status: Status{Rule: m.Rule}}
	if m.Kind == Loss {
		r.random = rand.New(rand.NewPCG(m.Seed, 0))
	}
	l.rules = append(l.rules, r)
}

// Remove lifts a rule and returns what it has done. It reports false if there is no such
// rule. A frame that waits to be overtaken is sent, and was not acted on; the next Release
// sends the other frames that the rule holds.
func (l *Line) Remove(name string, now time.Time) (s Status, ok bool) {
	i := slices.IndexFunc(l.rules, func(r *rule) bool { return r.Name == name })
	if i < 0 {
		return s, false
	}
	r := l.rules[i]
	l.rules = slices.Delete(l.rules, i, i+1)
	for _, h := range l.held.all {
		if h.by == r && h.due.After(now) {
			h.due = now
		}
	}
	heap.Init(&l.held)
	l.passOn(r)
	r.Status.Mended = true
	return r.Status, true
}

// Report adds what the line does and has done to a report. Each act is in one report only.
func (l *Line) Report(r *Report) {
	for _, one := range l.rules {
		r.Rules = append(r.Rules, one.Status)
	}
	if len(l.waiting) > 0 && r.Waits == "" {
		r.Waits = l.waiting[0].Name
	}
	r.Acts = append(r.Acts, l.acts...)
	r.Unsaid += l.unsaid
	r.Holding += l.held.Len() + len(l.waiting) + len(l.stuck)
	r.Ever += l.ever
	l.acts, l.unsaid = nil, 0
}

// Pass takes a frame. came is when it came, by the kernel's clock. No rule acts on a
// marker, one of the lab's own frames, which is sent after every frame that the line
// holds.
func (l *Line) Pass(frame []byte, came, now time.Time, marker bool) {
	l.Release(now)
	if marker {
		l.pass(frame, now)
		return
	}
	for _, r := range l.rules {
		if !r.matches(frame) {
			continue
		}
		r.Matched++
		if r.frame != nil { // this one overtakes it
			l.send(frame)
			l.acted(r, r.frame, r.came, false)
			l.passOn(r)
			return
		}
		if r.picks() && l.act(r, frame, came, now) {
			return
		}
	}
	l.send(frame)
}

// pass sends a marker behind all that the line holds.
func (l *Line) pass(frame []byte, now time.Time) {
	switch {
	case len(l.waiting) > 0:
		if len(l.stuck) < maxHeld {
			l.stuck = append(l.stuck, slices.Clone(frame))
		}
	case l.held.Len() > 0:
		last := now
		for _, h := range l.held.all {
			if h.due.After(last) {
				last = h.due
			}
		}
		l.hold(nil, frame, last)
	default:
		l.send(frame)
	}
}

func (r *rule) matches(frame []byte) bool {
	if len(frame) < 14 {
		return false
	}
	to, from := sniffer.MAC(frame[:6]), sniffer.MAC(frame[6:12])
	if r.Matcher.From != nil && !r.Matcher.From[from] || r.Matcher.To != nil && !r.Matcher.To[to] && !to.Multicast() {
		return false
	}
	return r.Match == nil || r.Match(frame)
}

// picks reports whether the rule is about the frame that it has just matched.
func (r *rule) picks() bool {
	if len(r.Nth) > 0 && !slices.ContainsFunc(r.Nth, func(n int) bool { return uint64(n) == r.Matched }) {
		return false
	}
	return r.Kind != Loss || r.random.Float64()*100 < r.Percent
}

// act does to a frame what a rule says, or holds it for that. It reports false where it
// does not.
func (l *Line) act(r *rule, frame []byte, came, now time.Time) bool {
	lost := r.Kind == Drop || r.Kind == Loss
	switch r.Kind {
	case Duplicate:
		l.send(frame)
		l.send(frame)
	case Corrupt:
		changed, ok := corrupt(frame, r.Byte, r.Mend)
		if !ok {
			return false
		}
		l.send(changed)
	case Reorder:
		r.frame, r.came = slices.Clone(frame), came
		l.waiting = append(l.waiting, r)
		l.ever++
		return true // it is reordered when another overtakes it
	case Delay:
		lost = !l.hold(r, frame, now.Add(r.Delay))
	case Rate:
		if now.After(r.free) {
			r.free = now
		}
		due := r.free.Add(time.Duration(float64(len(frame)) * 8 / float64(r.Bits) * float64(time.Second)))
		if lost = !l.hold(r, frame, due); !lost {
			r.free = due
		}
	}
	l.acted(r, frame, came, lost)
	return true
}

// acted notes that a rule has acted on a frame.
func (l *Line) acted(r *rule, frame []byte, came time.Time, lost bool) {
	r.Acted++
	if len(l.acts) < maxActs {
		l.acts = append(l.acts, Act{r.Name, sniffer.MAC(frame[6:12]), SumOf(frame), came, lost})
	} else {
		l.unsaid++
	}
}

// hold keeps a frame until it is due. It reports false where there is no room.
func (l *Line) hold(by *rule, frame []byte, due time.Time) bool {
	if by != nil && (l.held.Len() >= maxHeld || l.bytes+len(frame) > maxHeldBytes) {
		return false
	}
	l.order++
	l.ever++
	l.bytes += len(frame)
	heap.Push(&l.held, &held{frame: slices.Clone(frame), due: due, order: l.order, by: by})
	return true
}

// passOn sends the frame of a rule that waits to be overtaken, and the markers behind it
// if no other waits.
func (l *Line) passOn(r *rule) {
	if r.frame == nil {
		return
	}
	l.send(r.frame)
	r.frame = nil
	l.waiting = slices.DeleteFunc(l.waiting, func(o *rule) bool { return o == r })
	if len(l.waiting) > 0 {
		return
	}
	stuck := l.stuck
	l.stuck = nil
	for _, marker := range stuck {
		l.pass(marker, time.Time{})
	}
}

// Release sends the frames that are due.
func (l *Line) Release(now time.Time) {
	for l.held.Len() > 0 && !l.held.all[0].due.After(now) {
		h := heap.Pop(&l.held).(*held)
		l.bytes -= len(h.frame)
		l.send(h.frame)
	}
}

// Next returns when the next frame is due. It reports false if none becomes due by itself.
func (l *Line) Next() (time.Time, bool) {
	if l.held.Len() == 0 {
		return time.Time{}, false
	}
	return l.held.all[0].due, true
}

// held is a frame that waits for its time.
type held struct {
	frame []byte
	due   time.Time
	order uint64 // of frames due at one time the one that came first is sent first
	by    *rule  // nil for a marker
}

// queue is a heap of frames by their time.
type queue struct{ all []*held }

// Len implements heap.Interface.
func (q *queue) Len() int { return len(q.all) }

// Less implements heap.Interface.
func (q *queue) Less(i, j int) bool {
	a, b := q.all[i], q.all[j]
	if a.due.Equal(b.due) {
		return a.order < b.order
	}
	return a.due.Before(b.due)
}

// Swap implements heap.Interface.
func (q *queue) Swap(i, j int) { q.all[i], q.all[j] = q.all[j], q.all[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { q.all = append(q.all, x.(*held)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(q.all) - 1
	h := q.all[last]
	q.all[last] = nil
	q.all = q.all[:last]
	return h
}
