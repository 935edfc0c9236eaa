package chat

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// text reads everything from pos to the head.
func (v Snapshot) text(t *testing.T, pos uint64) string {
	t.Helper()
	var all []byte
	for {
		b, ok := v.From(pos, v.Head)
		if !ok {
			t.Fatalf("position %d is not kept; the oldest is %d", pos, v.Oldest())
		}
		if len(b) == 0 {
			return string(all)
		}
		if b[len(b)-1] != '\n' {
			t.Fatalf("a piece ends within a line: %q", b)
		}
		pos += uint64(len(b))
		all = append(all, b...)
	}
}

func TestLog(t *testing.T) {
	r := newLog(4 * chunkSize)
	long := strings.Repeat("x", 4000)
	for i := 1; i <= 1000; i++ { // 15 times round
		if l := r.append(Say, "alice", fmt.Sprint(i, long)); l.Seq != uint64(i) {
			t.Fatalf("line %d has number %d", i, l.Seq)
		}
		v := r.Snapshot()
		pos, seq := r.History()
		got := strings.Count(v.text(t, pos), "\n")
		if want := min(historyLines, i); got > want || got < want-20 || seq+uint64(got) != uint64(i)+1 {
			t.Fatalf("after %d lines the history is %d from number %d", i, got, seq)
		}
		if kept := v.Head - v.Oldest(); kept > 4*chunkSize {
			t.Fatalf("%d bytes are kept", kept)
		}
	}
	v := r.Snapshot()
	for seq := v.FirstSeq(); seq <= v.Seq; seq++ {
		pos, ok := v.Find(seq)
		if b, _ := v.From(pos, v.Head); !ok || !bytes.HasPrefix(b, fmt.Appendf(nil, "%d\t", seq)) {
			t.Fatalf("line %d is at %d, %t: %.40q", seq, pos, ok, b)
		}
	}
	if pos, ok := v.Find(v.Seq + 1); !ok || pos != v.Head {
		t.Errorf("the next line is at %d, %t, want the head, %d", pos, ok, v.Head)
	}
	for _, seq := range []uint64{0, 1, v.FirstSeq() - 1, v.Seq + 2} {
		if pos, ok := v.Find(seq); ok {
			t.Errorf("line %d is at %d, want none", seq, pos)
		}
	}
	if _, ok := v.From(v.Oldest()-1, v.Head); ok {
		t.Error("what is no longer kept was read")
	}
	if b, _ := v.From(v.Oldest(), v.Oldest()+5); len(b) != 5 {
		t.Errorf("5 bytes were asked for, got %q", b)
	}
}

// TestSnapshotsStay reads an old view while lines are still appended: -race would
// see a byte that is written twice.
func TestSnapshotsStay(t *testing.T) {
	r := newLog(2 * chunkSize)
	r.append(Say, "alice", "first")
	v := r.Snapshot()
	pos, _ := r.History()
	before := v.text(t, pos)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 10_000 {
			r.append(Say, "bob", strings.Repeat("y", 100))
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if got := v.text(t, pos); got != before {
			t.Fatalf("an old view reads %q, then %q", before, got)
		}
	}
}

// TestHistoryKeepsWhatWasSaid: people who come and go push nothing out of it, as long
// as they are not very many.
func TestHistoryKeepsWhatWasSaid(t *testing.T) {
	r := newLog(logSize)
	for i := range 60 {
		r.append(Say, "alice", fmt.Sprint("text ", i))
		for range 7 {
			r.append(Join, "bob", "tcp")
		}
	}
	pos, seq := r.History()
	got := r.Snapshot().text(t, pos)
	if said := strings.Count(got, "\tsay\t"); said != historyLines || seq != 10*8+1 {
		t.Errorf("the history has %d texts from number %d on, want %d from 81 on", said, seq, historyLines)
	}
	for range mostHistory {
		r.append(Leave, "bob", "exit")
	}
	pos, _ = r.History()
	if n := strings.Count(r.Snapshot().text(t, pos), "\n"); n != mostHistory {
		t.Errorf("%d lines are sent, want %d", n, mostHistory)
	}
}
