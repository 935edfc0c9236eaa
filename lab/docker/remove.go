package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// The labels of everything that a run makes.
const (
	runLabel   = "wirelab.run"   // the run's id
	ownerLabel = "wirelab.owner" // an owner

	// Of a container that restores what it changed when it is told to end.
	restoresLabel = "wirelab.restores"
)

// pollEvery is the pace at which the daemon is asked again.
const pollEvery = 100 * time.Millisecond

// removePass removes everything of a run that there is at this moment and
// returns how much that was. What is gone meanwhile is no error.
func removePass(ctx context.Context, cli *client.Client, id string) (found int, err error) {
	filter := make(client.Filters).Add("label", runLabel+"="+id)
	containers, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return 0, fmt.Errorf("list containers: %w", err)
	}
	errs := make([]error, len(containers.Items))
	var wg sync.WaitGroup
	for i, c := range containers.Items {
		wg.Go(func() {
			if c.State == container.StatePaused {
				// Not every daemon kills what cannot notice it. An error shows in
				// what follows.
				_, _ = cli.ContainerUnpause(ctx, c.ID, client.ContainerUnpauseOptions{})
			}
			if c.State == container.StateRunning && c.Labels[restoresLabel] != "" {
				patience := 2 // seconds
				_, _ = cli.ContainerStop(ctx, c.ID, client.ContainerStopOptions{Timeout: &patience})
			}
			_, err := cli.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			errs[i] = remains("container", c.ID, err)
		})
	}
	wg.Wait()

	networks, err := cli.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return 0, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks.Items {
		_, err := cli.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		errs = append(errs, remains("network", n.ID, err))
	}

	// With All the images of a build that was cut off are listed too: the
	// labels are the first thing that it sets.
	images, err := cli.ImageList(ctx, client.ImageListOptions{All: true, Filters: filter})
	if err != nil {
		return 0, fmt.Errorf("list images: %w", err)
	}
	for _, i := range images.Items {
		_, err := cli.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		errs = append(errs, remains("image", i.ID, err))
	}
	return len(containers.Items) + len(networks.Items) + len(images.Items), errors.Join(errs...)
}

// remains names what could not be removed.
func remains(kind, id string, err error) error {
	if err == nil || cerrdefs.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s %.19s: %w", kind, id, err)
}

// removeRun removes everything of a run, and looks again until there is
// nothing: a network can go only after its containers have, an image only
// after the images made from it. When ctx ends it returns what remains.
func removeRun(ctx context.Context, cli *client.Client, id string) error {
	for {
		found, err := removePass(ctx, cli, id)
		if found == 0 && err == nil {
			return nil
		}
		if waitErr := pause(ctx, pollEvery); waitErr != nil {
			return fmt.Errorf("remove run %s: %w", id, errors.Join(waitErr, err))
		}
	}
}

// sweep removes the runs whose owner is dead: their reaper was killed too, or
// the machine went down.
func sweep(ctx context.Context, cli *client.Client, self owner) error {
	filter := make(client.Filters).Add("label", ownerLabel)
	labels := []map[string]string{}
	containers, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return fmt.Errorf("list containers: %w", err)
	}
	for _, c := range containers.Items {
		labels = append(labels, c.Labels)
	}
	networks, err := cli.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks.Items {
		labels = append(labels, n.Labels)
	}
	images, err := cli.ImageList(ctx, client.ImageListOptions{All: true, Filters: filter})
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	for _, i := range images.Items {
		labels = append(labels, i.Labels)
	}

	dead := map[string]bool{}
	for _, l := range labels {
		if o, ok := parseOwner(l[ownerLabel]); ok && validID(l[runLabel]) && o.dead(self, isLocal(cli.DaemonHost()), startTime) {
			dead[l[runLabel]] = true
		}
	}
	// At once: what cannot be removed of one holds up no other.
	var wg sync.WaitGroup
	errs := make(chan error, len(dead))
	for id := range dead {
		wg.Go(func() { errs <- removeRun(ctx, cli, id) })
	}
	wg.Wait()
	close(errs)
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// isLocal reports whether a daemon runs on this machine: it is reached by a
// socket of its file system.
func isLocal(daemonHost string) bool {
	return strings.HasPrefix(daemonHost, "unix://") || strings.HasPrefix(daemonHost, "npipe://")
}

// pause waits for d, or returns ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
