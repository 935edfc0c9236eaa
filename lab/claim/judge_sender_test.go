package claim

import (
	"net/netip"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
	"wirelab/sniffer"
)

// senders are known by their ports, not by the addresses that they claim.
var senders = []judgement{
	// Who sent a frame is known by its port.
	{name: "the sniffer and the machine are not judged", phases: "one", projection: "icmp,udp", expected: pingTrace, status: Pass,
		build: one(func(w *tracetest.Wire) {
			ping(w)
			w.Echo("sniffer", "server", 8)
			w.As = trace.Machine
			w.UDP("10.0.0.254", "server", 53, 53, "")
			w.As = ""
		})},
	{name: "a forged address", phases: "one", projection: "arp", expected: "server > client1 is-at server\n", status: Fail,
		build:  one(func(w *tracetest.Wire) { w.As = "client2"; w.Tell("server", "client1"); w.As = "" }),
		reason: "observed server@client2 > client1 is-at server"},
	{name: "a stranger on the wire", phases: "one", projection: "udp", status: Fail,
		build:  one(func(w *tracetest.Wire) { w.As = "nobody"; w.UDP("10.0.0.99", "server", 5, 5, "x"); w.As = "" }),
		reason: "unexpected line: 10.0.0.99@? > server udp"},
	{name: "a host without an address (DHCP)", phases: "one", projection: "udp", status: Fail,
		build:  one(func(w *tracetest.Wire) { w.As = "client1"; w.UDP("0.0.0.0", "*", 68, 67, "x"); w.As = "" }),
		reason: "unexpected line: client1 > * udp"},
	{name: "a claim of a hardware address that is another's", phases: "one", projection: "arp", expected: "server > client1 is-at server\n", status: Fail,
		build: one(func(w *tracetest.Wire) {
			mac := tracetest.MAC("client2")
			b := append([]byte{0, 1, 8, 0, 6, 4, 0, 2}, mac[:]...)
			b = append(b, tracetest.Addr("server").AsSlice()...)
			b = append(b, make([]byte, 6)...)
			w.Frame("server", "client1", sniffer.EtherTypeARP, append(b, tracetest.Addr("client1").AsSlice()...))
		}), reason: "is-at server mac=02:00:00:00:00:04"},
	{name: "the sniffer's own address, coming in", phases: "one", projection: "udp", status: Fail,
		build: one(func(w *tracetest.Wire) {
			w.As = "sniffer"
			w.UDP("client1", "*", 5, 7001, "x")
			w.As = ""
		}), reason: "unexpected line: client1@sniffer > * udp"},
	{name: "a marker of a barrier that the script does not have", phases: "one", projection: "udp", status: Fail,
		build: one(func(w *tracetest.Wire) { w.Mark("zzz", "client1") }), reason: "unexpected line: client1 > * udp"},
	{name: "other protocols have a word", phases: "one", projection: "other", status: Fail,
		build: one(func(w *tracetest.Wire) { w.Frame("client1", "*", 0x88cc, []byte("lldp")) }), reason: "unexpected line: client1 > * 0x88cc len=4"},
	{name: "and are counted where they are not asked for", phases: "one", projection: "udp", status: Pass,
		build: one(func(w *tracetest.Wire) { ping(w); w.Frame("client1", "*", 0x88cc, []byte("lldp")) }), note: "1 frame of another protocol"},
	{name: "a reply that nobody asked for", phases: "one", projection: "icmp", expected: "server > client1 echo-reply seq=1\n", status: Fail,
		build: one(func(w *tracetest.Wire) { w.Echo("server", "client1", echoReply) }), reason: "observed server > client1 echo-reply seq=1 unasked"},
	{name: "to all hosts", phases: "one", projection: "udp", status: Fail, packets: []int{3},
		build: one(func(w *tracetest.Wire) { w.UDP("client1", "*", 5, 7001, "") }), reason: "unexpected line: client1 > * udp"},
	{name: "a marker that counts again, where none was set", phases: "one", projection: "udp", late: true, status: Fail, packets: []int{5},
		build: counted(func(w *tracetest.Wire) { ping(w); recount(w, "one") }), reason: "unexpected line: client1 > * udp"},
	{name: "a marker that counts again long after its own", phases: "one", projection: "udp", late: true, status: Fail, packets: []int{205},
		build: counted(func(w *tracetest.Wire) {
			for range 101 {
				ping(w)
			}
			recount(w, trace.StartLabel)
		}), reason: "unexpected line: client1 > * udp"},
	{name: "what is sent to the sniffer was sent", phases: "one", projection: "udp", status: Fail, packets: []int{3},
		build: one(func(w *tracetest.Wire) { w.UDP("client1", "sniffer", 5, 7001, "") }), reason: "unexpected line: client1 > sniffer udp"},
	{name: "a host of another lab than the claim's is not judged in a file", phases: "one", projection: "icmp", expected: pingTrace, status: Pass, file: true,
		build: one(func(w *tracetest.Wire) { ping(w); w.Echo("client2", "server", 8) }), note: "told apart by their IP addresses"},
	// Of a packet to an address of nobody's a file does not say whether it is one between hosts.
	{name: "a packet to an address of no host", phases: "one", projection: "udp", status: Inconclusive, file: true,
		build: one(func(w *tracetest.Wire) { ping(w); w.To = "server"; w.UDP("client1", "10.9.9.9", 5, 6, "x"); w.To = "" }), reason: "packet 5 is not judged"},
	{name: "and from one", phases: "one", projection: "udp", status: Inconclusive, file: true,
		build: one(func(w *tracetest.Wire) { ping(w); w.As = "server"; w.UDP("10.9.9.9", "client1", 5, 6, "x"); w.As = "" }), reason: "packet 5 is not judged"},
	{name: "which is no matter to another protocol", phases: "one", projection: "tcp", status: Pass, packets: []int{}, file: true,
		build: one(func(w *tracetest.Wire) { ping(w); w.To = "server"; w.UDP("client1", "10.9.9.9", 5, 6, "x"); w.To = "" })},
	{name: "nor to another phase", phases: "two", projection: "udp", status: Pass, packets: []int{}, file: true,
		build: func(w *tracetest.Wire) {
			w.To = "server"
			w.UDP("client1", "10.9.9.9", 5, 6, "x")
			w.To = ""
			w.Barrier("one")
			ping(w)
			w.Barrier("two")
		}},
	{name: "nor between others", phases: "one", projection: "udp", status: Pass, packets: []int{}, file: true,
		build: one(func(w *tracetest.Wire) {
			ping(w)
			w.As, w.To = "client2", "client2"
			w.UDP("10.9.9.8", "10.9.9.9", 5, 6, "x")
			w.As, w.To = "", ""
		})},
	{name: "nor whose hardware address is asked for", phases: "one", projection: "arp", status: Pass, packets: []int{}, file: true,
		build: one(func(w *tracetest.Wire) { ping(w); w.Ask("client1", "10.9.9.9", "*") })},
	{name: "where ports are known it is judged", phases: "one", projection: "udp", status: Fail, packets: []int{5},
		build: one(func(w *tracetest.Wire) { ping(w); w.To = "server"; w.UDP("client1", "10.9.9.9", 5, 6, "x"); w.To = "" }), reason: "unexpected line"},
	{name: "a host that the file does not name", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, file: true,
		build:  one(func(w *tracetest.Wire) { ping(w); delete(w.Hosts.Names, tracetest.Addr("server")) }),
		reason: "which address is server"},
	// A wrong address is as good as none: nothing is known of who has it.
	{name: "a host with an address that no packet has", phases: "one", projection: "icmp", expected: pingTrace, status: Inconclusive, file: true,
		build:  one(func(w *tracetest.Wire) { ping(w); readdress(w, "server") }),
		reason: "no packet from or to server (192.0.2.9)"},
	{name: "of which a claim wants nothing", phases: "one", projection: "icmp", expected: "client1 > server echo-request seq=1", status: Inconclusive, file: true,
		build:  one(func(w *tracetest.Wire) { w.Echo("client1", "server", echoRequest); readdress(w, "server") }),
		reason: "its packets are from 10."},
}

// readdress gives a host an address that no packet has in place of its own.
func readdress(w *tracetest.Wire, host string) {
	delete(w.Hosts.Names, tracetest.Addr(host))
	w.Hosts.Names[netip.MustParseAddr("192.0.2.9")] = host
}

// counted has markers that count around what is sent.
func counted(send func(*tracetest.Wire)) func(*tracetest.Wire) {
	return func(w *tracetest.Wire) {
		w.Count()
		w.Barrier(trace.StartLabel)
		one(send)(w)
	}
}

// recount lets client1 send a marker as one that counts again.
func recount(w *tracetest.Wire, label string) {
	m := trace.Marker{Label: label, Host: "client1", Counted: true, Sent: 1, Recount: true}
	w.UDP("client1", "*", 9, trace.MarkerPort, string(m.Payload()))
}
