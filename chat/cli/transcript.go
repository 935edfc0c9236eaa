package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"wirelab/chat"
	"wirelab/internal/filelock"
	"wirelab/internal/i18n"
)

// maxUnrecorded is how many bytes wait for a disk that does not write.
const maxUnrecorded = 4 << 20

// recordFile is what a transcript needs of an *os.File.
type recordFile interface {
	io.WriteCloser
	Truncate(size int64) error
}

// transcript is a file that grows with the room: lines of text, or of JSON objects in
// a file whose name ends in .jsonl. It ends with a whole line however the program
// ends, and when the disk is full. Lines that do not fit are counted; their number is
// written when there is space again.
type transcript struct {
	f    recordFile
	size int64
	json bool
	tell func(string) // says on the console what happens to the file

	wake chan struct{}
	done chan struct{}

	mu     sync.Mutex
	queued []byte
	lost   int // lines that are not in the file and not queued
	closed bool
}

// openTranscript opens or creates the file, for this program alone, and gives the room
// what a file of JSON objects has of an earlier one. What a file holds is not changed.
func openTranscript(name string, room *chat.Room, tell func(string)) (*transcript, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, i18n.FileError(name, err)
	}
	t := newTranscript(f, filepath.Ext(name) == ".jsonl", tell)
	if err := t.open(f, room); err != nil {
		f.Close()
		return nil, i18n.FileError(name, err)
	}
	room.Record = t.record
	return t, nil
}

func newTranscript(f recordFile, json bool, tell func(string)) *transcript {
	return &transcript{f: f, json: json, tell: tell, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (t *transcript) open(f *os.File, room *chat.Room) error {
	err := filelock.Lock(f)
	if errors.Is(err, filelock.ErrTaken) {
		err = i18n.Errmsg("chat.mistake.locked")
	}
	if err != nil {
		return err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	t.size = end
	if end == 0 {
		return nil
	}
	if t.json {
		if err := room.Restore(io.NewSectionReader(f, 0, end)); err != nil {
			return err
		}
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, end-1); err != nil {
		return err
	}
	if last[0] != '\n' { // another program's line, or one that a power cut has broken
		n, err := f.Write([]byte("\n"))
		t.size += int64(n)
		return err
	}
	return nil
}

// record queues a line. It does not block.
func (t *transcript) record(r chat.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	if len(t.queued) > maxUnrecorded {
		t.lost++
		return
	}
	if t.json {
		b, err := json.Marshal(r)
		if err != nil { // it holds nothing that JSON does not
			panic(err)
		}
		t.queued = append(append(t.queued, b...), '\n')
	} else {
		t.queued = chat.Line{Seq: r.Seq, Time: r.Time, Kind: r.Kind, Name: r.Name, Text: r.Text}.AppendTranscript(t.queued)
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// write writes what is queued until Close.
func (t *transcript) write() {
	defer close(t.done)
	failing := false
	for {
		t.mu.Lock()
		batch, lost, closed := t.queued, t.lost, t.closed
		due := len(batch) > 0 || lost > 0 && closed
		if due {
			t.queued, t.lost = nil, 0
		}
		t.mu.Unlock()
		if due {
			missed, err := t.put(batch, lost)
			t.mu.Lock()
			t.lost += missed
			t.mu.Unlock()
			switch {
			case err != nil && !failing:
				t.tell(fmt.Sprintf("record: %v: lines are not recorded until it can be written", err))
			case err == nil && failing:
				t.tell(fmt.Sprintf("record: it can be written again; %d lines are missing", lost))
			}
			failing = err != nil
		}
		if closed {
			return
		}
		<-t.wake
	}
}

// put writes lines, after the number of those that were lost before them. Should that
// fail, the file ends on a whole line, and missed is how many are not in it. A number
// is not left without all its lines: more of them may be lost before there is space.
func (t *transcript) put(batch []byte, lost int) (missed int, err error) {
	b, lines := batch, bytes.Count(batch, []byte("\n"))
	if lost > 0 {
		b = append(t.gap(lost), batch...)
	}
	n, err := t.f.Write(b)
	if err == nil {
		t.size += int64(n)
		return 0, nil
	}
	whole := 0
	if lost == 0 {
		whole = bytes.LastIndexByte(b[:n], '\n') + 1
	}
	if whole < n {
		if cause := t.f.Truncate(t.size + int64(whole)); cause != nil {
			err = errors.Join(err, cause)
			whole = n
		}
	}
	t.size += int64(whole)
	missed = lines - bytes.Count(b[:whole], []byte("\n"))
	if lost > 0 && whole == 0 {
		missed += lost
	} else if lost > 0 {
		missed++ // the first line is their number
	}
	return missed, err
}

// gap returns the line that says how many are missing.
func (t *transcript) gap(lost int) []byte {
	if !t.json {
		return fmt.Appendf(nil, "[%d lines not recorded]\n", lost)
	}
	b, _ := json.Marshal(chat.Record{Time: time.Now(), Kind: chat.Gap, Text: strconv.Itoa(lost)}) // nothing in it fails
	return append(b, '\n')
}

// Close writes what is queued and closes the file.
func (t *transcript) Close() error {
	t.mu.Lock()
	t.closed = true
	close(t.wake)
	t.mu.Unlock()
	<-t.done
	return t.f.Close()
}
