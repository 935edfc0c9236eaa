package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"wirelab/internal/safetext"
)

// Host is what an agent asks of the host on which it runs.
type Host interface {
	// Quiet waits until nothing is under way on any socket of the host; past
	// the limit it returns what still is.
	Quiet(ctx context.Context, limit time.Duration) (busy string, err error)
	// Mark sends a marker by each of the named devices; of none, by all.
	Mark(label string, devices ...string) error
	// Alive reports whether the program that was started with an id in its
	// environment (Variable) runs and is not about to end. What it has started
	// is not the program. Its number is 0 where it is not known.
	Alive(id string, pid int) (bool, error)
	// Left reports whether any process with ID in its environment runs and is
	// not about to end.
	Left(id string) (bool, error)
}

// Serve answers questions until the end of in.
func Serve(ctx context.Context, in io.Reader, out io.Writer, host Host) error {
	if _, err := fmt.Fprintln(out, ready); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1024)
	for lines.Scan() {
		if _, err := fmt.Fprintln(out, answer(ctx, lines.Text(), host)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer answers one question.
func answer(ctx context.Context, line string, host Host) string {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case mark:
		label, devices, _ := strings.Cut(rest, " ")
		if err := host.Mark(label, strings.Fields(devices)...); err != nil {
			return refusal(err)
		}
		return marked + " " + label
	case quiet:
		limit, err := time.ParseDuration(rest)
		if err != nil || limit < 0 {
			return refusal(fmt.Errorf("duration %q: want one such as 5s, or 0s for one look", rest))
		}
		what, err := host.Quiet(ctx, limit)
		switch {
		case err != nil:
			return refusal(err)
		case what != "":
			return busy + " " + safetext.Escape(what)
		}
		return quiet
	case alive:
		id, number, _ := strings.Cut(rest, " ")
		pid, err := strconv.Atoi(number)
		if err != nil || pid < 0 {
			return refusal(fmt.Errorf("process %q: want its number, or 0", number))
		}
		runs, err := host.Alive(id, pid)
		return orGone(alive, runs, err)
	case left:
		runs, err := host.Left(rest)
		return orGone(left, runs, err)
	}
	return refusal(fmt.Errorf("question %q is not known: quiet DURATION, mark LABEL [DEVICE…], alive ID PID or left ID", line))
}

// orGone answers whether something runs: with a word, or that it is gone.
func orGone(word string, runs bool, err error) string {
	switch {
	case err != nil:
		return refusal(err)
	case runs:
		return word
	}
	return gone
}

func refusal(err error) string { return failed + " " + safetext.Escape(err.Error()) }
