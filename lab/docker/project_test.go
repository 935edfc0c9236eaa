package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// project is one compose lab.
type project struct {
	t        *testing.T
	argv     []string
	env      []string
	name     string
	consoles map[string]*console
}

// newProject takes a name, subnet, bridge and ports of its own, beside a lab
// that may run.
func newProject(t *testing.T, argv []string, r *run, subnet netip.Prefix) *project {
	p := &project{t: t, argv: argv, name: "wirelab-test-" + r.id, consoles: map[string]*console{}}
	p.env = append(os.Environ(),
		"WIRELAB_IMAGE="+r.image(), "WIRELAB_NET="+subnet.String(), "WIRELAB_BRIDGE=wc"+r.id,
		"WIRELAB_BIND=127.0.0.1", "WIRELAB_PORT=0", "WIRELAB_UDP_PORT=0", "WIRELAB_WEB_PORT=0", "WIRELAB_LANG=en")
	t.Cleanup(p.down)
	return p
}

// command runs a program in the repository's root and returns its output.
func (p *project) command(ctx context.Context, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = p.env
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(argv, " "), err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

func (p *project) compose(args ...string) string {
	p.t.Helper()
	out, err := p.command(p.t.Context(), slices.Concat(p.argv, []string{"-p", p.name, "-f", "docker-compose.yml"}, args)...)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *project) docker(args ...string) string {
	p.t.Helper()
	out, err := p.command(p.t.Context(), append([]string{"docker"}, args...)...)
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (p *project) container(host string) string {
	p.t.Helper()
	id := strings.TrimSpace(p.compose("ps", "-q", host))
	if id == "" {
		p.t.Fatalf("%s has no container", host)
	}
	return id
}

// down removes the lab; nothing of the project is left.
func (p *project) down() {
	for _, c := range p.consoles {
		c.close()
	}
	if p.t.Failed() {
		logs, err := p.command(context.Background(), slices.Concat(p.argv, []string{"-p", p.name, "-f", "docker-compose.yml", "logs"})...)
		p.t.Logf("what the containers said (%v):\n%s", err, logs)
	}
	_, err := p.command(context.Background(), slices.Concat(p.argv, []string{"-p", p.name, "-f", "docker-compose.yml", "down", "-v"})...)
	filter := "label=com.docker.compose.project=" + p.name
	errs := []error{err}
	for _, list := range [][]string{
		{"docker", "ps", "-aq", "--filter", filter},
		{"docker", "network", "ls", "-q", "--filter", filter},
		{"docker", "volume", "ls", "-q", "--filter", filter},
	} {
		left, err := p.command(context.Background(), list...)
		if err == nil && left != "" {
			err = fmt.Errorf("%s after down -v: %q", strings.Join(list, " "), left)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		p.t.Error(err)
	}
}

// freeSubnet is one of 256 addresses that no Docker network and no interface of this machine
// uses.
func freeSubnet(t *testing.T, cli *client.Client) netip.Prefix {
	t.Helper()
	networks, err := cli.NetworkList(t.Context(), client.NetworkListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var used []netip.Prefix
	for _, n := range networks.Items {
		for _, c := range n.IPAM.Config {
			used = append(used, c.Subnet)
		}
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			used = append(used, p.Masked())
		}
	}
	for range 1000 {
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(rand.N(256)), byte(rand.N(256)), 0}), 24)
		if !slices.ContainsFunc(used, subnet.Overlaps) {
			return subnet
		}
	}
	t.Fatal("Docker networks and this machine take all of 10.0.0.0/8")
	return netip.Prefix{}
}
