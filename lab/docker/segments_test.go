package docker

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"wirelab/lab"
)

// A daemon whose machine has not what a topology takes says what that is, and what can be
// done.
func TestUnavailableHere(t *testing.T) {
	six := lab.Hosts("client", "server")
	six.Segments = []lab.SegmentSpec{{Name: "lan", IP: lab.IPv6, Hosts: []string{"client", "server"}}}
	noFile := errors.New(`start client: OCI runtime create failed: open /proc/sys/net/ipv6/conf/all/forwarding: no such file or directory: unknown`)
	for _, tt := range []struct {
		name, code string
		err        error
	}{
		{"a kernel without IPv6", "docker.ipv6", withoutIPv6(six, noFile)},
		{"a runtime without bridges", "docker.wire", cannotMake(syscall.EOPNOTSUPP)},
		{"no packet sockets", "docker.wire", cannotMake(syscall.EPERM)},
	} {
		u, ok := errors.AsType[*lab.Unavailable](tt.err)
		if !ok || u.Cause.Code != tt.code || len(u.Advice) == 0 || !strings.Contains(u.Advice[0].String(), "--backend netns") {
			t.Errorf("%s: error %v, want %s and that --backend netns may do", tt.name, tt.err, tt.code)
		}
	}
	for _, err := range []error{withoutIPv6(lab.Hosts("client"), noFile), cannotMake(noFile), cannotMake(nil)} {
		if _, ok := errors.AsType[*lab.Unavailable](err); ok {
			t.Errorf("%v is no lack of the machine's", err)
		}
	}
}
