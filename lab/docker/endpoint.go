package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"

	"wirelab/internal/i18n"
	"wirelab/lab"
)

// answerWithin is how long a daemon has to answer a ping.
const answerWithin = 5 * time.Second

// endpoint is where a daemon listens, and who said so.
type endpoint struct {
	host   string       // unix:///var/run/docker.sock, tcp://192.0.2.1:2376, …
	certs  string       // folder with ca.pem, cert.pem and key.pem; empty: the environment's
	from   i18n.Message // what named it
	advice i18n.Message // what to do if it does not answer
}

// findEndpoint returns the daemon that the docker command would talk to:
// DOCKER_HOST, else the context of DOCKER_CONTEXT or of the configuration,
// else the first default socket that exists.
func findEndpoint() (endpoint, error) {
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return endpoint{host: host, from: i18n.Verbatim(client.EnvOverrideHost), advice: i18n.Msg("docker.advice.host")}, nil
	}
	dir := os.Getenv("DOCKER_CONFIG")
	home, _ := os.UserHomeDir()
	if dir == "" {
		dir = filepath.Join(home, ".docker")
	}
	name, from := os.Getenv("DOCKER_CONTEXT"), i18n.Verbatim("DOCKER_CONTEXT")
	if name == "" {
		var err error
		if name, err = currentContext(dir); err != nil {
			return endpoint{}, err
		}
		from = i18n.Msg("docker.context")
	}
	if name != "" && name != "default" {
		e, err := contextEndpoint(dir, name)
		if err != nil {
			return endpoint{}, err
		}
		e.from = i18n.Msg("docker.from", "From", from, "Name", name)
		e.advice = i18n.Msg("docker.advice.context")
		return e, nil
	}
	// Without any of these sockets, the platform's default says what is missing.
	e := endpoint{host: client.DefaultDockerHost, from: i18n.Msg("docker.default"),
		advice: i18n.Msg("docker.advice.install")}
	if os.Getenv("KUBERNETES_SERVICE_HOST") != "" { // kubelet gives it to every container
		e.advice = i18n.Msg("docker.advice.pod")
	}
	for _, socket := range defaultSockets(home) {
		if _, err := os.Stat(socket); err == nil {
			e.host = "unix://" + socket
			break
		}
	}
	return e, nil
}

// defaultSockets are the Unix sockets at which Docker Engine, rootless Docker
// and Docker Desktop listen.
func defaultSockets(home string) []string {
	sockets := []string{strings.TrimPrefix(client.DefaultDockerHost, "unix://")}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "docker.sock"))
	}
	if home != "" {
		sockets = append(sockets, filepath.Join(home, ".docker", "run", "docker.sock"))
	}
	return sockets
}

// currentContext reads the name of the context in use from the docker
// command's configuration; no file is the default context.
func currentContext(dir string) (string, error) {
	var config struct{ CurrentContext string }
	err := readJSON(filepath.Join(dir, "config.json"), &config)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return config.CurrentContext, err
}

// contextEndpoint reads a context's metadata. The folder is named by the
// SHA-256 of the context's name (docker/cli, cli/context/store).
func contextEndpoint(dir, name string) (endpoint, error) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	if err := readJSON(filepath.Join(dir, "contexts", "meta", id, "meta.json"), &meta); err != nil {
		return endpoint{}, i18n.Errmsg("docker.endpoint.broken", "Name", name, "Cause", err)
	}
	e := endpoint{host: meta.Endpoints["docker"].Host}
	if e.host == "" {
		return endpoint{}, i18n.Errmsg("docker.endpoint.empty", "Name", name)
	}
	certs := filepath.Join(dir, "contexts", "tls", id, "docker")
	if _, err := os.Stat(filepath.Join(certs, "ca.pem")); err == nil {
		e.certs = certs
	}
	return e, nil
}

// readJSON reads a small file: 1 MiB is far beyond any configuration.
func readJSON(path string, v any) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > 1<<20 {
		return fmt.Errorf("%s: %d bytes, at most 1 MiB is read", path, info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// connect returns a client of the daemon that was named, and only of that
// one, after it has answered. The error is a *lab.Unavailable, or ctx's.
func connect(ctx context.Context) (*engine, error) {
	e, err := findEndpoint()
	if err != nil {
		return nil, &lab.Unavailable{What: i18n.Verbatim(backendName), Cause: i18n.FromError(err),
			Advice: []i18n.Message{i18n.Msg("docker.advice.configuration")}}
	}
	if strings.HasPrefix(e.host, "ssh://") {
		return nil, &lab.Unavailable{What: i18n.Verbatim(backendName), Cause: i18n.Msg("docker.ssh", "From", e.from, "Host", e.host),
			Advice: []i18n.Message{i18n.Verbatim("ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock " + strings.TrimPrefix(e.host, "ssh://") + " & export DOCKER_HOST=unix:///tmp/docker.sock")}}
	}
	cli, err := e.client()
	if err != nil {
		return nil, unavailable(e, err)
	}
	pingCtx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	ping, err := cli.Ping(pingCtx, client.PingOptions{NegotiateAPIVersion: true})
	switch {
	case ctx.Err() != nil:
		cli.Close()
		return nil, ctx.Err()
	case err != nil:
		cli.Close()
		if pingCtx.Err() != nil {
			err = i18n.Errmsg("docker.unanswered", "Time", answerWithin)
		}
		return nil, unavailable(e, err)
	case ping.OSType != "linux":
		cli.Close()
		return nil, &lab.Unavailable{What: i18n.Verbatim(backendName), Cause: i18n.Msg("docker.system", "Host", e.host, "System", ping.OSType),
			Advice: []i18n.Message{i18n.Msg("docker.advice.linux")}}
	}
	return &engine{cli, e}, nil
}

// client returns a client of the daemon, which has not been asked yet.
func (e endpoint) client() (*client.Client, error) {
	if e.certs == "" {
		return client.New(client.FromEnv, client.WithHost(e.host))
	}
	file := func(name string) string { return filepath.Join(e.certs, name) }
	return client.New(client.WithAPIVersionFromEnv(), client.WithHost(e.host),
		client.WithTLSClientConfig(file("ca.pem"), file("cert.pem"), file("key.pem")))
}

// environment names the daemon to another process of this program.
func (e endpoint) environment() []string {
	env := []string{client.EnvOverrideHost + "=" + e.host}
	if e.certs != "" {
		env = append(env, client.EnvOverrideCertPath+"="+e.certs, client.EnvTLSVerify+"=1")
	}
	return env
}

// engine is a daemon that has answered.
type engine struct {
	*client.Client
	at endpoint
}

// sysctlsOfDevices reports whether a container's settings may name its network
// devices. Since API 1.46 they belong to its endpoints.
func (e *engine) sysctlsOfDevices() bool { return versions.LessThan(e.ClientVersion(), "1.46") }

// unavailable says why a daemon cannot be used and what to do about it.
func unavailable(e endpoint, err error) error {
	root := rootCause(err)
	// The client hides the system's error in a text of its own, with the address.
	forbidden := strings.Contains(err.Error(), "permission denied")
	cause := i18n.FromError(root)
	switch {
	case forbidden:
		cause = i18n.FromError(fs.ErrPermission)
	case client.IsErrConnectionFailed(err) && strings.Contains(root.Error(), e.host):
		cause = i18n.Msg("docker.silent")
	}
	u := &lab.Unavailable{What: i18n.Verbatim(backendName), Cause: i18n.Msg("docker.refused", "Host", e.host, "From", e.from, "Cause", cause), Advice: []i18n.Message{e.advice}}
	if forbidden {
		u.Advice = []i18n.Message{i18n.Msg("docker.advice.group"), i18n.Msg("docker.advice.sudo")}
	}
	return u
}

// rootCause takes the innermost error: the client wraps it in questions and
// in the address, which the caller says already.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
