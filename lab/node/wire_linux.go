package node

import (
	"context"
	"io"

	"wirelab/internal/exit"
	"wirelab/lab/wire"
	"wirelab/sniffer/capture"
)

// join plugs this host in, and gives up the rights that it took.
func join(ctx context.Context, socket, host string) error {
	if err := wire.Join(ctx, socket, host); err != nil {
		return exit.With(exit.Unable, err)
	}
	return exit.With(exit.Unable, capture.Confine())
}

func serveWire(in io.Reader, out io.Writer, socket string) error {
	return exit.With(exit.Unable, wire.Serve(in, out, socket))
}
