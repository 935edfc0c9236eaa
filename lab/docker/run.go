package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"

	"wirelab/internal/pattern"
	"wirelab/lab"
)

// closeWithin is how long a run has to be removed. Its own limit, because it
// is removed above all when the context that it was made with is over.
const closeWithin = 20 * time.Second

// patience is how long something may take that the daemon does for each host,
// at times one after the other.
func (r *run) patience() time.Duration {
	return closeWithin + time.Duration(r.hosts)*time.Second
}

// run is everything that one lab makes, and its removal.
type run struct {
	cli    *engine
	id     string
	labels map[string]string
	hosts  int // how many
	reaper *reaper
	hangUp func() // ends what is said to the wire; nil where there is none

	sweeping sync.WaitGroup
	sweepNot context.CancelFunc // ends the sweep
}

// validID reports whether id can be a run's: six random bytes in hexadecimal,
// short enough for a host name.
var runID = pattern.New(`^[0-9a-f]{12}$`)

func validID(id string) bool { return runID().MatchString(id) }

// newRun starts the run's reaper, before there is anything to remove.
func newRun(ctx context.Context, cli *engine) (*run, error) {
	self, err := thisProcess()
	if err != nil {
		return nil, fmt.Errorf("identify this process: %w", err)
	}
	random := make([]byte, 6)
	rand.Read(random) // never fails, crypto/rand
	r := &run{cli: cli, id: hex.EncodeToString(random)}
	r.labels = map[string]string{runLabel: r.id, ownerLabel: self.String()}
	if r.reaper, err = startReaper(r.id, cli.at); err != nil {
		return nil, err
	}
	r.sweep(self)
	return r, nil
}

// sweep removes, while the lab comes up and runs, what dead processes left.
func (r *run) sweep(self owner) {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	r.sweepNot = cancel
	r.sweeping.Go(func() {
		defer cancel()
		if err := sweep(ctx, r.cli.Client, self); err != nil && !errors.Is(ctx.Err(), context.Canceled) {
			// Not ours to fail for: the next lab tries again.
			slog.Warn("leftovers of dead labs", "backend", "docker", "err", err)
		}
	})
}

// uncut is a context for a request that makes something. It is not cut off when
// ctx ends: the daemon would finish it later, when nobody looks for what it made
// any more. The caller looks at ctx after it.
func (r *run) uncut(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), r.patience())
}

// image is the run's image. The registry of its name cannot exist (RFC 2606),
// so that no client ever pulls another in its place.
func (r *run) image() string { return "wirelab.invalid/lab:" + r.id }

// network begins the names of the run's containers.
func (r *run) network() string { return "wirelab-" + r.id }

// buildImage makes the image: the program and nothing else.
func (r *run) buildImage(ctx context.Context) error {
	version, err := r.cli.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return fmt.Errorf("ask the daemon's version: %w", err)
	}
	path, err := lab.StaticProgram(ctx, version.Arch)
	if err != nil {
		return err
	}
	archive, err := imageArchive(path)
	if err != nil {
		return err
	}
	// Imported, not built: no builder is needed, and the image is there with
	// its labels or not at all.
	changes := []string{fmt.Sprintf("ENTRYPOINT [%q]", program)}
	for name, value := range r.labels {
		changes = append(changes, fmt.Sprintf("LABEL %s=%q", name, value))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, cancel := r.uncut(ctx)
	defer cancel()
	progress, err := r.cli.ImageImport(ctx, client.ImageImportSource{Source: archive, SourceName: "-"}, r.image(), client.ImageImportOptions{Changes: changes})
	if err != nil {
		return fmt.Errorf("import image: %w", err)
	}
	defer progress.Close()
	// The daemon reports an error that comes late as its last message.
	for messages := json.NewDecoder(progress); ; {
		var m struct{ Error string }
		switch err := messages.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("import image: %w", err)
		case m.Error != "":
			return fmt.Errorf("import image: %s", m.Error)
		}
	}
}

// imageArchive is the image's file system: the program and nothing else.
func imageArchive(path string) (io.Reader, error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(len(binary) + 4096)
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(program, "/"), Mode: 0o755, Size: int64(len(binary))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(binary); err != nil {
		return nil, err
	}
	return &b, w.Close()
}

// chooseCPU picks the CPU that the whole lab runs on, so that the capture's
// order is the wire's, and different labs spread over the machine.
func (r *run) chooseCPU(ctx context.Context) (string, error) {
	info, err := r.cli.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the daemon's CPUs: %w", err)
	}
	n, err := strconv.ParseUint(r.id, 16, 64)
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(n%uint64(max(info.Info.NCPU, 1)), 10), nil
}

// close removes the run and ends its reaper.
func (r *run) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), r.patience())
	defer cancel()
	err := removeRun(ctx, r.cli.Client, r.id)
	if err != nil {
		return errors.Join(err, r.abandon())
	}
	return errors.Join(r.reaper.release(), r.disconnect())
}

// abandon leaves the removal of the run to its reaper and waits for it. A run
// that was cut off while it came up may have a request under way at the
// daemon: the reaper looks until none can be.
func (r *run) abandon() error {
	return errors.Join(r.reaper.reap(r.patience()), r.disconnect())
}

func (r *run) disconnect() error {
	if r.hangUp != nil {
		r.hangUp()
	}
	r.sweepNot()
	r.sweeping.Wait()
	return r.cli.Close()
}
