package labtest_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"wirelab/internal/require"
	"wirelab/lab/claim"
	"wirelab/lab/labtest"
)

const syn = "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn"

// talk lets a client connect to the server, say hello and close; the server then closes.
func talk(t testing.TB, l *labtest.Lab, listener net.Listener) {
	t.Helper()
	conn := l.Dial("client", "tcp", listener.Addr().String())
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if b, err := io.ReadAll(accepted); err != nil || string(b) != "hello" {
		t.Fatalf("read %q, %v", b, err)
	}
	accepted.Close()
}

func TestMatchers(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Settle("nothing")
	listener := l.Listen("server", "tcp", "server:80")
	talk(t, l, listener)
	talk(t, l, listener)
	l.Settle("talked")

	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.In("talked"))
	l.Never("icmp or udp", labtest.In("talked"), labtest.From("client"))
	l.Exactly(2, syn, labtest.In("talked"), labtest.From("client"), labtest.To("server"))
	l.Exactly(1, syn, labtest.In("talked"), labtest.Each("tcp port 80"))
	l.Exactly(2, "trace tcp/80: client > server SYN")
	l.Before("arp", "tcp", labtest.In("talked"))
	l.Before("trace arp: client > * who-has server", syn)
	l.InOrder([]string{"arp", syn, "tcp and src host server and tcp[tcpflags] & tcp-fin != 0"}, labtest.In("talked"))

	selection := func(text string) claim.Selection {
		s, err := claim.ParseSelection(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, test := range []struct {
		kind   claim.Kind
		count  int
		what   []string
		scope  []labtest.Scope
		status claim.Status
		reason string
	}{
		{claim.Never, 0, []string{syn}, []labtest.Scope{labtest.In("talked")}, claim.Fail, "none may"},
		{claim.Never, 0, []string{syn}, []labtest.Scope{labtest.In("nothing")}, claim.Inconclusive, "nothing was done"},
		{claim.Never, 0, []string{syn}, []labtest.Scope{labtest.From("server")}, claim.Pass, ""},
		{claim.Exactly, 1, []string{syn}, nil, claim.Fail, "2 matches"},
		{claim.Never, 0, []string{syn}, []labtest.Scope{labtest.On("lan")}, claim.Fail, "none may"}, // the only segment
		{claim.Before, 0, []string{"tcp", "arp"}, nil, claim.Fail, "comes before"},
		{claim.InOrder, 0, []string{syn, "arp", "arp"}, nil, claim.Fail, "after the first 1"},
	} {
		m := claim.Matcher{Kind: test.kind, Count: test.count}
		for _, text := range test.what {
			m.What = append(m.What, selection(text))
		}
		v, err := l.JudgeMatcher(m, test.scope...)
		if err != nil || v.Status != test.status || test.reason != "" && !strings.Contains(v.Reason.String(), test.reason) {
			t.Errorf("%s: %s (%v), %v; want %s", m, v.Status, v.Reason, err, test.status)
		}
	}
	for _, scope := range []labtest.Scope{labtest.In("tolked"), labtest.From("sever"), labtest.To("sever"), labtest.Each("tpc")} {
		if _, err := l.JudgeMatcher(claim.Matcher{Kind: claim.Never, What: []claim.Selection{selection("arp")}}, scope); err == nil {
			t.Error("a scope that is not there is taken")
		}
	}
}

// What fails shows the packets, what differs and where the capture is, in which the
// packets have comments; what is inconclusive does not read as a failed claim.
func TestFailureIsShown(t *testing.T) {
	const asked = "LABTEST_SHOW"
	if os.Getenv(asked) != "" {
		l := labtest.New(t, "client", "server")
		talk(t, l, l.Listen("server", "tcp", "server:80"))
		l.Settle("talked")
		l.Expect("tcp/80 in talked", "client > server SYN acked\nserver > client SYN ACK acked\nserver > client RST ACK\nserver > client FIN ACK acked")
		l.Exactly(1, "trace tcp/80: client > server RST", labtest.In("talked"))
		l.Expect("tcp/80 first in talked", "client > server SYN acked\nserver > client SYN ACK acked")
		listener := l.Listen("server", "tcp", "server:81")
		conn := l.Dial("client", "tcp", "server:81")
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer accepted.Close()
		l.Settle("open")
		if _, err := io.WriteString(conn, "x"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(accepted, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		l.Settle("said")
		l.Expect("tcp/81 in said", "")
		l.Settle("idle")
		l.Never("icmp", labtest.In("idle"))
		return
	}
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.outputdir="+dir, "-test.artifacts")
	cmd.Env = append(os.Environ(), asked+"=1", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "SKIP") {
		t.Skipf("%s", out)
	}
	if err == nil {
		t.Fatalf("it passes:\n%s", out)
	}
	for _, want := range []string{
		`tcp/80 in talked: fail: line 3: expected server > client RST ACK; observed client > server FIN ACK acked`,
		`- server > client RST ACK\n +\+ client > server FIN ACK acked\n`, // the difference
		`first in talked: fail: missing line: .*(\n.*)*"first" shows one line of each conversation`,
		`client +server`, `●─+▶  SYN`, // the ladder
		`exactly 1 trace tcp/80: client > server RST in talked: fail: 0 matches`,
		`- client > server RST\n +\+ client > server (SYN|FIN ACK) acked`, // the nearest miss
		`tcp/81 in said: fail: 2 frames of this trace crossed the wire(.*\n)+ +observed +2 frames \(\d+(–|, )\d+\), which no line shows`,
		`never icmp in idle: inconclusive, which is neither pass nor fail: nothing was done`,
		`the capture will be .*wire\.pcapng, with comments at these packets`,
		`the capture: (.*wire\.pcapng)`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("it does not show %s:\n%s", want, out)
		}
	}
	if bytes.Contains(out, []byte("idle: fail")) {
		t.Errorf("what is inconclusive reads as failed:\n%s", out)
	}
	path := regexp.MustCompile(`the capture: (.*wire\.pcapng)`).FindSubmatch(out)
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", err)
	}
	if path == nil {
		return
	}
	comments, err := exec.CommandContext(t.Context(), tshark, "-r", string(path[1]), "-T", "fields", "-e", "frame.comment", "-Y", "frame.comment").Output()
	if err != nil || !strings.Contains(string(comments), "tcp/80 in talked: fail: line 3") {
		t.Errorf("tshark reads the comments %q, %v", comments, err)
	}
}
