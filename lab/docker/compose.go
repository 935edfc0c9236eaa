package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	netapi "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/lab"
)

// The labels by which compose knows its own (compose-spec, and docker-compose
// 1.29 alike). The project and the service are on the images that compose
// builds, too, and so on every container made from one; the number is not.
const (
	projectLabel = "com.docker.compose.project"
	serviceLabel = "com.docker.compose.service"
	numberLabel  = "com.docker.compose.container-number"
	oneOffLabel  = "com.docker.compose.oneoff" // "True" for docker compose run
)

// hubService is the service of docker-compose.yml that governs the bridge.
const hubService = "hub"

// services are the running containers of a compose project, by service.
type services map[string][]member

// member is a container of a project.
type member struct{ id, image string }

// AttachCompose returns the network of a running compose project of the form of
// docker-compose.yml: its hosts are the services on the segment of the service
// "sniffer", and the service "hub" governs the segment's bridge. No name is the
// one such project that runs. The segment is a hub.
//
// Close leaves the project as it is. The error is an *lab.Unavailable where the
// project does not run.
func AttachCompose(ctx context.Context, project string) (lab.Network, error) {
	cli, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	found, err := findProject(ctx, cli, &project)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	// The containers that flush a host's cache belong to a run.
	r, err := newRun(ctx, cli)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	n, err := r.attachCompose(ctx, found)
	if err != nil {
		return nil, errors.Join(i18n.Errmsg("lab.compose.failed", "Name", project, "Cause", err), r.close())
	}
	n.closeWith(ctx)
	return n, nil
}

// findProject returns the services of a project, or of the one that there is,
// whose name it sets.
func findProject(ctx context.Context, cli *engine, project *string) (services, error) {
	filter := make(client.Filters).Add("label", numberLabel)
	listed, err := cli.ContainerList(ctx, client.ContainerListOptions{Filters: filter})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	projects := map[string]services{}
	for _, c := range listed.Items {
		name, service := c.Labels[projectLabel], c.Labels[serviceLabel]
		if name == "" || service == "" || strings.EqualFold(c.Labels[oneOffLabel], "true") {
			continue
		}
		if projects[name] == nil {
			projects[name] = services{}
		}
		projects[name][service] = append(projects[name][service], member{c.ID, c.ImageID})
	}
	return chooseProject(projects, project)
}

// chooseProject returns the services of the project, or says what to type.
func chooseProject(projects map[string]services, project *string) (services, error) {
	var labs []string
	for _, name := range slices.Sorted(maps.Keys(projects)) {
		if projects[name][hubService] != nil && projects[name][lab.SnifferHost] != nil {
			labs = append(labs, name)
		}
	}
	unavailable := func(cause i18n.Message, advice ...i18n.Message) error {
		return &lab.Unavailable{What: i18n.Msg("lab.composed"), Cause: cause, Advice: advice}
	}
	var others []i18n.Message
	for _, name := range labs {
		others = append(others, i18n.Verbatim(self.Command()+" run --attach compose:"+name))
	}
	switch {
	case *project == "" && len(labs) == 1:
		*project = labs[0]
		return projects[labs[0]], nil
	case *project == "" && len(labs) == 0:
		return nil, unavailable(i18n.Msg("lab.compose.none"), i18n.Verbatim("docker compose up -d"))
	case *project == "":
		return nil, unavailable(i18n.Msg("lab.compose.several", "Names", labs), others...)
	case len(projects[*project]) == 0:
		return nil, unavailable(i18n.Msg("lab.compose.down", "Name", *project), append([]i18n.Message{i18n.Verbatim("docker compose -p " + *project + " up -d")}, others...)...)
	}
	for _, service := range []string{hubService, lab.SnifferHost} {
		if projects[*project][service] == nil {
			return nil, unavailable(i18n.Msg("lab.compose.service", "Service", service, "Name", *project), i18n.Verbatim("docker compose -p "+*project+" up -d"))
		}
	}
	return projects[*project], nil
}

// attachCompose makes hosts and the segment of a project's containers.
func (r *run) attachCompose(ctx context.Context, found services) (*network, error) {
	for service, containers := range found {
		if len(containers) > 1 {
			return nil, i18n.Errmsg("lab.compose.scale", "Service", service, "Number", len(containers))
		}
	}
	lan, err := r.networkOf(ctx, found[lab.SnifferHost][0].id)
	if err != nil {
		return nil, err
	}
	var hosts []*host
	for _, service := range slices.Sorted(maps.Keys(found)) {
		m := found[service][0]
		if _, on := lan.Containers[m.id]; !on {
			continue
		}
		ports, err := r.readPorts(ctx, service, m.id, lan.Name)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, &host{run: r, name: service, id: m.id, image: m.image, ports: ports})
	}
	r.hosts = len(hosts)
	n := newNetwork(r, hosts, &host{run: r, name: hubService, id: found[hubService][0].id}, bridgeName(lan))
	// An earlier run may have been killed while the segment was a switch.
	return n, n.lan.SetMode(ctx, lab.Hub)
}

// networkOf returns the one network of the sniffer's container.
func (r *run) networkOf(ctx context.Context, id string) (netapi.Inspect, error) {
	sniffer, err := r.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return netapi.Inspect{}, fmt.Errorf("inspect %s: %w", lab.SnifferHost, err)
	}
	var lan string
	if s := sniffer.Container.NetworkSettings; s != nil && len(s.Networks) == 1 {
		lan = slices.Collect(maps.Keys(s.Networks))[0]
	} else {
		return netapi.Inspect{}, i18n.Errmsg("lab.compose.networks", "Service", lab.SnifferHost)
	}
	found, err := r.cli.NetworkInspect(ctx, lan, client.NetworkInspectOptions{})
	if err != nil {
		return netapi.Inspect{}, fmt.Errorf("inspect network %s: %w", lan, err)
	}
	return found.Network, nil
}
