//go:build linux || darwin

package cli

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/internal/exit"
)

const stampUTC = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

func TestWatchJSON(t *testing.T) {
	server, tcp, _ := startServer(t)
	start(t, "chat", "send", "--name", "alice", tcp, `quoted "<hi>" 你好`).exits(exit.OK)
	server.await(`alice left`)
	relay := newRelay(t, tcp)
	w := start(t, "chat", "watch", "--json", relay.address())
	for _, want := range []string{ // the history first
		`{"seq":1,"time":"` + stampUTC + `","kind":"join","name":"alice","text":"tcp"}\n`,
		`{"seq":2,"time":"` + stampUTC + `","kind":"say","name":"alice","text":"quoted \\"<hi>\\" 你好"}\n`,
		`{"seq":3,"time":"` + stampUTC + `","kind":"leave","name":"alice","text":"closed"}\n`,
		`{"seq":4,"time":"` + stampUTC + `","kind":"join","name":"watcher","text":"tcp"}\n`,
	} {
		w.await(`^` + want)
	}
	relay.cut()
	w.await(`connection to .* is lost\n`)
	server.say("missed")
	relay.mend()
	w.await(`connected again`)
	w.await(`"kind":"say","name":"server","text":"missed"}\n`)
	w.cmd.Process.Signal(os.Interrupt)
	w.exits(exit.OK)
	server.await(`\* watcher left \(closed\)\n`)
	last, connection := 0.0, []string{}
	for line := range strings.Lines(w.output()) {
		var got map[string]any
		if !strings.HasPrefix(line, "{") {
			continue // of standard error
		}
		err := json.Unmarshal([]byte(line), &got)
		if got["kind"] == "connection" && got["seq"].(float64) == last {
			connection = append(connection, got["text"].(string))
			continue
		}
		if err != nil || got["seq"].(float64) != last+1 {
			t.Errorf("after number %v came %q, %v", last, line, err)
			break
		}
		last++
	}
	if !slices.Equal(connection, []string{"lost", "resumed"}) {
		t.Errorf("the connection was %q", connection)
	}
}

func TestWatchPlain(t *testing.T) {
	server, tcp, _ := startServer(t)
	w := start(t, "chat", "watch", "--name", "logger", "--lang", "zh-TW", tcp)
	w.await(`^\* logger 加入了聊天室\n`)
	server.say("hello")
	w.await(`^server: hello\n`)
	w.cmd.Process.Signal(syscall.SIGTERM)
	w.exits(exit.OK)
	server.await(`\* logger left \(closed\)\n`)

	w = start(t, "chat", "watch", tcp)
	w.await(`\* watcher joined\n`)
	server.say("kick watcher")
	w.await(`you were kicked`)
	w.exits(exit.Failed)
	start(t, "chat", "watch", "--wait", "50ms", "127.0.0.1:1").exits(exit.Unable)
}

func TestObjectOf(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 11, 3, 250e6, time.FixedZone("", 8*3600))
	got, err := json.Marshal(objectOf(chat.Line{Seq: 7, Time: at, Kind: chat.Notice, Text: "\x1b[2Jhi\u202e"}))
	want := `{"seq":7,"time":"2026-11-22T12:11:03.250Z","kind":"notice","name":"","text":"[2Jhi"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}
