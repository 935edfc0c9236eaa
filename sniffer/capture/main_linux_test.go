package capture

import (
	"testing"

	"wirelab/sniffer/internal/ownnet"
)

func TestMain(m *testing.M) { ownnet.Main(m) }
