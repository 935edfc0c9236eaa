package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/lab/agent"
	"wirelab/sniffer/render"
)

const (
	awaitTimeout = 10 * time.Second // bounds each wait of a script
	runTimeout   = 60 * time.Second // bounds a command that ends by itself
)

// program is a command that runs on a host, with an open input. Its owner ends
// it with stop.
type program struct {
	id     string // by which the host's agent knows it; empty for the lab's own
	host   string
	args   []string
	stdin  *io.PipeWriter
	output *transcript // of standard output and error
	proc   Process
	done   chan struct{} // closed when it has ended; then code and err are set
	code   int
	err    error
}

// ExitError says that a command ended with an exit code other than 0.
type ExitError struct {
	Command string // the host and the command line: "client1: ping -c 1 server"
	Code    int
	Output  string // the last MiB of what it printed
}

func (e *ExitError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as a message that can be translated.
func (e *ExitError) Unwrap() error {
	return i18n.Errmsg("lab.process.exit", "Command", e.Command, "Code", e.Code, "Output", indent(e.Output))
}

// startProgram starts a command of a script.
func startProgram(ctx context.Context, host Host, id string, args ...string) (*program, error) {
	p, err := start(ctx, host, nil, []string{agent.Variable + "=" + id}, args...)
	if err != nil {
		return nil, err
	}
	p.id = id
	return p, nil
}

// start starts a command whose input stays open. Its standard output goes to
// stdout where that is given, else with its standard error to the transcript.
func start(ctx context.Context, host Host, stdout io.Writer, env []string, args ...string) (*program, error) {
	in, stdin := io.Pipe()
	p := &program{host: host.Name(), args: args, stdin: stdin, output: newTranscript(), done: make(chan struct{})}
	if stdout == nil {
		stdout = p.output
	}
	proc, err := host.Start(ctx, Cmd{Args: args, Env: env, Stdin: in, Stdout: stdout, Stderr: p.output})
	if err != nil {
		return nil, i18n.Errmsg("lab.process.unstarted", "Command", p.name(), "Cause", err)
	}
	p.proc = proc
	go func() {
		defer close(p.done)
		p.code, p.err = proc.Wait(context.Background())
		in.CloseWithError(fmt.Errorf("%s has ended", p.name()))
		p.output.end()
	}()
	return p, nil
}

// name is safe to print: arguments may have any character.
func (p *program) name() string { return safetext.Escape(p.host + ": " + strings.Join(p.args, " ")) }

// pid returns the program's number on its host, 0 where it is not known.
func (p *program) pid() int {
	if n, ok := p.proc.(Numbered); ok {
		return n.PID()
	}
	return 0
}

// say writes a line to the program's input.
func (p *program) say(ctx context.Context, line string) error {
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(p.stdin, line+"\n")
		written <- err
	}()
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		p.stdin.CloseWithError(ctx.Err())
		<-written
		return i18n.Errmsg("lab.process.noinput", "Command", p.name(), "Cause", ctx.Err())
	}
}

// leave closes the program's input and waits until it has ended. An exit code
// other than 0 is an *ExitError.
func (p *program) leave(ctx context.Context) error {
	p.stdin.Close()
	select {
	case <-p.done:
	case <-ctx.Done():
		return i18n.Errmsg("lab.process.unended", "Command", p.name(), "Cause", i18n.Original(ctx.Err()), "Output", indent(p.output.String()))
	}
	if p.err == nil && p.code == 0 {
		return nil
	}
	return p.ending()
}

// stop ends the program however it takes and waits for it.
func (p *program) stop() {
	p.stdin.Close()
	p.proc.Kill()
	<-p.done
}

// endingTimeout bounds the wait for the end of a program that the host reports as gone.
const endingTimeout = 5 * time.Second

// ending waits for the end and says how it came.
func (p *program) ending() error {
	select {
	case <-p.done:
	case <-time.After(endingTimeout):
		return i18n.Errmsg("lab.process.gone", "Command", p.name(), "Output", indent(p.output.String()))
	}
	if p.err != nil {
		return i18n.Errmsg("lab.process.failed", "Command", p.name(), "Cause", p.err)
	}
	return &ExitError{p.name(), p.code, p.output.String()}
}

func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// await waits for text in the program's output.
func (p *program) await(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	start := time.Now()
	if p.output.await(ctx, text) {
		return nil
	}
	seen := indent(p.output.String())
	if ctx.Err() == nil { // its output has ended, and so will it in a moment
		return i18n.Errmsg("lab.process.awaited.ended", "Text", text, "Cause", p.ending())
	}
	err := i18n.Errmsg("lab.process.awaited.silent", "Text", text, "Command", p.name(), "Time", render.Duration(time.Since(start)), "Output", seen)
	if errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// indent makes output from outside safe and sets it off from our own words.
func indent(s string) i18n.Message {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return i18n.Msg("lab.process.output.nothing")
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = "    " + safetext.Escape(l)
	}
	// Why a Go program died is in its first lines.
	const head, tail = 5, 15
	if over := len(lines) - head - tail; over > 1 {
		return i18n.Msg("lab.process.output.long", "Head", strings.Join(lines[:head], "\n"), "Lines", over, "Tail", strings.Join(lines[len(lines)-tail:], "\n"))
	}
	return i18n.Verbatim(strings.Join(lines, "\n"))
}
