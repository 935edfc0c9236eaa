package claim

import (
	"strings"
	"testing"
)

// What sniff prints of a packet is not yet a line of a trace; the refusal says what
// to write, and that is taken.
func TestPasted(t *testing.T) {
	for _, test := range []struct{ line, out, write string }{
		{`   6 11:54:39.677204 client1:57168 > server:7000 SYN seq=0`, "6 11:54:39.677204 :57168 :7000 seq=0", "client1 > server SYN acked"},
		{`7 11:54:39.677224 server:7000 > client1:57168 SYN ACK seq=0`, "", "server > client1 SYN ACK acked"},
		{`client1:57168 > server:7000 S. seq=0`, "", "client1 > server SYN ACK acked"},
		{`client1 > server FIN PSH ACK len=4`, "len=4 PSH", "client1 > server FIN ACK acked"},
		{`client1:1 > server:2 RST ACK`, ":1 :2", "client1 > server RST ACK"},
		{`client1:1 > server:2 SYN ECE CWR seq=0 retransmission`, ":1 :2 seq=0 retransmission ECE CWR", "client1 > server SYN acked"},
		{`  31 67.815 client1 > server PSH ACK len=19 "hello > from client1"`, "31 67.815 len=19 PSH ACK", `client1 > server "hello > from client1"`},
		{`client1:5000 > server:7001 udp len=12`, ":5000 :7001 len=12", "client1 > server udp"},
		{`client1 > server udp len=12 "hello"`, "len=12", `client1 > server udp "hello"`},
		{`client1:5353 > server:53 udp len=44 dns query A www.example.org`, ":5353 :53 len=44 dns query A www.example.org", "client1 > server udp"},
		{`client1:1 > server:2 SYN seq=0 vlan=5`, ":1 :2 seq=0", "client1 > server SYN acked vlan=5"},
		{`3 0.1 server > client1 port-unreachable quotes client1:4000 > server:9 udp len=3`, "3 0.1 quotes client1:4000", "server > client1 port-unreachable"},
		{`192.0.2.1:5000 > [2001:db8::1]:53 udp len=12`, "", "192.0.2.1 > 2001:db8::1 udp"},
		{`4 11:54:39.677178 client1 > * who-has server`, "4 11:54:39.677178", "client1 > * who-has server"},
		{`12 1.2 client1 > server echo-request seq=1`, "12 1.2", "client1 > server echo-request seq=1"},
		{`client1:1 > server:2 ACK`, "", ""},
		{`client1:1 > server:2 PSH ACK len=3`, "", ""},
	} {
		_, err := ParseExpected(test.line)
		if err == nil {
			t.Errorf("%q is taken", test.line)
			continue
		}
		if test.write == "" {
			if !strings.Contains(err.Error(), "leave this line out") {
				t.Errorf("%q: %v", test.line, err)
			}
			continue
		}
		if _, written, _ := strings.Cut(err.Error(), "\nwrite\n    "); !strings.Contains(err.Error(), "a trace has no "+test.out) || written != test.write {
			t.Errorf("%q: %v\nwant that %q is left out, and %q", test.line, err, test.out, test.write)
		}
		if _, err := ParseExpected(test.write); err != nil {
			t.Errorf("what is advised: %v", err)
		}
	}
}

// Lines of a trace are taken as they are, whatever they look like.
func TestNotPasted(t *testing.T) {
	for _, line := range []string{
		"client1 > server echo-request seq=1",
		"client1 > server SYN",
		"client1 > server SYN ACK acked again",
		"client1 > server S. acked",
		"client1 > server udp vlan=5",
		"client1 > server udp fragment",
		"server > client1 port-unreachable",
		`client1 > server "len=3 > 4:5 SYN seq=0"`,
		"02:00:00:00:00:0a > * who-has 2001:db8::1",
		"2001:db8::1 > 2001:db8::53 echo-request seq=1",
		"server@client2 > client1 is-at server mac=02:00:00:00:00:0a",
		"client1 > server ip-protocol=47",
	} {
		got, err := ParseExpected(line)
		if err != nil || len(got) != 1 {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
}

// Whatever is pasted, what is advised instead is no packet's line any more.
func FuzzPasted(f *testing.F) {
	f.Add("6 11:54:39.677204 client1:57168 > server:7000 SYN seq=0")
	f.Add(`a:1 > b:2 udp len=1 "x`)
	f.Add("a > b S len=1")
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\"\\") {
			return
		}
		_, err := ParseExpected(line)
		if err == nil {
			return
		}
		_, written, advised := strings.Cut(err.Error(), "\nwrite\n    ")
		if !advised {
			return
		}
		if err := checkPasted(written); err != nil && !strings.Contains(written, `\`) {
			t.Errorf("%q: advises %s, of which %v", line, written, err)
		}
	})
}
