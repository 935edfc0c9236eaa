//go:build !linux

package cage

import (
	"context"
	"runtime"

	"wirelab/internal/i18n"
)

// Run is for Linux.
func Run(context.Context, string, []string) (code int, err error) {
	return 0, i18n.Errmsg("class.program.uncaged", "Cause", i18n.Verbatim(runtime.GOOS))
}

// Check says that no program can be locked in here.
func Check(context.Context) error {
	return i18n.Errmsg("class.program.uncaged", "Cause", i18n.Verbatim(runtime.GOOS))
}
