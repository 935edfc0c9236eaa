package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"wirelab/internal/exit"
	"wirelab/internal/require"
	"wirelab/internal/wholefile"
	"wirelab/lab"
	"wirelab/lab/experiments"
	"wirelab/lab/netns"
	"wirelab/lab/seal"
	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

// pinged is a capture of the experiment ping, and of a TCP connection, in which
// some hosts have set the barriers.
func pinged(t *testing.T, hosts ...string) *trace.Recording {
	w := tracetest.New(t, hosts...)
	echo := func(seq byte) {
		const icmp, request, reply = 1, 8, 0
		w.IP("client1", "server", icmp, 0, []byte{request, 0, 0, 0, 0, 1, 0, seq})
		w.IP("server", "client1", icmp, 0, []byte{reply, 0, 0, 0, 0, 1, 0, seq})
	}
	w.Barrier(trace.StartLabel)
	w.Ask("client1", "server", "*")
	w.Tell("server", "client1")
	echo(1)
	w.Barrier("cold")
	echo(1)
	echo(2)
	w.Barrier("warm")
	w.TCP("client1", "server", sniffer.SYN, 100, 0, "")
	w.TCP("server", "client1", sniffer.SYN|sniffer.ACK, 900, 101, "")
	w.TCP("client1", "server", sniffer.FIN|sniffer.ACK, 101, 901, "")
	w.TCP("server", "client1", sniffer.FIN|sniffer.ACK, 901, 102, "")
	w.TCP("client1", "server", sniffer.ACK, 102, 902, "")
	return w.Recording
}

// Every example of the help does what it shows, on captures as people have them.
func TestCheckExamples(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, r *trace.Recording) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := wholefile.Write(path, r.Write); err != nil {
			t.Fatal(err)
		}
	}
	ofLab := pinged(t, "client1", "server", "client2")
	write("runs/1/ping.pcapng", ofLab)
	write("mine.pcapng", ofLab)
	ordinary := pinged(t, "client1", "server") // without client2
	ordinary.Hosts = trace.Hosts{}             // and without names
	write("mine.pcap", ordinary)
	source, err := experiments.Source("ping")
	if err != nil {
		t.Fatal(err)
	}
	mine := strings.ReplaceAll(string(source), "ping.", "mine.")
	if err := os.WriteFile(filepath.Join(dir, "mine.txtar"), []byte(mine), 0o644); err != nil {
		t.Fatal(err)
	}
	program := wirelab(t)
	signed(t, dir, "results/alice/ping/ping.pcapng", ofLab)
	seeded(t, dir, program, "netns")
	if _, errs, code := commandIn(t, dir, program, "check", "ping", "mine.pcapng", "--signed", "course.pub"); code != exit.Inconclusive || !strings.Contains(errs, "no signature") {
		t.Errorf("a capture without a signature: exit code %d\n%s", code, errs)
	}
	examples := helpExamples(t, "check")
	if len(examples) < 4 {
		t.Fatalf("examples: %q", examples)
	}
	for _, example := range examples {
		words := strings.Fields(example)
		if out, errs, code := commandIn(t, dir, program, words[1:]...); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", example, code, out, errs)
		}
	}
}

// The same seed gives the same lab in containers as in namespaces.
func TestSeedInContainers(t *testing.T) {
	requireBackend(t, "docker")
	program, err := lab.StaticProgram(t.Context(), runtime.GOARCH) // which runs in the containers, too
	if err != nil {
		t.Fatal(err)
	}
	seeded(t, t.TempDir(), program, "docker")
}

// seeded leaves a capture ping.pcapng of a lab with the seed s07, of which check tells that
// its seed is no other.
func seeded(t *testing.T, dir, program, backend string) {
	t.Helper()
	requireBackend(t, backend)
	if out, errs, code := commandIn(t, dir, program, "run", "ping", "--seed", "s07", "--backend", backend, "-o", "seeded"); code != 0 {
		t.Fatalf("run: exit code %d\n%s%s", code, out, errs)
	}
	if err := os.Rename(filepath.Join(dir, "seeded/ping.pcapng"), filepath.Join(dir, "ping.pcapng")); err != nil {
		t.Fatal(err)
	}
	if out, _, code := commandIn(t, dir, program, "check", "ping", "ping.pcapng", "--seed", "s07"); code != exit.OK {
		t.Errorf("a capture of its own seed: exit code %d\n%s", code, out)
	}
	if out, _, code := commandIn(t, dir, program, "check", "ping", "ping.pcapng", "--seed", "s08"); code != exit.Inconclusive || !strings.Contains(out, "another seed than s08: packet 1 is from 02:") {
		t.Errorf("a capture of another seed: exit code %d\n%s", code, out)
	}
}

// signed writes a recording as a class run does, with the course's keys beside it.
func signed(t *testing.T, dir, name string, r *trace.Recording) {
	t.Helper()
	key, err := seal.LoadKey(filepath.Join(dir, "course.key"), filepath.Join(dir, "course.pub"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, seal.Sign(b.Bytes(), key, "course: alice ping"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// helpExamples are the command lines that a command's help shows.
func helpExamples(t *testing.T, command string) (lines []string) {
	t.Helper()
	data, err := help.ReadFile("help/" + command + ".en.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse(data).Files {
		if f.Name != "examples" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// pingCapture writes a capture of a ping that does not say who is who.
func pingCapture(t *testing.T) (path string) {
	t.Helper()
	w := tracetest.New(t, "client1", "server")
	w.Ping("client1", "server")
	w.Hosts = trace.Hosts{}
	path = filepath.Join(t.TempDir(), "mine.pcap")
	if err := wholefile.Write(path, w.Recording.Write); err != nil {
		t.Fatal(err)
	}
	return path
}

// What a capture without barriers lacks is told with how to have it.
func TestCheckAdvises(t *testing.T) {
	path := pingCapture(t)
	program := wirelab(t)
	named := []string{"check", "ping", path, "--host", "client1=10.0.0.1", "--host", "server=10.0.0.2"}
	for _, test := range []struct {
		args []string
		want string
	}{
		{append(named, "--lang", "en"), `before the first packet, run "wirelab mark start" on every host`},
		{append(named, "--lang", "zh-TW"), "請在送出第一個封包之前，於每台主機執行 wirelab mark start"},
		{[]string{"check", "ping-once", path, "--host", "client1=10.0.0.1", "--lang", "en"}, "add --host server=ADDRESS"},
		{[]string{"check", "ping-once", path, "--host", "client1=10.0.0.1", "--lang", "zh-TW"}, "請加上 --host server=位址"},
	} {
		if out, _, code := command(t, program, test.args...); code != 4 || !strings.Contains(unwrapped(out), test.want) {
			t.Errorf("%q: exit code %d, want %q in\n%s", test.args, code, test.want, out)
		}
	}
}

// A --host with an address that the capture lacks is asked about, and the claims are
// inconclusive for that alone. The JSON stays whole.
func TestCheckAsksAboutUnseenHosts(t *testing.T) {
	path := pingCapture(t)
	program := wirelab(t)
	for _, test := range []struct{ lang, server, want string }{
		{"en", "10.0.0.2", ""},
		{"en", "192.0.2.9", "has no packet from or to 192.0.2.9: is that the address of server? Packets are from 10.0.0.2"},
		{"zh-TW", "192.0.2.9", "裡沒有 192.0.2.9 送出或收到的封包：請確認 server 的位址；封包的來源位址有 10.0.0.2"},
	} {
		out, errs, code := command(t, program, "check", "ping-once", path, "--host", "client1=10.0.0.1", "--host", "server="+test.server, "--lang", test.lang, "--json")
		if asked := errs != ""; asked != (test.want != "") || !strings.Contains(errs, test.want) {
			t.Errorf("server=%s: said %q, want %q", test.server, errs, test.want)
		}
		if want := map[bool]int{false: 0, true: 4}[test.want != ""]; code != want || !json.Valid([]byte(out)) {
			t.Errorf("server=%s: exit code %d, want %d, and\n%s", test.server, code, want, out)
		}
	}
}

// unwrapped joins the lines into which a report was broken.
func unwrapped(s string) string { return strings.Join(strings.Fields(s), " ") }

// A capture that Wireshark's dumpcap has made of curl and another program's web server
// passes.
func TestCheckCurl(t *testing.T) {
	requireBackend(t, netns.Name)
	// In a lab tcpdump cannot become the user that it wants to be.
	tools := map[string]string{"dumpcap": "", "curl": "", "python3": ""}
	for name := range tools {
		path, err := exec.LookPath(name)
		if err != nil {
			require.Missing(t, "tshark", name+" is not installed")
		}
		tools[name] = path
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "mine.pcap")
	ctx := t.Context()
	l, err := lab.Open(ctx, netns.Backend{}, lab.DefaultTopology)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(l.Start(ctx, "server", tools["python3"], "-u", "-m", "http.server", "8000", "--directory", dir))
	must(l.Await(ctx, "server", "Serving HTTP"))
	must(l.Start(ctx, "client1", tools["dumpcap"], "-q", "-P", "-i", "eth0", "-w", path))
	must(l.Await(ctx, "client1", "File: "))
	if out, err := l.Run(ctx, "client1", tools["curl"], "-s", "http://server:8000/"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	addresses := []string{"--host", "client1=10.77.0.10", "--host", "server=10.77.0.11", "--lang", "en"}
	program, out, code := wirelab(t), "", 0
	check := func(experiment string) bool {
		if _, err := os.Stat(path); err != nil {
			return false
		}
		out, _, code = command(t, program, slices.Concat([]string{"check", experiment, path}, addresses)...)
		return code == 0
	}
	// dumpcap writes a packet a moment after it has crossed the wire.
	require.Eventually(t, 20*time.Second, func() bool { return check("tcp-once") }, func() string { return "a capture that passes tcp-once; it says\n" + out })
	if check("ping-once") || code != 1 || !strings.Contains(out, "lacks this line") {
		t.Errorf("a capture without a ping: exit code %d\n%s", code, out)
	}
}
