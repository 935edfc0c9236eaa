package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"wirelab/internal/exit"
	"wirelab/sniffer"
	"wirelab/sniffer/capture"
	"wirelab/sniffer/pcapfile"
)

// source is where frames come from: a live capture or a file.
type source interface {
	// Next returns the next frame, and io.EOF at the end.
	Next() (sniffer.Frame, error)
	// Buffered reports whether Next need not wait.
	Buffered() bool
}

var (
	_ source = (*capture.Handle)(nil)
	_ source = (*pcapfile.Reader)(nil)
)

// session is one run of sniff: frames go from a source to lines, to a file, or
// to both.
type session struct {
	options *options
	names   *names
	words   words
	stdout  io.Writer
	stderr  io.Writer

	lines  *bufio.Writer // nil where standard output takes the file
	writer *pcapfile.Writer
	opened *os.File // what writer writes to, if it is not standard output

	captured, shown, malformed uint64
}

// errReaderGone ends a session whose standard output nobody reads any more.
var errReaderGone = errors.New("standard output is closed")

// create makes what the options say to write to.
func (s *session) create(ifi pcapfile.Interface) error {
	var dst io.Writer
	switch s.options.write {
	case "":
	case "-":
		dst = s.stdout
	default:
		f, err := os.OpenFile(s.options.write, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		dst, s.opened = f, f
	}
	if s.options.write != "-" {
		s.lines = bufio.NewWriterSize(s.stdout, 32<<10)
	}
	if dst == nil {
		return nil
	}
	file, err := pcapfile.NewWriter(dst, ifi)
	if err != nil {
		return err
	}
	s.writer = file
	if err := s.flush(); err != nil && !errors.Is(err, errReaderGone) {
		return err
	}
	return nil
}

// show shows every frame of src until it ends, the options end it, or ctx does.
func (s *session) show(ctx context.Context, src source) error {
	decoder := sniffer.NewDecoder()
	var line []byte
	for ctx.Err() == nil {
		frame, err := src.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.captured++
		if s.options.direction == "in" && frame.Direction == sniffer.Out {
			continue // of a file: its number stays what it is
		}
		if s.writer != nil {
			f := frame
			f.Interface = 0 // the file that is written has one
			if err := s.writer.WriteFrame(f); err != nil {
				return s.writing(err)
			}
		}
		p := sniffer.Packet{Frame: frame, Number: int(s.captured)}
		decoder.Decode(&p)
		if p.Err != nil && !p.Truncated() {
			s.malformed++
		}
		if s.lines != nil {
			line = s.appendLine(line[:0], &p)
			if _, err := s.lines.Write(line); err != nil {
				return s.writing(err)
			}
		}
		s.shown++
		last := s.options.count > 0 && s.shown >= s.options.count
		if last || !src.Buffered() {
			if err := s.flush(); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
	return nil
}

func (s *session) appendLine(b []byte, p *sniffer.Packet) []byte {
	b = fmt.Appendf(b, "%4d ", p.Number)
	if p.Time.IsZero() {
		b = append(b, "-              "...)
	} else {
		b = p.Time.Local().AppendFormat(b, "15:04:05.000000")
	}
	b = append(b, ' ')
	b = sniffer.AppendLine(b, p, s.names)
	return append(b, '\n')
}

// flush makes what was written visible, the names that were learnt first.
func (s *session) flush() error {
	if s.writer != nil {
		if fresh := s.names.fresh(); len(fresh) > 0 {
			if err := s.writer.WriteNames(fresh); err != nil {
				return s.writing(err)
			}
		}
		if err := s.writer.Flush(); err != nil {
			return s.writing(err)
		}
	}
	if s.lines != nil {
		return s.writing(s.lines.Flush())
	}
	return nil
}

// writing turns an error of a write into one that names where, and that of a
// reader who has gone into errReaderGone.
func (s *session) writing(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe):
		return errReaderGone
	}
	return exit.With(exit.Failed, fmt.Errorf("write: %w", err))
}

// finish completes what was written and says the totals. failed is what ended
// the session, nil for its proper end.
func (s *session) finish(failed error, stats *pcapfile.Statistics) error {
	if errors.Is(failed, errReaderGone) {
		failed = nil
	}
	var err error
	if s.writer != nil && stats != nil {
		err = s.writing(s.writer.WriteStatistics(*stats))
	}
	err = errors.Join(err, s.flush())
	if s.opened != nil {
		err = errors.Join(err, s.opened.Close())
	}
	if errors.Is(err, errReaderGone) {
		err = nil
	}
	s.say(s.words.totals(s.captured, s.shown, s.malformed, stats))
	if err := errors.Join(failed, err); err != nil {
		return exit.With(max(exit.Code(failed), exit.Failed), err)
	}
	return nil
}

// say tells people something.
func (s *session) say(text string) { fmt.Fprintln(s.stderr, "wirelab:", text) }
