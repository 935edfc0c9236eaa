package node

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
)

// run executes a command line in this process.
func run(ctx context.Context, in string, args ...string) (out string, err error) {
	root := cmdline.New(Part()).Root()
	var b bytes.Buffer
	root.SetArgs(args)
	root.SetIn(strings.NewReader(in))
	root.SetOut(&b)
	root.SetErr(&b)
	err = root.ExecuteContext(ctx)
	return b.String(), err
}

func TestHoldEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := run(ctx, "", "hold")
	if err != nil || out != "ready\n" {
		t.Errorf("hold: %q, %v, want ready and no error", out, err)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, line := range []string{
		"ping -i 0 server",
		"mark Not-A-Label",
		"mark --host A_B cold",
		"neigh add server not-a-mac",
		"neigh add no-such-host.invalid 02:00:00:00:00:00:00:01", // of EUI-64
		"ready tcp/x",
		"hub br0 --mode bridge",
		"hub br0 --await-learnt 1:2",
		"hub br0 --watch --await-learnt 02:00:00:00:00:01",
	} {
		if out, err := run(t.Context(), "", strings.Fields(line)...); exit.Code(err) != exit.Usage {
			t.Errorf("%s: %q, %v (exit code %d), want 2", line, out, err, exit.Code(err))
		}
	}
}
