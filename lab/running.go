package lab

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"wirelab/internal/safetext"
)

// running is a command that runs on a host in the background. Its owner ends
// it with stop.
type running struct {
	host   Host
	args   []string
	stdin  *io.PipeWriter
	output *transcript // of standard output and error
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended; then code and err are set
	code   int
	err    error
}

// scriptEnv makes a program say the same to a script whatever language the
// person who runs it reads.
var scriptEnv = []string{"LC_ALL=C.UTF-8"}

// begin starts a command whose input stays open. Its standard output goes to
// stdout where that is given, else with its standard error to the transcript.
func begin(host Host, stdout io.Writer, args ...string) *running {
	ctx, cancel := context.WithCancel(context.Background())
	in, stdin := io.Pipe()
	r := &running{host: host, args: args, stdin: stdin, output: newTranscript(), cancel: cancel, done: make(chan struct{})}
	if stdout == nil {
		stdout = r.output
	}
	go func() {
		defer close(r.done)
		r.code, r.err = execute(ctx, host, Cmd{Args: args, Env: scriptEnv, Stdin: in, Stdout: stdout, Stderr: r.output})
		in.CloseWithError(fmt.Errorf("%s has ended", r.name()))
		r.output.end()
	}()
	return r
}

// execute starts a command and waits for its end. When ctx ends the command is
// killed and execute returns ctx's error.
func execute(ctx context.Context, host Host, cmd Cmd) (exitCode int, err error) {
	p, err := host.Start(ctx, cmd)
	if err != nil {
		return 0, err
	}
	code, err := p.Wait(ctx)
	if ctx.Err() == nil {
		return code, err
	}
	if err := p.Kill(); err != nil {
		return 0, err
	}
	// What it still writes to the outputs belongs to the caller after this.
	_, _ = p.Wait(context.Background())
	return 0, ctx.Err()
}

func (r *running) name() string { return r.host.Name() + ": " + strings.Join(r.args, " ") }

// say writes a line to the command's input.
func (r *running) say(ctx context.Context, line string) error {
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(r.stdin, line+"\n")
		written <- err
	}()
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		r.stdin.CloseWithError(ctx.Err())
		<-written
		return fmt.Errorf("%s takes no input: %w", r.name(), ctx.Err())
	}
}

// leave closes the command's input and waits until it has ended. With which
// exit code does not matter: what it did is judged on the wire.
func (r *running) leave(ctx context.Context) error {
	r.stdin.Close()
	select {
	case <-r.done:
	case <-ctx.Done():
		return fmt.Errorf("%s did not end after its input was closed; it had printed:\n%s", r.name(), indent(r.output.String()))
	}
	return r.err
}

// stop ends the command however it takes and waits for it.
func (r *running) stop() {
	r.stdin.Close()
	r.cancel()
	<-r.done
}

// ending waits for the end and says how it came.
func (r *running) ending() error {
	<-r.done
	if r.err != nil {
		return fmt.Errorf("%s could not run: %w", r.name(), r.err)
	}
	return fmt.Errorf("%s ended with exit code %d; it had printed:\n%s", r.name(), r.code, indent(r.output.String()))
}

func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// awaitTimeout bounds each wait of a script.
const awaitTimeout = 10 * time.Second

// await waits for text in the command's output.
func (r *running) await(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, awaitTimeout)
	defer cancel()
	start := time.Now()
	if r.output.await(ctx, text) {
		return nil
	}
	seen := indent(r.output.String())
	if r.ended() {
		return fmt.Errorf("awaited %q, but %w", text, r.ending())
	}
	return fmt.Errorf("awaited %q from %s for %v; it had printed:\n%s", text, r.name(), time.Since(start).Round(time.Millisecond), seen)
}

// indent makes output from outside safe and sets it off from our own words.
func indent(s string) string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return "    (nothing)"
	}
	lines := strings.Split(s, "\n")
	if over := len(lines) - 20; over > 0 {
		lines = append([]string{fmt.Sprintf("(%d lines before)", over)}, lines[over:]...)
	}
	for i, l := range lines {
		lines[i] = "    " + safetext.Escape(l)
	}
	return strings.Join(lines, "\n")
}
