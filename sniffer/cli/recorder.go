package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// recorder writes frames to a file, or to several in turn, each complete.
type recorder struct {
	options    *options
	stdout     io.Writer
	create     func(what, name string) (*os.File, error)
	interfaces []pcapfile.Interface  // that the file has
	names      map[netip.Addr]string // of all files: each has them all

	writer  *pcapfile.Writer      // nil until its interfaces are known
	file    *os.File              // nil for standard output
	number  int                   // of the file
	kept    []string              // files that are there
	started time.Time             // of the file's first frame
	start   time.Time             // of the capture, zero if not known
	counted []pcapfile.Statistics // frames of each interface in this file
}

// newRecorder makes the first file. Interfaces may come later.
func newRecorder(o *options, stdout io.Writer, create func(what, name string) (*os.File, error), ifs []pcapfile.Interface, start time.Time) (*recorder, error) {
	r := &recorder{options: o, stdout: stdout, create: create, names: map[netip.Addr]string{}, start: start}
	return r, r.open(ifs)
}

func (r *recorder) rotates() bool { return r.options.rotateSize != 0 || r.options.rotateTime != 0 }

// open makes the next file.
func (r *recorder) open(ifs []pcapfile.Interface) error {
	r.file, r.writer, r.interfaces, r.counted = nil, nil, nil, nil
	if r.options.write != "-" {
		name := r.options.write
		if r.number++; r.rotates() {
			extension := filepath.Ext(strings.TrimSuffix(name, compressedEnd)) + name[len(strings.TrimSuffix(name, compressedEnd)):]
			name = fmt.Sprintf("%s-%05d%s", strings.TrimSuffix(name, extension), r.number, extension)
		}
		f, err := r.create("-w", name)
		if err != nil {
			return err
		}
		r.file = f
		r.kept = append(r.kept, name)
	}
	if r.options.pcap() && len(ifs) == 0 {
		return nil // its header has the link type of what will come
	}
	return r.describe(ifs)
}

// describe writes the interfaces that the file does not have yet, after its
// header.
func (r *recorder) describe(ifs []pcapfile.Interface) (err error) {
	var dst io.Writer = r.stdout
	if r.file != nil {
		dst = &sink{to: r.file}
		if strings.HasSuffix(r.options.write, compressedEnd) {
			dst = &members{to: dst}
		}
	}
	if r.writer == nil && r.options.pcap() {
		r.writer, err = pcapfile.NewPcapWriter(dst, ifs[0])
		r.interfaces, r.counted = ifs[:1:1], make([]pcapfile.Statistics, 1)
	} else if r.writer == nil {
		if r.writer, err = pcapfile.NewCommentedWriter(dst, r.options.comment); err == nil {
			err = r.writer.WriteNames(r.names)
		}
	}
	for ; err == nil && len(r.interfaces) < len(ifs); r.counted = append(r.counted, pcapfile.Statistics{}) {
		i := ifs[len(r.interfaces)]
		r.interfaces = append(r.interfaces, i)
		err = r.writer.AddInterface(i)
	}
	return err
}

// write writes frames of these interfaces. With an error it returns how many are in files
// that were completed.
func (r *recorder) write(frames []sniffer.Frame, ifs []pcapfile.Interface) (written int, err error) {
	if len(ifs) > len(r.interfaces) {
		if err := r.describe(ifs); err != nil {
			return 0, err
		}
	}
	if !r.rotates() {
		return 0, r.put(frames)
	}
	for i := range frames {
		if r.full(&frames[i]) {
			if err := r.end(); err != nil {
				return written, err
			}
			written = i
			if err := r.rotate(ifs); err != nil {
				return written, err
			}
			r.started = frames[i].Time
		}
		if err := r.put(frames[i : i+1]); err != nil {
			return written, err
		}
	}
	return len(frames), nil
}

// put writes frames to the file.
func (r *recorder) put(frames []sniffer.Frame) error {
	if len(frames) == 0 {
		return nil
	}
	if len(r.counted) == 1 {
		r.counted[0].Received += uint64(len(frames))
	} else {
		for i := range frames {
			r.counted[frames[i].Interface].Received++
		}
	}
	return r.writer.WriteFrames(frames)
}

// full reports whether f belongs into another file.
func (r *recorder) full(f *sniffer.Frame) bool {
	if r.started.IsZero() {
		r.started = f.Time
		return false
	}
	o := r.options
	return o.rotateSize > 0 && r.writer.Size() >= int64(o.rotateSize) ||
		o.rotateTime > 0 && f.Time.Sub(r.started) >= o.rotateTime
}

// rotate begins another file behind one that is complete. What the kernel dropped is in
// the last one: it is known at the end.
func (r *recorder) rotate(ifs []pcapfile.Interface) error {
	if err := r.open(ifs); err != nil {
		return err
	}
	if n := r.options.files; n > 0 && len(r.kept) > n {
		oldest := r.kept[0]
		r.kept = r.kept[1:]
		if err := os.Remove(oldest); !errors.Is(err, fs.ErrNotExist) { // else somebody has moved it away
			return err
		}
	}
	return nil
}

// flush writes out buffered blocks and new names.
func (r *recorder) flush(names map[netip.Addr]string, macs map[sniffer.MAC]string) error {
	maps.Copy(r.names, names)
	if r.writer == nil {
		return nil
	}
	if len(macs) > 0 {
		if err := r.writer.WriteMACNames(macs); err != nil {
			return err
		}
	}
	if len(names) > 0 {
		if err := r.writer.WriteNames(names); err != nil {
			return err
		}
	}
	return r.writer.Flush()
}

// close completes the last file with what was counted, nil if that is not
// known.
func (r *recorder) close(stats *pcapfile.Statistics) error {
	if r.writer == nil && r.file == nil && r.options.write != "-" {
		return nil // the file could not be made
	}
	if r.writer == nil { // a pcap file of nothing
		if err := r.describe([]pcapfile.Interface{{LinkType: sniffer.LinkEthernet}}); err != nil {
			return errors.Join(err, r.end())
		}
	}
	var err error
	if stats != nil && len(r.counted) > 0 {
		var others uint64
		for i := range r.counted[1:] {
			c := &r.counted[i+1]
			c.Start, c.End = stats.Start, stats.End
			others += c.Received
		}
		// The kernel counts drops of the socket, not of an interface.
		first := *stats
		if !r.rotates() {
			first.Received -= min(others, first.Received)
		} else {
			first.Received = r.counted[0].Received + first.Dropped
		}
		r.counted[0] = first
		err = r.writer.WriteStatistics(r.counted...)
	}
	return errors.Join(err, r.end())
}

// end completes the file.
func (r *recorder) end() error {
	err := r.writer.Flush()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}
