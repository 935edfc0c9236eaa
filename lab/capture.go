package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// maxCapture bounds the frames that a lab keeps in memory, in bytes.
const maxCapture = 256 << 20

// capture is the sniffer's record while it grows. It is `wirelab sniff` on the
// sniffer host, whose pcapng is read as it is written.
type capture struct {
	sniff *running
	wire  *io.PipeWriter
	read  chan struct{} // closed when the reader has ended; then err is final

	mu      sync.Mutex
	packets []sniffer.Packet
	markers map[Marker]bool
	changed chan struct{} // closed at the next packet or at the end
	stats   *pcapfile.Statistics
	bytes   int
	err     error
}

// startCapture returns when the socket is bound: whatever is sent from then on
// is in the capture or counted as dropped.
func startCapture(ctx context.Context, host Host) (*capture, error) {
	out, wire := io.Pipe()
	c := &capture{wire: wire, read: make(chan struct{}), markers: map[Marker]bool{}, changed: make(chan struct{})}
	// What the sniffer itself sends is not judged, so it is not captured.
	c.sniff = begin(host, wire, "sniff", "-i", "eth0", "-w", "-", "--direction", "in", "--until-eof")
	go func() {
		<-c.sniff.done
		wire.Close()
	}()
	go c.follow(out)
	if err := c.sniff.await(ctx, "capturing on"); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *capture) follow(out *io.PipeReader) {
	err := c.readAll(out)
	c.mu.Lock()
	c.err = err
	c.signal()
	c.mu.Unlock()
	// Whatever the reader's error, the sniffer must not be blocked by it.
	_, _ = io.Copy(io.Discard, out)
	close(c.read)
}

func (c *capture) readAll(out io.Reader) error {
	file, err := pcapfile.NewReader(out)
	if err != nil {
		return fmt.Errorf("the sniffer's capture: %w", err)
	}
	decoder := sniffer.NewDecoder()
	for {
		frame, err := file.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("the sniffer's capture: %w", err)
		}
		frame.Data = slices.Clone(frame.Data)
		p := sniffer.Packet{Frame: frame}
		decoder.Decode(&p)
		if err := c.add(p); err != nil {
			return err
		}
	}
	if s, ok := file.Statistics(); ok {
		c.mu.Lock()
		c.stats = &s
		c.mu.Unlock()
	}
	return nil
}

func (c *capture) add(p sniffer.Packet) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes += len(p.Data); c.bytes > maxCapture {
		return fmt.Errorf("the capture has more than %d MiB, which no experiment needs", maxCapture>>20)
	}
	p.Number = len(c.packets) + 1
	c.packets = append(c.packets, p)
	if m, ok := MarkerOf(&p); ok {
		c.markers[m] = true
	}
	c.signal()
	return nil
}

func (c *capture) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// awaitMarkers waits until the marker of every host has been captured.
func (c *capture) awaitMarkers(ctx context.Context, label string, hosts []string) error {
	for {
		c.mu.Lock()
		var missing []string
		for _, h := range hosts {
			if !c.markers[Marker{label, h}] {
				missing = append(missing, h)
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
			return fmt.Errorf("the capture ended before the marker %q of %s; the sniffer had printed:\n%s", label, strings.Join(missing, ", "), indent(c.sniff.output.String()))
		case <-ctx.Done():
			return fmt.Errorf("the sniffer has not seen the marker %q of %s: %w", label, strings.Join(missing, ", "), ctx.Err())
		}
	}
}

// finish stops the sniffer, which first delivers all that its kernel has seen
// and then says how much that was. What was captured is returned with the
// error, too.
func (c *capture) finish(ctx context.Context) ([]sniffer.Packet, *pcapfile.Statistics, error) {
	err := c.awaitEnd(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		err = c.err
	}
	if err == nil && c.stats == nil {
		err = errors.New("the sniffer did not say how many frames its kernel has seen")
	}
	return c.packets, c.stats, err
}

func (c *capture) awaitEnd(ctx context.Context) error {
	if err := c.sniff.leave(ctx); err != nil {
		return err
	}
	if c.sniff.code != 0 {
		return fmt.Errorf("%s ended with exit code %d:\n%s", c.sniff.name(), c.sniff.code, indent(c.sniff.output.String()))
	}
	select {
	case <-c.read:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the capture does not end: %w", ctx.Err())
	}
}

// close ends the capture however it takes.
func (c *capture) close() {
	c.sniff.stop()
	c.wire.Close()
	<-c.read
}
