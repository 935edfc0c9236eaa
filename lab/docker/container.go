package docker

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"

	"wirelab/lab"
)

// readyWithin is how long a container has to say that it is ready.
const readyWithin = 20 * time.Second

const (
	nobody = "65534:65534"
	// A capability that cap_add grants to another user than 0 fills only the
	// bounding set: who needs one is user 0, with that one alone.
	root = "0:0"
)

// spec is what one container of the lab differs in from the others.
type spec struct {
	name         string
	args         []string
	user         string
	capabilities []string
	cpu          string
	addr         netip.Addr // on the lab's network; none: the machine's own network
}

// hostContainer holds a host of the lab: commands are executed in it.
func (r *run) hostContainer(name, cpu string, addr netip.Addr) spec {
	s := spec{name: name, args: []string{"hold"}, user: nobody, cpu: cpu, addr: addr}
	if name == lab.SnifferHost {
		s.user, s.capabilities = root, []string{"NET_RAW"} // packet(7)
	}
	return s
}

// hubContainer governs the bridge, which is in the machine's own network.
func (r *run) hubContainer(cpu string) spec {
	return spec{name: "hub", args: []string{"hub", r.bridge(), "--watch"}, cpu: cpu,
		user: root, capabilities: []string{"NET_ADMIN"}}
}

// start runs a container and returns its id when it has said `ready`.
func (r *run) start(ctx context.Context, s spec) (string, error) {
	role := s.name
	if !s.addr.IsValid() {
		role = "-" + role // no host can have this name
	}
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithLogger(log.NewNoopLogger()),
		testcontainers.WithProvider(testcontainers.ProviderDocker),
		testcontainers.WithName(r.network() + "-" + role),
		testcontainers.WithLabels(maps.Clone(r.labels)),
		testcontainers.WithCmd(s.args...),
		testcontainers.WithConfigModifier(func(c *container.Config) {
			c.User = s.user
			if s.addr.IsValid() {
				c.Hostname = s.name
				c.Env = append(c.Env, "WIRELAB_HOST="+s.name)
			}
		}),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) { s.confine(h, r.network()) }),
		testcontainers.WithWaitStrategy(wait.ForLog("ready").WithPollInterval(10 * time.Millisecond).WithStartupTimeout(readyWithin)),
	}
	if s.addr.IsValid() {
		options = append(options,
			testcontainers.CustomizeRequest(testcontainers.GenericContainerRequest{
				ContainerRequest: testcontainers.ContainerRequest{
					Networks:       []string{r.network()},
					NetworkAliases: map[string][]string{r.network(): {s.name}},
				},
			}),
			testcontainers.WithEndpointSettingsModifier(func(e map[string]*network.EndpointSettings) {
				if lan := e[r.network()]; lan != nil {
					lan.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: s.addr}
				}
			}))
	}
	c, err := testcontainers.Run(ctx, r.image(), options...)
	if err != nil {
		return "", fmt.Errorf("start %s: %w", s.name, err)
	}
	return c.GetContainerID(), nil
}

// confine gives the container no more than it needs.
func (s spec) confine(h *container.HostConfig, lan string) {
	h.CapDrop, h.CapAdd = []string{"ALL"}, s.capabilities
	h.SecurityOpt = []string{"no-new-privileges:true"}
	h.ReadonlyRootfs = true
	h.CpusetCpus = s.cpu
	if !s.addr.IsValid() {
		h.NetworkMode = "host"
		return
	}
	h.NetworkMode = container.NetworkMode(lan)
	// Docker's resolver knows the lab's names. What it does not know it would
	// ask outside, over the very bridge that is captured: so it asks nobody.
	h.DNS = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	h.DNSSearch = []string{"."}                        // none
	h.DNSOptions = []string{"timeout:1", "attempts:1"} // some daemons answer nothing then
	h.Sysctls = map[string]string{
		"net.ipv6.conf.all.disable_ipv6":     "1",
		"net.ipv6.conf.default.disable_ipv6": "1",
	}
}
