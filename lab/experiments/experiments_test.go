package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/lang"
	"wirelab/internal/wholefile"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/script"
	"wirelab/lab/trace"
	"wirelab/message"
)

//	client1   server   client2   sniffer
//	   │         │         │        │
//	   └─────────┴────┬────┴────────┘
//	            one segment (hub)

// Every experiment passes on every backend, and its file, judged again, says
// the same.
func TestExperiments(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		all, err := All()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			t.Run(e.Name, func(t *testing.T) {
				if !slices.Contains([]string{"ping", "tcp-chat", "udp-chat"}, e.Name) {
					longInContainers(t, backend)
				}
				besideOthers(t, backend)
				outcome := carryOut(t, backend, e)
				if outcome.Status() != claim.Pass {
					t.Fatal(describe(outcome))
				}
				for _, v := range outcome.Verdicts {
					t.Logf("%s %s: %s\npackets %v\n%s", v.Status, v.ID, v.Sentence.In(lang.English), v.Packets, strings.Join(v.Observed, "\n"))
				}
				path := filepath.Join(t.TempDir(), e.Name+".pcapng")
				if err := wholefile.Write(path, outcome.Recording.Write); err != nil {
					t.Fatal(err)
				}
				fromFile := script.Check(e, read(t, path)).Verdicts
				for i := range fromFile { // which says of impairments that it is the file that tells
					fromFile[i].Notes = slices.DeleteFunc(fromFile[i].Notes, func(n message.Message) bool { return n.Code == "claim.note.faultstold" })
					if len(fromFile[i].Notes) == 0 {
						fromFile[i].Notes = nil
					}
				}
				if diff := cmp.Diff(outcome.Verdicts, fromFile); diff != "" {
					t.Errorf("verdicts of the lab and of its file (-lab +file):\n%s", diff)
				}
				// Told by address, as in a file made elsewhere, who is who is the
				// same: these experiments forge nothing.
				byAddress := read(t, path)
				byAddress.Hosts.Ports = nil
				for i, v := range script.Check(e, byAddress).Verdicts {
					if want := outcome.Verdicts[i]; v.Status != want.Status || !slices.Equal(v.Packets, want.Packets) || !slices.Equal(v.Observed, want.Observed) {
						t.Errorf("%s: by port %s %v, by address %s %v", v.ID, want.Status, want.Packets, v.Status, v.Packets)
					}
				}
				confirmWithTshark(t, path, e, outcome)
			})
		}
	})
}

// read reads a capture that a run wrote.
func read(t *testing.T, path string) *trace.Recording {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := trace.New(trace.Hosts{})
	if err := r.Load(f, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

func carryOut(t *testing.T, backend lab.Backend, e *script.Experiment) *script.Outcome {
	t.Helper()
	outcome, err := script.Run(t.Context(), backend, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// bringUp brings a network up for the time of a test.
func bringUp(t *testing.T, backend lab.Backend, topology lab.Topology) lab.Network {
	t.Helper()
	network, err := backend.Up(t.Context(), topology)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	return network
}

// describe says what was judged, and what crossed the wire.
func describe(o *script.Outcome) string {
	var b strings.Builder
	if o.Err != nil {
		b.WriteString(o.Err.Error() + "\n")
	}
	for _, v := range o.Verdicts {
		fmt.Fprintf(&b, "%s %s: %v\nexpected:\n%s\nobserved:\n%s\n", v.Status, v.ID, v.Reason, strings.Join(v.Expected, "\n"), strings.Join(v.Observed, "\n"))
	}
	return b.String()
}

// An experiment whose claims nobody can make fail proves nothing: for each
// claim there is a change of its script by which it must fail, and does.
func TestClaimsCanFail(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	variations := []struct {
		claim    string
		what     string
		old, new string   // of the script
		also     []string // more of old and new
		observed string   // in what was observed
		only     string   // the backend that can do it, if not every one
		own      bool     // in a lab of its own: another topology, or one that is changed for good
	}{
		{
			claim: "ping.arp-before-echo", what: "the address is known from before",
			old: "run client1 ping -c 1 server\nsettle cold", new: "run client1 ping -c 1 server\nsettle before\nrun client1 ping -c 1 server\nsettle cold",
			observed: "client1 > server  echo-request",
		},
		{
			claim: "ping.arp-before-echo", what: "a static ARP entry",
			old: "run client1 ping -c 1 server\n", new: "run client1 neigh add server 02:00:00:00:00:0b\nrun client1 ping -c 1 server\n",
			observed: "client1 > server  echo-request", only: "netns", // needs NET_ADMIN
		},
		{
			claim: "ping.echo-pairs", what: "a host that does not reply",
			old:      "run client1 ping -c 2 -i 0.2 server\n",
			new:      "run server /bin/sh -c \"echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all\"\nstart client1 ping -c 1 -W 0.2 server\nawait client1 \"100% packet loss\"\n! close client1\n",
			observed: "client1 > server  echo-request seq=1", only: "netns", // a container has no shell
		},
		{
			claim: "ping.echo-pairs", what: "a request too many",
			old: "ping -c 2", new: "ping -c 3", observed: "seq=3",
		},
		{
			claim: "ping.warm-no-arp", what: "the cache is emptied",
			old: "run client1 ping -c 2", new: "fresh client1\nrun client1 ping -c 2", observed: "who-has server",
		},
		{
			claim: "tcp-chat.handshake", what: "another connection",
			old: "settle joined\n", new: "run client2 chat send server x\nsettle joined\n", observed: "client2 > server  SYN acked",
		},
		{
			claim: "tcp-chat.payload", what: "a text that is said twice",
			old: "settle talk\n", new: "say client1 hello from client1\nawait client2 hello from client1\nsettle talk\n", observed: `"hello from client1"`,
		},
		{
			claim: "tcp-chat.teardown", what: "a server that aborts",
			old: "start server chat serve\n", new: "start server " + self + " " + abortingServer + "\n",
			also:     []string{"close client1\n", "? close client1\n", "close client2\n", "? close client2\n"}, // a client whose server aborts fails
			observed: "server  > client1 RST", only: "netns",                                                   // a container has only wirelab
		},
		{
			claim: "udp-chat.no-handshake", what: "a datagram before the first word",
			old: "say client1 hello from client1\n", new: "run client1 chat send --udp server knock\nsay client1 hello from client1\n", observed: "client1 > server udp\n",
		},
		{
			claim: "udp-chat.no-teardown", what: "a datagram after the last word",
			old: "close client2\n", new: "close client2\nrun client1 chat send --udp server late\n", observed: "client1 > server",
		},
		{
			claim: "hub-and-switch.hub-sees-unicast", what: "a switch in place of the hub",
			old: "run client1 ping -c 1 server\nsettle hub", new: "mode switch\nrun client1 ping -c 1 server\nsettle hub", observed: "",
		},
		{
			claim: "hub-and-switch.switch-hides-unicast", what: "a hub in place of the switch",
			old: "mode switch\n", new: "mode hub\n", observed: "client1 > server  echo-request seq=1",
		},
		{
			claim: "ping6.arp", what: "IPv6 in place of IPv4",
			old: "ping -c 1 10.77.0.11", new: "ping -c 2 fd77::11", observed: "seq=2", own: true,
		},
		{
			claim: "ping6.ndp", what: "a static entry",
			old: "run client1 ping -c 1 fd77::11\n", new: "run client1 neigh add fd77::11 02:00:00:00:00:0b\nrun client1 ping -c 1 fd77::11\n",
			observed: "client1 > server  echo-request seq=1", only: "netns",
		},
		{
			claim: "ping6.warm-no-ndp", what: "the cache is emptied",
			old: "run client1 ping -c 2", new: "fresh client1\nrun client1 ping -c 2", observed: "who-has server", own: true,
		},
		{
			claim: "ping-once.answered", what: "another host is asked",
			old: "ping -c 1 server", new: "ping -c 1 client2", observed: "client1 > client2 echo-request seq=1",
		},
		{
			claim: "tcp-loss.segment", what: "another segment is lost", own: true,
			old: "lose-syn client1 server drop nth 1", new: "lose-syn client1 server drop nth 2",
			observed: "client1 > server  SYN acked",
		},
		{
			claim: "tcp-loss.datagram", what: "the second datagram is lost, too", own: true,
			old: "lose-datagram client1 server drop nth 1 where udp dst port 7001\n", new: "lose-datagram client1 server drop nth 1,2 where udp dst port 7001\n",
			also:     []string{"await server heard\n", ""},
			observed: "client1 > server udp lost\nclient1 > server udp lost",
		},
		{
			claim: "tcp-once.handshake", what: "UDP in place of TCP",
			old: "chat send server", new: "chat send --udp server", observed: "",
		},
		{
			claim: "tcp-once.client-closes", what: "the connection stays open",
			old: "run client1 chat send server hello\n", new: "start client1 chat join server\nawait client1 joined\n", observed: "client1 > server  SYN acked",
		},
		{
			claim: "tcp-once.server-closes", what: "the connection stays open",
			old: "run client1 chat send server hello\n", new: "start client1 chat join server\nawait client1 joined\n", observed: "server  > client1 SYN ACK acked",
		},
	}
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		for _, c := range e.Claims {
			covered := false
			for _, v := range variations {
				covered = covered || v.claim == c.ID
			}
			if !covered {
				t.Errorf("nothing makes %s fail", c.ID)
			}
		}
	}
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		network := bringUp(t, backend, lab.DefaultTopology) // one for all: a lab of containers takes seconds
		for _, v := range variations {
			if v.only != "" && v.only != backend.Name() {
				continue
			}
			t.Run(v.claim+"/"+v.what, func(t *testing.T) {
				name, _, _ := strings.Cut(v.claim, ".")
				source, err := Source(name)
				if err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(string(source), v.old); n != 1 {
					t.Fatalf("%q is %d times in %s", v.old, n, name)
				}
				e, err := script.Parse(name+".txtar", []byte(strings.NewReplacer(append(v.also, v.old, v.new)...).Replace(string(source))))
				if err != nil {
					t.Fatal(err)
				}
				var outcome *script.Outcome
				if v.own || v.only != "" {
					outcome = carryOut(t, backend, e)
				} else if outcome, err = script.RunAttached(t.Context(), network, e, nil); err != nil {
					t.Fatal(err)
				}
				for _, verdict := range outcome.Verdicts {
					if verdict.ID != v.claim {
						continue
					}
					if verdict.Status != claim.Fail || verdict.Reason == nil || !strings.Contains(strings.Join(verdict.Observed, "\n")+"\n", v.observed) {
						t.Errorf("%s is %s (%v), want fail and %q in what was observed:\n%s", v.claim, verdict.Status, verdict.Reason, v.observed, describe(outcome))
					}
				}
			})
		}
	})
}

// A script whose steps cannot be carried out proves nothing either way, and
// says why.
func TestInconclusive(t *testing.T) {
	t.Parallel()
	onEveryBackend(t, func(t *testing.T, backend lab.Backend) {
		longInContainers(t, backend)
		inTurn(t, backend)
		e, err := script.Parse("broken.txtar", []byte("topology client1 server sniffer\nrun client1 ping -c 1 nobody\nsettle x\nexpect broken.x in x trace arp\n-- broken.x --\n"))
		if err != nil {
			t.Fatal(err)
		}
		outcome := carryOut(t, backend, e)
		if outcome.Status() != claim.Inconclusive || outcome.Err == nil || !strings.Contains(outcome.Verdicts[0].Reason.In(lang.English), "broken.txtar:2: run client1 ping -c 1 nobody") {
			t.Error(describe(outcome))
		}
	})
}

// People read both languages: every lesson, phase and claim has them, and the Chinese
// is Taiwan's.
func TestSentences(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(Names()) {
		t.Fatalf("%d files, %d names in the order of the course", len(all), len(Names()))
	}
	han := regexp.MustCompile(`\p{Han}`)
	for _, e := range all {
		texts := map[string]lang.Text{e.Name: e.Lesson}
		for _, c := range e.Claims {
			texts[c.ID] = c.Sentence
		}
		for _, label := range e.Barriers() {
			texts[e.Name+" phase "+label] = e.PhaseNames[label]
		}
		for id, text := range texts {
			if text[lang.English] == "" || han.MatchString(text[lang.English]) {
				t.Errorf("%s in English: %q", id, text[lang.English])
			}
			if !han.MatchString(text[lang.Chinese]) {
				t.Errorf("%s in 正體中文: %q", id, text[lang.Chinese])
			}
		}
	}
}

func TestFind(t *testing.T) {
	if _, err := Find("nothing"); err == nil || !strings.Contains(err.Error(), "ping, tcp-chat") {
		t.Errorf("an experiment that does not exist: %v", err)
	}
	path := filepath.Join(t.TempDir(), "mine.txtar")
	source, err := Source("ping")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(source), "ping.", "mine.")), 0o644); err != nil {
		t.Fatal(err)
	}
	if e, err := Find(path); err != nil || e.Name != "mine" {
		t.Errorf("one's own file: %v", err)
	}
}
