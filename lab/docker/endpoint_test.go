package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab"
)

// clearEnvironment removes every word about a daemon, and restores them all.
func clearEnvironment(t *testing.T) (configDir string) {
	t.Helper()
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "XDG_RUNTIME_DIR"} {
		t.Setenv(name, "")
	}
	configDir = t.TempDir()
	t.Setenv("DOCKER_CONFIG", configDir)
	return configDir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func contextFile(dir, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
}

func TestFindEndpoint(t *testing.T) {
	const school = `{"Name":"school","Endpoints":{"docker":{"Host":"tcp://192.0.2.7:2375"}}}`
	for _, tt := range []struct {
		name    string
		env     map[string]string
		config  string
		want    string
		wantErr string
	}{
		{name: "DOCKER_HOST comes first", env: map[string]string{"DOCKER_HOST": "tcp://192.0.2.1:2375", "DOCKER_CONTEXT": "school"}, want: "tcp://192.0.2.1:2375"},
		{name: "then DOCKER_CONTEXT", env: map[string]string{"DOCKER_CONTEXT": "school"}, config: `{"currentContext":"other"}`, want: "tcp://192.0.2.7:2375"},
		{name: "then the current context", config: `{"currentContext":"school"}`, want: "tcp://192.0.2.7:2375"},
		{name: "the default context is the default socket", config: `{"currentContext":"default"}`, want: "unix:///"},
		{name: "a context that does not exist", env: map[string]string{"DOCKER_CONTEXT": "gone"}, wantErr: `docker context "gone"`},
		{name: "a damaged configuration", config: `{`, wantErr: "config.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := clearEnvironment(t)
			writeFile(t, contextFile(dir, "school"), school)
			if tt.config != "" {
				writeFile(t, filepath.Join(dir, "config.json"), tt.config)
			}
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			e, err := findEndpoint()
			switch {
			case tt.wantErr != "":
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("error %v, want one with %q", err, tt.wantErr)
				}
			case err != nil:
				t.Fatal(err)
			case !strings.HasPrefix(e.host, tt.want):
				t.Fatalf("endpoint %q, want %q", e.host, tt.want)
			}
		})
	}
}

// In a pod nobody is told to install Docker as root.
func TestAdviceInPod(t *testing.T) {
	for _, pod := range []string{"", "10.96.0.1"} {
		clearEnvironment(t)
		t.Setenv("KUBERNETES_SERVICE_HOST", pod)
		e, err := findEndpoint()
		if err != nil {
			t.Fatal(err)
		}
		if sudo := strings.Contains(e.advice.String(), "sudo"); sudo != (pod == "") {
			t.Errorf("in a pod: %v; the advice is %q", pod != "", e.advice)
		}
	}
}

// Who may not open the daemon's socket is told that, and not that nobody answers; the
// address is told once.
func TestForbidden(t *testing.T) {
	const host = "unix:///run/docker.sock"
	err := fmt.Errorf("permission denied while trying to connect to the Docker daemon socket at %s", host)
	u, ok := errors.AsType[*lab.Unavailable](unavailable(endpoint{host: host}, err))
	if !ok {
		t.Fatal("no *lab.Unavailable")
	}
	for l, want := range map[lang.Lang]string{lang.English: "permission denied", lang.Chinese: "沒有權限"} {
		if said := u.Cause.In(l); !strings.Contains(said, want) || strings.Count(said, host) != 1 {
			t.Errorf("in %s: %q, want %q", l, said, want)
		}
		if advice := i18n.Lines(l, u.Advice); !strings.Contains(advice, "usermod") {
			t.Errorf("in %s: advice %q", l, advice)
		}
	}
}

// A daemon that was named and does not answer means that there is none, even
// where another one lives at the default socket.
func TestNoOtherDaemon(t *testing.T) {
	silent, err := net.Listen("unix", filepath.Join(t.TempDir(), "silent.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	if _, err := os.Stat(strings.TrimPrefix(client.DefaultDockerHost, "unix://")); err == nil {
		t.Log("a living socket is beside it")
	}
	for _, tt := range []struct{ name, host, cause string }{
		{"nobody listens", "tcp://" + closed.Addr().String(), "no daemon answers there"},
		{"no such socket", "unix://" + filepath.Join(t.TempDir(), "none.sock"), "no such file"},
		{"it never answers", "unix://" + silent.Addr().String(), "no answer within 5s"},
		{"SSH", "ssh://pupil@192.0.2.1", "SSH"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("DOCKER_HOST", tt.host)
			start := time.Now()
			_, err := (&Backend{}).Up(t.Context(), lab.DefaultTopology)
			u, ok := errors.AsType[*lab.Unavailable](err)
			if !ok {
				t.Fatalf("error %v, want *lab.Unavailable", err)
			}
			if !strings.Contains(u.Cause.String(), tt.cause) || len(u.Advice) == 0 {
				t.Errorf("cause %q, advice %q; want %q in the cause", u.Cause, u.Advice, tt.cause)
			}
			if n := strings.Count(u.Cause.String(), tt.host); n != 1 {
				t.Errorf("cause %q has the address %d times", u.Cause, n)
			}
			if took := time.Since(start); took > answerWithin+5*time.Second {
				t.Errorf("the refusal took %v", took)
			}
		})
	}
}
