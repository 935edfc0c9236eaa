// Package seccomp has the profile with which a lab runs in a container: what containerd
// 2.4 allows by default, and eight system calls more: clone with the flags of namespaces,
// mount, sethostname, setns, umount2 and unshare, by which a lab makes and enters
// namespaces, and mount_setattr and pivot_root, by which a student's program is locked in
// (lab/class/cage). A process gets by them what an unprivileged one has on most Linux
// machines.
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

// Calls are the system calls that Profile allows and containerd's own does not.
var Calls = []string{"clone", "mount", "mount_setattr", "pivot_root", "sethostname", "setns", "umount2", "unshare"}

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
