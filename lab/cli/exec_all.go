package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/lab"
	"wirelab/lab/netns"
)

// execAll runs a command on every host, one after the other. The exit code is the
// worst.
func execAll(cmd *cobra.Command, up *standing, args []string) (worst int, err error) {
	command, err := onHost(cmd.Root(), up, args)
	if err != nil {
		return 0, err
	}
	ctx, cancel := cmdline.Interruptible(cmd.Context())
	defer cancel()
	wide := 0
	for _, name := range up.Hosts {
		wide = max(wide, len(name))
	}
	for _, name := range up.Hosts {
		prefix := fmt.Sprintf("%-*s  ", wide, name)
		stdout, stderr := &prefixed{to: cmd.OutOrStdout(), prefix: prefix}, &prefixed{to: cmd.ErrOrStderr(), prefix: prefix}
		code, err := runOn(ctx, up.Network.Host(name), command, stdout, stderr)
		if err != nil {
			return 0, unableIn(ctx, fmt.Errorf("%s: %w", name, err))
		}
		stdout.end()
		stderr.end()
		worst = max(worst, code)
	}
	return worst, nil
}

// runOn runs a command on a host and returns its exit code.
func runOn(ctx context.Context, host lab.Host, command []string, stdout, stderr io.Writer) (code int, err error) {
	p, err := host.Start(ctx, lab.Cmd{Args: command, Env: netns.PassOn(os.Environ()), Stdout: stdout, Stderr: stderr})
	if err != nil {
		return 0, err
	}
	code, err = p.Wait(ctx)
	if err != nil { // ctx has ended, or the lab
		_ = p.Kill()
	}
	return code, err
}

// prefixed writes whole lines, each behind a prefix. It is for one goroutine.
type prefixed struct {
	to     io.Writer
	prefix string
	line   []byte // the beginning of one
}

// maxPrefixed is how many bytes of a line are kept for its end.
const maxPrefixed = 64 << 10

func (p *prefixed) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		line, more, ended := bytes.Cut(rest, []byte{'\n'})
		p.line, rest = append(p.line, line...), more
		if ended || len(p.line) > maxPrefixed {
			if err := p.flush(); err != nil {
				return len(b) - len(rest), err
			}
		}
	}
	return len(b), nil
}

func (p *prefixed) flush() error {
	_, err := fmt.Fprintf(p.to, "%s%s\n", p.prefix, p.line)
	p.line = p.line[:0]
	return err
}

// end writes a line that has no end.
func (p *prefixed) end() {
	if len(p.line) > 0 {
		_ = p.flush() // the next line fails, too
	}
}
