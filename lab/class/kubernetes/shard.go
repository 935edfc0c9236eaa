package kubernetes

import (
	"crypto/rand"
	"errors"
	"strings"

	core "k8s.io/api/core/v1"

	"wirelab/internal/i18n"
	"wirelab/lab/class"
	"wirelab/lab/class/pack"
)

const (
	// shardBytes bounds the packed jobs of one ConfigMap; one job may have as many.
	shardBytes = pack.MaxJob + 1<<10

	// shardJobs bounds the jobs of one shard: the Job controller looks at all pods of a
	// Job whenever one changes, so that its time would be quadratic in their number.
	shardJobs = 500
)

// shard is as many jobs as one ConfigMap holds; it becomes one Job.
type shard struct {
	name   string
	keys   []string // of the jobs, by index
	packed [][]byte
}

func (s shard) keyLines() string { return strings.Join(s.keys, "\n") }

// keysOf are the keys of the shard that a ConfigMap has.
func keysOf(m *core.ConfigMap) []string {
	if m.Data[keysKey] == "" {
		return nil
	}
	return strings.Split(m.Data[keysKey], "\n")
}

// shards packs jobs and hands them on as shards, one at a time: all at once may be more
// than the memory. It calls refuse for a job that no ConfigMap holds.
func (o Options) shards(jobs []class.Job, refuse func(class.Job, error) error, submit func(shard) error) error {
	var s shard
	size := 0
	end := func() error {
		full := s
		s, size = shard{}, 0
		if len(full.keys) == 0 {
			return nil
		}
		full.name = o.name() + "-" + strings.ToLower(rand.Text()[:8])
		return submit(full)
	}
	for _, job := range jobs {
		key := job.Key()
		packed, err := packed(job)
		if err != nil {
			if err := refuse(job, err); err != nil {
				return err
			}
			continue
		}
		more := len(packed) + len(key) + 16
		if size+more > shardBytes || len(s.keys) == shardJobs {
			if err := end(); err != nil {
				return err
			}
		}
		s.keys, s.packed = append(s.keys, key), append(s.packed, packed)
		size += more
	}
	return end()
}

// packed reads and packs a job.
func packed(job class.Job) ([]byte, error) {
	whole, err := job.Whole()
	if err != nil {
		return nil, err
	}
	b, err := pack.Job(whole)
	if errors.Is(err, pack.ErrLarge) {
		return nil, i18n.Errmsg("kubernetes.large", "Most", pack.MaxJob>>10)
	}
	return b, err
}
