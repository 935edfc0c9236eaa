package trace

import (
	"bytes"
	"slices"
	"sort"
)

// said is a text that was found where a message carries it.
type said struct {
	text    string
	offset  int64 // in the stream or datagram
	packets []int // that carry it, ascending
}

// texts finds the given texts in what a side sent, however it was cut into
// segments and fragments, each time it was said, retransmissions ignored but for those
// of a segment that was lost behind the sniffer. A datagram's texts are its own; a TCP
// stream's are in the order of the stream.
func (c *conversation) texts(side int, wanted []string) []said {
	var found []said
	for _, s := range c.streams(side) {
		found = append(found, s.find(wanted)...)
	}
	return found
}

// find returns the texts in the order of the bytes. One that stands at the end of a
// longer one was not said by itself.
func (r run) find(wanted []string) (found []said) {
	longest := 0
	for _, text := range wanted {
		longest = max(longest, len(text))
	}
	next := make([]int64, len(wanted)) // where each is looked for
	for w := range r.windows(contextAhead + longest + contextBehind) {
		for t, text := range wanted {
			for {
				i := w.message(text, int(max(0, next[t]-w.begin)))
				if i < 0 {
					break
				}
				begin := w.begin + int64(i)
				next[t] = begin + int64(len(text))
				found = append(found, said{text, begin, r.packets(begin, next[t])})
			}
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].offset < found[j].offset })
	reach, ends := int64(0), int64(0) // of those that begin further ahead, and of all so far
	last := int64(-1)
	return slices.DeleteFunc(found, func(s said) bool {
		if s.offset > last {
			reach, last = ends, s.offset
		}
		ends = max(ends, s.offset+int64(len(s.text)))
		return s.offset < reach
	})
}

// How many bytes ahead of a text say whether a message begins with it, and behind it
// whether one ends.
const (
	contextAhead  = len(": ")
	contextBehind = len("\n")
)

// message returns where a text stands, at start or later, as a message's
// own text and not as part of another field; -1 if it does not. A message ends
// its line or its datagram, and its text is all of the line or stands behind a
// tab or ": ": so do the chat's own lines, its datagrams, what is typed into nc
// and what nc is sent. A number that happens to be part of a time stamp is in
// none of these places. What needs to be seen of it in the next window is found there.
func (w window) message(text string, start int) int {
	if w.begin > 0 {
		start = max(start, contextAhead) // what begins there, the window before has had
	}
	for text != "" && start < len(w.bytes) {
		i := bytes.Index(w.bytes[start:], []byte(text))
		if i < 0 {
			return -1
		}
		i += start
		behind := w.bytes[i+len(text):]
		if len(behind) == 0 && !w.last {
			return -1
		}
		if beginsMessage(w.bytes[:i]) && endsMessage(behind) {
			return i
		}
		start = i + 1
	}
	return -1
}

func beginsMessage(ahead []byte) bool {
	n := len(ahead)
	return n == 0 || ahead[n-1] == '\n' || ahead[n-1] == '\t' || bytes.HasSuffix(ahead, []byte(": "))
}

func endsMessage(behind []byte) bool {
	return len(behind) == 0 || behind[0] == '\n' || behind[0] == '\r'
}
