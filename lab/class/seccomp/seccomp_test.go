package seccomp

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// profile is what runtimes read (opencontainers/runtime-spec, config-linux.md, seccomp).
type profile struct {
	DefaultAction   string   `json:"defaultAction"`
	DefaultErrnoRet *uint    `json:"defaultErrnoRet"`
	Architectures   []string `json:"architectures"`
	Syscalls        []struct {
		Names    []string `json:"names"`
		Action   string   `json:"action"`
		ErrnoRet *uint    `json:"errnoRet"`
		Args     []struct {
			Index    uint   `json:"index"`
			Value    uint64 `json:"value"`
			ValueTwo uint64 `json:"valueTwo"`
			Op       string `json:"op"`
		} `json:"args"`
	} `json:"syscalls"`
}

func parsed(t *testing.T) (p profile) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(Profile))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// The profile refuses what it does not name, and allows without a condition what a lab and
// a cage need and the runtime's own profile refuses, and nothing else of that kind.
func TestProfile(t *testing.T) {
	p := parsed(t)
	if p.DefaultAction != "SCMP_ACT_ERRNO" || !slices.Contains(p.Architectures, "SCMP_ARCH_X86_64") { // a runtime adds the node's own
		t.Errorf("default action %s for %v", p.DefaultAction, p.Architectures)
	}
	free := map[string]bool{}
	for _, group := range p.Syscalls {
		if group.Action == "SCMP_ACT_ALLOW" && len(group.Args) == 0 {
			for _, name := range group.Names {
				free[name] = true
			}
		}
	}
	for _, name := range Calls {
		if !free[name] {
			t.Errorf("%s is refused", name)
		}
	}
	// What containerd allows to those alone who have a capability
	// (contrib/seccomp/seccomp_default.go).
	for _, name := range []string{
		"bpf", "chroot", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module", "iopl", "kexec_load",
		"lookup_dcookie", "mount", "mount_setattr", "move_mount", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "quotactl", "reboot", "setdomainname",
		"sethostname", "setns", "settimeofday", "swapon", "syslog", "umount", "umount2", "unshare", "userfaultfd", "vhangup",
	} {
		if free[name] != slices.Contains(Calls, name) {
			t.Errorf("%s: allowed %v", name, free[name])
		}
	}
}

// The profile is put where a pod names it, whole, and over an older one.
func TestInstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "seccomp")
	for range 2 {
		path, err := Install(dir)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(dir, Name); path != want {
			t.Errorf("installed at %s, want %s", path, want)
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, Profile) {
			t.Errorf("%d bytes are installed of %d, %v", len(got), len(Profile), err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Install(filepath.Join(dir, Name)); err == nil {
		t.Error("a file is no folder to install into")
	}
}
