//go:build !linux

package server

import (
	"net"
	"syscall"
	"time"
)

func limitUnacknowledged(*net.TCPConn) {} // Linux alone has it for a connection

func unacknowledged(syscall.RawConn) int { return 0 }

func closed(syscall.RawConn) bool { return false }

func sleepBriefly(d time.Duration) { time.Sleep(d) }
