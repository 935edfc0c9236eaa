package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/exit"
	"wirelab/internal/poll"
)

// condition returns why something does not hold yet, empty where it does. The
// error is for what could not be looked at.
type condition func() (reason string, err error)

func readyCommand() *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{
		Use:   "ready WHAT...",
		Short: "Check that services of this host are up, without sending a packet",
		Long: `Looks into the kernel's tables of this host and exits with 0 if each holds, else
with 1 and the reason. WHAT is one of:

  tcp/PORT     a TCP socket listens on the port
  udp/PORT     a UDP socket is bound to the port
  packet       a packet socket is open: a capture runs
  hub/BRIDGE   the bridge's ageing time is 0: it floods like a hub`,
		Example: `  wirelab ready tcp/7000 udp/7001
  wirelab ready --wait 5s packet`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var all []condition
			for _, what := range args {
				cond, err := parseCondition(what)
				if err != nil {
					return exit.With(exit.Usage, err)
				}
				all = append(all, cond)
			}
			ctx, stop := untilSignal(c)
			defer stop()
			return awaitAll(ctx, wait, all)
		},
	}
	c.Flags().DurationVar(&wait, "wait", 0, "how long to wait for what does not hold yet")
	return c
}

func parseCondition(what string) (condition, error) {
	kind, value, _ := strings.Cut(what, "/")
	switch kind {
	case "tcp", "udp":
		if port, err := strconv.ParseUint(value, 10, 16); err == nil && port > 0 {
			return func() (string, error) { return bound(kind, uint16(port)) }, nil
		}
	case "packet":
		if what == kind {
			return packetSocketOpen, nil
		}
	case "hub":
		if value != "" {
			return func() (string, error) { return floods(value) }, nil
		}
	}
	return nil, fmt.Errorf("condition %q: want tcp/PORT, udp/PORT, packet or hub/BRIDGE", what)
}

// awaitAll waits until all conditions hold at once; at least one look is taken.
func awaitAll(ctx context.Context, wait time.Duration, all []condition) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var reasons []string
	err := poll.Until(ctx, poll.Kernel, func() (bool, error) {
		reasons = nil
		for _, holds := range all {
			reason, err := holds()
			if err != nil {
				return false, err
			}
			if reason != "" {
				reasons = append(reasons, reason)
			}
		}
		return len(reasons) == 0, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("not ready: %s", strings.Join(reasons, "; "))
	}
	return err
}
