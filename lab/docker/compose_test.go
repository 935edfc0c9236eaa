package docker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/sniffer/pcapfile"
)

// composes are the programs that run docker-compose.yml, by the names that
// WIRELAB_COMPOSE gives them.
var composes = map[string][]string{
	"docker compose": {"docker", "compose"},
	"docker-compose": {"docker-compose"},
}

// The interactive lab is run for real, under every compose that there is or
// that WIRELAB_COMPOSE names, separated by commas: experiments are carried out in
// it, beside the chat that its containers hold, and people chat in it.
func TestCompose(t *testing.T) {
	require.Long(t, "it brings the lab up under each compose")
	t.Parallel()
	cli := daemon(t)
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
			p := newProject(t, composes[name], r, freeSubnet(t, cli))
			p.compose("up", "-d", "server", "client1", "client2", "web")
			p.checkSilence()
			p.page()
			p.experiments(cli)
			p.opened()
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

// experiments attaches to the project, twice, and leaves it as it was.
func (p *project) experiments(cli *client.Client) {
	t := p.t
	t.Helper()
	before := p.compose("ps", "-q")
	for _, files := range [][]string{
		{filepath.Join("testdata", "compose.txtar")},
		{filepath.Join("..", "experiments", "ping.txtar"), filepath.Join("..", "experiments", "hub-and-switch.txtar")},
	} {
		n, err := AttachCompose(t.Context(), p.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			p.experiment(n, file)
		}
		for range 2 {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
		id := n.(*network).run.id
		if left := remaining(t, cli, func(labels map[string]string) bool { return labels[runLabel] == id }); len(left) > 0 {
			t.Errorf("after Close there still is %v", left)
		}
	}
	if after := p.compose("ps", "-q"); after != before {
		t.Errorf("the containers were %q, and are %q", before, after)
	}
	// What was started in a container beside its own program has ended.
	for _, host := range []string{"server", "client1", "client2", lab.SnifferHost} {
		eventually(t, 10*time.Second, "programs in "+host, func() []string {
			var beside []string
			for line := range strings.Lines(p.docker("top", p.container(host), "-o", "pid,args")) {
				if program := strings.TrimSpace(line); strings.Contains(program, "/wirelab mark") || strings.Contains(program, "--until-eof") || strings.Contains(program, ":7100") {
					beside = append(beside, program)
				}
			}
			return beside
		})
	}
}

// experiment carries an experiment out in the project, all of whose claims pass.
func (p *project) experiment(n lab.Network, file string) {
	p.t.Helper()
	e, err := script.Read(file)
	if err != nil {
		p.t.Fatal(err)
	}
	outcome, err := script.RunAttached(p.t.Context(), n, e, nil)
	if err != nil {
		p.t.Fatalf("%s: %v", e.Name, err)
	}
	if outcome.Err != nil {
		p.t.Errorf("%s: %v", e.Name, outcome.Err)
	}
	for _, v := range outcome.Verdicts {
		if v.Status != claim.Pass {
			p.t.Errorf("%s: %s, %s\nobserved:\n%s", v.ID, v.Status, v.Reason, strings.Join(v.Observed, "\n"))
		}
	}
}

// checkSilence: the machine sends nothing on the segment when the capture has begun, of
// which the bridge's reports of its groups would be the first.
func (p *project) checkSilence() {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "lab.pcapng")
	p.docker("cp", p.container(lab.SnifferHost)+":/captures/lab.pcapng", file)
	f, err := os.Open(file)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapfile.NewReader(f)
	if err != nil {
		p.t.Fatal(err)
	}
	for n := 1; ; n++ {
		frame, err := r.Next()
		if err != nil {
			break // the file grows
		}
		// IPv6, and IPv4 with the protocol IGMP.
		if d := frame.Data; len(d) > 23 && (d[12] == 0x86 && d[13] == 0xdd || d[12] == 0x08 && d[13] == 0x00 && d[23] == 2) {
			p.t.Errorf("frame %d is of the machine: % x", n, d)
		}
	}
}

// opened: the project is found by name and as it is, and left so.
func (p *project) opened() {
	p.t.Helper()
	ctx := p.t.Context()
	if names, err := ComposeProjects(ctx); err != nil || !slices.Contains(names, p.name) {
		p.t.Errorf("projects %q, %v; want %s among them", names, err, p.name)
	}
	for _, mode := range []lab.Mode{lab.Switch, lab.Hub} {
		c, err := OpenCompose(ctx, p.name)
		if err != nil {
			p.t.Fatal(err)
		}
		if err := c.Network.Segment(lab.DefaultSegment).SetMode(ctx, mode); err != nil {
			p.t.Error(err)
		}
		if err := c.Network.Close(); err != nil {
			p.t.Error(err)
		}
		if c, err = OpenCompose(ctx, p.name); err != nil {
			p.t.Fatal(err)
		}
		if want := []string{"client1", "client2", "server", "sniffer"}; c.Name != p.name || c.Mode != mode || !slices.Equal(c.Hosts, want) || time.Since(c.Since) < 0 || c.Since.IsZero() {
			p.t.Errorf("found %q, a %s of %q since %v; want %q, a %s of %q", c.Name, c.Mode, c.Hosts, c.Since, p.name, mode, want)
		}
		if err := lab.Mark(ctx, c.Network, c.Hosts, "as-"+string(mode)); err != nil {
			p.t.Error(err)
		}
		for host, want := range map[string]int{"server": 0, "nobody": 2} {
			if code, err := c.Exec(ctx, "client1", nil, "ping", "-c", "1", host); code != want || err != nil {
				p.t.Errorf("ping %s: exit code %d, %v; want %d", host, code, err, want)
			}
		}
		if err := c.Network.Close(); err != nil {
			p.t.Error(err)
		}
	}
}

// Who names a project that does not run is told what to type.
func TestAttachFindsOneProject(t *testing.T) {
	of := func(names ...string) services {
		s := services{}
		for _, name := range names {
			s[name] = []member{{id: "id"}}
		}
		return s
	}
	whole, other := of("hub", "sniffer", "server"), of("web")
	for _, test := range []struct {
		name     string
		projects map[string]services
		project  string
		want     string // the project that was found
		advice   string
	}{
		{name: "the one there is", projects: map[string]services{"a": whole, "b": other}, want: "a"},
		{name: "by name", projects: map[string]services{"a": whole, "b": whole}, project: "b", want: "b"},
		{name: "none", projects: map[string]services{"b": other}, advice: "docker compose up -d"},
		{name: "several", projects: map[string]services{"b": whole, "a": whole}, advice: "wirelab run --attach compose:a\nwirelab run --attach compose:b"},
		{name: "not up", projects: map[string]services{"a": whole}, project: "c", advice: "docker compose -p c up -d\nwirelab run --attach compose:a"},
		{name: "no hub", projects: map[string]services{"a": of("sniffer")}, project: "a", advice: "docker compose -p a up -d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			project := test.project
			_, err := chooseProject(test.projects, &project)
			advice := ""
			if u, ok := errors.AsType[*lab.Unavailable](err); ok {
				advice = i18n.Lines(lang.English, u.Advice)
			}
			if (err == nil) != (test.want != "") || err == nil && project != test.want || advice != test.advice {
				t.Errorf("%q, %v, advice %q; want %q, %q", project, err, advice, test.want, test.advice)
			}
		})
	}
}

// checkPrivileges: nobody has more than the lesson needs.
func (p *project) checkPrivileges() {
	for host, want := range map[string]string{"hub": netAdminAlone, "sniffer": netRawDropped, "server": unprivileged, "web": unprivileged} {
		pid := p.docker("inspect", "-f", "{{.State.Pid}}", p.container(host))
		if diff := cmp.Diff(want, privileges(p.t, pid)); diff != "" {
			p.t.Errorf("%s (-want +got):\n%s", host, diff)
		}
	}
	for port, host := range map[string]string{"7000/tcp": "server", "7001/udp": "server", "7080/tcp": "web"} {
		if where := p.docker("port", p.container(host), port); !strings.HasPrefix(where, "127.0.0.1:") {
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
