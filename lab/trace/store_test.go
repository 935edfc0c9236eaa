package trace_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// said is a capture of 6 MB in which client1 says "hello" where no window of a stream and no
// segment has all of it, and in what is not its own message. It returns the packets that
// carry it.
func saidInBulk(t *testing.T) (file []byte, carry [][]int) {
	w := tracetest.New(t, "client1", "server")
	w.Statistics = &pcapfile.Statistics{}
	w.Barrier(trace.StartLabel)
	w.TCP("client1", "server", sniffer.SYN, 99, 0, "")
	w.TCP("server", "client1", sniffer.SYN|sniffer.ACK, 899, 100, "")
	next := uint32(100)
	send := func(text string) int {
		w.TCP("client1", "server", sniffer.PSH|sniffer.ACK, next, 900, text)
		next += uint32(len(text))
		return w.Len()
	}
	fill := strings.Repeat("othello\n", 64<<10/8)
	for i := range 96 {
		send(fill)
		if i%4 == 3 { // a window of a stream ends behind each fourth
			a := send("\thel")
			carry = append(carry, []int{a, send("lo\n")})
			b := send("me: hello")
			carry = append(carry, []int{b})
			send("\n")
		}
	}
	w.Barrier("one")
	var b bytes.Buffer
	if err := w.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), carry
}

// Where the bytes of frames are changes nothing: in memory, in a spool, in the file that was
// read, or in memory since there is no room for a spool.
func TestStores(t *testing.T) {
	file, carry := saidInBulk(t)
	plan := trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"one"}, Texts: []string{"hello"}}
	pr, err := trace.ParseProjection("tcp text")
	if err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func(*trace.Recording) error{
		"memory": func(r *trace.Recording) error { return r.Load(bytes.NewReader(file), nil) },
		"file":   func(r *trace.Recording) error { return r.LoadFile(bytes.NewReader(file)) },
		"spool": func(r *trace.Recording) error {
			r.SpoolTo(func() (trace.Spool, error) { return os.CreateTemp(t.TempDir(), "spool") })
			return r.Load(bytes.NewReader(file), nil)
		},
		"no spool": func(r *trace.Recording) error {
			r.SpoolTo(func() (trace.Spool, error) { return nil, errors.New("read-only file system") })
			return r.Load(bytes.NewReader(file), nil)
		},
		"a disk that is full": func(r *trace.Recording) error {
			r.SpoolTo(func() (trace.Spool, error) {
				f, err := os.CreateTemp(t.TempDir(), "spool")
				return &full{File: f, room: 5 << 20}, err
			})
			return r.Load(bytes.NewReader(file), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := trace.New(trace.Hosts{})
			if err := load(r); err != nil {
				t.Fatal(err)
			}
			window, missing := r.Window([]string{"one"}, plan)
			if !missing.IsZero() {
				t.Fatal(missing)
			}
			var got [][]int
			for _, l := range r.Project(pr, window, plan).Lines {
				if strings.Contains(l.What, "hello") {
					got = append(got, l.Packets)
				}
			}
			if diff := cmp.Diff(carry, got); diff != "" {
				t.Errorf("packets that carry the text (-want +got):\n%s", diff)
			}
			clear := r.Carried("\thello\n")
			for i, packets := range carry {
				if last := packets[len(packets)-1]; i%2 == 0 && !cmp.Equal(clear[last], packets) {
					t.Errorf("bytes in clear: packets %v, want %v", clear[last], packets)
				}
			}
			if len(clear) != len(carry)/2 {
				t.Errorf("bytes in clear in %d places, want %d", len(clear), len(carry)/2)
			}
			var again bytes.Buffer
			if err := r.Write(&again); err != nil || !bytes.Equal(again.Bytes(), file) {
				t.Errorf("it writes %d bytes (%v), want the %d that it read", again.Len(), err, len(file))
			}
		})
	}
}

// full is a file on a disk that has room for some bytes.
type full struct {
	*os.File
	room int
}

func (f *full) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.File.Write(b)
	}
	f.room = 0
	return 0, syscall.ENOSPC
}

// Where the disk is full memory takes what it can, and then it is told what is full.
func TestFullDisk(t *testing.T) {
	r := trace.New(trace.Hosts{})
	r.SpoolTo(func() (trace.Spool, error) { return &full{}, nil })
	frame := sniffer.Frame{Data: make([]byte, 1<<20), Length: 1 << 20, LinkType: sniffer.LinkEthernet}
	for n := 0; ; n++ {
		if _, err := r.Add(frame); err != nil {
			if n != trace.MaxBytes>>20 || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("after %d MiB: %v, want that the disk is full after %d", n, err, trace.MaxBytes>>20)
			}
			return
		}
	}
}

// shrinking is a file that somebody cuts off while it is read.
type shrinking struct {
	*bytes.Reader
	cut bool
}

func (s *shrinking) ReadAt(b []byte, at int64) (int, error) {
	if s.cut {
		return 0, io.ErrUnexpectedEOF
	}
	return s.Reader.ReadAt(b, at)
}

// A file whose bytes cannot be read any more is damaged, and is not written.
func TestFileThatChanges(t *testing.T) {
	file, _ := saidInBulk(t)
	r := trace.New(trace.Hosts{})
	s := &shrinking{Reader: bytes.NewReader(file)}
	if err := r.LoadFile(s); err != nil {
		t.Fatal(err)
	}
	s.cut = true
	if p := r.Packet(5); p.Err == nil || r.Damage == nil {
		t.Errorf("packet %+v, damage %v", p, r.Damage)
	}
	if err := r.Write(io.Discard); err == nil {
		t.Error("it is written")
	}
}
