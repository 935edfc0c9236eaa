package dialect

import (
	"bytes"
	"testing"

	"wirelab/chat"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		in    string
		quiet bool
		want  Dialect
	}{
		{"", true, Undecided},
		{"CHAT/1 alice\n", false, Own},
		{"CHAT/1 ali", true, Undecided},
		{"alice\n", false, Lines},
		{"alice\r\nhi\r\n", false, Lines},
		{"alice", false, Undecided},
		{"alice", true, ClientPy},
		{"小明", true, ClientPy},
		{"小\xe6\x98", true, Undecided},
		{"GET / HTTP/1.1\r\n", false, None},
		{"\x16\x03\x01\x02", false, None},
	}
	for _, tt := range tests {
		if got := Classify([]byte(tt.in), tt.quiet); got != tt.want {
			t.Errorf("Classify(%q, %t) = %d, want %d", tt.in, tt.quiet, got, tt.want)
		}
	}
}

func TestTelnet(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"text", "hi 你好\r\n", "hi 你好\r\n"},
		{"negotiation", "\xff\xfb\x18\xff\xfd\x03hi", "hi"},
		{"subnegotiation", "a\xff\xfa\x1f\x00\x50\xff\xff\x18\xff\xf0b", "ab"},
		{"command", "a\xff\xf6b", "ab"},
		{"a byte of 255", "a\xff\xffb", "ab"},
		{"unfinished", "a\xff", "a"},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 3, 100} {
			var telnet Telnet
			var got []byte
			for piece := []byte(tt.in); len(piece) > 0; {
				n := min(size, len(piece))
				b := bytes.Clone(piece[:n])
				piece = piece[n:]
				got = append(got, b[:telnet.Strip(b)]...)
			}
			if string(got) != tt.want {
				t.Errorf("%s, %d bytes at once: %q, want %q", tt.name, size, got, tt.want)
			}
		}
	}
}

func FuzzTelnet(f *testing.F) {
	f.Add([]byte("a\xff\xfb\x18b\xff\xfa\x1f\xff\xf0c"), 2)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		cut = min(max(cut, 0), len(b))
		var one, two Telnet
		whole := bytes.Clone(b)
		whole = whole[:one.Strip(whole)]
		first, second := bytes.Clone(b[:cut]), bytes.Clone(b[cut:])
		parts := append(first[:two.Strip(first)], second[:two.Strip(second)]...)
		if !bytes.Equal(whole, parts) || bytes.IndexByte(whole, telnetIAC) >= 0 {
			t.Errorf("%q: %q whole, %q cut at %d", b, whole, parts, cut)
		}
	})
}

func TestForeign(t *testing.T) {
	for _, tt := range []struct {
		want *Protocol
		in   []string
	}{
		{http, []string{"GET / HTTP/1.1\r\n", "HEAD / HTTP/1.0\r\n", "POST /x HTTP/1.1\r\nHost: x\r\n\r\nhello\n", "PUT ", "DELETE ", "CONNECT a:1 HTTP/1.1\r\n",
			"OPTIONS * HTTP/1.1\r\n", "TRACE / HTTP/1.1\r\n", "PATCH / ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PROPFIND / HTTP/1.1\r\n", "x-y /a HTTP/1.1\r\n",
			"DESCRIBE rtsp://x RTSP/1.0\r\n", "REGISTER sip:x SIP/2.0\r\n"}},
		{tls, []string{"\x16\x03\x01\x02\x00", "\x16\x03"}},
		{ssh, []string{"SSH-2.0-OpenSSH_9.6\r\n"}},
		{irc, []string{"NICK bob\r\n", "USER bob 0 * :Bob\r\n", "PASS x\r\n", "CAP LS 302\r\n", "JOIN #room\n"}},
		{smtp, []string{"EHLO x\r\n", "HELO x\r\n", "MAIL FROM:<a@b>\r\n", "EHLO\r\n"}},
		{binary, []string{"\x00\x00\x00\x2f\xffSMB", "\x05\x01\x00", "\x03\x00\x00\x13", "\x10\x10\x00\x04MQTT", "\xfeSMB\x40\x00", "?\x00\x00\x00"}},
		{newer, []string{"CHAT/2 bob\n", "CHAT/10 bob\n", "CHAT/1\n"}},
		{nil, []string{"", "GET", "POST\n", "Mail me\n", "user one\n", "alice", "小明\r\n", "\xa4\xa4\xa4\xe5\n", "\x08bob\n", "\x1b[Abob\n", "bob\r\x00", "CHA", "CHAT/", "CHAT/1 bob\n", "PICK me\n"}},
	} {
		for _, in := range tt.in {
			if got := Foreign([]byte(in)); got != tt.want {
				t.Errorf("%q: %v, want %v", in, got, tt.want)
			}
		}
	}
}

// TestCrowd: many people who come and go in a row are a number.
func TestCrowd(t *testing.T) {
	var log []byte
	tell := func(kind chat.Kind, names ...string) {
		for _, name := range names {
			log = append(chat.Line{Kind: kind, Name: name, Text: "tcp"}.Append(log), '\n')
		}
	}
	tell(chat.Join, "a", "b", "c")
	tell(chat.Say, "a")
	tell(chat.Join, "d", "e", "f")
	tell(chat.Leave, "d", "e")
	tell(chat.Say, "a")
	tell(chat.Leave, "a", "b", "c", "f")
	got, n := NewPlain("x", 0).Lines(nil, log)
	const want = "* a joined\n* b joined\n* c joined\na: tcp\n* 3 joined, 2 left\na: tcp\n* 4 left\n"
	if string(got) != want || n != len(log) {
		t.Errorf("nc shows %q, want %q", got, want)
	}
	got, n = NewClientPy("server", "x").Lines(nil, log)
	const note = "!---- a加入了聊天室 ----\n---- b加入了聊天室 ----\n---- c加入了聊天室 ----\na\t: tcp\n" +
		"---- 3 人加入了聊天室 ----\n---- 2 人離開了聊天室 ----\na\t: tcp\n---- 4 人離開了聊天室 ----\n"
	if string(got) != note || n != len(log) {
		t.Errorf("client.py is sent %q, want %q", got, note)
	}
}
