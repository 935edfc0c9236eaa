package lab

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/lang"
)

const hello = `# a comment
lesson
	en    A greeting.
	zh-TW 一句問候。

topology client1 server sniffer

start server chat serve
await server listening
run client1 chat send server "hello  there" x
say server 你好 alice
settle said
mode switch
fresh client1
close server
settle closed

expect hello.said in said trace tcp/7000 text
	en It was said.
expect hello.whole in said,closed trace icmp
expect hello.all in all trace arp,icmp

-- hello.said --
# as it was
client1 >  server   "hello  there"
-- hello.whole --
-- hello.all --
`

func TestParseExperiment(t *testing.T) {
	e, err := ParseExperiment("hello.txtar", []byte(hello))
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "hello" || e.Lesson.In(lang.Chinese) != "一句問候。" || e.Lesson.In(lang.English) != "A greeting." {
		t.Errorf("name %q, lesson %v", e.Name, e.Lesson)
	}
	want := []Step{
		{8, "start", "server", []string{"chat", "serve"}},
		{9, "await", "server", []string{"listening"}},
		{10, "run", "client1", []string{"chat", "send", "server", "hello  there", "x"}},
		{11, "say", "server", []string{"你好 alice"}},
		{12, "settle", "", []string{"said"}},
		{13, "mode", "", []string{"switch"}},
		{14, "fresh", "client1", []string{}},
		{15, "close", "server", []string{}},
		{16, "settle", "", []string{"closed"}},
	}
	if diff := cmp.Diff(want, e.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"said", "closed"}, e.Barriers()); diff != "" {
		t.Errorf("barriers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"你好 alice"}, e.Texts()); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if got := e.Claims[0].Expected; len(got) != 1 || got[0] != `client1 > server "hello  there"` {
		t.Errorf("expected lines %q: white space is folded, but not in what was said", got)
	}
	if e.Claims[0].Sentence.In(lang.Chinese) != "It was said." {
		t.Error("a sentence that is there in one language only serves both")
	}
	if e.Claims[2].Phases != nil {
		t.Errorf("in all has the phases %v", e.Claims[2].Phases)
	}
}

func TestParseExperimentErrors(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(hello, old) {
			t.Fatalf("%q is not in the example", old)
		}
		return strings.Replace(hello, old, new, 1)
	}
	for _, test := range []struct{ name, file, text, want string }{
		{"name", "Hello.txtar", hello, "the file's name"},
		{"verb", "", replace("start server", "begin server"), `hello.txtar:8: "begin" is not known`},
		{"host", "", replace("run client1", "run client9"), `hello.txtar:10: host "client9" is not in the topology`},
		{"no words", "", replace("await server listening", "await server"), "hello.txtar:9: want await HOST TEXT"},
		{"too many words", "", replace("close server", "close server now"), "hello.txtar:15: want close HOST"},
		{"quote", "", replace(`"hello  there"`, `"hello`), "a quote is not closed"},
		{"mode", "", replace("mode switch", "mode bus"), `mode "bus" is not known`},
		{"label", "", replace("settle said", "settle Said"), `label "Said"`},
		{"own label", "", replace("settle said", "settle start"), "is the lab's own"},
		{"label twice", "", replace("settle closed", "settle said"), `barrier "said" is there twice`},
		{"no barrier", "", replace("settle said", "mode hub"), `no barrier ends a phase "said"`},
		{"phases out of order", "", replace("in said,closed", "in closed,said"), `phase "said" does not follow "closed"`},
		{"claim id", "", replace("expect hello.said", "expect other.said"), "want hello.CLAIM"},
		{"claim twice", "", replace("expect hello.whole", "expect hello.said"), `claim "hello.said" is there twice`},
		{"no section", "", replace("-- hello.all --\n", ""), "no section -- hello.all --"},
		{"section of nothing", "", hello + "-- hello.more --\n", `section "hello.more" belongs to no expect`},
		{"section twice", "", hello + "-- hello.all --\n", `"hello.all" is there twice`},
		{"trace", "", replace("trace icmp", "trace ipx"), `trace of "ipx"`},
		{"trace line", "", replace("client1 >  server", "client1 server"), "want FROM > TO"},
		{"no topology", "", replace("topology client1 server sniffer", ""), "comes before the topology"},
		{"no sniffer", "", replace("server sniffer", "server"), `no host "sniffer"`},
		{"host twice", "", replace("client1 server sniffer", "server server sniffer"), `host "server" is named twice`},
		{"sentence of nothing", "", replace("close server", "close server\n\ten Gone."), "an indented line belongs"},
		{"language", "", replace("zh-TW", "fr"), `want "en" or "zh-TW"`},
		{"no claim", "", "topology a sniffer\nsettle x\n", "no claim"},
		{"empty", "", "", "no topology"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.file == "" {
				test.file = "hello.txtar"
			}
			_, err := ParseExperiment(test.file, []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}

func FuzzParseExperiment(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte("topology a sniffer\nsay a \"\nsettle x\nexpect f.x in x trace arp\n-- f.x --\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseExperiment("f.txtar", data)
		if err != nil {
			return
		}
		if len(e.Claims) == 0 || e.Topology.Validate() != nil {
			t.Errorf("an experiment that proves nothing was taken: %+v", e)
		}
	})
}
