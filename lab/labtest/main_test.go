package labtest_test

import (
	"testing"

	"wirelab/internal/require"
)

// Most of the time a lab is waited for: it has one CPU, and barriers take their time.
func TestMain(m *testing.M) {
	require.Parallel(8)
	m.Run()
}
