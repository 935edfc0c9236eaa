package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/lang"
)

// mistakes are the likeliest ones: each is told its cause and what to do, in the
// language of who made it. IDLE is a port on which nothing listens, BUSY one that is
// taken.
var mistakes = []struct {
	args             string
	code             int
	english, chinese string // expressions
}{
	{"rnu ping", exit.Usage, `"rnu" is no command \(did you mean run\?\): wirelab --help lists them`, `沒有「rnu」這個指令（是不是要打 run？）`},
	{"join server", exit.Usage, `did you mean chat join\?`, `是不是要打 chat join？`},
	{"tcpdump -i eth0", exit.Usage, `did you mean sniff\?`, `是不是要打 sniff？`},
	{"version", exit.Usage, `did you mean --version\?`, `是不是要打 --version？`},
	{"help nosuch", exit.Usage, `"nosuch" is no command: wirelab --help lists them`, `沒有「nosuch」這個指令，指令一覽請看：wirelab --help`},
	{"chat jion", exit.Usage, `did you mean join\?\): wirelab chat --help`, `是不是要打 join？`},
	{"run --atach lab", exit.Usage, `wirelab run has no option --atach \(did you mean --attach\?\)`, `沒有 --atach 這個選項（是不是要打 --attach？）`},
	{"run -attach lab", exit.Usage, `no option -attach \(did you mean --attach\?\)`, `沒有 -attach 這個選項（是不是要打 --attach？）`},
	{"run ping -o", exit.Usage, `-o needs a value behind it\nsee wirelab run --help`, `-o 後面要接一個值\n用法請看：wirelab run --help`},
	{"run ping --lang fr", exit.Usage, `--lang "fr" is not known: there are en, zh-TW`, ""},
	{"run --backend dokcer", exit.Usage, `--backend "dokcer" is not known \(did you mean docker\?\): there are auto, netns, docker`, `--backend 沒有「dokcer」（是不是要打 docker？）`},
	{"run --attach lab --backend netns", exit.Usage, `--attach and --backend exclude each other`, `--attach 與 --backend 只能擇一使用`},
	{"run --attach lib", exit.Usage, `--attach "lib" is not known \(did you mean lab\?\)`, `--attach 沒有「lib」（是不是要打 lab？）`},
	{"run pong", exit.Usage, `no experiment "pong" \(did you mean ping\?\): there are ping,.* such as ./mine.txtar`, `沒有「pong」這個實驗（是不是要打 ping？）`},
	{"run mine", exit.Usage, `did you mean ./mine.txtar\?`, `是不是要打 ./mine.txtar？`},
	{"run ping ping", exit.Usage, `experiment "ping" is named twice`, `實驗「ping」寫了兩次`},
	{"run ./none.txtar", exit.Usage, `./none.txtar: there is no such file`, `./none.txtar：沒有這個檔案`},
	{"run ./folder.txtar", exit.Usage, `./folder.txtar is a folder`, `./folder.txtar 是資料夾`},
	{"run ./mine.txtar", exit.Usage, `mine.txtar:2: "rnu" is not a word of a script \(did you mean run\?\): there are`, `mine.txtar:2: 腳本沒有「rnu」這個字（是不是要打 run？）`},
	{"run ./host.txtar", exit.Usage, `host.txtar:2: host "clinet1" is not in the topology \(did you mean client1\?\)`, `host.txtar:2: topology 裡沒有主機「clinet1」（是不是要打 client1？）`},
	{"run ./program.txtar", exit.Usage, `program.txtar:2: a class run puts a student's program in the place of \$\{program\}`, `program.txtar:2：class run 會把 \$\{program\} 換成學生的程式`},
	{"run --update ./program.txtar", exit.Usage, `program.txtar:2: a class run`, ``},
	{"run ping.pcapng", exit.Usage, `ping.pcapng is a capture, not an experiment. To judge it:\n  wirelab check ping ping.pcapng\nto read it:\n  wirelab sniff -r ping.pcapng`, `ping.pcapng 是擷取檔，不是實驗。要判定它：\n  wirelab check ping ping.pcapng`},
	{"check ping", exit.Usage, `wirelab check needs EXPERIMENT FILE, for example: wirelab check ping runs/1/ping.pcapng`, `wirelab check 後面要接 EXPERIMENT FILE，例如：wirelab check ping`},
	{"check ping.pcapng ping", exit.Usage, `the experiment comes first, then the capture: wirelab check ping ping.pcapng`, `要先寫實驗，再寫擷取檔：wirelab check ping ping.pcapng`},
	{"check ping none.pcapng", exit.Usage, `none.pcapng: there is no such file`, `none.pcapng：沒有這個檔案`},
	{"check ping empty.pcapng", exit.Unable, `empty.pcapng: the file is empty\ncopy it again`, `empty.pcapng：檔案是空的\n`},
	{"check ping mine.txtar", exit.Unable, `mine.txtar: .*\ngive a pcap or pcapng file`, `mine.txtar：.*\n請給 pcap 或 pcapng 檔`},
	{"check ping ping.pcapng --host clint1=10.0.0.1", exit.Usage, `no host "clint1" \(did you mean client1\?\)`, `沒有主機「clint1」（是不是要打 client1？）`},
	{"check ping ping.pcapng --host client1", exit.Usage, `--host "client1": want NAME=ADDRESS, such as server=10.0.0.2`, `--host 「client1」要寫成「名稱=位址」`},
	{"exec", exit.Usage, `wirelab exec needs HOST .*COMMAND….*, for example: wirelab exec client1`, `wirelab exec 後面要接 HOST`},
	{"sniff ping.pcapng", exit.Usage, `ping.pcapng is a capture file; to read it: wirelab sniff -r ping.pcapng\n`, `ping.pcapng 是擷取檔，要讀取它請用：wirelab sniff -r ping.pcapng`},
	{"sniff ping.pcapng tcp port 80", exit.Usage, `wirelab sniff -r ping.pcapng 'tcp port 80'`, `wirelab sniff -r ping.pcapng 'tcp port 80'`},
	{"sniff -i ping.pcapng", exit.Usage, `wirelab sniff -r ping.pcapng`, `wirelab sniff -r ping.pcapng`},
	{"sniff -i l", exit.Usage, `no interface "l": there are .*lo`, `沒有網路介面「l」，有的是：`},
	{"sniff -r none.pcapng", exit.Usage, `none.pcapng: there is no such file`, `none.pcapng：沒有這個檔案`},
	{"sniff -r mine.txtar", exit.Usage, `mine.txtar: .*\ngive a pcap or pcapng file`, `mine.txtar：.*\n請給 pcap 或 pcapng 檔`},
	{"sniff -r ping.pcapng icpm", exit.Usage, `filter: unknown keyword "icpm" \(did you mean icmp\?\)\n  icpm\n  \^`, `過濾條件：沒有「icpm」這個關鍵字（是不是要打 icmp？）\n  icpm\n  \^`},
	{"sniff -r ping.pcapng -o jsn", exit.Usage, `-o "jsn" is not known \(did you mean json\?\): there are line,`, `-o 沒有「jsn」（是不是要打 json？）`},
	{"sniff -r ping.pcapng -c ten", exit.Usage, `-c takes a whole number, 0 or more, and was given "ten"`, `-c 要給整數（最小是 0），卻是「ten」`},
	{"sniff --for soon", exit.Usage, `--for takes a time such as 10s, 500ms or 1m30s, and was given "soon"`, `--for 要給時間，例如 10s`},
	{"sniff -r ping.pcapng -B lots", exit.Usage, `-B takes a size such as 500K, 64M or 1G`, `-B 要給大小`},
	{"sniff -r ping.pcapng tcp.port==80", exit.Usage, `this is a display filter of Wireshark's; here write: 'tcp port 80'`, `這是 Wireshark 的顯示過濾器，在這裡請寫成：'tcp port 80'`},
	{"sniff -C 10", exit.Usage, `no option -C: a new file at a size is --rotate-size 10M`, `沒有 -C 這個選項：依大小換檔用 --rotate-size 10M`},
	{"chat join 127.0.0.1:IDLE --wait 10ms", exit.Unable, `no chat at 127.0.0.1:IDLE: nothing listens there .*\nis the server running there\? wirelab chat serve`, `無法連線到 127.0.0.1:IDLE 的聊天室：那裡沒有程式在監聽（.*）\n那裡的伺服器有在執行嗎？wirelab chat serve`},
	{"chat send 127.0.0.1:IDLE hello --wait 0s", exit.Unable, `^wirelab: no chat at 127.0.0.1:IDLE: nothing listens there`, `^wirelab: 無法連線到 127.0.0.1:IDLE 的聊天室：那裡沒有程式在監聽`},
	{"chat join server:http", exit.Usage, `server "server:http": want HOST or HOST:PORT, such as server:7000`, `伺服器「server:http」要寫成 HOST 或 HOST:PORT`},
	{"chat join --name a:b 127.0.0.1:IDLE", exit.Usage, `name "a:b": a name cannot contain ':'.*; choose one with --name`, `名稱「a:b」：名稱不能有「:」.*，請用 --name 指定名稱`},
	{"chat send 127.0.0.1:IDLE", exit.Usage, `wirelab chat send needs HOST\[:PORT\] TEXT..., for example: wirelab chat send server`, `wirelab chat send 後面要接 HOST`},
	{"chat serve --tcp 127.0.0.1:BUSY", exit.Unable, `another program listens there \(.*\)\nanother address can be given with --tcp`, `已經有其他程式在那裡監聽（.*）\n請用 --tcp 指定別的位址`},
	{"ping", exit.Usage, `wirelab ping needs HOST, for example: wirelab ping server`, `wirelab ping 後面要接 HOST，例如：wirelab ping server`},
	{"ping -c many server", exit.Usage, `-c takes a whole number, and was given "many"`, `-c 要給整數，卻是「many」`},
	{"neigh add server 02", exit.Usage, `"02" is no MAC address: want one such as`, `「02」不是 MAC 位址`},
	{"new mine -o /proc/x", exit.Usage, `has no option -o`, `沒有 -o 這個選項`},
	{"sniff -r cut.pcapng", exit.Failed, `cut.pcapng: file ends at byte 200, within the block that begins at byte \d+`, `cut.pcapng：檔案在第 200 個位元組就結束了，從第 \d+ 個位元組開始的區塊並不完整`},
	{"sniff -r bad.pcapng", exit.Usage, `bad.pcapng: malformed at byte 0: neither pcap nor pcapng`, `bad.pcapng：這個檔案不是 pcap，也不是 pcapng：開頭的位元組是 `},
	{"sniff -r ping.pcapng -w /proc/none/x.pcapng", exit.Usage, `/proc/none/x.pcapng: there is no such file`, `/proc/none/x.pcapng：沒有這個檔案（系統回報「no such file or directory」）`},
	{"run ping -o /proc/none/x", exit.Unable, `no such file or directory`, `無法建立存放擷取檔的資料夾：找不到（系統回報「`},
	{"chat serve --tcp 198.51.100.7:7000", exit.Unable, `198.51.100.7:7000`, `這台電腦沒有這個位址（系統回報「`},
	{"down --lab compose", exit.Usage, `a compose lab is ended by compose: docker compose down -v`, `compose 實驗環境要用 compose 結束：docker compose down -v`},
	{"down --lab compose:class", exit.Usage, `docker compose -p class down -v`, `docker compose -p class down -v`},
	{"up --lab compose", exit.Usage, `stands for the lab of docker compose`, `代表 docker compose 的實驗環境`},
	{"exec --lab compose: client1 -- ping server", exit.Usage, `lab name "compose:": write`, `實驗環境的名稱「compose:」`},
	{"check ping ping.pcapng --host 10.0.0.1=client1", exit.Usage, `the name comes first: client1=10.0.0.1`, `要先寫名稱：client1=10.0.0.1`},
	{"doctor now", exit.Usage, `wirelab doctor takes no arguments, and was given "now"`, `wirelab doctor 後面不接參數，卻多了「now」`},
}

// Words that only the makers of the libraries know.
var foreignWords = regexp.MustCompile(`strconv|pflag|cobra|fork/exec|shorthand|accepts |arg\(s\)|unknown flag|unknown command|flag needs|invalid argument|requires at least|%!`)

// What is quoted, and words that only a sentence in English has.
var (
	quotation    = regexp.MustCompile(`「[^」]*」|"[^"]*"|'[^']*'`)
	chineseText  = regexp.MustCompile(`[\p{Han}：，；（）]`)
	englishWords = regexp.MustCompile(`\b(the|of|is|are|has|was|were|cannot|not|no|there|than|which|that)\b`)
)

// mixed returns a word of English that stands in a line of Chinese outside a quotation.
func mixed(said string) string {
	for line := range strings.Lines(said) {
		if !chineseText.MatchString(line) {
			continue
		}
		if word := englishWords.FindString(quotation.ReplaceAllString(line, "")); word != "" {
			return word
		}
	}
	return ""
}

func TestMixed(t *testing.T) {
	for line, want := range map[string]string{
		"a.txtar：there is no such file":       "there",
		"a.txtar：沒有這個檔案（no such file）":        "no",
		"a.txtar：沒有這個檔案（系統回報「no such file」）":  "",
		"請執行：\nthere is no such file\n然後再試一次": "",
	} {
		if got := mixed(line); got != want {
			t.Errorf("%q has %q, want %q", line, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Setenv(hostnames.Variable, "")
	t.Setenv(lang.Variable, "")
	t.Setenv("LC_ALL", "C")
	t.Setenv("COMPOSE_PROJECT_NAME", "")
	capture, err := filepath.Abs("sniffer/testdata/session.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
	idle, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	idle.Close()
	port := func(l net.Listener) string { _, p, _ := net.SplitHostPort(l.Addr().String()); return p }
	ports := strings.NewReplacer("BUSY", port(busy), "IDLE", port(idle))

	t.Chdir(t.TempDir())
	data, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"ping.pcapng":   string(data),
		"empty.pcapng":  "",
		"cut.pcapng":    string(data[:200]),
		"bad.pcapng":    "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00",
		"mine.txtar":    "topology client1 server sniffer\nrnu client1 ping server\n",
		"host.txtar":    "topology client1 server sniffer\nrun clinet1 ping server\n",
		"program.txtar": "topology client1 server sniffer\nrun client1 ${program} server\nsettle done\nexpect program.says in done trace tcp\n-- program.says --\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder.txtar", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		t.Run(m.args, func(t *testing.T) {
			for l, want := range map[lang.Lang]string{lang.English: m.english, lang.Chinese: m.chinese} {
				if want == "" {
					continue
				}
				args := strings.Fields(ports.Replace(m.args))
				t.Setenv(lang.Variable, string(l))
				var out, errs bytes.Buffer
				p := program()
				p.Root().SetIn(strings.NewReader(""))
				p.Root().SetOut(&out)
				p.Root().SetErr(&errs)
				code := p.Run(context.Background(), args, &errs)
				said := errs.String()
				if code != m.code || !regexp.MustCompile(ports.Replace(want)).MatchString(said) || out.Len() > 0 && code == exit.Usage {
					t.Errorf("in %s: exit code %d, stdout %q, stderr:\n%swant %d and:\n%s", l, code, out.String(), said, m.code, want)
				}
				if words := foreignWords.FindString(said); words != "" {
					t.Errorf("in %s: %q is no word for people:\n%s", l, words, said)
				}
				if words := mixed(said); words != "" {
					t.Errorf("in %s: %q is English within a Chinese sentence, and no quotation:\n%s", l, words, said)
				}
				if han := strings.IndexFunc(said, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0; han != (l == lang.Chinese) {
					t.Errorf("in %s: the wrong language:\n%s", l, said)
				}
			}
		})
	}
}

// On a host of a lab, a word that is no wirelab command may be a program of the machine,
// which a script or a test names by its path.
func TestMistakeOfALabHost(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	t.Setenv(lang.Variable, string(lang.English))
	for host, want := range map[string]string{"client1": "the program of this machine is called by its path: " + sh, "": "--help lists them"} {
		t.Setenv(hostnames.OwnVariable, host)
		var errs bytes.Buffer
		if code := program().Run(context.Background(), []string{"sh", "-c", "true"}, &errs); code != exit.Usage || !strings.Contains(errs.String(), want) {
			t.Errorf("on %q: exit code %d, %s, want %s", host, code, errs.String(), want)
		}
	}
}
