package netns

import (
	"fmt"
	"sync"
	"testing"
	"time"

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
