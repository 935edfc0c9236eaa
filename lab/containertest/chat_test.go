package containertest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/containertest"
	"wirelab/lab/docker"
	"wirelab/lab/labtest"
)

// A chat server and two clients are brought up with testcontainers-go, as a
// test of any other service does it; what they say is asserted on the wire.
//
//	client1   server   client2   (sniffer)
//	   |         |         |         |
//	---+---------+---------+---------+---
func TestChat(t *testing.T) {
	requireDocker(t)
	nw, hosts := chatNetwork(t)
	l := containertest.Attach(t, nw.Name, hosts)

	execute(t, hosts["client1"], "/wirelab", "ping", "-c", "1", "server")
	l.Settle("ping")
	l.Expect("arp,icmp in ping", `
		client1 > *       who-has server
		server  > client1 is-at server
		client1 > server  echo-request seq=1
		server  > client1 echo-reply seq=1`)

	execute(t, hosts["client1"], "/wirelab", "chat", "send", "server", "hello")
	l.Settle("tcp")
	l.Expect("tcp/7000 in tcp", `
		client1 > server  SYN     acked
		server  > client1 SYN ACK acked
		client1 > server  FIN ACK acked
		server  > client1 FIN ACK acked`)

	l.Texts("good morning")
	execute(t, hosts["client2"], "/wirelab", "chat", "send", "--udp", "server", "good morning")
	l.Settle("udp")
	// The first datagram is already what is said, and no packet closes the
	// conversation, nor says that a port is closed.
	l.Expect("udp/7001 first text in udp", `client2 > server udp "good morning"`)
	l.Expect("tcp,icmp in udp", "")
	l.Before("arp", "icmp", labtest.In("ping"))
	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.From("server"))
	gopacketReads(t, l)
}

// chatNetwork is what a test of a service has anyway: its network and its
// containers.
func chatNetwork(t *testing.T) (*testcontainers.DockerNetwork, map[string]containertest.Container) {
	t.Helper()
	ctx := t.Context()
	nw, err := network.New(ctx)
	testcontainers.CleanupNetwork(t, nw)
	if err != nil {
		t.Fatal(err)
	}
	image := chatImage(t)
	hosts := map[string]containertest.Container{}
	start := func(name, ready string, command ...string) {
		c, err := testcontainers.Run(ctx, "",
			testcontainers.WithDockerfile(image),
			testcontainers.WithCmd(command...),
			testcontainers.WithWaitStrategy(wait.ForLog(ready)),
			network.WithNetwork([]string{name}, nw))
		testcontainers.CleanupContainer(t, c)
		if err != nil {
			t.Fatal(err)
		}
		hosts[name] = c
	}
	start("server", "listening", "chat", "serve", "--tcp", ":7000", "--udp", ":7001")
	start("client1", "ready", "hold")
	start("client2", "ready", "hold")
	return nw, hosts
}

// chatImage is the image of the service under test: here the wirelab program.
func chatImage(t *testing.T) testcontainers.FromDockerfile {
	t.Helper()
	program, err := lab.StaticProgram(t.Context(), runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"wirelab":    binary,
		"Dockerfile": []byte("FROM scratch\nCOPY wirelab /wirelab\nENTRYPOINT [\"/wirelab\"]\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return testcontainers.FromDockerfile{Context: dir}
}

// execute runs a command in a container, as a user of the service would.
func execute(t *testing.T, c containertest.Container, command ...string) {
	t.Helper()
	code, _, err := c.(testcontainers.Container).Exec(t.Context(), command)
	if err != nil || code != 0 {
		t.Fatalf("%q: exit code %d, %v", command, code, err)
	}
}

func requireDocker(t *testing.T) {
	t.Helper()
	if err := (&docker.Backend{}).Check(t.Context()); err != nil {
		require.Missing(t, "docker", err)
	}
}

// testcontainers-go's own cleaner is an image that has to be pulled. These
// tests remove what they make themselves.
func TestMain(m *testing.M) {
	os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	os.Exit(m.Run())
}
