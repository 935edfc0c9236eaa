package node

import (
	"bytes"
	"fmt"
	"os"

	"wirelab/lab/segment"
)

// bound looks for a socket of a protocol on a local port.
func bound(proto string, port uint16) (string, error) {
	tables, err := openSocketTables(proto)
	if err != nil {
		return "", err
	}
	defer tables.Close()
	s, err := tables.find(func(s socket) bool {
		return s.local.Port() == port && (proto == "udp" || s.state == tcpListen)
	})
	if err != nil || s != nil {
		return "", err
	}
	return fmt.Sprintf("nothing listens on %s port %d", proto, port), nil
}

// packetSocketOpen looks for a packet socket in this namespace (packet(7)).
func packetSocketOpen() (string, error) {
	table, err := os.ReadFile(procNet + "packet")
	if err != nil {
		return "", fmt.Errorf("read the packet sockets: %w", err)
	}
	if bytes.Count(table, []byte("\n")) > 1 { // a heading, then one line each
		return "", nil
	}
	return "no packet socket is open", nil
}

// segmentSet looks whether a bridge was set to be a segment: a hub, or a switch, which
// people may make of it.
func segmentSet(name string) (string, error) {
	b, err := segment.Open(name)
	if err != nil {
		return err.Error(), nil
	}
	if !b.IsSet() {
		return fmt.Sprintf("bridge %s is a switch that nobody has set: its ageing time is %v", name, b.Found()), nil
	}
	return "", nil
}
