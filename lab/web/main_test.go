package web

import (
	"os"
	"testing"

	"wirelab/internal/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
