package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/lab/netns"
)

// What was seen is filled in, whole or not at all.
func TestRunUpdate(t *testing.T) {
	requireBackend(t, netns.Name)
	program, dir := wirelab(t), t.TempDir()
	head := "# mine\ntopology client1 server sniffer\nrun client1 ping -c 1 server\nsettle cold\nexpect mine.arp in cold trace arp\nexpect mine.ping in cold trace icmp\n"
	path, link := filepath.Join(dir, "real", "mine.txtar"), filepath.Join(dir, "mine.txtar")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const filled = "-- mine.arp --\n# who asks\nclient1 > *       who-has server\nserver  > client1 is-at server\n-- mine.ping --\nclient1 > server  echo-request seq=1\nserver  > client1 echo-reply seq=1\n"
	write(head + "-- mine.arp --\n# who asks\nclient2 > * who-has server")
	out, code := answered(t, dir, program, "", "run", "--update", "./mine.txtar", "--lang", "en")
	if code == 0 || !strings.Contains(out, `host "client2" is not in the topology`) {
		t.Errorf("a mistake in the file: exit code %d\n%s", code, out)
	}
	write(head + "-- mine.arp --\n# who asks\nserver > * who-has server")
	out, code = answered(t, dir, program, "", "run", "--update", "./mine.txtar", "--lang", "en")
	if code != 0 || read() != head+filled {
		t.Errorf("exit code %d, the file\n%s\n%s", code, read(), out)
	}
	contains(t, out, "2 expectations are filled in", "- server  > *       who-has server", "+ client1 > *       who-has server", "Read each line", "✓ 2 pass")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was written over: %v %v", info, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v %v", info, err)
	}
	out, code = answered(t, dir, program, "", "run", "--update", "./mine.txtar", "--lang", "zh-TW")
	if code != 0 || read() != head+filled {
		t.Errorf("again: exit code %d, the file\n%s", code, read())
	}
	contains(t, out, "不需要填入")
	// What is inconclusive fills nothing in.
	broken := strings.Replace(head, "server\nsettle", "nobody\nsettle", 1) + "-- mine.arp --\n-- mine.ping --\n"
	write(broken)
	out, code = answered(t, dir, program, "", "run", "--update", "./mine.txtar", "--lang", "en")
	if code != 4 || read() != broken {
		t.Errorf("inconclusive: exit code %d, the file\n%s", code, read())
	}
	contains(t, out, "nothing was filled in: mine.arp:")
}

// A file that its author saves while the experiment runs is not written over.
func TestUpdateChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.txtar")
	text := "topology client1 server sniffer\nrun client1 ping server\nsettle x\nexpect mine.x in x trace arp\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, _, err := openSource(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text+"# more\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.write([]byte("lost")); err == nil || !strings.Contains(err.Error(), "was changed while the experiment ran") {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != text+"# more\n" {
		t.Errorf("the file is %q, %v", b, err)
	}
}

// A new experiment runs as it is, and none is written over.
func TestNewAndShow(t *testing.T) {
	requireBackend(t, netns.Name)
	program, dir := wirelab(t), t.TempDir()
	for _, test := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"new", "mine", "--lang", "en"}, 0, []string{"./mine.txtar is written", "run ./mine.txtar"}},
		{[]string{"run", "./mine.txtar", "--lang", "en"}, 0, []string{"✓ 2 pass"}},
		{[]string{"new", "mine.txtar", "--lang", "en"}, 2, []string{"mine.txtar is there already"}},
		{[]string{"new", "My Test", "--lang", "en"}, 2, []string{`"My Test" cannot name an experiment`}},
		{[]string{"new", dir + "/none/mine", "--lang", "en"}, 3, []string{dir + "/none: there is no such file"}},
		{[]string{"new", dir + "/hers", "--lang", "zh-TW"}, 0, []string{"已寫好 " + dir + "/hers.txtar"}},
		{[]string{"show", "./hers.txtar", "--lang", "zh-TW"}, 0, []string{"hers  送出第一個 echo request 之前", "client1 ──┐", "同一個網段", "腳本", "settle cold", "驗證項目", "hers.arp-first  in cold trace arp,icmp", "| client1 > *       who-has server"}},
		{[]string{"show", "udp-chat", "--lang", "en"}, 0, []string{"UDP has no handshake", "client2 ──┤", "Script", "start server chat serve", "Claims", "udp-chat.no-teardown  in closed", "| no packets"}},
		{[]string{"show", "nothing", "--lang", "en"}, 2, []string{"nothing"}},
		{[]string{"run", "--update", "ping", "--lang", "en"}, 2, []string{"ping comes with wirelab"}},
		{[]string{"run", "--update", "--lang", "zh-TW"}, 2, []string{"--update 只接受一個自己寫的實驗檔"}},
		{[]string{"run", "--step", "--json", "--lang", "en"}, 2, []string{"exclude each other"}},
	} {
		out, code := answered(t, dir, program, "", test.args...)
		if code != test.code {
			t.Errorf("%q: exit code %d, want %d", test.args, code, test.code)
		}
		contains(t, out, test.want...)
	}
	// An experiment without a script judges files.
	judges := "topology a b sniffer\nexpect judge.x anywhere trace arp\n-- judge.x --\na > * who-has b\n"
	if err := os.WriteFile(filepath.Join(dir, "judge.txtar"), []byte(judges), 0o644); err != nil {
		t.Fatal(err)
	}
	out, code := answered(t, dir, program, "", "run", "./judge.txtar", "--lang", "en")
	if code != 2 {
		t.Errorf("exit code %d", code)
	}
	contains(t, out, "judge has no script to carry out", "check ./judge.txtar FILE")
}
