package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	c, err := OpenCompose(ctx, project)
	if err != nil {
		return nil, err
	}
	// An earlier run may have been killed while the segment was a switch.
	if err := c.Network.Segment(lab.DefaultSegment).SetMode(ctx, lab.Hub); err != nil {
		return nil, errors.Join(i18n.Errmsg("lab.compose.failed", "Name", c.Name, "Cause", err), c.Network.Close())
	}
	return c.Network, nil
}

// Composed is a running compose project of the form of docker-compose.yml.
type Composed struct {
	Name    string
	Since   time.Time // when its sniffer was started
	Mode    lab.Mode  // "" where the project's image is too old to say
	Hosts   []string  // on the segment, sorted
	Network lab.Network
}

// OpenCompose is AttachCompose for a segment that stays as it is.
func OpenCompose(ctx context.Context, project string) (*Composed, error) {
	cli, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	projects, err := findProjects(ctx, cli)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	found, err := chooseProject(projects, &project)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	// The containers that flush a host's cache belong to a run.
	r, err := newRun(ctx, cli)
	if err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	c, err := r.openCompose(ctx, project, found)
	if err != nil {
		return nil, errors.Join(i18n.Errmsg("lab.compose.failed", "Name", project, "Cause", err), r.close())
	}
	c.Network.(*network).closeWith(ctx)
	return c, nil
}

// ComposeProjects returns the names of the running projects that OpenCompose opens,
// sorted. The error is an *lab.Unavailable where no daemon answers.
func ComposeProjects(ctx context.Context) ([]string, error) {
	cli, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	defer cli.Close()
	projects, err := findProjects(ctx, cli)
	return labsAmong(projects), err
}

// findProjects returns the services of all projects, by the project's name.
func findProjects(ctx context.Context, cli *engine) (map[string]services, error) {
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
	return projects, nil
}

// labsAmong are the names of the projects that have what a lab needs, sorted.
func labsAmong(projects map[string]services) (labs []string) {
	for _, name := range slices.Sorted(maps.Keys(projects)) {
		if projects[name][hubService] != nil && projects[name][lab.SnifferHost] != nil {
			labs = append(labs, name)
		}
	}
	return labs
}

// chooseProject returns the services of the project, or of the one that there is, whose
// name it sets; else it says what to type.
func chooseProject(projects map[string]services, project *string) (services, error) {
	labs := labsAmong(projects)
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

// openCompose makes hosts and the segment of a project's containers.
func (r *run) openCompose(ctx context.Context, project string, found services) (*Composed, error) {
	for service, containers := range found {
		if len(containers) > 1 {
			return nil, i18n.Errmsg("lab.compose.scale", "Service", service, "Number", len(containers))
		}
	}
	lan, since, err := r.networkOf(ctx, found[lab.SnifferHost][0].id)
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
	return &Composed{Name: project, Since: since, Mode: n.segments[lab.DefaultSegment].(*segment).mode(ctx), Hosts: n.Hosts(), Network: n}, nil
}

// networkOf returns the one network of the sniffer's container, and since when that runs.
func (r *run) networkOf(ctx context.Context, id string) (lan netapi.Inspect, since time.Time, err error) {
	inspected, err := r.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return lan, since, fmt.Errorf("inspect %s: %w", lab.SnifferHost, err)
	}
	c := inspected.Container
	if c.NetworkSettings == nil || len(c.NetworkSettings.Networks) != 1 {
		return lan, since, i18n.Errmsg("lab.compose.networks", "Service", lab.SnifferHost)
	}
	if c.State != nil {
		since, _ = time.Parse(time.RFC3339Nano, c.State.StartedAt) // the zero time where the daemon does not say
	}
	name := slices.Collect(maps.Keys(c.NetworkSettings.Networks))[0]
	found, err := r.cli.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	if err != nil {
		return lan, since, fmt.Errorf("inspect network %s: %w", name, err)
	}
	return found.Network, since, nil
}
