// Package seccomp has the profile with which a lab runs in a container: what containerd
// 2.4 allows by default, and the six system calls more that make and enter namespaces,
// clone with their flags, mount, sethostname, setns, umount2 and unshare. A process gets
// by them what an unprivileged one has on most Linux machines.
package seccomp

import (
	_ "embed"
	"os"
	"path/filepath"

	"wirelab/internal/wholefile"
)

// Profile is the profile, as container runtimes read it.
//
//go:embed wirelab.json
var Profile []byte

// Name is the profile's file below the folder seccomp of a kubelet, as pods name it
// (localhostProfile).
const Name = "profiles/wirelab.json"

// Install writes the profile into the folder seccomp of a kubelet, /var/lib/kubelet/
// seccomp on most nodes, and returns its path.
func Install(dir string) (string, error) {
	path := filepath.Join(dir, filepath.FromSlash(Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, wholefile.WriteBytes(path, Profile, 0o644)
}
