package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"

	"wirelab/lab"
)

// closeWithin is how long a run has to be removed. Its own limit, because it
// is removed above all when the context that it was made with is over.
const closeWithin = 20 * time.Second

// run is everything that one lab makes, and its removal.
type run struct {
	cli      *client.Client
	provider *testcontainers.DockerProvider
	id       string
	labels   map[string]string
	reaper   *reaper
}

// validID reports whether id can be a run's: six random bytes in hexadecimal,
// short enough for a bridge's name and a host name.
var validID = regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString

// newRun starts the run's reaper, before there is anything to remove, and
// sweeps what dead processes left.
func newRun(ctx context.Context, cli *client.Client) (*run, error) {
	provider, err := testcontainersProvider(cli.DaemonHost())
	if err != nil {
		return nil, err
	}
	self, err := thisProcess()
	if err != nil {
		return nil, fmt.Errorf("identify this process: %w", err)
	}
	sweepCtx, cancel := context.WithTimeout(ctx, closeWithin)
	defer cancel()
	if err := sweep(sweepCtx, cli, self); err != nil && ctx.Err() == nil {
		// Not ours to fail for: the next lab tries again.
		slog.Warn("leftovers of dead labs", "backend", "docker", "err", err)
	}
	random := make([]byte, 6)
	rand.Read(random) // never fails, crypto/rand
	r := &run{cli: cli, provider: provider, id: hex.EncodeToString(random)}
	r.labels = map[string]string{runLabel: r.id, ownerLabel: self.String()}
	if r.reaper, err = startReaper(r.id); err != nil {
		return nil, err
	}
	return r, nil
}

var testcontainersSetup sync.Mutex

// testcontainersProvider returns a provider that talks to this host and to no
// other. Its library finds a daemon once a process, by rules of its own, and
// tells about it on standard error.
func testcontainersProvider(host string) (*testcontainers.DockerProvider, error) {
	testcontainersSetup.Lock()
	defer testcontainersSetup.Unlock()
	// Ryuk, the library's cleaner, is an image that has to be pulled. The
	// reaper of this package takes its place.
	if err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"); err != nil {
		return nil, err
	}
	banner := log.Default()
	log.SetDefault(log.NewNoopLogger())
	defer log.SetDefault(banner)
	generic, err := testcontainers.ProviderDocker.GetProvider(testcontainers.WithLogger(log.NewNoopLogger()))
	if err != nil {
		return nil, fmt.Errorf("testcontainers: %w", err)
	}
	provider, ok := generic.(*testcontainers.DockerProvider)
	if !ok {
		return nil, fmt.Errorf("testcontainers: provider is a %T", generic)
	}
	if other := provider.Client().DaemonHost(); other != host {
		return nil, &lab.Unavailable{What: "docker",
			Cause:  fmt.Sprintf("testcontainers would use %s in place of %s", other, host),
			Advice: "remove tc.host from ~/.testcontainers.properties; a process can use one daemon only"}
	}
	return provider, nil
}

// image is the run's image. The registry of its name cannot exist (RFC 2606),
// so that no client ever pulls another in its place.
func (r *run) image() string { return "wirelab.invalid/lab:" + r.id }

// network is the name of the run's network.
func (r *run) network() string { return "wirelab-" + r.id }

// bridge is the run's network device on the daemon's machine, whose name may
// have 15 characters.
func (r *run) bridge() string { return "wl" + r.id }

// buildImage makes the image: the program and nothing else.
func (r *run) buildImage(ctx context.Context) error {
	version, err := r.cli.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return fmt.Errorf("ask the daemon's version: %w", err)
	}
	path, err := lab.StaticProgram(ctx, version.Arch)
	if err != nil {
		return err
	}
	archive, err := imageArchive(path, r.labels)
	if err != nil {
		return err
	}
	repo, tag, _ := strings.Cut(r.image(), ":")
	_, err = r.provider.BuildImage(ctx, &testcontainers.ContainerRequest{
		FromDockerfile: testcontainers.FromDockerfile{ContextArchive: archive, Repo: repo, Tag: tag, KeepImage: true},
	})
	if err != nil {
		return fmt.Errorf("build image: %w", err)
	}
	return nil
}

// imageArchive is the build context. The labels come first, so that every
// intermediate container and image of the build has them too.
func imageArchive(program string, labels map[string]string) (*bytes.Reader, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var dockerfile strings.Builder
	dockerfile.WriteString("FROM scratch\nLABEL")
	for name, value := range labels {
		fmt.Fprintf(&dockerfile, " %s=%q", name, value)
	}
	dockerfile.WriteString("\nCOPY wirelab /wirelab\nENTRYPOINT [\"/wirelab\"]\n")

	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		mode int64
		data []byte
	}{
		{"Dockerfile", 0o644, []byte(dockerfile.String())},
		{"wirelab", 0o755, binary},
	} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.NewReader(b.Bytes()), nil
}

// createNetwork makes the run's network and returns its subnet.
// testcontainers-go drops a driver's options, hence the client.
func (r *run) createNetwork(ctx context.Context) (netip.Prefix, error) {
	for attempt := 1; ; attempt++ {
		subnet, err := freeSubnet(ctx, r.cli)
		if err != nil {
			return netip.Prefix{}, err
		}
		_, err = r.cli.NetworkCreate(ctx, r.network(), client.NetworkCreateOptions{
			Driver: "bridge",
			Labels: r.labels,
			Options: map[string]string{
				"com.docker.network.bridge.name": r.bridge(),
				// Docker 28 announces a new container by unsolicited ARP; older
				// daemons ignore the option.
				"com.docker.network.advertise_addr_nmsgs": "0",
			},
			IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet, Gateway: gateway(subnet)}}},
		})
		if err == nil {
			return subnet, nil
		}
		if attempt == 10 || !strings.Contains(err.Error(), "verlap") {
			return netip.Prefix{}, fmt.Errorf("create network: %w", err)
		}
	}
}

// chooseCPU picks the CPU that the whole lab runs on, so that the capture's
// order is the wire's, and different labs spread over the machine.
func (r *run) chooseCPU(ctx context.Context) (string, error) {
	info, err := r.cli.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the daemon's CPUs: %w", err)
	}
	n, err := strconv.ParseUint(r.id, 16, 64)
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(n%uint64(max(info.Info.NCPU, 1)), 10), nil
}

// close removes the run and ends its reaper.
func (r *run) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	err := removeRun(ctx, r.cli, r.id)
	if err != nil {
		return errors.Join(err, r.abandon())
	}
	return errors.Join(r.reaper.release(), r.disconnect())
}

// abandon leaves the removal of the run to its reaper and waits for it. A run
// that was cut off while it came up may have a request under way at the
// daemon: the reaper looks until none can be.
func (r *run) abandon() error {
	return errors.Join(r.reaper.reap(), r.disconnect())
}

func (r *run) disconnect() error { return errors.Join(r.provider.Close(), r.cli.Close()) }
