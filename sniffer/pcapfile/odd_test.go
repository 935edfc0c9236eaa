package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

// A block that is wrong in itself does not lose what follows: its error comes at
// the end. A link type that nobody knows, and a time that no clock can have meant,
// are no error.
func TestWhatIsWrongAloneIsPassedOver(t *testing.T) {
	const header = `0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000
		01000000 14000000 0100 0000 00000000 14000000` // 48 bytes
	const last = `06000000 24000000 00000000 00000000 07000000 01000000 01000000 aa000000 24000000`
	want := sniffer.Frame{Time: time.UnixMicro(7), LinkType: sniffer.LinkEthernet, Data: []byte{0xaa}, Length: 1}
	for _, test := range []struct {
		name, block, reason string
		before              []sniffer.Frame
	}{
		{"interface that is not there", "06000000 20000000 01000000 00000000 00000000 00000000 00000000 20000000", "interface 1 of 1", nil},
		{"statistics of no interface", "05000000 18000000 01000000 00000000 00000000 18000000", "interface 1 of 1", nil},
		{"frame longer than its block", "06000000 20000000 00000000 00000000 00000000 01000000 01000000 20000000", "room for 0", nil},
		{"packet block cut in itself", "06000000 10000000 00000000 10000000", "packet block of 4 bytes", nil},
		{"time", "06000000 24000000 00000000 ffffffff ffffffff 01000000 02000000 bb000000 24000000", "",
			[]sniffer.Frame{{LinkType: sniffer.LinkEthernet, Data: []byte{0xbb}, Length: 2}}},
		{"time before the year 0", "01000000 24000000 0100 0000 00000000 0e000800 00000000f0ffffff 00000000 24000000" +
			"06000000 24000000 01000000 00000000 01000000 01000000 02000000 bb000000 24000000", "",
			[]sniffer.Frame{{LinkType: sniffer.LinkEthernet, Interface: 1, Data: []byte{0xbb}, Length: 2}}},
		{"link type", "01000000 14000000 9300 0000 00000000 14000000 06000000 24000000 01000000 00000000 01000000 01000000 02000000 cc000000 24000000", "",
			[]sniffer.Frame{{Time: time.UnixMicro(1), LinkType: 147, Interface: 1, Data: []byte{0xcc}, Length: 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := fixture.Bytes(t, header+test.block+last)
			_, got, err := readAll(bytes.NewReader(file))
			diff(t, append(test.before, want), got)
			var wrong *FormatError
			switch {
			case test.reason == "" && !errors.Is(err, io.EOF):
				t.Error(err)
			case test.reason != "" && (!errors.As(err, &wrong) || wrong.Offset != 48 || !strings.Contains(wrong.Reason, test.reason)):
				t.Errorf("%v, want %q at byte 48", err, test.reason)
			}
			chunks, again := readChunks(bytes.NewReader(file))
			diff(t, got, chunks)
			if again.Error() != err.Error() {
				t.Errorf("chunks end with %v, want %v", again, err)
			}
		})
	}
}

// A block that is passed over moves no frame that is read together with others.
func TestPassedOverInAChunk(t *testing.T) {
	const header = `0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000
		01000000 14000000 0100 0000 00000000 14000000`
	file := fixture.Bytes(t, header+`06000000 24000000 00000000 00000000 07000000 01000000 01000000 aa000000 24000000
		06000000 20000000 01000000 00000000 00000000 00000000 00000000 20000000
		05000000 00100000`) // statistics, of whose 4,096 bytes not all are there
	file = append(file, make([]byte, 400)...)
	want := []sniffer.Frame{{Time: time.UnixMicro(7), LinkType: sniffer.LinkEthernet, Data: []byte{0xaa}, Length: 1}}
	got, err := readChunks(bytes.NewReader(file))
	diff(t, want, got)
	var cut *TruncatedError
	if !errors.As(err, &cut) {
		t.Error(err)
	}
}

// Old pcap files have a record's lengths the other way round, 2.3 either way. tcpdump
// reads them alike.
func TestOldVersions(t *testing.T) {
	for _, test := range []struct {
		minor    uint16
		lengths  [2]uint32
		captured int
	}{
		{0, [2]uint32{5, 3}, 3}, {1, [2]uint32{5, 3}, 3}, {2, [2]uint32{5, 3}, 3}, {3, [2]uint32{3, 5}, 3}, {3, [2]uint32{5, 3}, 3}, {4, [2]uint32{3, 5}, 3},
	} {
		var file []byte
		for _, n := range []uint32{0xa1b2c3d4, uint32(test.minor)<<16 | 2, 0, 0, 65535, 147, 1, 2, test.lengths[0], test.lengths[1]} {
			file = binary.LittleEndian.AppendUint32(file, n)
		}
		file = append(file, 1, 2, 3)
		want := []sniffer.Frame{{Time: time.Unix(1, 2000), LinkType: 147, Data: []byte{1, 2, 3}, Length: 5}}
		_, got, err := readAll(bytes.NewReader(file))
		if !errors.Is(err, io.EOF) {
			t.Errorf("version 2.%d: %v", test.minor, err)
		}
		diff(t, want, got)
		chunks, _ := readChunks(bytes.NewReader(file))
		diff(t, want, chunks)
		if _, err := exec.LookPath("tcpdump"); err != nil {
			require.Missing(t, "tcpdump", "tcpdump is not installed")
		}
		path := filepath.Join(t.TempDir(), "old.pcap")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("tcpdump", "-n", "-xx", "-r", path).Output()
		if err != nil || !strings.Contains(string(out), "0102 03\n") {
			t.Errorf("version 2.%d: tcpdump says %v\n%s", test.minor, err, out)
		}
	}
}

// Times before 1970, and none, are written as they were read; tshark sees them too.
func TestOddTimes(t *testing.T) {
	const offset = -3_000_000_000 // in 1874
	ifs := []Interface{{LinkType: sniffer.LinkEthernet, TimeOffset: offset}}
	frames := []sniffer.Frame{
		{Time: time.Unix(offset, 0), LinkType: sniffer.LinkEthernet, Data: make([]byte, 60), Length: 60},
		{Time: time.Unix(-1, 5), LinkType: sniffer.LinkEthernet, Data: make([]byte, 60), Length: 60},
		{LinkType: sniffer.LinkEthernet, Data: make([]byte, 61), Length: 61},
	}
	var file bytes.Buffer
	w, err := NewWriter(&file, ifs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.WriteFrames(frames), w.WriteStatistics(Statistics{Start: frames[0].Time, End: frames[1].Time}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	content := file.Bytes()
	r, got, err := readAll(bytes.NewReader(content))
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	diff(t, frames, got)
	if told := r.Gaps().Interfaces[0].TimeOffset; told != offset {
		t.Errorf("offset %d", told)
	}
	if counted, ok := r.Statistics(); !ok || !counted.Start.Equal(frames[0].Time) || !counted.End.Equal(frames[1].Time) {
		t.Errorf("statistics %+v", counted)
	}
	if err := w.WriteFrame(sniffer.Frame{Time: time.Unix(offset-1, 0), LinkType: sniffer.LinkEthernet}); err == nil {
		t.Error("a time before the offset is written")
	}
	if pcap, err := NewPcapWriter(io.Discard, ifs[0]); err != nil || pcap.WriteFrame(frames[1]) == nil {
		t.Errorf("a pcap file takes a time before 1970; %v", err)
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		require.Missing(t, "tshark", "tshark is not installed")
	}
	path := filepath.Join(t.TempDir(), "odd.pcapng")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.len", "-e", "frame.time_epoch").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "60\t"+strconv.FormatInt(offset, 10)) || strings.TrimSpace(lines[2]) != "61" {
		t.Errorf("tshark reads\n%s", out)
	}
}
