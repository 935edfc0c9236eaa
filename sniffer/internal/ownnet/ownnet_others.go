//go:build !linux

// Package ownnet gives tests a network of their own. It needs Linux.
package ownnet

import (
	"testing"

	"go.uber.org/goleak"
)

// Main is for TestMain.
func Main(m *testing.M) { goleak.VerifyTestMain(m) }
