//go:build !linux

package server

import (
	"syscall"
	"time"
)

func unacknowledged(syscall.RawConn) int { return 0 }

// acknowledged has every connection answer: a token is not taken over.
func acknowledged(syscall.RawConn) uint64 { return uint64(time.Now().UnixNano()) }

func closed(syscall.RawConn) bool { return false }

func sleepBriefly(d time.Duration) { time.Sleep(d) }
