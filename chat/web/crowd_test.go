package web

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/internal/webguard"
)

// Three hundred phones in one room, or sixty where long is not required, are told every
// line once, in order, while some of them lose their streams again and again. How long a line took is logged, and asserted
// by nobody: it depends on the machine.
func TestCrowd(t *testing.T) {
	const perSecond = 50 // people, not a flood
	phones, restless, lines := require.Many(60, 300), require.Many(6, 30), require.Many(100, 200)
	h := open(t, setUp{guard: webguard.Config{Limits: webguard.Limits{Rate: 1e6, Burst: 1e6, StreamsPerAddress: phones * 2}}})
	var ready, all sync.WaitGroup
	took := make([][]time.Duration, phones)
	for i := range phones {
		ready.Add(1)
		all.Go(func() {
			p := newPhone(t, h).join(joining{Name: fmt.Sprint("phone", i)})
			e := p.listen()
			told, begun := 0, false
			for told < lines {
				now, ok := e.next()
				if !ok {
					t.Errorf("phone %d: the stream ends after %d lines", i, told)
					return
				}
				if now.name == "ready" && !begun {
					begun = true
					ready.Done()
				}
				if now.name != "line" || now.line.Name != "server" {
					continue
				}
				number, at, _ := strings.Cut(now.line.Text, " ")
				if n, err := strconv.Atoi(number); err != nil || n != told+1 {
					t.Errorf("phone %d is told line %q after %d", i, now.line.Text, told)
					return
				}
				if told++; told%20 == 0 && i < restless {
					e.close()
					e = p.listen() // from the line that was told last
					continue
				}
				sent, _ := strconv.ParseInt(at, 10, 64)
				if i >= restless {
					took[i] = append(took[i], time.Since(time.Unix(0, sent)))
				}
			}
		})
	}
	ready.Wait()
	each := time.NewTicker(time.Second / perSecond)
	defer each.Stop()
	for n := range lines {
		<-each.C
		h.room.Say(fmt.Sprint(n+1, " ", time.Now().UnixNano()))
	}
	all.Wait()
	sorted := slices.Sorted(slices.Values(slices.Concat(took...)))
	if len(sorted) == 0 {
		t.Fatal("no line was told")
	}
	load, _ := os.ReadFile("/proc/loadavg")
	t.Logf("%d deliveries: median %v, p99 %v, longest %v; load %s", len(sorted), sorted[len(sorted)/2], sorted[len(sorted)*99/100], sorted[len(sorted)-1], load)
}
