package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/net/bpf"

	"wirelab/internal/exit"
	"wirelab/internal/safetext"
	"wirelab/sniffer"
	"wirelab/sniffer/capture"
	"wirelab/sniffer/pcapfile"
)

// How long the kernel may hold frames back: a person sees no difference, and
// fewer wake-ups leave more time for the frames.
const (
	retireSoon  = time.Millisecond
	retireLater = 10 * time.Millisecond
)

// live shows what crosses an interface until ctx or what the options name ends.
func (s *session) live(ctx context.Context, stdin io.Reader, confine func() error) error {
	ifi, err := s.chooseInterface()
	if err != nil {
		return err
	}
	h, err := capture.Open(ifi, s.config())
	if err != nil {
		return cannotCapture(err)
	}
	defer h.Close()
	if err := confine(); err != nil {
		return exit.With(exit.Unable, err)
	}
	start := time.Now()
	s.addInterfaces(h)
	defer func() {
		if s.queue != nil {
			s.queue.Close() // whose error finish has told, or that is behind another
		}
	}()
	if err := s.record(start); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.options.duration > 0 {
		ctx, cancel = context.WithTimeout(ctx, s.options.duration)
		defer cancel()
	}
	defer context.AfterFunc(ctx, func() {
		if h.Stop() != nil {
			h.Close() // which ends Frames, too, but loses some
		}
	})()
	if s.options.untilEOF {
		// A read of standard input cannot be called off: where something else
		// ends the capture, this goroutine ends with the process.
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	s.report(s.words.text("sniff.capturing", "Name", safetext.Escape(ifi.Name))) // which the lab awaits, in English

	failed := s.follow(h)
	counted, err := h.Statistics()
	if err != nil {
		return errors.Join(failed, err)
	}
	// After -c, what still waits in the ring is not of this capture.
	return s.finish(failed, &pcapfile.Statistics{
		Received: s.captured + counted.Dropped, Dropped: counted.Dropped,
		Start: start, End: time.Now(),
	})
}

// config says how the options want to capture.
func (s *session) config() capture.Config {
	o := s.options
	ethertype, _ := parseEtherType(o.ethertype) // checked
	cfg := capture.Config{
		SnapLen: int(o.snap), BufferBytes: int(min(o.buffer, 1<<30)), RetireTimeout: retireLater,
		Promiscuous: !o.noPromisc, Direction: o.way(), EtherType: ethertype,
	}
	if o.write == "-" || s.terminal() {
		cfg.RetireTimeout = retireSoon
	}
	if s.filters.inUse() {
		cfg.Filter = func(link sniffer.LinkType) ([]bpf.RawInstruction, error) {
			f, err := s.filters.compile(link)
			if err != nil {
				return nil, exit.With(exit.Usage, err)
			}
			return f.Live(), nil
		}
	}
	return cfg
}

// addInterfaces adds the interfaces that h has seen since the last call.
func (s *session) addInterfaces(h *capture.Handle) {
	snap := uint32(pcapfile.MaxPacket)
	if s.options.snap > 0 {
		snap = min(snap, s.options.snap)
	}
	for _, i := range h.Interfaces()[len(s.interfaces):] {
		s.interfaces = append(s.interfaces, pcapfile.Interface{Name: i.Name, SnapLen: snap, LinkType: i.LinkType, Filter: s.options.filter})
	}
}

// follow shows every frame of h until it ends, or the options end it.
func (s *session) follow(h *capture.Handle) error {
	w, b := s.worker(), &batch{}
	for {
		frames, err := h.Frames(b.frames[:0])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.addInterfaces(h)
		b.frames, b.first = frames, int(s.captured)+1
		s.process(w, b, s.remaining())
		if err := s.consume(b); err != nil {
			return err
		}
		last := s.remaining() == 0
		if last || !h.Buffered() {
			if err := s.flush(); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// record opens what -o and -w name.
func (s *session) record(start time.Time) (err error) {
	if s.options.svg() {
		if s.picture, err = s.create("-o", s.options.output); err != nil {
			return err
		}
		if info := statOf(s.picture); info != nil {
			s.claim("-o "+safetext.Escape(s.options.output), info)
		}
	}
	if s.options.stats != "" && s.options.stats != "-" {
		if s.rate, err = s.create("--stats", s.options.stats); err != nil {
			return err
		}
		if info := statOf(s.rate); info != nil {
			s.claim("--stats="+safetext.Escape(s.options.stats), info)
		}
	}
	if s.options.write == "" {
		return nil
	}
	out := s.out
	if s.options.write == "-" {
		s.queue = newQueue(s.out, mostQueued)
		out = s.queue
	}
	r, err := newRecorder(s.options, out, s.create, s.interfaces, start)
	if err != nil {
		return s.writing(err)
	}
	s.recorder = r
	if err := s.flush(); err != nil && !errors.Is(err, errReaderGone) {
		return err
	}
	return nil
}
