package cli

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/netns"
)

// A client whose machine is gone, of which no FIN ever comes, is announced as
// gone once nothing was acknowledged for a minute, and stalls nobody meanwhile.
func TestHalfOpenClient(t *testing.T) {
	t.Parallel()
	require.Long(t, "it takes a minute")
	if err := (netns.Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, netns.Name, err)
	}
	ip, err := exec.LookPath("ip")
	if err != nil {
		require.Missing(t, netns.Name, "ip (iproute2) is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	l, err := lab.Open(ctx, netns.Backend{}, lab.DefaultTopology)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(l.Start(ctx, "server", "chat", "serve"))
	must(l.Await(ctx, "server", "listening"))
	must(l.Start(ctx, "client1", "chat", "join", "--name", "gone", "server"))
	must(l.Await(ctx, "client1", "as gone"))
	must(l.Start(ctx, "client2", "chat", "join", "--name", "there", "server"))
	must(l.Await(ctx, "client2", "as there"))
	if out, err := l.Run(ctx, "client1", ip, "link", "set", "eth0", "down"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	left := make(chan error, 1)
	go func() {
		// Await gives up sooner than the kernel does.
		err := l.Await(ctx, "server", "gone left")
		for err != nil && ctx.Err() == nil {
			err = l.Await(ctx, "server", "gone left")
		}
		left <- err
	}()
	var slowest time.Duration
	for n := 0; ; n++ {
		text := fmt.Sprintf("line %d.", n)
		said := time.Now()
		must(l.Say(ctx, "server", text))
		must(l.Await(ctx, "client2", "server: "+text))
		slowest = max(slowest, time.Since(said))
		select {
		case err := <-left:
			must(err)
			must(l.Say(ctx, "client2", "/who"))
			must(l.Await(ctx, "client2", "1 person"))
			t.Logf("%d lines meanwhile, the slowest was heard after %v", n+1, slowest)
			return
		case <-time.After(time.Second): // half as often as the limit allows
		}
	}
}
