package cli

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"

	"wirelab/chat"
)

// maxBatch is how many bytes of a transcript are written at once.
const maxBatch = 64 << 10

// transcript is a file that grows with the room. Each write is of whole lines, so
// that the file ends with one however the program ends.
type transcript struct{ f *os.File }

// openTranscript opens or creates the file. It removes an incomplete last line, which
// a full disk or a crash has left.
func openTranscript(name string) (*transcript, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := cutBrokenLine(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &transcript{f}, nil
}

func cutBrokenLine(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	tail := make([]byte, min(end, 2*chat.MaxLine))
	if _, err := f.ReadAt(tail, end-int64(len(tail))); err != nil && len(tail) > 0 {
		return err
	}
	whole := bytes.LastIndexByte(tail, '\n') + 1
	if whole == 0 && end > int64(len(tail)) {
		return fmt.Errorf("is no transcript: a line of more than %d bytes", len(tail))
	}
	if whole == len(tail) {
		return nil
	}
	return f.Truncate(end - int64(len(tail)-whole))
}

// write writes the lines that the room tells until it is closed.
func (t *transcript) write(w *chat.Watcher, log *slog.Logger) {
	batch := make([]byte, 0, maxBatch)
	for {
		l, missed, err := w.Next()
		if missed > 0 {
			batch = fmt.Appendf(batch, "[%d lines not recorded]\n", missed)
			log.Warn("not recorded", "lines", missed)
		}
		if err == nil {
			batch = l.AppendTranscript(batch)
			if len(batch) < maxBatch-2*chat.MaxLine && w.Ready() {
				continue
			}
		}
		if _, cause := t.f.Write(batch); cause != nil {
			log.Error("record", "error", cause)
		}
		batch = batch[:0]
		if err != nil {
			if cause := t.f.Close(); cause != nil {
				log.Error("record", "error", cause)
			}
			return
		}
	}
}
