package script

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab"
)

const seedable = `topology client1 server client2 sniffer
start server chat serve --tcp :${port:1} --udp :${port:2}
await server listening
run client1 chat send ${addr:server}:${port:1} ${word:1}
await server ${word:1}
impair lose client1 server drop nth ${number:loss:1-3} where ether src ${mac:client1}
run client1 /bin/sh -c "echo ${HOME:-x}"
settle talk
expect mine.tcp in talk trace tcp/${port:1}
-- mine.tcp --
client1 > server SYN acked
`

func parseSeeded(t *testing.T, text, seed string) *Experiment {
	t.Helper()
	e, err := ParseSeeded("mine.txtar", []byte(text), seed)
	if err != nil {
		t.Fatalf("seed %q: %v", seed, err)
	}
	return e
}

func steps(e *Experiment) (all []string) {
	for _, s := range e.Steps {
		all = append(all, s.String())
	}
	return all
}

func addrOf(e *Experiment, host string) netip.Addr { return e.Topology.Ports(host)[0].Addrs[0].Addr() }

// Without a seed a text has the values that one knows by sight.
func TestPlaceholders(t *testing.T) {
	got := steps(parseSeeded(t, seedable, ""))
	want := []string{
		"start server chat serve --tcp :7000 --udp :7001", "await server listening",
		"run client1 chat send 10.77.0.11:7000 amber-adder", "await server amber-adder",
		"impair lose client1 server drop nth 1 where ether src 02:00:00:00:00:0a",
		"run client1 /bin/sh -c echo ${HOME:-x}", "settle talk",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A seed gives the same experiment again, and no other seed gives it.
func TestSeeds(t *testing.T) {
	seen, words := map[string]string{}, map[string]bool{}
	orders := map[string]bool{}
	for i := range 300 {
		seed := fmt.Sprintf("s%03d", i)
		e := parseSeeded(t, seedable, seed)
		if again := parseSeeded(t, seedable, seed); !cmp.Equal(steps(e), steps(again)) || !cmp.Equal(e.Topology, again.Topology) {
			t.Fatalf("%s: another experiment the second time", seed)
		}
		if last := e.Topology.Hosts[len(e.Topology.Hosts)-1]; last != lab.SnifferHost {
			t.Errorf("%s: the last host is %s", seed, last)
		}
		mac := e.Topology.Ports("server")[0].MAC.String()
		key := addrOf(e, "server").String() + " " + mac
		if other, taken := seen[key]; taken {
			t.Errorf("%s and %s have both %s", seed, other, key)
		}
		seen[key] = seed
		words[e.Steps[3].Args[0]] = true
		orders[strings.Join(e.Topology.Hosts, " ")] = true
		if !strings.Contains(e.Steps[2].String(), e.Steps[3].Args[0]) || !strings.Contains(e.Steps[2].String(), addrOf(e, "server").String()+":") {
			t.Errorf("%s: %q", seed, steps(e))
		}
	}
	if len(words) < 200 || len(orders) != 6 {
		t.Errorf("300 seeds have %d words and %d orders of hosts, want at least 200 and 6", len(words), len(orders))
	}
	if e := parseSeeded(t, seedable, "x"); e.Seed != "x" {
		t.Error("an experiment does not know its seed")
	}
}

// What a script gives stays as it is, and nothing that a seed gives collides with it.
func TestSeedOfSegments(t *testing.T) {
	text := `segment lan 10.9.0.0/28 client gateway
segment dmz ipv4 ipv6 gateway server
host gateway router lan=10.9.0.1
run client ping -c 1 ${addr:server}
settle done
expect mine.echo in done on lan trace icmp
-- mine.echo --
`
	for i := range 300 {
		e := parseSeeded(t, text, fmt.Sprint(i))
		if got := e.Topology.Ports("gateway")[0].Addrs[0].String(); got != "10.9.0.1/28" {
			t.Fatalf("seed %d: the gateway has %s", i, got)
		}
	}
}

// Whatever a script gives, no seed is refused: not for an order of the hosts that gives one
// of them the gateway's number, nor for an address in a subnet by rule.
func TestSeedsAreNotRefused(t *testing.T) {
	for _, text := range []string{
		"segment lan 10.9.0.0/28 client gateway\nsegment dmz gateway server\nhost gateway router lan=10.9.0.12\n",
		"segment lan client gateway\nsegment dmz gateway server\nhost gateway router lan=10.77.0.1\n",
		"segment lan client gateway\nsegment dmz 10.128.0.0/9 gateway server\nsegment wan 10.0.0.0/10 gateway web\nhost gateway router\n",
	} {
		addrs, orders := map[netip.Addr]bool{}, map[string]bool{}
		for i := range 300 {
			e := parseSeeded(t, text+"run client ping -c 1 ${addr:server}\nsettle done\nexpect mine.echo in done on lan trace icmp\n-- mine.echo --\n", fmt.Sprint(i))
			addrs[addrOf(e, "server")] = true
			orders[strings.Join(e.Topology.Hosts, " ")] = true
		}
		if len(addrs) < 200 && !strings.Contains(text, "wan") || len(orders) < 4 {
			t.Errorf("300 seeds of\n%s have %d addresses of the server, and %d orders", text, len(addrs), len(orders))
		}
	}
}

// A number has one form, however its bounds are written: no address has a zero ahead.
func TestNumberOfWideBounds(t *testing.T) {
	const text = "segment lan 10.${number:net:01-09}.0.0/24 client server\nrun client ping server\nsettle x\nexpect mine.x in x trace udp\n-- mine.x --\n"
	for _, seed := range []string{"", "s"} {
		if _, err := ParseSeeded("mine.txtar", []byte(text), seed); err != nil {
			t.Errorf("seed %q: %v", seed, err)
		}
	}
}

func TestPlaceholderMistakes(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"${addr:serv}", `did you mean server`},
		{"${wrod:1}", "did you mean word"},
		{"${word:0}", "1 to 99"},
		{"${word:x}", "1 to 99"},
		{"${port:100}", "1 to 99"},
		{"${number:1-3}", "two numbers"},
		{"${number:a:3-1}", "two numbers"},
	} {
		text := "topology client1 server sniffer\nrun client1 ping " + test.text + "\nsettle x\n"
		_, err := ParseSeeded("mine.txtar", []byte(text), "s")
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "mine.txtar:2: ") {
			t.Errorf("%s: %v, want %q in line 2", test.text, err, test.want)
		}
	}
	if _, err := ParseSeeded("mine.txtar", []byte(seedable), strings.Repeat("x", MaxSeed+1)); err == nil {
		t.Error("a seed of any length is taken")
	}
}

// Placeholders may stand in the lines of the topology, too.
func TestSeedOfPlaceholders(t *testing.T) {
	text := `segment lan 10.${number:net:1-99}.0.0/24 client server
host server lan=10.${number:net:1-99}.0.${number:last:200-250}
run client ping -c 1 ${addr:server}
settle done
expect mine.echo in done trace icmp
-- mine.echo --
`
	seen := map[netip.Addr]bool{}
	for i := range 50 {
		e := parseSeeded(t, text, fmt.Sprint(i))
		seen[addrOf(e, "server")] = true
		if want := "run client ping -c 1 " + addrOf(e, "server").String(); steps(e)[0] != want {
			t.Errorf("%s, want %s", steps(e)[0], want)
		}
	}
	if len(seen) < 40 {
		t.Errorf("50 seeds have %d addresses", len(seen))
	}
	if e := parseSeeded(t, text, ""); steps(e)[0] != "run client ping -c 1 10.1.0.200" {
		t.Error(steps(e)[0])
	}
	text = "segment lan client server\nhost server lan=${addr:client}\nrun client ping -c 1 server\nsettle done\n"
	if _, err := ParseSeeded("mine.txtar", []byte(text), "s"); err == nil {
		t.Error("an address that follows from the topology is taken in it")
	}
}

// A word is no part of another: what awaits one is not content with the other.
func TestSeedWords(t *testing.T) {
	var all []string
	for n := range mostNumbered {
		all = append(all, seeded{seed: "s", name: "mine"}.word(n+1))
	}
	for i, a := range all {
		for k, b := range all {
			if i != k && strings.Contains(b, a) {
				t.Errorf("${word:%d} is %s, ${word:%d} %s", i+1, a, k+1, b)
			}
		}
	}
	var ports []int
	for n := range mostNumbered {
		ports = append(ports, seeded{seed: "s", name: "mine"}.port(n+1))
	}
	slices.Sort(ports)
	if len(slices.Compact(ports)) != mostNumbered {
		t.Error("two ports are one")
	}
}

// Whatever the seed, every experiment that comes with wirelab is one.
func TestSeededLessons(t *testing.T) {
	files, err := filepath.Glob("../experiments/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			if _, err := ParseSeeded(filepath.Base(file), text, fmt.Sprint("seed ", i)); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
}

func FuzzSeed(f *testing.F) {
	f.Add(seedable, "s1")
	f.Add("topology a sniffer\n${addr:a}${port:1}${number:x:1-9}", "")
	f.Fuzz(func(t *testing.T, text, seed string) {
		e, err := ParseSeeded("mine.txtar", []byte(text), seed)
		if err == nil && e.Seed != seed {
			t.Errorf("seed %q, want %q", e.Seed, seed)
		}
	})
}
