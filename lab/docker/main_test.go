package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"go.uber.org/goleak"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
)

// victimVariable makes the test binary a process that brings up a lab and
// waits to be killed. Its value is inherited by whatever it starts.
const victimVariable = "WIRELAB_TEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victimVariable) != "" {
		os.Exit(victim())
	}
	goleak.VerifyTestMain(m)
}

func victim() int {
	n, err := (&Backend{}).Up(context.Background(), lab.DefaultTopology)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer n.Close()
	fmt.Println("up")
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// daemon returns a client of the machine's Docker. Without one the test is
// skipped, unless the environment says that it must be there.
func daemon(t *testing.T) *client.Client {
	t.Helper()
	cli, err := connect(t.Context())
	if err != nil {
		advice := ""
		if u, ok := errors.AsType[*lab.Unavailable](err); ok {
			advice = i18n.Lines(lang.English, u.Advice)
		}
		require.Missing(t, "docker", fmt.Sprintf("%v (%s)", err, advice))
	}
	t.Cleanup(func() { cli.Close() })
	return cli.Client
}

// remaining lists what there is of the objects whose labels match.
func remaining(t *testing.T, cli *client.Client, match func(labels map[string]string) bool) []string {
	t.Helper()
	ctx := context.Background()
	filter := make(client.Filters).Add("label", runLabel)
	containers, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		t.Fatal(err)
	}
	networks, err := cli.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		t.Fatal(err)
	}
	images, err := cli.ImageList(ctx, client.ImageListOptions{All: true, Filters: filter})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, c := range containers.Items {
		if match(c.Labels) {
			found = append(found, "container "+strings.Join(c.Names, ","))
		}
	}
	for _, n := range networks.Items {
		if match(n.Labels) {
			found = append(found, "network "+n.Name)
		}
	}
	for _, i := range images.Items {
		if match(i.Labels) {
			found = append(found, "image "+i.ID)
		}
	}
	return found
}

// eventually waits until check returns nothing, and fails with what it says.
func eventually(t *testing.T, within time.Duration, what string, check func() []string) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		left := check()
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: after %v there still is %v", what, within, left)
		}
		time.Sleep(pollEvery)
	}
}
