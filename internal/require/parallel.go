package require

import (
	"flag"
	"strconv"
)

// Parallel makes n the number of tests that run at once in a package whose tests wait more
// than they compute; the default is the number of CPUs. The command line's -parallel
// counts more. It is to be called in TestMain, before m.Run.
func Parallel(n int) {
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err)
	}
}
