package docker

import (
	"errors"
	"strings"
	"testing"

	"wirelab/lab"
)

// Several segments are refused before the daemon is asked, with what can be done.
func TestSegmentsAreRefused(t *testing.T) {
	t.Setenv("DOCKER_HOST", "tcp://192.0.2.1:1")
	topology := lab.Topology{
		Hosts:    []string{"client", "gateway", "server", lab.SnifferHost},
		Segments: []lab.SegmentSpec{{Name: "lan", Hosts: []string{"client", "gateway"}}, {Name: "dmz", Hosts: []string{"gateway", "server"}}},
		Routers:  []string{"gateway"},
	}
	_, err := (&Backend{}).Up(t.Context(), topology)
	u, ok := errors.AsType[*lab.Unavailable](err)
	if !ok || !strings.Contains(u.Cause.String(), "one segment") || len(u.Advice) != 1 || !strings.Contains(u.Advice[0].String(), "--backend netns") {
		t.Errorf("error %v, want that several segments need --backend netns", err)
	}
}

// So is IPv6, whose settings would not keep its hosts silent.
func TestIPv6IsRefused(t *testing.T) {
	t.Setenv("DOCKER_HOST", "tcp://192.0.2.1:1")
	topology := lab.Hosts("client", "server")
	topology.Segments = []lab.SegmentSpec{{Name: "lan", IP: lab.IPv6, Hosts: []string{"client", "server"}}}
	_, err := (&Backend{}).Up(t.Context(), topology)
	u, ok := errors.AsType[*lab.Unavailable](err)
	if !ok || !strings.Contains(u.Cause.String(), "IPv4 alone") || !strings.Contains(u.Advice[0].String(), "--backend netns") {
		t.Errorf("error %v, want that IPv6 needs --backend netns", err)
	}
}
