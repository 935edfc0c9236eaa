package class

import (
	"sync"
	"time"
)

// crowded is how many programs there must be for each CPU, on average, that one which
// misses a deadline of a script may be the machine's fault: in 10 s it has less than
// 0.6 s of a CPU then. A client of the chat in Python takes a tenth of that.
const crowded = 16

// crowdEvery is how often the programs are counted.
const crowdEvery = 100 * time.Millisecond

// watchCrowd counts the programs that want a CPU, of all users, until mean is called,
// which returns how many there were for each CPU on average: 0 where it is not known.
// count is called by one goroutine.
func watchCrowd(count func() (runnable, cpus int, known bool)) (mean func() float64) {
	stop, ended := make(chan struct{}), make(chan struct{})
	var sum, n float64
	go func() {
		defer close(ended)
		tick := time.NewTicker(crowdEvery)
		defer tick.Stop()
		for {
			if runnable, cpus, known := count(); known {
				sum += float64(runnable) / float64(cpus)
				n++
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return sync.OnceValue(func() float64 {
		close(stop)
		<-ended
		return sum / max(1, n)
	})
}
