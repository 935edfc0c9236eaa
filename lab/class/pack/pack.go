// Package pack has the forms in which a job goes to a pod of Kubernetes and its result
// comes back, each within what Kubernetes carries: a job in a ConfigMap, a result in the
// termination message of a container (4,096 bytes), captures in the container's log.
//
// What comes back is hostile: a student's program has run beside what wrote it. It is
// bounded before it is unpacked, and says nothing of whose it is: class.Result.Bind does.
// The message alone decides. It has the whole result, or as much as fits and the hash of
// the whole, which the log then has.
//
// The package knows no Kubernetes: the program in the pod has it, too.
package pack

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"

	"wirelab/lab/class"
)

// MaxJob bounds a packed job, in bytes: a ConfigMap has 1 MiB at most
// (k8s.io/api/core/v1, MaxSecretSize), and its other keys need some.
const MaxJob = 900 << 10

// ErrLarge says that something is larger than what carries it.
var ErrLarge = errors.New("too large to be carried")

// Job returns a job document, compressed. The submission must have been read
// (class.Job.Whole).
func Job(job class.Job) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(json.NewEncoder(z).Encode(job), z.Close()); err != nil {
		return nil, err
	}
	if b.Len() > MaxJob {
		return nil, ErrLarge
	}
	return b.Bytes(), nil
}

// ReadJob reads what Job has packed.
func ReadJob(r io.Reader) (class.Job, error) {
	z, err := gzip.NewReader(io.LimitReader(r, MaxJob))
	if err != nil {
		return class.Job{}, err
	}
	defer z.Close()
	return class.ReadJob(z)
}
