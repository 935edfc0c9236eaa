package filter

import (
	"os"
	"strings"
	"testing"

	"wirelab/sniffer/internal/ownnet"
)

func TestMain(m *testing.M) {
	for _, arg := range os.Args {
		if strings.HasPrefix(arg, "-test.fuzz") {
			os.Exit(m.Run()) // its processes talk over files that they inherit
		}
	}
	ownnet.Main(m)
}
