package inline

import (
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// settleTime is how long a series of size changes lasts: docker attach makes two.
const settleTime = 50 * time.Millisecond

// Bracketed paste (xterm, ctlseqs): a terminal marks what is pasted.
const (
	markPastes = "\x1b[?2004h"
	doNotMark  = "\x1b[?2004l"
)

// Size is a terminal's size in characters. Both are 0 on the terminal of a container
// to which nobody has attached.
type Size struct{ Cols, Rows int }

// Change is a change of a terminal's size.
type Change struct {
	Size
	Attached bool // someone has just attached
}

// Terminal is a terminal in raw mode. Its channels are for one goroutine, which
// receives from them until it calls Close.
type Terminal struct {
	Keys    <-chan Key      // closed when the terminal is gone
	Changes <-chan Change   // the terminal's size
	Behind  <-chan struct{} // output was dropped, and the terminal reads again

	in      *os.File
	out     *os.File
	writer  *Writer
	mode    *term.State
	marking bool
	end     chan struct{}
	watcher sync.WaitGroup
}

// Open puts the terminal of in and out into raw mode and returns it and its size. It
// fails if a stream is no terminal, or on a system whose terminals this package does
// not know. After Close, the goroutine that reads in still waits for the next key and
// takes it, since a read from a terminal cannot be cancelled: open one terminal in a
// process.
func Open(in, out *os.File) (*Terminal, Size, error) {
	signals, stop := notifyResize() // before the size is read: none is missed
	size, err := sizeOf(out)
	if err != nil {
		stop()
		return nil, Size{}, err
	}
	mode, err := makeRaw(in)
	if err != nil {
		stop()
		return nil, Size{}, err
	}
	keys, changes, behind := make(chan Key), make(chan Change), make(chan struct{}, 1)
	t := &Terminal{
		Keys: keys, Changes: changes, Behind: behind,
		in: in, out: out, mode: mode, end: make(chan struct{}),
		// A terminal without a size is a container's: a terminal that is attached
		// to it and detached would be left in this mode.
		marking: size.Cols > 0,
	}
	t.writer = NewWriter(out, func(int) string {
		select {
		case behind <- struct{}{}:
		default:
		}
		return ""
	})
	if t.marking {
		t.Write(markPastes)
	}
	go t.read(keys)
	t.watcher.Go(func() {
		defer stop()
		t.watch(signals, size, changes)
	})
	return t, size, nil
}

// Write queues output. It never blocks: it drops output that the terminal does not
// read for long.
func (t *Terminal) Write(s string) {
	if s != "" {
		t.writer.Write([]byte(s))
	}
}

// Close writes the output that is queued and restores the terminal's mode.
func (t *Terminal) Close() error {
	close(t.end)
	t.watcher.Wait()
	if t.marking {
		t.Write(doNotMark)
	}
	t.writer.Close() // fails if the terminal does not read; its mode is restored anyway
	return term.Restore(int(t.in.Fd()), t.mode)
}

func (t *Terminal) read(keys chan<- Key) {
	defer close(keys)
	decoder := Decoder{Bursts: !t.marking}
	b := make([]byte, 4096)
	for {
		n, err := t.in.Read(b)
		for _, k := range decoder.Feed(b[:n]) {
			select {
			case keys <- k:
			case <-t.end:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// watch reports changes of size, each series of them once.
func (t *Terminal) watch(signals <-chan os.Signal, size Size, changes chan<- Change) {
	for {
		var seen []Size
		var settled <-chan time.Time
	series:
		for {
			select {
			case <-signals:
				if now, err := sizeOf(t.out); err == nil {
					seen = append(seen, now)
				}
				settled = time.After(settleTime)
			case <-settled:
				break series
			case <-t.end:
				return
			}
		}
		change, ok := judge(size, seen)
		if !ok {
			continue
		}
		size = change.Size
		select {
		case changes <- change:
		case <-t.end:
			return
		}
	}
}

// judge tells what a series of sizes means. When someone attaches to a container's
// terminal, docker makes it one row and one column larger than theirs and then as
// large as theirs; before the first time it has no size.
func judge(before Size, seen []Size) (c Change, ok bool) {
	if len(seen) == 0 {
		return Change{}, false
	}
	now := seen[len(seen)-1]
	larger := Size{now.Cols + 1, now.Rows + 1}
	for _, size := range seen[:len(seen)-1] {
		c.Attached = c.Attached || size == larger
	}
	c.Size = now
	c.Attached = c.Attached || now == before || before.Cols == 0 || before == larger
	return c, now.Cols > 0
}

func sizeOf(f *os.File) (Size, error) {
	cols, rows, err := term.GetSize(int(f.Fd()))
	return Size{cols, rows}, err
}
