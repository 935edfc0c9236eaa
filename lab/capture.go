package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// capture is the recording while it grows. It is `wirelab sniff` on the sniffer
// host, whose pcapng is read as it is written.
type capture struct {
	sniff *program
	pipe  *io.PipeWriter
	over  chan struct{} // closed when no packet will be added any more; then err is final
	read  chan struct{} // closed when the reader has ended

	mu        sync.Mutex
	recording *trace.Recording
	seen      map[mark]seen
	changed   chan struct{} // closed at the next packet or at the end
	err       error
}

// Spool opens a temporary file for the bytes of a recording's frames
// (trace.Recording.SpoolTo). The file has no name, so that nothing is left of it when the
// process ends.
func Spool() (trace.Spool, error) {
	f, err := wholefile.Temporary()
	if err != nil {
		return nil, err
	}
	return f, nil
}

// mark is a marker that a host has set on one of its segments.
type mark struct {
	label, host string
	segment     string // "" where there is one alone
}

// seen is how often a marker was captured, and what the last one counts.
type seen struct {
	times   int
	sent    uint64
	counted bool
}

// String names who sets it: "gateway (dmz)".
func (m mark) String() string { return trace.Count{Host: m.host, Segment: m.segment}.String() }

// ring is the size of the kernel's buffer in MiB, all of which the kernel clears before the
// lab can begin: of 64 MiB that was a fifth of a small lab's CPU time. It has to last only
// until the sniffer runs, since what waits for the lab itself waits in the sniffer's memory.
// That takes longer the more hosts share the sniffer's CPU, and a MiB lasts 8 ms however
// little arrives: the kernel hands over a block of 128 KiB a millisecond after it has begun.
func ring(hosts int) int { return max(16, hosts/4) }

// startCapture returns when the socket is bound: whatever is sent from then on
// is in the capture or counted as dropped.
func startCapture(ctx context.Context, host Host, device string, hosts trace.Hosts) (*capture, error) {
	out, pipe := io.Pipe()
	c := &capture{pipe: pipe, over: make(chan struct{}), read: make(chan struct{}), recording: trace.New(hosts), seen: map[mark]seen{}, changed: make(chan struct{})}
	c.recording.SpoolTo(Spool)
	// The sniffer's own frames are not judged, so they are not captured.
	sniff, err := start(ctx, host, pipe, nil, "sniff", "-i", device, "-w", "-", "-B", fmt.Sprintf("%dM", ring(len(hosts.Ports))), "--direction", "in", "--until-eof")
	if err != nil {
		return nil, err
	}
	c.sniff = sniff
	go func() {
		<-sniff.done
		pipe.Close()
	}()
	go c.follow(out)
	if err := sniff.await(ctx, "capturing on"); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// follow reads until the sniffer ends.
func (c *capture) follow(out *io.PipeReader) {
	err := c.load(out)
	c.mu.Lock()
	if err != nil {
		if _, cut := errors.AsType[*pcapfile.TruncatedError](err); cut && c.sniff.ended() {
			err = c.sniff.ending() // the file ends where the sniffer did
		}
		c.err = i18n.Errmsg("lab.capture.broken", "Cause", err)
	}
	c.signal()
	c.mu.Unlock()
	close(c.over)
	// Whatever the reader's error, the sniffer must not be blocked by it.
	_, _ = io.Copy(io.Discard, out)
	close(c.read)
}

func (c *capture) load(out io.Reader) error {
	// The recording is locked for the moment in which a frame is added, not
	// while one is awaited.
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recording.Load(&unlocked{out, &c.mu}, func(p *sniffer.Packet) {
		if m, ok := c.recording.Marker(p); ok && !m.Recount {
			key := mark{m.Label, m.Host, c.recording.Hosts.SegmentOf(p)}
			c.seen[key] = seen{c.seen[key].times + 1, m.Sent, m.Counted}
		}
		c.signal()
	})
}

// unlocked reads with a lock that its caller holds set aside.
type unlocked struct {
	io.Reader
	mu *sync.Mutex
}

// Read implements io.Reader.
func (u *unlocked) Read(b []byte) (int, error) {
	u.mu.Unlock()
	defer u.mu.Lock()
	return u.Reader.Read(b)
}

func (c *capture) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *capture) change() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// view calls do with what has been captured so far.
func (c *capture) view(do func(*trace.Recording)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do(c.recording)
}

// notMarked fails where a marker of a label was captured before anybody was asked for
// one.
func (c *capture) notMarked(label string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for seen := range c.seen {
		if seen.label == label {
			return i18n.Errmsg("lab.marker.early", "Host", seen)
		}
	}
	return nil
}

// awaitMarkers waits until markers have been captured, all of a label, each so often.
func (c *capture) awaitMarkers(ctx context.Context, marks []mark, times int) error {
	for {
		c.mu.Lock()
		var missing []string
		for _, m := range marks {
			if c.seen[m].times < times {
				missing = append(missing, m.String())
			}
		}
		changed, err := c.changed, c.err
		c.mu.Unlock()
		switch {
		case len(missing) == 0:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-c.read:
			return i18n.Errmsg("lab.marker.ended", "Label", marks[0].label, "Hosts", missing, "Output", indent(c.sniff.output.String()))
		case <-ctx.Done():
			return i18n.Errmsg("lab.marker.unseen", "Label", marks[0].label, "Hosts", missing, "Cause", ctx.Err())
		}
	}
}

// last returns what was seen of markers.
func (c *capture) last(marks []mark) (all []seen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range marks {
		all = append(all, c.seen[m])
	}
	return all
}

// finish stops the sniffer, which first delivers all that its kernel has seen
// and then says how much that was. What was captured is returned with the
// error, too.
func (c *capture) finish(ctx context.Context) (*trace.Recording, error) {
	err := c.awaitEnd(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		err = c.err
	}
	if err == nil && c.recording.Damage != nil {
		err = i18n.Errmsg("lab.capture.broken", "Cause", c.recording.Damage)
	}
	if err == nil && c.recording.Statistics == nil {
		err = i18n.Errmsg("lab.capture.uncounted")
	}
	return c.recording, err
}

func (c *capture) awaitEnd(ctx context.Context) error {
	if err := c.sniff.leave(ctx); err != nil {
		return err
	}
	select {
	case <-c.read:
		return nil
	case <-ctx.Done():
		return i18n.Errmsg("lab.capture.unended", "Cause", ctx.Err())
	}
}

// close ends the capture however it takes.
func (c *capture) close() {
	c.sniff.stop()
	c.pipe.Close()
	<-c.read
}
