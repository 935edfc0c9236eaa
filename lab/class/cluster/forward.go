package cluster

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"wirelab/internal/exit"
)

// program is the file name of the program in which Kubernetes is linked.
const program = "wirelab-class"

// Forward carries this process's command line out in wirelab-class, which lies beside this
// program or in PATH, and returns its exit code as an error. Where it is not there, the
// error says how it is built.
func Forward(ctx context.Context) error {
	path, ok := find()
	if !ok {
		return exit.UnableMsg("kubernetes.noprogram", "Command", "CGO_ENABLED=0 go build -o "+program+" ./lab/class/"+program)
	}
	// It is called as this program was, so that what it advises can be pasted.
	cmd := exec.CommandContext(ctx, path, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return replace(cmd)
}

// find returns the path of wirelab-class.
func find() (string, bool) {
	name := program
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if own, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(own), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, true
		}
	}
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) { // the one in the folder where somebody just is
		return "", false
	}
	return path, err == nil
}
