package claim

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// bulk writes a capture in which client1 sends so many segments of so many bytes over one
// connection, each of which the server acknowledges.
func bulk(t testing.TB, segments, size int) *bytes.Reader {
	w := tracetest.New(t, "client1", "server")
	w.Statistics = &pcapfile.Statistics{}
	w.Barrier(trace.StartLabel)
	w.TCP("client1", "server", sniffer.SYN, 99, 0, "")
	w.TCP("server", "client1", sniffer.SYN|sniffer.ACK, 899, 100, "")
	data, next := string(bytes.Repeat([]byte("y"), size)), uint32(100)
	for range segments {
		w.TCP("client1", "server", sniffer.PSH|sniffer.ACK, next, 900, data)
		next += uint32(size)
		w.TCP("server", "client1", sniffer.ACK, 900, next, "")
	}
	w.TCP("client1", "server", sniffer.FIN|sniffer.ACK, next, 900, "")
	w.TCP("server", "client1", sniffer.FIN|sniffer.ACK, 900, next+1, "")
	w.TCP("client1", "server", sniffer.ACK, next+1, 901, "")
	w.Barrier("done")
	var file bytes.Buffer
	if err := w.Write(&file); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(file.Bytes())
}

// torn is a file of which nobody can read more after some times.
type torn struct {
	*bytes.Reader
	times int
}

func (f *torn) ReadAt(b []byte, at int64) (int, error) {
	if f.times--; f.times < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return f.Reader.ReadAt(b, at)
}

// Whenever a file is cut off while it is judged, no verdict is from what is left of it.
func TestFileTornWhileJudged(t *testing.T) {
	file := bulk(t, 100, 8<<10)
	plan, claims := bulkClaims(t)
	for _, m := range []Matcher{
		{Kind: Exactly, Count: 100, What: []Selection{{Filter: "tcp[13] = 24"}}, Each: "tcp port 80"},
		{Kind: Never, What: []Selection{{Filter: "tcp[13] & 4 != 0"}}},
		{Kind: Never, What: []Selection{{Bytes: "zz"}}},
	} {
		claims = append(claims, Claim{ID: "bulk.matcher", Phases: []string{"done"}, Matcher: &m})
	}
	whole := map[Status]int{}
	for times := 0; ; times++ {
		file.Seek(0, io.SeekStart)
		r, f := trace.New(trace.Hosts{}), &torn{file, 1 << 30}
		if err := r.LoadFile(f); err != nil {
			t.Fatal(err)
		}
		f.times = times
		for _, c := range claims {
			v := Judge(r, plan, []Claim{c})[0]
			if r.Damage != nil && v.Status != Inconclusive {
				t.Fatalf("%s, cut off after %d reads: %s (%v)", c.ID, times, v.Status, v.Reason)
			}
			whole[v.Status]++
		}
		if r.Damage == nil {
			break
		}
	}
	if whole[Pass] == 0 || whole[Inconclusive] == 0 {
		t.Errorf("verdicts %v, want some that pass and some that are inconclusive", whole)
	}
}

// bulkClaims are typical: what opens and closes the connection, and that nothing else was
// there.
func bulkClaims(t testing.TB) (Plan, []Claim) {
	plan := Plan{Plan: trace.Plan{Hosts: []string{"client1", "server"}, Barriers: []string{"done"}}, Stimulated: map[string]bool{"done": true}}
	var claims []Claim
	for projection, expected := range map[string]string{
		"tcp": opened + "client1 > server FIN ACK acked\nserver > client1 FIN ACK acked\n", "udp,icmp": "",
	} {
		pr, err := trace.ParseProjection(projection)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := ParseExpected(expected)
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, Claim{ID: "bulk." + projection, Phases: []string{"done"}, Projection: pr, Expected: lines})
	}
	return plan, claims
}

// judgeBulk judges a capture and returns its recording.
func judgeBulk(t testing.TB, load func(*trace.Recording) error) *trace.Recording {
	r := trace.New(trace.Hosts{})
	if err := load(r); err != nil {
		t.Fatal(err)
	}
	plan, claims := bulkClaims(t)
	for _, v := range Judge(r, plan, claims) {
		if v.Status != Pass {
			t.Fatalf("%s: %s, %s", v.ID, v.Status, v.Reason)
		}
	}
	return r
}

// retained is how much memory a recording takes that has judged its claims, in bytes.
func retained(t testing.TB, load func(*trace.Recording) error) int {
	return heapOf(func() *trace.Recording { return judgeBulk(t, load) })
}

// heapOf is how much memory a recording takes, in bytes.
func heapOf(record func() *trace.Recording) int {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := record()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(r)
	return int(after.HeapAlloc) - int(before.HeapAlloc)
}

// The memory for a capture does not grow with what its packets carry, which no claim asks
// for, and by little with each packet.
func TestMemory(t *testing.T) {
	const few, many, most = 2000, 12_000, 1400
	file := func(segments, size int) func(*trace.Recording) error {
		f := bulk(t, segments, size)
		return func(r *trace.Recording) error { return r.LoadFile(f) }
	}
	small, large := retained(t, file(few, 1)), retained(t, file(few, most))
	if grown := large - small; grown > few*most/20 {
		t.Errorf("with payloads of %d bytes a recording takes %d bytes more than with those of one", most, grown)
	}
	if each := (retained(t, file(many, 1)) - small) / (2 * (many - few)); each > 80 {
		t.Errorf("each packet takes %d bytes, want 80 at most", each)
	}
	// What is no file goes to a spool.
	content := bulk(t, many, most)
	pipe := func(r *trace.Recording) error {
		r.SpoolTo(func() (trace.Spool, error) { return os.CreateTemp(t.TempDir(), "spool") })
		return r.Load(content, nil)
	}
	if got := retained(t, pipe); got > many*most*2/3 {
		t.Errorf("with %d bytes of payloads in a spool a recording takes %d", many*most, got)
	}
}

// A ping that runs for long has a request to remember for each two packets.
func TestMemoryOfPings(t *testing.T) {
	pings := func(n int) int {
		w := tracetest.New(t, "client1", "server")
		w.Statistics = &pcapfile.Statistics{}
		for i := range n {
			w.IP("client1", "server", 1, 0, []byte{8, 0, 0, 0, 0, 7, byte(i >> 8), byte(i)})
			w.IP("server", "client1", 1, 0, []byte{0, 0, 0, 0, 0, 7, byte(i >> 8), byte(i)})
		}
		var file bytes.Buffer
		if err := w.Write(&file); err != nil {
			t.Fatal(err)
		}
		content := bytes.NewReader(file.Bytes())
		return heapOf(func() *trace.Recording {
			r := trace.New(trace.Hosts{})
			if err := r.LoadFile(content); err != nil {
				t.Fatal(err)
			}
			return r
		})
	}
	const few, many = 2000, 50_000
	if each := (pings(many) - pings(few)) / (2 * (many - few)); each > 110 {
		t.Errorf("each packet takes %d bytes, want 110 at most", each)
	}
}

// A million packets.
func BenchmarkBulk(b *testing.B) {
	file := bulk(b, 500_000, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := file.Seek(0, 0); err != nil {
			b.Fatal(err)
		}
		judgeBulk(b, func(r *trace.Recording) error { return r.LoadFile(file) })
	}
}
