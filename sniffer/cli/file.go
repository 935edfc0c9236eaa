package cli

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// source is where frames of files come from: a *pcapfile.Reader, or several as a
// *pcapfile.Merged.
type source interface {
	ReadChunk(c *pcapfile.Chunk, size int) error
	Buffered() bool
	Names() map[netip.Addr]string
	MACNames() map[sniffer.MAC]string
	Statistics() (pcapfile.Statistics, bool)
}

var _, _ source = (*pcapfile.Reader)(nil), (*pcapfile.Merged)(nil)

// file shows the frames of files.
func (s *session) file(ctx context.Context, stdin io.Reader) error {
	interrupted := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var readers []*pcapfile.Reader
	for i, name := range s.options.read {
		src, err := s.source(ctx, name, stdin)
		if err != nil {
			return err
		}
		defer src.Close()
		r, err := pcapfile.NewReader(src)
		if err != nil {
			if interrupted.Err() != nil {
				return s.finish(nil, nil)
			}
			return s.unreadable(&pcapfile.PartError{Part: i, Err: err})
		}
		readers = append(readers, r)
	}
	if info := statOf(s.stdout); info != nil {
		if err := s.free("standard output", info); err != nil {
			return err
		}
	}
	var r source = readers[0]
	if len(readers) > 1 {
		r = pcapfile.Merge(readers...)
	}
	var err error
	if err := s.record(time.Time{}); err != nil {
		return err
	}
	// These outputs need the frames in turn, or so little that it is not worth sharing.
	if s.options.limit > 0 || s.options.frame > 0 || !s.decodes() || s.statistics != nil || s.streams != nil || s.options.ladder() || s.options.lines.counts() || len(readers) > 1 || runtime.GOMAXPROCS(0) == 1 {
		err = s.inTurn(ctx, r)
	} else {
		err = s.onAllCores(ctx, cancel, r)
	}
	if interrupted.Err() != nil && !errors.Is(err, errReaderGone) {
		err = nil // the frame that was cut was cut by us
	}
	var stats *pcapfile.Statistics
	if counted, ok := r.Statistics(); ok {
		stats = &counted
	}
	s.names.learn(r.Names())
	s.names.macs = r.MACNames()
	if err != nil && !errors.Is(err, errReaderGone) {
		err = s.unreadable(err)
	}
	return s.finish(err, stats)
}

// inTurn does one chunk after the other.
func (s *session) inTurn(ctx context.Context, r source) error {
	w, b := s.worker(), &batch{}
	for ctx.Err() == nil && s.remaining() != 0 {
		if err := r.ReadChunk(&b.chunk, chunkSize); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		s.learn(&b.chunk)
		b.frames, b.first = b.chunk.Frames, int(s.captured)+1
		s.process(w, b, s.remaining())
		if err := s.consume(b); err != nil {
			return err
		}
		if !r.Buffered() {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// onAllCores reads chunks in one goroutine, processes them in as many as there
// are cores, and consumes them here, in the order of the file. The memory is
// that of the few batches that go round. cancel is called if this ends early.
func (s *session) onAllCores(ctx context.Context, cancel func(), r source) error {
	workers := runtime.GOMAXPROCS(0)
	batches := workers + 2
	free, work, order := make(chan *batch, batches), make(chan *batch, batches), make(chan *batch, batches)
	for range batches {
		free <- &batch{done: make(chan struct{}, 1)}
	}
	var (
		goroutines sync.WaitGroup
		pending    sync.WaitGroup // batches being processed or consumed
		readErr    error          // of the reader, once order is closed
	)
	goroutines.Go(func() {
		defer close(order)
		defer close(work)
		for number := 1; ctx.Err() == nil; {
			b := <-free
			if readErr = r.ReadChunk(&b.chunk, chunkSize); readErr != nil {
				return
			}
			if b.chunk.Names != nil || b.chunk.Interfaces != nil {
				pending.Wait() // no other goroutine reads names and interfaces now
				s.learn(&b.chunk)
			}
			b.frames, b.first = b.chunk.Frames, number
			number += len(b.frames)
			pending.Add(1)
			order <- b
			work <- b
		}
	})
	for range workers {
		goroutines.Go(func() {
			w := s.worker()
			for b := range work {
				s.process(w, b, -1)
				b.done <- struct{}{}
			}
		})
	}
	var failed error
	for b := range order {
		<-b.done
		if failed == nil {
			if failed = s.consume(b); failed != nil {
				cancel()
			}
		}
		pending.Done()
		free <- b
	}
	goroutines.Wait()
	if failed == nil && readErr != nil && !errors.Is(readErr, io.EOF) {
		failed = readErr
	}
	return failed
}

// chunkSize is how much of the file is processed at once: what a core's cache
// holds, text included.
const chunkSize = 256 << 10

// learn takes over the names and interfaces that precede a chunk in the file.
func (s *session) learn(c *pcapfile.Chunk) {
	if s.names.learnFromFile(c.Names); len(c.Names) > 0 {
		s.filters.give(s.names.addresses())
	}
	for _, i := range c.Interfaces {
		i.Filter = bothFilters(i.Filter, s.options.filter)
		s.interfaces = append(s.interfaces, i)
	}
}

// bothFilters returns the filter that accepts what both accept; "" accepts all.
func bothFilters(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return "(" + a + ") and (" + b + ")"
}

// unreadable says which file is wrong. A file that is no capture at all is the
// command line's fault.
func (s *session) unreadable(err error) error {
	if coded, ok := errors.AsType[*exit.Error](err); ok {
		return coded
	}
	name := s.options.read[0]
	if part, ok := errors.AsType[*pcapfile.PartError](err); ok {
		name = s.options.read[part.Part]
	}
	what := any(name)
	if name == "-" {
		what = i18n.Msg("sniff.stdin")
	}
	if _, wrong := errors.AsType[*pcapfile.FormatError](err); wrong && s.shown == 0 {
		return exit.UsageMsg("sniff.nocapture", "File", what, "Cause", err)
	}
	return exit.With(exit.Failed, i18n.FileError(name, err))
}
