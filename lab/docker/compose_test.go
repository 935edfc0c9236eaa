package docker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/require"
	"wirelab/lab/script"
)

// composes are the programs that run docker-compose.yml, by the names that
// WIRELAB_COMPOSE gives them.
var composes = map[string][]string{
	"docker compose": {"docker", "compose"},
	"docker-compose": {"docker-compose"},
}

// The interactive lab is run for real, under every compose that there is or
// that WIRELAB_COMPOSE names, separated by commas: what a person does in it is
// in the record of its own sniffer.
func TestCompose(t *testing.T) {
	cli := daemon(t)
	experiment, err := script.Read(filepath.Join("testdata", "compose.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	// The image has the labels of a run, so that it goes however the test ends.
	own, err := connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRun(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	if err := r.buildImage(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range availableComposes(t) {
		t.Run(name, func(t *testing.T) {
			subnet, err := freeSubnet(t.Context(), cli)
			if err != nil {
				t.Fatal(err)
			}
			p := newProject(t, composes[name], r, subnet)
			p.carryOut(experiment)
			p.checkPrivileges()
			p.checkLog()
			p.chatAttached()
		})
	}
}

func availableComposes(t *testing.T) []string {
	t.Helper()
	if wanted := os.Getenv("WIRELAB_COMPOSE"); wanted != "" {
		names := strings.Split(wanted, ",")
		for _, name := range names {
			if composes[name] == nil {
				t.Fatalf("WIRELAB_COMPOSE: %q is neither \"docker compose\" nor \"docker-compose\"", name)
			}
		}
		return names
	}
	var found, missing []string
	for name, argv := range composes {
		cmd := exec.CommandContext(t.Context(), argv[0], append(argv[1:], "version")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			missing = append(missing, fmt.Sprintf("%s: %v %s", name, err, bytes.TrimSpace(out)))
			continue
		}
		found = append(found, name)
	}
	slices.Sort(found)
	if len(found) == 0 {
		require.Missing(t, "docker", fmt.Sprintf("no compose: %q (scripts/install-compose builds one)", missing))
	}
	t.Logf("run under %q; not there: %q", found, missing)
	return found
}

// carryOut does what the experiment's script says.
func (p *project) carryOut(e *script.Experiment) {
	t := p.t
	t.Helper()
	for _, s := range e.Steps {
		t.Log(s)
		switch s.Verb {
		case "start":
			p.compose("up", "-d", s.Host)
			id := p.container(s.Host)
			command := strings.Fields(strings.Trim(p.docker("inspect", "-f", "{{.Config.Cmd}}", id), "[]"))
			if diff := cmp.Diff(s.Args, command); diff != "" {
				t.Fatalf("%s runs another command (-want +got):\n%s", s.Host, diff)
			}
			p.ids[s.Host] = id
			p.hosts[s.Host] = p.address(id) // it keeps none when it has left
			p.consoles[s.Host] = attach(t, s.Host, id)
		case "say":
			p.consoles[s.Host].enter(s.Args[0])
		case "await":
			p.consoles[s.Host].await(s.Args[0])
		case "run":
			p.compose(slices.Concat([]string{"exec", "-T", s.Host, program}, s.Args)...)
		case "settle":
			if s.Args[0] == "left" { // the clients' containers are gone
				break
			}
			for _, host := range e.Topology.Judged() {
				said, err := p.command(t.Context(), "quiet 10s\nmark "+s.Args[0]+"\n", "docker", "exec", "-i", p.ids[host], program, "mark", "--stdin")
				if err != nil {
					t.Fatal(err)
				}
				if want := "ready\nquiet\nmarked " + s.Args[0] + "\n"; said != want {
					t.Fatalf("%s: %s says %q, want %q", s, host, said, want)
				}
			}
		case "close":
			p.consoles[s.Host].enter("exit")
			p.consoles[s.Host].awaitEnd(0)
		default:
			t.Fatalf("%s: not a step of the compose test", s)
		}
	}
	server := p.consoles["server"]
	server.detach()
	if state := p.docker("inspect", "-f", "{{.State.Status}}", p.container("server")); state != "running" {
		t.Errorf("the server is %s after its console was detached", state)
	}
}

// checkPrivileges: nobody has more than the lesson needs.
func (p *project) checkPrivileges() {
	for host, want := range map[string]string{"hub": netAdminAlone, "sniffer": netRawDropped, "server": unprivileged} {
		pid := p.docker("inspect", "-f", "{{.State.Pid}}", p.container(host))
		if diff := cmp.Diff(want, privileges(p.t, pid)); diff != "" {
			p.t.Errorf("%s (-want +got):\n%s", host, diff)
		}
	}
	for _, port := range []string{"7000/tcp", "7001/udp"} {
		if where := p.docker("port", p.container("server"), port); !strings.HasPrefix(where, "127.0.0.1:") {
			p.t.Errorf("port %s is published at %q, want 127.0.0.1 alone", port, where)
		}
	}
}

// checkLog: every frame is a line of the sniffer's log.
func (p *project) checkLog() {
	p.t.Helper()
	for _, want := range []string{"echo-request", "echo-reply", "who-has", "udp len="} {
		eventually(p.t, 10*time.Second, "the sniffer's log", func() []string {
			if log := p.compose("logs", "sniffer"); !strings.Contains(log, want) {
				return []string{fmt.Sprintf("no %q in\n%s", want, log)}
			}
			return nil
		})
	}
}
