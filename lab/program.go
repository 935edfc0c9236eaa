package lab

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"wirelab/internal/i18n"
)

// modulePath is the module and the main package of the wirelab program.
var modulePath = strings.TrimSuffix(reflect.TypeFor[Topology]().PkgPath(), "/lab")

// Program returns the path of the wirelab program that runs on a lab's hosts, for Linux on
// this machine's architecture. If this process is wirelab, it is its own file. Otherwise,
// as in a test, Program builds it from the module with the go command, once in a process,
// which can take minutes. The file stays in Go's build cache: the cache removes it in
// time. The error is an *Unavailable if neither works. Program may be called from several
// goroutines at once.
func Program(ctx context.Context) (path string, err error) {
	if path, ok := runningProgram(); ok {
		return path, nil
	}
	return buildProgram(ctx, native)
}

// StaticProgram is Program for the architecture arch, a GOARCH. The program needs no C
// library, so that it runs in an image made from scratch.
func StaticProgram(ctx context.Context, arch string) (path string, err error) {
	if path, ok := runningProgram(); ok && isStatic(path, arch) {
		return path, nil
	}
	return buildProgram(ctx, arch)
}

// runningProgram returns the path of this process's file if it is wirelab for
// Linux, and not a test or another program that imports this package.
func runningProgram() (string, bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path != modulePath || runtime.GOOS != "linux" {
		return "", false
	}
	path, err := os.Executable()
	if err != nil {
		return "", false
	}
	// The file may have been replaced or removed while it runs.
	if _, err := os.Stat(path); err != nil {
		return "", false
	}
	return path, true
}

// elfMachines are the architectures that Docker runs on, by GOARCH.
var elfMachines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64,
	"loong64": elf.EM_LOONGARCH, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// isStatic reports whether a file is a program of the architecture that no
// dynamic linker has to start: elf(5), PT_INTERP.
func isStatic(path, arch string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	machine, ok := elfMachines[arch]
	return ok && f.Machine == machine
}

// native is in place of an architecture where the program runs on this machine. It is built
// as the tests that ask for it are, from packages that are in the build cache for their sake.
const native = ""

// built holds the programs that this process has built, by architecture.
var built struct {
	sync.Mutex
	paths map[string]string
}

func buildProgram(ctx context.Context, arch string) (string, error) {
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[arch]; ok {
		return path, nil
	}
	path, err := build(ctx, arch)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &Unavailable{
			What:   i18n.Msg("lab.program"),
			Cause:  i18n.FromError(err),
			Advice: []i18n.Message{i18n.Msg("lab.advice.build")},
		}
	}
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[arch] = path
	return path, nil
}

// build links the program and returns its path in Go's build cache.
//
// `go run -exec` hands over the path of the program that it has linked. Since
// Go 1.24 that file is kept in the build cache (release notes, "Go command"):
// linked once for all processes, renamed into place, trimmed by Go. A folder
// of our own would need a lock, a bound and somebody to remove it after kill -9.
//
// The program is named by its path, in the folder where go test runs a package: of
// this module, or of one that depends on it. So it is made of the versions which that
// module has chosen, and nothing is written where this one lies: the module cache is
// read-only.
func build(ctx context.Context, arch string) (string, error) {
	env := []string{"GOOS=linux", "GOARCH=" + runtime.GOARCH}
	if arch != native {
		env = []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}
	}
	// The run that links prints the path in its work folder, which is gone
	// when it ends; the next one finds the file in the cache.
	for range 2 {
		path, err := goCommand(ctx, env, "run", "-exec", echo, modulePath)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("go run -exec: the linked program is not in Go's build cache (go env GOCACHE)")
}

// goCommand runs the go command and returns the one line that it printed.
func goCommand(ctx context.Context, env []string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	if err := runGo(ctx, env, &stdout, &stderr, args...); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	out := strings.TrimSpace(stdout.String())
	if out == "" || strings.Contains(out, "\n") {
		return "", fmt.Errorf("go %s printed %q, want one line", args[0], out)
	}
	return out, nil
}
