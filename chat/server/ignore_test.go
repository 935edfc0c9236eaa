package server

import (
	"bufio"
	"fmt"
	"testing"

	"wirelab/chat"
)

// TestIgnoreOnTheWire: our own client sees no gap, nc and UDP nothing.
func TestIgnoreOnTheWire(t *testing.T) {
	s := &Server{}
	serve(t, s)
	bob, alice, udp := joinTCP(t, s, "bob"), joinTCP(t, s, "alice"), talkUDP(t, s, "udp")
	nc := dial(t, "tcp", s.TCP.Addr())
	in := bufio.NewReader(nc)
	fmt.Fprint(nc, "nc\n")
	await(t, bob, "* nc joined")
	for _, c := range []interface{ Say(string) error }{alice, udp} {
		if err := c.Say("/ignore bob"); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprint(nc, "/ignore bob\n/topic\n")
	const begun = "* you ignore bob (/ignore bob ends it)"
	await(t, alice, begun)
	await(t, udp, begun)
	for line := ""; line != "* there is no topic (/topic TEXT sets one)\n"; {
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		say(t, bob, "boo")
	}
	await(t, bob, "bob: boo")
	await(t, bob, "bob: boo")
	await(t, bob, "bob: boo")
	s.Room.Say("end")
	for heard := ""; heard != "server: end"; {
		l, err := alice.Receive()
		if err != nil || l.Kind == chat.Gap || l.Text == "boo" {
			t.Fatalf("alice received %v, %v", l, err)
		}
		heard = l.String()
	}
	if l, err := udp.Receive(); err != nil || l.String() != "server: end" {
		t.Errorf("over UDP came %v, %v", l, err)
	}
	for line := ""; line != "server: end\n"; {
		var err error
		if line, err = in.ReadString('\n'); err != nil || line == "bob: boo\n" {
			t.Fatalf("nc shows %q, %v", line, err)
		}
	}
}
