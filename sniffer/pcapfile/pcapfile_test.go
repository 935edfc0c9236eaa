package pcapfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// An ARP request, as it is on the wire.
var arpRequest = []byte{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 11, 0x08, 0x06, // broadcast, ARP
	0, 1, 0x08, 0, 6, 4, 0, 1, // request
	0x02, 0, 0, 0, 0, 11, 10, 77, 0, 11,
	0, 0, 0, 0, 0, 0, 10, 77, 0, 10,
}

func writeSample(t *testing.T, w io.Writer) ([]sniffer.Frame, map[netip.Addr]string, Statistics) {
	t.Helper()
	start := time.Unix(1_700_000_000, 123_456_789)
	frames := []sniffer.Frame{
		{Time: start, LinkType: sniffer.LinkEthernet, Data: arpRequest, Length: len(arpRequest), Direction: sniffer.In},
		{Time: start.Add(time.Nanosecond), LinkType: sniffer.LinkEthernet, Data: arpRequest[:41], Length: 1514, Interface: 1, Direction: sniffer.Out},
		{Time: start.Add(time.Second), LinkType: sniffer.LinkEthernet, Data: arpRequest, Length: len(arpRequest)},
	}
	hosts := map[netip.Addr]string{
		netip.MustParseAddr("10.77.0.11"): "client1",
		netip.MustParseAddr("10.77.0.10"): "server",
		netip.MustParseAddr("fd00::1"):    "server6",
	}
	one := Statistics{Received: 5, Dropped: 2, Start: start, End: start.Add(2 * time.Second)}
	pw, err := NewWriter(w, Interface{Name: "eth0", SnapLen: MaxPacket, LinkType: sniffer.LinkEthernet}, Interface{Name: "eth1", LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if err := pw.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		pw.WriteNames(hosts),
		pw.WriteStatistics(one, Statistics{Received: 1, Start: start, End: start.Add(time.Second)}),
		pw.Flush(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	one.Received++
	return frames, hosts, one
}

func TestRoundTrip(t *testing.T) {
	var file bytes.Buffer
	frames, hosts, stats := writeSample(t, &file)
	r, got, err := readAll(&file)
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	diff(t, frames, got)
	diff(t, hosts, r.Names())
	counted, ok := r.Statistics()
	if !ok {
		t.Error("no statistics")
	}
	diff(t, stats, counted)
}

// Buffered says yes only if Next need not wait.
func TestBuffered(t *testing.T) {
	for name, text := range map[string]string{"pcap": pcapMicroLittle, "pcapng": pcapngBig} {
		file := fixture.Bytes(t, text)
		for n := range len(file) {
			src := &counter{Reader: bytes.NewReader(file[:n])}
			r, err := NewReader(src)
			if err != nil {
				continue
			}
			for err == nil {
				sure, before := r.Buffered(), src.reads
				_, err = r.Next()
				if sure && (err != nil || src.reads != before) {
					t.Fatalf("%s, %d bytes: Buffered, then %d reads and %v", name, n, src.reads-before, err)
				}
			}
		}
	}
}

// counter counts reads.
type counter struct {
	io.Reader
	reads int
}

func (c *counter) Read(p []byte) (int, error) { c.reads++; return c.Reader.Read(p) }

func TestStatisticsNeedEveryInterface(t *testing.T) {
	var file bytes.Buffer
	writeSample(t, &file)
	whole := file.Bytes()
	for n := range len(whole) {
		r, _, err := readAll(bytes.NewReader(whole[:n]))
		if err == nil {
			t.Fatal("reading never ended")
		}
		if r == nil {
			continue
		}
		if s, ok := r.Statistics(); ok {
			t.Fatalf("%d bytes of %d already have statistics: %+v", n, len(whole), s)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	w, err := NewWriter(io.Discard, Interface{Name: "eth0", LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"interface":     w.WriteFrame(sniffer.Frame{Interface: 1}),
		"size":          w.WriteFrame(sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: make([]byte, MaxPacket+1)}),
		"time":          w.WriteFrame(sniffer.Frame{LinkType: sniffer.LinkEthernet, Time: time.Unix(1<<36, 0)}),
		"host name":     w.WriteNames(map[netip.Addr]string{netip.IPv4Unspecified(): "a b"}),
		"name with NUL": w.WriteNames(map[netip.Addr]string{netip.IPv4Unspecified(): "a\x00b"}),
		"statistics":    w.WriteStatistics(Statistics{}, Statistics{}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := w.WriteFrame(sniffer.Frame{}); err == nil || !strings.Contains(err.Error(), "link type 0") {
		t.Errorf("link type: %v", err)
	}
}

// tshark, which nobody here wrote, reads what Writer writes.
func TestTsharkReadsIt(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	path := filepath.Join(t.TempDir(), "sample.pcapng")
	var file bytes.Buffer
	frames, _, _ := writeSample(t, &file)
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tshark, "-r", path, "-n", "-T", "fields", "-E", "separator=,",
		"-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len",
		"-e", "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "arp.opcode")
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if complaint := strings.ReplaceAll(stderr.String(), "Running as user \"root\" and group \"root\". This could be dangerous.\n", ""); complaint != "" {
		t.Errorf("tshark complains: %s", complaint)
	}
	var want strings.Builder
	for i, f := range frames {
		direction := map[sniffer.Direction]string{sniffer.In: "0x00000001", sniffer.Out: "0x00000002"}[f.Direction]
		fmt.Fprintf(&want, "%d,%d.%09d,%d,%d,eth%d,%s,1\n", i+1, f.Time.Unix(), f.Time.Nanosecond(),
			f.Length, len(f.Data), f.Interface, direction)
	}
	diff(t, want.String(), stdout.String())
}

// readChunks reads with ReadChunk, of three chunks in turn.
func readChunks(src io.Reader) ([]sniffer.Frame, error) {
	r, err := NewReader(src)
	if err != nil {
		return nil, err
	}
	var frames []sniffer.Frame
	var chunks [3]Chunk
	for i := 0; ; i++ {
		c := &chunks[i%len(chunks)]
		if err := r.ReadChunk(c, 1000); err != nil {
			return frames, err
		}
		for _, f := range c.Frames {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
	}
}

// What a chunk holds stays while the next ones are read.
func TestChunksAreTheirOwn(t *testing.T) {
	var file bytes.Buffer
	pw, err := NewPcapWriter(&file, Interface{LinkType: sniffer.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	const count = 5000
	for i := range count {
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 20+i%700)
		if err := pw.WriteFrame(sniffer.Frame{LinkType: sniffer.LinkEthernet, Time: time.Unix(int64(i), 0), Data: data, Length: len(data)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := pw.Flush(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []*Chunk
	for {
		c := &Chunk{}
		if err = r.ReadChunk(c, 10_000); err != nil {
			break
		}
		chunks = append(chunks, c)
	}
	if !errors.Is(err, io.EOF) || len(chunks) < 100 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	i := 0
	for _, c := range chunks {
		for _, f := range c.Frames {
			if want := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 20+i%700); !bytes.Equal(f.Data, want) || f.Time.Unix() != int64(i) {
				t.Fatalf("frame %d at %v is not what was written", i, f.Time)
			}
			i++
		}
	}
	if i != count {
		t.Errorf("%d frames, want %d", i, count)
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range []string{pcapMicroLittle, pcapNanoBig, pcapngBig, pcapngGaps} {
		f.Add(fixture.Bytes(f, text))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, frames, err := readAll(bytes.NewReader(file))
		if err == nil {
			t.Fatal("reading never ended")
		}
		if r == nil {
			return
		}
		inChunks, byChunkErr := readChunks(bytes.NewReader(file))
		if d := cmp.Diff(frames, inChunks, cmpopts.EquateEmpty()); d != "" || !errors.Is(byChunkErr, err) && byChunkErr.Error() != err.Error() {
			t.Fatalf("%v, in chunks %v (-one by one +in chunks)\n%s", err, byChunkErr, d)
		}
		counted := uint64(0)
		for _, i := range r.Gaps().Interfaces {
			counted += i.Frames
			if len(i.Filter) > 3*maxFilter { // U+FFFD has three bytes
				t.Fatalf("filter of %d bytes", len(i.Filter))
			}
		}
		if counted != uint64(len(frames)) {
			t.Fatalf("%d frames, %d counted", len(frames), counted)
		}
		if d := cmp.Diff(r.Gaps(), chunkedReader(t, file).Gaps()); d != "" {
			t.Fatalf("gaps (-one by one +in chunks)\n%s", d)
		}
		if cap(r.buf) > max(maxBlock, MaxPacket) {
			t.Fatalf("%d bytes kept", cap(r.buf))
		}
		for _, frame := range frames {
			if len(frame.Data) > MaxPacket || frame.Length < len(frame.Data) {
				t.Fatalf("%d bytes captured of %d", len(frame.Data), frame.Length)
			}
			if _, err := frame.Time.MarshalText(); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range r.Names() {
			if !ValidName(name) {
				t.Fatalf("name %q", name)
			}
		}
		for _, name := range r.MACNames() {
			if !ValidName(name) {
				t.Fatalf("name %q", name)
			}
		}
		if _, again := r.Next(); !errors.Is(again, err) {
			t.Fatalf("%v, then %v", err, again)
		}
	})
}

// Where a frame's bytes are in the file can be asked for; where they are compressed it
// cannot.
func TestOffset(t *testing.T) {
	ifi := Interface{LinkType: sniffer.LinkEthernet}
	for name, open := range map[string]func(io.Writer) (*Writer, error){
		"pcapng": func(w io.Writer) (*Writer, error) { return NewWriter(w, ifi) },
		"pcap":   func(w io.Writer) (*Writer, error) { return NewPcapWriter(w, ifi) },
	} {
		var file bytes.Buffer
		w, err := open(&file)
		if err != nil {
			t.Fatal(err)
		}
		const frames = 3000 // more than a reader has at once
		for i := range frames {
			data := bytes.Repeat([]byte{byte(i)}, 14+i%90)
			if err := w.WriteFrame(sniffer.Frame{Time: time.Unix(1000, 0), Data: data, Length: len(data), LinkType: sniffer.LinkEthernet}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for i := range frames {
			f, err := r.Next()
			at, ok := r.Offset()
			if err != nil || !ok || !bytes.Equal(file.Bytes()[at:][:len(f.Data)], f.Data) {
				t.Fatalf("%s: frame %d is not at %d, %v (%v)", name, i, at, ok, err)
			}
		}
	}
	packed, err := os.Open("testdata/session.pcapng.xz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if at, ok := r.Offset(); ok {
		t.Errorf("a frame of a compressed file is at %d", at)
	}
}
