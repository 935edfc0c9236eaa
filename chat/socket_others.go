//go:build !linux

package chat

import (
	"net"
	"syscall"
)

func limitUnacknowledged(*net.TCPConn) {} // Linux alone has it for a connection

func unsent(syscall.RawConn) int { return 0 }
