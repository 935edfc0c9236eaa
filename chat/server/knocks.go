package server

import (
	"log/slog"
	"sync"
	"time"
)

const (
	knocksTold = 10          // refusals that are logged one by one
	knocksFor  = time.Minute // after which the others are summed up, and it begins anew
)

// knocks logs who is refused, and who comes and goes without a name: the first ones,
// then how many more there were. A flood fills no log.
type knocks struct {
	logger *slog.Logger

	mu    sync.Mutex
	told  int
	more  int
	timer *time.Timer // nil: nobody was refused
}

func (k *knocks) refused(address string, reason string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer == nil {
		k.timer = time.AfterFunc(knocksFor, k.sumUp)
	}
	if k.told == knocksTold {
		k.more++
		return
	}
	k.told++
	k.logger.Warn("refused", "address", address, "reason", reason)
}

// sumUp logs how many were refused that were not logged.
func (k *knocks) sumUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil {
		k.timer.Stop()
	}
	if k.more > 0 {
		k.logger.Warn("refused", "more", k.more)
	}
	k.told, k.more, k.timer = 0, 0, nil
}
