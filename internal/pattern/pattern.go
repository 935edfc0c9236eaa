// Package pattern has regular expressions that are compiled when they are first used.
// A lab starts this program on every host, and most of those need none of them.
package pattern

import (
	"regexp"
	"sync"
)

// New returns what gives the expression, compiled at the first call. It may be called
// by several goroutines at once, and panics if the expression is malformed.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
