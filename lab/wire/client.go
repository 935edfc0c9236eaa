package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"wirelab/internal/i18n"
	"wirelab/lab"
	"wirelab/lab/fault"
)

// request is a line that Serve reads, and answer one that it writes, in JSON.
//
//	make     topology      -> done: the segments are made, and hosts may join
//	segments               -> the segments, when every host has joined
//	mode     segment, mode -> done: its bridge is set
//	learnt   segment       -> done: it has learnt every host on it
//	impair   rule          -> done: it is in force
//	mend     name, or ""   -> done: the rule is lifted, or all are
//	faults   after         -> what the cables do, and some acts
type request struct {
	Op       string        `json:"op"`
	Within   time.Duration `json:"within"` // the caller waits so long
	Topology lab.Topology  `json:"topology,omitzero"`
	Segment  string        `json:"segment,omitempty"`
	Mode     lab.Mode      `json:"mode,omitempty"`
	Rule     fault.Rule    `json:"rule,omitzero"`
	Name     string        `json:"name,omitempty"`
	After    int           `json:"after,omitempty"`
}

type answer struct {
	Refusal
	Segments []Segment    `json:"segments,omitempty"`
	Faults   fault.Report `json:"faults,omitzero"`
}

// maxLine bounds a line in bytes. A page of a thousand acts has far less.
const maxLine = 4 << 20

// Client asks the process that has made a wire (Serve). Its methods may be called from
// several goroutines at once; questions are put one after the other. A context that ends
// first leaves the question to the process.
type Client struct {
	turn    chan struct{} // holds one value, which belongs to the question under way
	out     io.Writer
	answers *bufio.Scanner
}

// NewClient speaks to Serve through its input and output.
func NewClient(in io.Writer, out io.Reader) *Client {
	c := &Client{turn: make(chan struct{}, 1), out: in, answers: bufio.NewScanner(out)}
	c.answers.Buffer(nil, maxLine)
	return c
}

// ask puts a question.
func (c *Client) ask(ctx context.Context, r request) (answer, error) {
	if ctx.Err() != nil { // or it is chance whether the question is put
		return answer{}, ctx.Err()
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	if deadline, ok := ctx.Deadline(); ok {
		r.Within = time.Until(deadline)
	}
	type result struct {
		answer
		err error
	}
	done := make(chan result, 1)
	go func() {
		a, err := c.exchange(r)
		<-c.turn
		done <- result{a, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

func (c *Client) exchange(r request) (a answer, err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return a, err
	}
	if _, err := c.out.Write(append(line, '\n')); err != nil {
		return a, noAnswer(err)
	}
	if !c.answers.Scan() {
		return a, noAnswer(c.answers.Err())
	}
	if err := json.Unmarshal(c.answers.Bytes(), &a); err != nil {
		return a, fmt.Errorf("the wire answers %.100q: %w", c.answers.Bytes(), err)
	}
	if a.Refused() {
		err = &a.Refusal
	}
	return a, err
}

// noAnswer says why an answer did not come: the process has ended, or what it said last.
func noAnswer(err error) error {
	if err == nil {
		return i18n.Errmsg("lab.ended")
	}
	return i18n.Errmsg("lab.silent", "Cause", err)
}

// Make makes the segments of a topology. Hosts may join when it returns.
func (c *Client) Make(ctx context.Context, t lab.Topology) error {
	_, err := c.ask(ctx, request{Op: "make", Topology: t})
	return err
}

// Segments waits until every host has joined and every port forwards, and describes the
// segments.
func (c *Client) Segments(ctx context.Context) ([]Segment, error) {
	a, err := c.ask(ctx, request{Op: "segments"})
	return a.Segments, err
}

// SetMode is Wire.SetMode.
func (c *Client) SetMode(ctx context.Context, segment string, mode lab.Mode) error {
	_, err := c.ask(ctx, request{Op: "mode", Segment: segment, Mode: mode})
	return err
}

// AwaitLearnt is Wire.AwaitLearnt.
func (c *Client) AwaitLearnt(ctx context.Context, segment string) error {
	_, err := c.ask(ctx, request{Op: "learnt", Segment: segment})
	return err
}

// Impair is Wire.Impair.
func (c *Client) Impair(ctx context.Context, rule fault.Rule) error {
	_, err := c.ask(ctx, request{Op: "impair", Rule: rule})
	return err
}

// Mend is Wire.Mend.
func (c *Client) Mend(ctx context.Context, name string) error {
	_, err := c.ask(ctx, request{Op: "mend", Name: name})
	return err
}

// Faults is Wire.Faults.
func (c *Client) Faults(ctx context.Context, after int) (fault.Report, error) {
	a, err := c.ask(ctx, request{Op: "faults", After: after})
	return a.Faults, err
}
