package netns

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/lab"
)

// As many hosts come up as a topology may have, and programs run on all of them
// at once.
func TestMostHosts(t *testing.T) {
	topology := lab.Topology{Hosts: []string{lab.SnifferHost}}
	for i := range lab.MaxHosts - 1 {
		topology.Hosts = append(topology.Hosts, fmt.Sprintf("h%d", i))
	}
	began := time.Now()
	n := upWith(t, topology)
	t.Logf("%d hosts are up after %v", len(topology.Hosts), time.Since(began))
	began = time.Now()
	var wg sync.WaitGroup
	for _, name := range topology.Hosts {
		wg.Go(func() {
			p, err := n.Host(name).Start(t.Context(), lab.Cmd{Args: []string{"/bin/sleep", "1000"}})
			if err != nil {
				t.Error(err)
				return
			}
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
			if code, err := p.Wait(t.Context()); code != 137 || err != nil {
				t.Errorf("%s: exit code %d, %v", name, code, err)
			}
		})
	}
	wg.Wait()
	t.Logf("a program has run on each after %v", time.Since(began))
}

// manySegments is a network of hosts in all, evenly on segments that a router joins.
func manySegments(ip lab.Versions, segments, hosts int) lab.Topology {
	t := lab.Topology{Hosts: []string{"gateway"}, Routers: []string{"gateway"}}
	each := (hosts - 2) / segments // the gateway and the sniffer are on all
	for s := range segments {
		spec := lab.SegmentSpec{Name: fmt.Sprintf("s%d", s), IP: ip, Hosts: []string{"gateway"}}
		for i := range each {
			spec.Hosts = append(spec.Hosts, fmt.Sprintf("h%d", each*s+i))
		}
		t.Hosts = append(t.Hosts, spec.Hosts[1:]...)
		t.Segments = append(t.Segments, spec)
	}
	t.Hosts = append(t.Hosts, lab.SnifferHost)
	return t
}

// More hosts than one segment has addresses come up on several, are captured and settle.
func TestManySegments(t *testing.T) {
	if _, err := lab.Program(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, ip := range map[string]lab.Versions{"IPv4": lab.IPv4, "IPv6": lab.IPv6} {
		t.Run(name, func(t *testing.T) {
			if ip != lab.IPv4 {
				require.Long(t, "it brings three hundred hosts up once more")
			}
			topology := manySegments(ip, 3, 302)
			began := time.Now()
			l, err := lab.Open(t.Context(), Backend{}, topology)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d hosts are up after %v", len(topology.Hosts), time.Since(began))
			defer func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}()
			began = time.Now()
			if _, err := l.Run(t.Context(), "h0", "ping", "-c", "1", "h299"); err != nil {
				t.Error(err)
			}
			if err := l.Settle(t.Context(), "pinged"); err != nil {
				t.Error(err)
			}
			t.Logf("pinged and settled after %v", time.Since(began))
			rec, err := l.Finish(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if d := rec.Dropped(); d == nil {
				t.Error("nobody has counted the frames that the kernel dropped")
			} else if *d > 0 {
				t.Errorf("the kernel dropped %d frames", *d)
			}
		})
	}
}
