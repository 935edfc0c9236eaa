//go:build !linux

package chat

import (
	"net"
	"syscall"
	"time"
)

func limitUnacknowledged(*net.TCPConn) {} // Linux alone has it for a connection

func unsent(syscall.RawConn) int { return 0 }

func nap(d time.Duration) { time.Sleep(d) }
