package cli

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"wirelab/internal/exit"
	"wirelab/sniffer"
)

// A file that is read is no output, whatever it is called.
func TestInputIsNoOutput(t *testing.T) {
	whole, err := os.ReadFile(session31)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.svg")
	link := filepath.Join(filepath.Dir(path), "y.pcapng")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-r", path, "-w", path}, {"-r", path, "-w", link}, {"-r", path, "-o", path}, {"-r", session31, "-o", link + ".svg", "-w", link + ".svg"}} {
		if _, _, code, err := read(t, args...); code != exit.Usage || !strings.Contains(err.Error(), "the same file") {
			t.Errorf("%v: code %d, %v", args, code, err)
		}
	}
	stdout, err := os.OpenFile(link, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	if code, err := sniff(t.Context(), nil, stdout, &strings.Builder{}, "-r", path); code != exit.Usage {
		t.Errorf("standard output: code %d, %v", code, err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, whole) {
		t.Errorf("the input has changed: %d bytes, %v", len(after), err)
	}
}

// What can be written no more is told once, and the file ends on a whole record.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	random := rand.NewChaCha8([32]byte{}) // which gzip cannot make smaller
	frames := make([][]byte, 1000)
	for i := range frames {
		frames[i] = make([]byte, 1060)
		_, _ = random.Read(frames[i])
	}
	big := fileOf(t, sniffer.LinkEthernet, frames...)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	full := func(run func()) {
		limit := before
		limit.Cur = 300_001
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
				t.Fatal(err)
			}
		}()
		run()
	}
	for _, name := range []string{"x.pcap", "x.pcapng", "x.pcap.gz"} {
		path := filepath.Join(dir, name)
		var code int
		var err error
		full(func() { _, _, code, err = read(t, "-r", big, "-o", "none", "-w", path) })
		if code != exit.Failed || strings.Count(err.Error(), "file too large") != 1 {
			t.Errorf("%s: code %d, %v; want it told once", name, code, err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := packets(t, content); len(got) < 200 {
			t.Errorf("%s has %d frames, %d bytes", name, len(got), len(content))
		}
	}
	text, err := os.Create(filepath.Join(dir, "text"))
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	var code int
	full(func() { code, err = sniff(t.Context(), nil, text, &strings.Builder{}, "-r", big, "-o", "json") })
	content, _ := os.ReadFile(text.Name())
	if code != exit.Failed || strings.Count(err.Error(), "file too large") != 1 || !bytes.HasSuffix(content, []byte("}\n")) {
		t.Errorf("text: code %d, %v; it ends %q", code, err, content[max(0, len(content)-20):])
	}
}

// The first Ctrl-C ends it, with totals, while a pipe has no writer, and while its
// writer says nothing.
func TestInterruptedFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, writer := range []bool{false, true} {
		var stderr strings.Builder
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan ended, 1)
		go func() {
			code, err := sniff(ctx, nil, &strings.Builder{}, &stderr, "-r", fifo)
			done <- ended{code, err}
		}()
		open := func() {
			f, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for the reader
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if writer {
				cancel()
				wait(t, done)
			}
		}
		if writer {
			open()
		} else {
			cancel()
			if e := wait(t, done); e.code != exit.OK {
				t.Error(e.err)
			}
			open() // lets the goroutine go that waits for a writer
		}
		if !strings.Contains(stderr.String(), "0 packets captured") {
			t.Errorf("no totals: %q", stderr.String())
		}
	}
}
