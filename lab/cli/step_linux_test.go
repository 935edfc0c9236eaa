package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"wirelab/lab/netns"
)

// answered runs wirelab in a folder, with what somebody types, and returns all of its
// output.
func answered(t *testing.T, dir, program, typed string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(typed), &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// contains fails a test for each text that an output lacks, in their order.
func contains(t *testing.T, output string, texts ...string) {
	t.Helper()
	rest := output
	for _, text := range texts {
		i := strings.Index(rest, text)
		if i < 0 {
			t.Errorf("%q is not there, or too early, in\n%s", text, output)
			return
		}
		rest = rest[i+len(text):]
	}
}

// Enter carries out a line; every packet is shown once, and at a barrier all of its
// phase was.
func TestStep(t *testing.T) {
	requireBackend(t, netns.Name)
	program, dir := wirelab(t), t.TempDir()
	for _, test := range []struct {
		lang, typed string
		want        []string
	}{
		{"en", strings.Repeat("\n", 9), []string{"Enter carries out the next line", "9  fresh client1  [Enter]", "10  run client1 ping -c 1 server  [Enter]", "11  settle cold  [Enter]",
			"cold: 4 packets in all", "✓ pass ping.arp-before-echo", "14  run client1", "warm: 4 packets in all", "✓ pass ping.warm-no-arp", "✓ 3 pass"}},
		// Once nobody types any more, the rest is carried out.
		{"zh-TW", "\n", []string{"按 Enter 執行腳本的下一行", "9  fresh client1  ［Enter］", "cold：共 4 個封包", "warm：共 4 個封包", "✓ 3 項通過"}},
	} {
		out, code := answered(t, dir, program, test.typed, "run", "--step", "ping", "--lang", test.lang)
		if code != 0 {
			t.Errorf("%s: exit code %d", test.lang, code)
		}
		contains(t, out, test.want...)
		steps, _, _ := strings.Cut(out, "ping  Ping") // ahead of the report
		seen := regexp.MustCompile(`(?m)^ +(\d+)  \S+ > `).FindAllStringSubmatch(steps, -1)
		var numbers []string
		for _, m := range seen {
			numbers = append(numbers, m[1])
		}
		if got, want := strings.Join(numbers, " "), "4 5 6 7 11 12 13 14"; got != want {
			t.Errorf("%s: packets %s, want %s in\n%s", test.lang, got, want, steps)
		}
	}
}

// What is said is shown with the packet that carries it.
func TestStepSays(t *testing.T) {
	requireBackend(t, netns.Name)
	out, code := answered(t, t.TempDir(), wirelab(t), "", "run", "--step", "tcp-chat", "--lang", "en")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	steps, _, _ := strings.Cut(out, "tcp-chat  TCP")
	// A packet may be captured after its step has ended: it is there at the barrier.
	contains(t, steps, "say client1 hello from client1", "PSH ACK len=19 \"hello from client1\"", "✓ pass tcp-chat.payload")
	contains(t, steps, "say client1 hello from client1", "settle talk", "✓ pass tcp-chat.payload")
}

// A step that fails says why, and the run is inconclusive.
func TestStepFails(t *testing.T) {
	requireBackend(t, netns.Name)
	dir := t.TempDir()
	text := "topology client1 server sniffer\nrun client1 ping -c 1 nobody\nsettle x\nexpect bad.x in x trace icmp\n-- bad.x --\n"
	if err := os.WriteFile(filepath.Join(dir, "bad.txtar"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, code := answered(t, dir, wirelab(t), "\n\n", "run", "--step", "./bad.txtar", "--lang", "en")
	if code != 4 {
		t.Errorf("exit code %d", code)
	}
	contains(t, out, "2  run client1 ping -c 1 nobody", "nobody", "? inconclusive bad.x")
}

// Ctrl-C at a prompt ends all, on a terminal and without one.
func TestPromptInterrupted(t *testing.T) {
	requireBackend(t, netns.Name)
	program := wirelab(t)
	for _, test := range []struct{ flag, prompt string }{{"--step", "[Enter]"}, {"--quiz", "  > "}} {
		t.Run(test.flag+" on a terminal", func(t *testing.T) {
			cmd := exec.Command(program, "run", test.flag, "ping", "--lang", "en")
			cmd.Dir = t.TempDir()
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { terminal.Close() })
			awaitText(t, terminal, test.prompt)
			if _, err := terminal.Write([]byte{3}); err != nil { // Ctrl-C
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(terminal) // ends with an error of the closed terminal
			checkInterrupted(t, cmd, string(rest))
		})
		t.Run(test.flag+" without one", func(t *testing.T) {
			cmd := exec.Command(program, "run", test.flag, "ping", "--lang", "en")
			cmd.Dir = t.TempDir()
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { in.Close() })
			out, w := io.Pipe()
			cmd.Stdout, cmd.Stderr = w, w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			awaitText(t, out, test.prompt)
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			said := make(chan string, 1)
			go func() {
				rest, _ := io.ReadAll(out) // of a pipe that nobody breaks
				said <- string(rest)
			}()
			err = cmd.Wait()
			w.Close()
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit code %d (%v)", code, err)
			}
			contains(t, <-said, "interrupted; nothing of the lab is left")
		})
	}
}

// awaitText reads until a text has come, which need not end a line.
func awaitText(t *testing.T, r io.Reader, text string) {
	t.Helper()
	found := make(chan string, 1)
	go func() {
		var seen []byte
		b := make([]byte, 1)
		for !bytes.Contains(seen, []byte(text)) {
			if _, err := r.Read(b); err != nil {
				found <- string(seen)
				return
			}
			seen = append(seen, b...)
		}
		found <- ""
	}()
	select {
	case seen := <-found:
		if seen != "" {
			t.Fatalf("awaited %q; seen:\n%s", text, seen)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("awaited %q for 30 s", text)
	}
}

func checkInterrupted(t *testing.T, cmd *exec.Cmd, said string) {
	t.Helper()
	err := cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d (%v)", code, err)
	}
	contains(t, said, "interrupted; nothing of the lab is left")
}

// A guess stands beside what crossed the wire, and the lesson is not told before.
func TestQuiz(t *testing.T) {
	requireBackend(t, netns.Name)
	program, dir := wirelab(t), t.TempDir()
	typed := "client1 server echo-request seq=1\n?\nclient1 > srever SYN\nserver＞client1 echo-reply seq=1\n\n\n\n"
	out, code := answered(t, dir, program, typed, "run", "--quiz", "ping", "--lang", "en")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	contains(t, out, "In the phase cold: which packets of arp,icmp?", "ARP asks all hosts", `host "srever" is not in the topology`, "In the phase cold, warm",
		"Ping needs ARP", "ping.arp-before-echo: 2 of 4 right",
		"      + client1 > *       who-has server\n      + server  > client1 is-at server\n        client1 > server  echo-request seq=1\n        server  > client1 echo-reply seq=1\n",
		"ping.warm-no-arp: 0 of 4 right")
	question, _, _ := strings.Cut(out, "Ping needs ARP")
	if strings.Contains(question, "cached") {
		t.Errorf("the answer is told before:\n%s", question)
	}
	// A guess that is right; acknowledged or not, and said in Chinese.
	typed = "client1 > server SYN\nserver > client1 SYN ACK\n\nclient1 > server SYN\n"
	out, _ = answered(t, dir, program, typed, "run", "--quiz", "tcp-once", "--lang", "zh-TW")
	contains(t, out, "從頭到尾：會出現哪些 tcp 的封包？", "tcp-once.handshake：4 個裡答對 2 個")
}
