// Package containertest asserts what the containers of a test say to each other
// on the wire. It is for tests that bring up their own service with
// testcontainers-go, or otherwise, on a Docker network of their own:
//
//	l := containertest.Attach(t, nw.Name, map[string]containertest.Container{"client": client, "server": server})
//	// … the client talks to the server …
//	l.Settle("talk")
//	l.Expect("tcp/8080 first in talk", "client > server SYN acked")
//
// Attach adds a sniffer to the network and makes its bridge a hub. The lab that it
// returns is that of package labtest, which brings up its hosts itself: one network
// here, any number of segments with routers there.
//
// The containers may have any image: what runs beside them is the package's own.
// It does not know how they came about. Docker is needed. The package leaves nothing
// behind in it, and a container on the network that is not named is an error.
package containertest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"wirelab/lab"
	"wirelab/lab/docker"
	"wirelab/lab/labtest"
)

// Container is a running container. A testcontainers.Container is one.
type Container interface{ GetContainerID() string }

// Attach captures the Docker network of that name, and returns when the capture runs.
// hosts are all containers on the network; their keys are the names of the hosts in the
// lines of Expect. Until the test ends, the network is a hub, and the containers run on
// one CPU, so that packets are captured in the order in which they were sent.
func Attach(t testing.TB, network string, hosts map[string]Container) *labtest.Lab {
	t.Helper()
	ids := map[string]string{}
	for name, c := range hosts {
		ids[name] = c.GetContainerID()
	}
	topology := lab.Topology{Hosts: append(slices.Sorted(maps.Keys(hosts)), lab.SnifferHost)}
	return labtest.Attach(t, topology, func(ctx context.Context) (lab.Network, error) {
		return (&docker.Backend{}).Attach(ctx, network, ids)
	})
}
