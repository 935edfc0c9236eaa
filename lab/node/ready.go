package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/poll"
)

// condition returns why something does not hold yet, empty where it does. The
// error is for what could not be looked at.
type condition func() (reason string, err error)

func readyCommand() *cobra.Command {
	var wait time.Duration
	c := &cobra.Command{
		Use:    "ready WHAT...",
		Hidden: true,
		Args:   cmdline.Args(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			var all []condition
			for _, what := range args {
				cond, err := parseCondition(what)
				if err != nil {
					return exit.With(exit.Usage, err)
				}
				all = append(all, cond)
			}
			ctx, stop := cmdline.Interruptible(c.Context())
			defer stop()
			return awaitAll(ctx, wait, all)
		},
	}
	c.Flags().DurationVar(&wait, "wait", 0, "")
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
			return func() (string, error) { return segmentSet(value) }, nil
		}
	}
	return nil, i18n.Errmsg("ready.condition", "Word", what)
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
