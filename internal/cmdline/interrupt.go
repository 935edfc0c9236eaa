package cmdline

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible returns a context that ends at Ctrl-C or SIGTERM. It asks for the signals
// even where the parent ignores them: PID 1 of a container gets no others, and a program
// in the background inherits an ignored SIGINT.
func Interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
