//go:build !linux

package deadpeer

import "net"

// LimitUnacknowledged does nothing: Linux alone has the option for a connection.
func LimitUnacknowledged(*net.TCPConn) {}
