package labtest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wirelab/lab/claim"
	"wirelab/lab/labtest"
)

// A server that aborts a connection sends an RST, and no FIN.
func TestReset(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	listener := l.Listen("server", "tcp", ":9")
	conn := l.Dial("client", "tcp", "server:9")
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := accepted.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	accepted.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client read %v, want a reset connection", err)
	}
	l.Settle("aborted")
	l.Expect("tcp/9 in aborted", `
		client > server SYN     acked
		server > client SYN ACK acked
		server > client RST ACK`)
}

// What is said over TLS cannot be read on the wire: no part of it is anywhere in clear.
func TestTLSCannotBeRead(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Texts("open sesame")
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "open sesame")
	}))
	web.Listener.Close()
	web.Listener = l.Listen("server", "tcp", ":443")
	web.StartTLS()
	t.Cleanup(web.Close)
	client := web.Client()
	dial := l.DialContext("client")
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, "server:443") // for which the certificate is not
	}
	resp, err := client.Post("https://example.com/", "text/plain", strings.NewReader("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "open sesame" {
		t.Fatalf("got %q, %v", body, err)
	}
	resp.Body.Close()
	l.Settle("fetched")
	l.Expect("tcp/443 text in fetched", `
		client > server SYN     acked
		server > client SYN ACK acked`)
	l.Never(`bytes "sesame"`, labtest.In("fetched"))
}

// UDP has no connection: the first datagram is already what is said. The hosts ask
// for each other's hardware addresses before that.
func TestDatagrams(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Texts("ping", "pong")
	server := l.ListenPacket("server", "udp", ":53")
	conn := l.Dial("client", "udp", "server:53")
	if _, err := io.WriteString(conn, "ping"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 16)
	n, from, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "ping" || !strings.HasPrefix(from.String(), l.Addr("client").String()+":") {
		t.Fatalf("%q from %v, %v", b[:n], from, err)
	}
	if _, err := server.WriteTo([]byte("pong"), from); err != nil {
		t.Fatal(err)
	}
	if n, err = conn.Read(b); err != nil || string(b[:n]) != "pong" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	l.Settle("asked")
	l.Expect("arp,udp/53 text in asked", `
		client > *      who-has server
		server > client is-at server
		client > server udp "ping"
		server > client udp "pong"`)
}

// Programs run on the hosts, as in an experiment's script.
func TestPrograms(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	chat := l.Start("server", "chat", "serve")
	chat.Await("listening")
	if out := l.Run("client", "ping", "-c", "1", "server"); !strings.Contains(out, "1 received") {
		t.Errorf("ping printed %q", out)
	}
	l.Settle("pinged")
	l.Expect("icmp in pinged", `
		client > server echo-request seq=1
		server > client echo-reply   seq=1`)
	l.FlushNeighbours("client")
	me := l.Start("client", "chat", "join", "server")
	me.Await("joined")
	me.Say("hello")
	chat.Await("client: hello")
	me.Close()
	l.Settle("chatted")
	l.Expect("arp,tcp/7000 in chatted", `
		client > *      who-has server
		server > client is-at server
		client > server SYN     acked
		server > client SYN ACK acked
		client > server FIN ACK acked
		server > client FIN ACK acked`)
}

// What does not hold does not pass, and what the capture cannot tell is not told.
func TestLabFails(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Settle("nothing")
	listener := l.Listen("server", "tcp", ":80")
	conn := l.Dial("client", "tcp", "server:80")
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	l.Settle("open")
	for _, test := range []struct {
		part, want string
		status     claim.Status
		reason     string
	}{
		{"tcp/80 in open", "", claim.Fail, "SYN"},
		{"tcp/80 in open", "client > server SYN acked", claim.Fail, "SYN ACK"},
		{"tcp/80 in open", "client > server SYN acked\nserver > client SYN ACK acked\nclient > server FIN ACK acked", claim.Fail, "FIN"},
		{"tcp/81 in nothing", "", claim.Inconclusive, ""},
		{"tcp/81 in open", "", claim.Pass, ""},
		{"tcp/80 first", "client > server SYN acked", claim.Pass, ""},
	} {
		v, err := l.Judge(test.part, test.want)
		if err != nil || v.Status != test.status || test.reason != "" && !strings.Contains(v.Reason.String(), test.reason) {
			t.Errorf("%q, want %q: %s (%v), %v; want %s", test.part, test.want, v.Status, v.Reason, err, test.status)
		}
	}
	for part, want := range map[string]string{"tpc/80 in open": "tpc", "tcp/80 in open": `"SYN": want FROM > TO`} {
		if _, err := l.Judge(part, "SYN"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is no part, or SYN no line, but the error is %v", part, err)
		}
	}
	for part, want := range map[string]string{
		"tcp/80 in open with ttl,options": `"open with ttl" is no phase: write PROJECTION in PHASES on SEGMENT`,
		"tcp/80 on lan in open":           `"lan in open" is no segment: write PROJECTION in PHASES on SEGMENT`,
		"tcp/80 in nothing open":          `"nothing open" is no phase`,
		"tcp/80 in nothing,":              `no barrier ends a phase ""`,
	} {
		if _, err := l.Judge(part, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is out of order, and the error is %v; want %s", part, err, want)
		}
	}
	if v, err := l.Judge("tcp/80 first with ttl in nothing, open", "client > server SYN acked ttl=64"); err != nil || v.Status != claim.Pass {
		t.Errorf("a blank behind the comma: %s (%v), %v", v.Status, v.Reason, err)
	}
	// A FIN that the server does not answer is a teardown under way.
	conn.Close()
	if err := l.TrySettle("closed"); err == nil || !strings.Contains(err.Error(), "tcp") {
		t.Errorf("the connection is half closed, and the barrier is reached: %v", err)
	}
	accepted.Close()
}

// A claim is of the phases that had ended when it was made, and of the texts that were
// to be shown then: what comes later does not make it fail.
func TestExpectIsOfItsTime(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	server := l.ListenPacket("server", "udp", ":53")
	conn := l.Dial("client", "udp", "server:53")
	say := func(phase string) {
		t.Helper()
		if _, err := io.WriteString(conn, "hello"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := server.ReadFrom(make([]byte, 16)); err != nil {
			t.Fatal(err)
		}
		l.Settle(phase)
	}
	say("first")
	l.Expect("udp/53 text", "client > server udp")
	l.Texts("hello")
	say("second")
	l.Expect("udp/53 text in second", `client > server udp "hello"`)
	l.Expect("udp/53", "client > server udp\nclient > server udp")
}

// Phases that no Settle has ended, or between which another lies, are mistakes.
func TestPhases(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	if _, err := l.Judge("icmp", ""); err == nil || !strings.Contains(err.Error(), "Settle") {
		t.Errorf("no phase has ended, but the error is %v", err)
	}
	for _, phase := range []string{"cold", "warm", "hot"} {
		l.Run("client", "ping", "-c", "1", "server")
		l.Settle(phase)
	}
	if err := l.TrySettle("warm"); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a phase warm has ended, but the error is %v", err)
	}
	for phases, want := range map[string]string{
		"colt,warm": `no barrier ends a phase "colt"`, "cold,colt,hot": "colt", "start,cold": "start", "cold,": `""`, "": `""`,
		"cold,hot": `does not follow "cold"`, "warm,cold,warm": "does not follow",
	} {
		if v, err := l.Judge("icmp in "+phases, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("in %q: %s, %v; want an error with %s", phases, v.Status, err, want)
		}
	}
}

// What was done after the last phase is in none: a claim that names no phase does not pass
// over it.
func TestClaimBeforeSettle(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Run("client", "ping", "-c", "1", "server")
	l.Settle("asked")
	never := func(scope ...labtest.Scope) (claim.Verdict, error) {
		s, err := claim.ParseSelection("tcp")
		if err != nil {
			t.Fatal(err)
		}
		return l.JudgeMatcher(claim.Matcher{Kind: claim.Never, What: []claim.Selection{s}}, scope...)
	}
	if v, err := never(); err != nil || v.Status != claim.Pass {
		t.Fatalf("%s, %v", v.Status, err)
	}
	l.Listen("server", "tcp", ":80")
	l.Dial("client", "tcp", "server:80")
	if v, err := never(); err == nil || !strings.Contains(err.Error(), "call Settle") {
		t.Errorf("a connection after the last phase: %s, %v", v.Status, err)
	}
	if v, err := l.Judge("tcp", ""); err == nil || !strings.Contains(err.Error(), "call Settle") {
		t.Errorf("a connection after the last phase: %s, %v", v.Status, err)
	}
	if v, err := never(labtest.In("asked")); err != nil || v.Status != claim.Pass {
		t.Errorf("in the phase before: %s, %v", v.Status, err)
	}
}

// To dial UDP sends nothing, and so is nothing by which anything could have been sent.
func TestDialledDatagramsProveNothing(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Run("client", "ping", "-c", "1", "server")
	l.Settle("pinged")
	l.Dial("client", "udp", "server:53")
	l.Settle("dialled")
	if v, err := l.Judge("udp in dialled", ""); err != nil || v.Status != claim.Inconclusive {
		t.Errorf("nothing was done, but the verdict is %s, %v", v.Status, err)
	}
}

// A socket of a network that is not the lab's, or of a host that is not there, is an
// error, and nothing hangs.
func TestSocketErrors(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	dial := l.DialContext("client")
	for _, test := range []struct{ network, address, want string }{
		{"sctp", "server:80", "unknown network sctp"},
		{"tcp", "nobody:80", `no host "nobody" in the lab: there are client, server`},
		{"tcp", "sevrer:80", "did you mean server?"},
		{"tcp", "server", "missing port"},
		{"tcp", "server:80", "refused"},
		{"tcp", "server:99999", "invalid port"},
	} {
		if _, err := dial(t.Context(), test.network, test.address); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("dial %s %s: %v, want %q", test.network, test.address, err, test.want)
		}
	}
	for range 2 {
		l.Run("client", "ping", "-c", "1", "server")
	}
}

// A test that failed says where its capture is, or how to keep it, and names no file
// that go test removes.
func TestCaptureOfAFailedTest(t *testing.T) {
	const asked = "LABTEST_FAIL"
	if os.Getenv(asked) != "" {
		labtest.New(t, "client")
		t.Error("as asked")
		return
	}
	t.Parallel()
	dir := t.TempDir()
	for keep, want := range map[string]string{"false": "go test -artifacts keeps the capture", "true": "the capture: " + dir} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.outputdir="+dir, "-test.artifacts="+keep)
		cmd.Env = append(os.Environ(), asked+"=1")
		out, _ := cmd.CombinedOutput() // it fails
		if strings.Contains(string(out), "SKIP") {
			t.Skipf("%s", out)
		}
		if !strings.Contains(string(out), want) || strings.Contains(string(out), "wire.pcapng") != (keep == "true") {
			t.Errorf("with -artifacts=%s:\n%s\nwant %s", keep, out, want)
		}
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*", "*", "wire.pcapng"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept: %q, %v", kept, err)
	}
}
