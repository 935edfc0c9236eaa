package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/term"

	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
	"wirelab/sniffer/render"
	"wirelab/sniffer/statistics"
	"wirelab/sniffer/stream"
)

// session is one run of sniff. Frames come in batches from a capture or a
// file; process turns a batch into text, consume hands it on. Of a file,
// several batches are processed at once.
type session struct {
	options *options
	names   *names
	words   words
	filters *filters
	stdout  io.Writer
	out     io.Writer // stdout, whose failure is told once
	stderr  io.Writer

	print      func(render.Options) render.Printer // nil where frames are not shown one by one
	recorder   *recorder                           // nil without -w
	picture    *os.File                            // of -o NAME.svg
	statistics *statistics.Statistics              // nil without --stats
	queue      *queue                              // of -w - while frames are captured
	rate       *os.File                            // of --stats=NAME.svg
	streams    *stream.Conversations               // nil without -o stream
	claimed    []claimed                           // files that are read or written
	interfaces []pcapfile.Interface                // of the source
	ladder     []sniffer.Packet                    // what a ladder is drawn of
	drawn      int                                 // bytes of them

	day day // of the last line

	captured, shown, malformed, lost uint64
}

// batch is a run of frames.
type batch struct {
	chunk  pcapfile.Chunk
	frames []sniffer.Frame // after process those that are wanted
	first  int             // number of the first in the capture

	taken     int // frames that there were, as far as they were looked at
	text      []byte
	days      []dayMark // of text
	malformed uint64
	packets   []sniffer.Packet // for a ladder
	err       error
	done      chan struct{} // processed
}

// errReaderGone ends a session when the reader of its standard output has gone.
var errReaderGone = errors.New("standard output is closed")

// choosePrinter chooses what turns packets into text.
func (s *session) choosePrinter() {
	if s.options.write == "-" || s.options.lines.count {
		return
	}
	s.print = findOutput(s.options.output).printer
}

// worker is what a goroutine needs to process batches.
type worker struct {
	printer render.Printer // nil where frames are not shown one by one
	day     day            // of the last frame

	// Frames come in turn to these; nil without --stats and -o stream.
	statistics *statistics.Statistics
	streams    *stream.Conversations
}

func (s *session) worker() *worker {
	w := &worker{statistics: s.statistics, streams: s.streams}
	if s.print != nil {
		w.printer = s.print(s.renderOptions())
	}
	return w
}

// renderOptions returns how packets are shown.
func (s *session) renderOptions() render.Options {
	var names sniffer.Namer = s.names
	if s.options.lines.numeric > 0 {
		names = nil
	}
	return render.Options{
		Names: names, Letters: s.options.flags == "letters", UTC: s.options.utc, Lang: s.words.Lang,
		Colour:        display.Of(s.stdout).Colour,
		ASCII:         s.options.ascii,
		InterfaceName: s.interfaceName,
		Details:       s.options.lines.details(), Stamp: render.Stamp(s.options.lines.stamp),
		Link: s.options.lines.link, Text: s.options.lines.text, Dump: s.options.lines.dump(),
	}
}

// terminal reports whether people read standard output as it comes.
func (s *session) terminal() bool {
	f, ok := s.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (s *session) interfaceName(index int) string {
	if index >= len(s.interfaces) {
		return ""
	}
	return s.interfaces[index].Name
}

// decodes reports whether frames are looked into.
func (s *session) decodes() bool {
	return s.print != nil || s.options.ladder() || s.statistics != nil || s.streams != nil
}

// remaining returns how many more frames may be shown, -1 for no limit.
func (s *session) remaining() int {
	if s.options.frame > 0 && s.captured >= s.options.frame {
		return 0
	}
	if s.options.limit == 0 {
		return -1
	}
	return int(min(s.options.limit-s.shown, 1<<31-1))
}

// process turns a batch into text, and leaves in it the frames that are
// wanted, room of them at most, -1 for all. It changes nothing of the session:
// each goroutine that calls it has its own worker and batch.
func (s *session) process(w *worker, b *batch, room int) {
	b.taken, b.text, b.malformed, b.packets, b.err, b.days = 0, b.text[:0], 0, nil, nil, b.days[:0]
	w.day = day{}
	dated := s.dated()
	way, only, decodes, chosen := s.options.way(), s.options.frame, s.decodes(), s.filters.inUse() && s.options.reads()
	var p sniffer.Packet
	kept := 0
	for i := range b.frames {
		if kept == room {
			break
		}
		if number := uint64(b.first + i); only != 0 && number != only {
			if number > only {
				break
			}
			b.taken++
			continue
		}
		f := &b.frames[i]
		b.taken++
		if way != sniffer.Unknown && f.Way() != way {
			continue
		}
		if chosen {
			wanted, err := s.filters.match(f)
			if err != nil {
				b.err = err
				break
			}
			if !wanted {
				continue
			}
		}
		if kept != i {
			b.frames[kept] = *f
		}
		kept++
		if !decodes {
			continue
		}
		p.Frame, p.Number = *f, b.first+i
		p.Decode()
		if p.Malformed() {
			b.malformed++
		}
		if w.statistics != nil {
			w.statistics.Add(&p)
		}
		if w.streams != nil {
			w.streams.Add(&p)
		}
		if w.printer != nil {
			if dated && !w.day.has(f.Time) && !f.Time.IsZero() {
				w.day = s.dayOf(f.Time)
				b.days = append(b.days, dayMark{len(b.text), w.day})
			}
			b.text = w.printer.Append(b.text, &p)
		} else if s.options.ladder() {
			b.packets = append(b.packets, p.Clone())
		}
	}
	b.frames = b.frames[:kept]
}

// consume writes what process made of a batch.
func (s *session) consume(b *batch) error {
	s.captured += uint64(b.taken)
	s.malformed += b.malformed
	if s.recorder != nil {
		if written, err := s.recorder.write(b.frames, s.interfaces); err != nil {
			s.shown += uint64(written)
			s.lost += uint64(len(b.frames) - written)
			return s.writing(err)
		}
	}
	if len(b.text) > 0 {
		if _, err := s.out.Write(s.withDates(b)); err != nil {
			s.lost += uint64(len(b.frames))
			return s.writing(err)
		}
	}
	s.shown += uint64(len(b.frames))
	s.collect(b.packets)
	return b.err
}

// maxDrawn bounds the bytes of the packets that a ladder is drawn of.
const maxDrawn = 32 << 20

// collect keeps packets for a ladder.
func (s *session) collect(packets []sniffer.Packet) {
	const packetSize = 512 // and its bytes
	for _, p := range packets {
		if s.drawn += packetSize + len(p.Data); s.drawn > maxDrawn {
			return
		}
		s.ladder = append(s.ladder, p)
	}
}

// draw makes the ladder.
func (s *session) draw() error {
	if !s.options.ladder() || s.options.svg() && s.picture == nil {
		return nil
	}
	if s.drawn > maxDrawn {
		s.report(s.words.longLadder(len(s.ladder)))
	}
	ladder := render.NewLadder(s.ladder, s.renderOptions())
	whole := render.Whole(s.ladder)
	ladder.Width = display.Of(s.stdout).Width
	if !s.options.svg() {
		if s.options.write == "-" {
			return nil
		}
		return ladder.Text(s.out, whole)
	}
	return errors.Join(ladder.SVG(s.picture, whole), s.picture.Close())
}

// tell writes what was said.
func (s *session) tell() error {
	if s.streams == nil || s.options.write == "-" {
		return nil
	}
	if s.streams.Left > 0 {
		s.report(s.words.longStream(s.streams.Left))
	}
	return render.Streams(s.out, s.streams.All(), s.renderOptions())
}

// sum writes the statistics.
func (s *session) sum() error {
	if s.statistics == nil {
		return nil
	}
	var err error
	if s.options.output == "json" {
		err = render.StatisticsJSON(s.out, s.statistics)
	} else {
		err = render.Statistics(s.out, s.statistics, s.renderOptions())
	}
	if s.rate != nil {
		err = errors.Join(err, render.RateSVG(s.rate, s.statistics.Rate, s.renderOptions()), s.rate.Close())
	}
	return err
}

// flush makes what was recorded visible, the names that were learnt too.
func (s *session) flush() error {
	if s.recorder == nil {
		return nil
	}
	return s.writing(s.recorder.flush(s.names.fresh(), s.names.freshMACs()))
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
	if coded, ok := errors.AsType[*exit.Error](err); ok {
		return coded
	}
	if _, named := errors.AsType[*fs.PathError](err); !named {
		err = i18n.Errmsg("sniff.write", "Cause", err)
	}
	return exit.With(exit.Failed, err)
}

// finish completes what was written and says the totals. failed is what ended
// the session, nil for its proper end.
func (s *session) finish(failed error, stats *pcapfile.Statistics) error {
	if errors.Is(failed, errReaderGone) {
		failed = nil
	}
	err := s.flush()
	if s.recorder != nil {
		err = errors.Join(err, s.writing(s.recorder.close(stats)))
	}
	if s.queue != nil {
		err = errors.Join(err, s.writing(s.queue.Close()))
	}
	err = errors.Join(err, s.writing(s.draw()), s.writing(s.tell()), s.writing(s.sum()))
	if errors.Is(err, errReaderGone) {
		err = nil
	}
	if len(s.filters.refused) > 0 {
		s.report(s.words.unfiltered(s.filters.refused))
	}
	if s.options.lines.count {
		plural := "s"
		if s.shown == 1 {
			plural = ""
		}
		_, failedCount := fmt.Fprintf(s.out, "%d packet%s\n", s.shown, plural)
		err = errors.Join(err, s.writing(failedCount))
	}
	if s.captured < s.options.frame && failed == nil {
		failed = exit.UsageMsg("sniff.frame.beyond", "Frame", s.options.frame, "Count", s.captured)
	}
	s.report(s.words.totals(s, stats))
	if err := errors.Join(failed, err); err != nil {
		return exit.With(max(exit.Code(failed), exit.Failed), err)
	}
	return nil
}

// report prints a message for people on standard error.
func (s *session) report(text string) { fmt.Fprintln(s.stderr, "wirelab:", text) }
