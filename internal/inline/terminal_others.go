//go:build !unix

package inline

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/term"
)

func makeRaw(*os.File) (*term.State, error) {
	return nil, fmt.Errorf("no line editing on %s: its terminals are not known here", runtime.GOOS)
}

func notifyResize() (signals <-chan os.Signal, stop func()) { return nil, func() {} }
