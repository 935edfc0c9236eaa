// Package deadpeer makes the kernel find out that the other end of a TCP connection,
// or the path to it, is gone. Both ends of a chat use it: neither sends anything while
// nobody speaks.
package deadpeer

import (
	"net"
	"time"
)

// KeepAlive probes a connection on which nothing was received for 75 s. Probes that
// come earlier would be noise on a lab's wire.
var KeepAlive = net.KeepAliveConfig{Enable: true, Idle: 75 * time.Second, Interval: 15 * time.Second, Count: 4}

// unacknowledgedFor is how long data, or a probe, may stay unacknowledged.
const unacknowledgedFor = 60 * time.Second
