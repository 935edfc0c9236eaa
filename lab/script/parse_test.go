package script

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
await server alice
settle said
mode switch
fresh client1
? close server
settle closed
	en    the goodbye
	zh-TW 道別

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

func TestParse(t *testing.T) {
	e, err := Parse("hello.txtar", []byte(hello))
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "hello" || e.Lesson.In(lang.Chinese) != "一句問候。" || e.Lesson.In(lang.English) != "A greeting." {
		t.Errorf("name %q, lesson %v", e.Name, e.Lesson)
	}
	want := []Step{
		{Line: 8, Verb: "start", Host: "server", Args: []string{"chat", "serve"}},
		{Line: 9, Verb: "await", Host: "server", Args: []string{"listening"}},
		{Line: 10, Verb: "run", Host: "client1", Args: []string{"chat", "send", "server", "hello  there", "x"}},
		{Line: 11, Verb: "say", Host: "server", Args: []string{"你好 alice"}},
		{Line: 12, Verb: "await", Host: "server", Args: []string{"alice"}},
		{Line: 13, Verb: "settle", Args: []string{"said"}},
		{Line: 14, Verb: "mode", Args: []string{"switch"}},
		{Line: 15, Verb: "fresh", Host: "client1", Args: []string{}},
		{Line: 16, Ends: "?", Verb: "close", Host: "server", Args: []string{}},
		{Line: 17, Verb: "settle", Args: []string{"closed"}},
	}
	if diff := cmp.Diff(want, e.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"said", "closed"}, e.Barriers()); diff != "" {
		t.Errorf("barriers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"你好 alice"}, e.Plan().Texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if got := e.Claims[0].Expected; len(got) != 1 || got[0] != `client1 > server "hello  there"` {
		t.Errorf("expected lines %q: white space is folded, but not in what was said", got)
	}
	if e.Claims[0].Sentence.In(lang.Chinese) != "It was said." {
		t.Error("a sentence that is there in one language only serves both")
	}
	for label, want := range map[string]string{"closed": "道別", "said": "said"} {
		if got := e.PhaseName(label, lang.Chinese); got != want {
			t.Errorf("the phase %q is called %q, want %q", label, got, want)
		}
	}
	if e.Claims[2].Phases != nil {
		t.Errorf("in all has the phases %v", e.Claims[2].Phases)
	}
}

func TestParseErrors(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(hello, old) {
			t.Fatalf("%q is not in the example", old)
		}
		return strings.Replace(hello, old, new, 1)
	}
	for _, test := range []struct{ name, file, text, want string }{
		{"name", "Hello.txtar", hello, "the file's name"},
		{"verb", "", replace("start server", "begin server"), `hello.txtar:8: "begin" is not a word of a script`},
		{"a full-width colon", "", replace("run client1", "run： client1"), `hello.txtar:10: "run：" has the full-width ： in it: write :`},
		{"a full-width space", "", replace("run client1 ", "run client1　"), `hello.txtar:10: "client1　chat" has a full-width space`},
		{"a full-width arrow", "", replace("client1 >  server", "client1 ＞ server"), `has the full-width ＞ in it: write >`},
		{"full-width quotation marks", "", replace(`server   "hello  there"`, "server   “hello there”"), `has the full-width “ in it: write "`},
		{"a quotation mark that is not closed in an expectation", "", replace(`server   "hello  there"`, `server   "hello \"there\"`), `a double quote is not closed: client1 >  server   "hello \"there\"`},
		{"a misspelt phase", "", replace("in said,closed", "in sad,closed"), `no barrier ends a phase "sad" (did you mean said?): there are said, closed`},
		{"host", "", replace("run client1", "run client9"), `hello.txtar:10: host "client9" is not in the topology`},
		{"run on the sniffer", "", replace("run client1", "run sniffer"), `hello.txtar:10: the host "sniffer" captures`},
		{"fresh sniffer", "", replace("fresh client1", "fresh sniffer"), `hello.txtar:15: the host "sniffer" captures`},
		{"await nothing", "", replace("await server listening", "await client1 listening"), "hello.txtar:9: nothing was started on client1"},
		{"say to nothing", "", replace("say server", "say client1"), "hello.txtar:11: nothing was started on client1"},
		{"close nothing", "", replace("? close server", "? close client1"), "hello.txtar:16: nothing was started on client1"},
		{"close twice", "", replace("settle closed", "close server\nsettle closed"), "hello.txtar:17: what was started on server was closed in line 16"},
		{"no words", "", replace("await server listening", "await server"), "hello.txtar:9: write: await HOST TEXT"},
		{"too many words", "", replace("close server", "close server now"), "hello.txtar:16: write: close HOST"},
		{"quote", "", replace(`"hello  there"`, `"hello`), "a double quote is not closed"},
		{"mode", "", replace("mode switch", "mode bus"), `mode "bus" is not known`},
		{"label", "", replace("settle said", "settle Said"), `label "Said"`},
		{"own label", "", replace("settle said", "settle start"), "is the lab's own"},
		{"label twice", "", replace("settle closed", "settle said"), `barrier "said" is there twice`},
		{"no barrier", "", replace("settle said", "mode hub"), `no barrier ends a phase "said"`},
		{"phases out of order", "", replace("in said,closed", "in closed,said"), `phase "said" does not follow "closed"`},
		{"claim id", "", replace("expect hello.said", "expect other.said"), `claim id "other.said" must begin with the file's name: write "hello.said"`},
		{"claim id without the file's name", "", replace("expect hello.said", "expect said"), `write "hello.said"`},
		{"claim id with a capital", "", replace("expect hello.said", "expect hello.Said"), `write for example "hello.arp-first"`},
		{"a phase of the name all", "", replace("settle said", "settle all"), `label "all" stands for every phase`},
		{"anywhere, and yet nothing", "", replace("hello.all in all trace", "hello.all anywhere trace"), "that nothing was sent needs a barrier"},
		{"claim twice", "", replace("expect hello.whole", "expect hello.said"), `claim "hello.said" is there twice`},
		{"no section", "", replace("-- hello.all --\n", ""), `no section "-- hello.all --"`},
		{"section of nothing", "", hello + "-- hello.more --\n", `section "hello.more" belongs to no expect`},
		{"section twice", "", hello + "-- hello.all --\n", `"hello.all" is there twice`},
		{"trace", "", replace("trace icmp", "trace ipx"), `trace "ipx"`},
		{"trace line", "", replace("client1 >  server", "client1 server"), "want FROM > TO"},
		{"a misspelt host in an expectation", "", replace("client1 >  server", "cleint1 >  server"), `host "cleint1" is not in the topology`},
		{"the sniffer's own frames", "", replace("client1 >  server", "sniffer >  server"), "what the sniffer itself sends is not captured"},
		{"a misspelt word in an expectation", "", replace(`server   "hello  there"`, "server   echo-requst"), `did you mean echo-request?`},
		{"no topology", "", replace("topology client1 server sniffer", ""), "comes before the topology"},
		{"no sniffer", "", replace("server sniffer", "server"), `no host "sniffer"`},
		{"host twice", "", replace("client1 server sniffer", "server server sniffer"), `host "server" is named twice`},
		{"sentence of nothing", "", replace("close server", "close server\n\ten Gone."), "an indented line is a sentence"},
		{"language", "", replace("zh-TW", "fr"), `an indented line is "en" or "zh-TW"`},
		{"a start that nothing awaits", "", "topology a sniffer\nstart a ping b\nsettle one\nexpect hello.x in one trace arp\n-- hello.x --\n",
			`hello.txtar:2: "start a ping b": nothing awaits its effect before "settle one": add "await a TEXT"`},
		{"a text that nothing awaits", "", replace("await server alice\n", ""), `"say server 你好 alice": nothing awaits its effect before "settle said": add "await HOST 你好 alice"`},
		{"steps after the last barrier", "", replace("道別\n", "道別\nrun client1 ping server\n"), "hello.txtar:20: \"run client1 ping server\" comes after the last settle"},
		{"must fail, of what has no end", "", replace("start server", "! start server"), `"!" stands before run and close, not before start`},
		{"must fail, of nothing", "", replace("mode switch", "!"), `"!" stands before run or close`},
		{"a lab's own label", "", replace("settle said", "settle flood"), "is the lab's own"},
		{"hidden, and yet seen", "", replace("in said trace tcp/7000 text", "in said trace tcp/7000 hidden"), "hidden says that nothing is seen"},
		{"no claim", "", "topology a sniffer\nsettle x\n", "no claim"},
		{"a barrier that a claim needs", "", "topology a sniffer\nexpect hello.x in all trace arp\n-- hello.x --\n", `add "settle LABEL"`},
		{"a script without a barrier", "", "topology a sniffer\nrun a ping b\nexpect hello.x anywhere trace arp\n-- hello.x --\na > * who-has b\n", `add "settle LABEL"`},
		{"anywhere, and not seen", "", "topology a b sniffer\nexpect hello.x anywhere trace icmp\n-- hello.x --\na > b echo-reply seq=1 unasked\n", `"unasked" says that something was not seen`},
		{"empty", "", "", "no topology"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.file == "" {
				test.file = "hello.txtar"
			}
			_, err := Parse(test.file, []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
}

// A step is shown with what could act on a terminal made visible.
func TestStepIsSafe(t *testing.T) {
	e, err := Parse("x.txtar", []byte(`topology a sniffer
run a /bin/echo "\u001b[31mred\n" "\u202e"
settle one
expect x.x in one trace arp
-- x.x --
`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := e.Steps[0].String(), `run a /bin/echo \x1b[31mred\n \u202e`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// An experiment for captures made elsewhere has no script, and nothing to settle.
func TestWithoutScript(t *testing.T) {
	e, err := Parse("x.txtar", []byte("topology a b sniffer\nexpect x.y anywhere trace tcp/80 text\n-- x.y --\na > b S acked\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c := e.Claims[0]; e.Runs() || !c.Anywhere || c.Projection.String() != "tcp/80 text" || c.Expected[0] != "a > b SYN acked" {
		t.Errorf("runs %v, claim %+v", e.Runs(), c)
	}
}

// What a script does in a phase whose barrier proves that it worked.
func TestStimulated(t *testing.T) {
	for _, test := range []struct {
		steps string
		want  bool
	}{
		{"run a ping b", true},
		{"! run a ping b", false},
		{"? run a ping b", false},
		{"fresh a\nmode hub", false},
		{"start a x\nawait a y", true},
		{"start a x\nclose a", true},
		{"start a x\n? close a", false},
	} {
		e, err := Parse("x.txtar", []byte("topology a sniffer\n"+test.steps+"\nsettle one\nsettle two\nexpect x.x in one trace arp\n-- x.x --\n"))
		if err != nil {
			t.Fatal(err)
		}
		plan := e.Plan()
		if plan.Stimulated["one"] != test.want || plan.Stimulated["two"] {
			t.Errorf("%q: stimulated %v, want one: %v alone", test.steps, plan.Stimulated, test.want)
		}
	}
}

// A file that does not end is not read to its end.
func TestReadIsBounded(t *testing.T) {
	_, err := Read("/dev/zero")
	if err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("error %v, want that it is too large", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte("topology a sniffer\nsay a \"\nsettle x\nexpect f.x in x trace arp\n-- f.x --\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Parse("f.txtar", data)
		if err != nil {
			return
		}
		if len(e.Claims) == 0 || e.Topology.Validate() != nil {
			t.Errorf("an experiment that proves nothing was taken: %+v", e)
		}
	})
}
