package dissect

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv6"

	"wirelab/internal/safetext"
	"wirelab/sniffer"
)

// DHCP is a message of DHCP for IPv4 (RFC 2131; options RFC 2132), or of BOOTP,
// which has no type.
type DHCP struct {
	Operation        uint8    `json:"operation"`
	TransactionID    uint32   `json:"transaction_id"`
	Type             uint8    `json:"type,omitempty"`
	TypeName         string   `json:"type_name,omitempty"`
	ClientMAC        string   `json:"client_mac,omitempty"`
	ClientAddress    string   `json:"client_address,omitempty"`
	YourAddress      string   `json:"your_address,omitempty"`
	NextServer       string   `json:"next_server,omitempty"`
	Relay            string   `json:"relay,omitempty"`
	RequestedAddress string   `json:"requested_address,omitempty"`
	Server           string   `json:"server,omitempty"`
	Lease            int      `json:"lease,omitempty"` // s
	SubnetMask       string   `json:"subnet_mask,omitempty"`
	Routers          []string `json:"routers,omitempty"`
	DNSServers       []string `json:"dns_servers,omitempty"`
	DomainName       string   `json:"domain_name,omitempty"`
	HostName         string   `json:"host_name,omitempty"`
	Message          string   `json:"message,omitempty"`
}

func readDHCP(p *sniffer.Packet) *Message {
	d, err := dhcpv4.FromBytes(p.Payload)
	if err != nil || d.OpCode != dhcpv4.OpcodeBootRequest && d.OpCode != dhcpv4.OpcodeBootReply {
		return nil
	}
	o := &DHCP{
		Operation: uint8(d.OpCode), TransactionID: binary.BigEndian.Uint32(d.TransactionID[:]), Type: uint8(d.MessageType()),
		ClientMAC: d.ClientHWAddr.String(), ClientAddress: address(d.ClientIPAddr), YourAddress: address(d.YourIPAddr),
		NextServer: address(d.ServerIPAddr), Relay: address(d.GatewayIPAddr),
		RequestedAddress: address(d.RequestedIPAddress()), Server: address(d.ServerIdentifier()),
		Lease: int(d.IPAddressLeaseTime(0) / time.Second), Routers: addresses(d.Router()), DNSServers: addresses(d.DNS()),
		DomainName: text([]byte(d.DomainName())), HostName: text([]byte(d.HostName())), Message: text([]byte(d.Message())),
	}
	if mask := d.SubnetMask(); len(mask) == net.IPv4len {
		o.SubnetMask = net.IP(mask).String()
	}
	kind := "bootp-request"
	switch {
	case o.Type != 0:
		kind = strings.ToLower(d.MessageType().String())
		if strings.HasPrefix(kind, "unknown") {
			kind = "type-" + strconv.Itoa(int(o.Type))
		}
		o.TypeName = kind
	case d.OpCode == dhcpv4.OpcodeBootReply:
		kind = "bootp-reply"
	}
	m := &Message{Protocol: "dhcp", Object: o}
	m.say("", kind)
	m.say("your", o.YourAddress)
	m.say("requested", o.RequestedAddress)
	m.say("client", o.ClientAddress)
	m.say("mac", o.ClientMAC)
	m.say("host", word(o.HostName))
	m.say("server", o.Server)
	m.say("router", list(o.Routers))
	m.say("dns", list(o.DNSServers))
	if o.Lease > 0 {
		m.say("lease", strconv.Itoa(o.Lease)+"s")
	}
	m.say("message", word(o.Message))
	return m
}

// address returns an address, "" for none.
func address(ip net.IP) string {
	if ip == nil || ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

func addresses(all []net.IP) (texts []string) {
	for _, ip := range all[:min(len(all), maxListed)] {
		texts = append(texts, ip.String())
	}
	return texts
}

// DHCP6 is a message of DHCP for IPv6 (RFC 8415). Of a relay's the type alone is
// read, of one longer than 2,048 bytes or with wrong options the header alone.
type DHCP6 struct {
	Type          uint8    `json:"type"`
	TypeName      string   `json:"type_name"`
	TransactionID uint32   `json:"transaction_id,omitempty"`
	ClientDUID    string   `json:"client_duid,omitempty"`
	ServerDUID    string   `json:"server_duid,omitempty"`
	Addresses     []string `json:"addresses,omitempty"`
	Prefixes      []string `json:"prefixes,omitempty"`
	DNSServers    []string `json:"dns_servers,omitempty"`
	Incomplete    bool     `json:"incomplete,omitempty"`
}

// maxDHCP6 bounds the messages whose options are read, bytes: options nest, and
// domain lists point, so that 65 KB would take half a second and 245 MB.
const maxDHCP6 = 2048

func readDHCP6(p *sniffer.Packet) *Message {
	kind := dhcpv6.MessageType(p.Payload[0])
	d := &DHCP6{Type: uint8(kind), TypeName: strings.ToLower(strings.ReplaceAll(kind.String(), "_", "-"))}
	if kind == 0 || strings.HasPrefix(d.TypeName, "unknown") {
		return nil
	}
	relayed := kind == dhcpv6.MessageTypeRelayForward || kind == dhcpv6.MessageTypeRelayReply
	if !relayed {
		if len(p.Payload) < 4 {
			return nil
		}
		d.TransactionID = binary.BigEndian.Uint32(p.Payload) & 0xffffff
	}
	if d.Incomplete = len(p.Payload) > maxDHCP6; !relayed && !d.Incomplete {
		message, err := dhcpv6.MessageFromBytes(p.Payload)
		if err != nil {
			message, d.Incomplete = &dhcpv6.Message{}, true
		}
		d.ClientDUID, d.ServerDUID = duid(message.Options.ClientID()), duid(message.Options.ServerID())
		for _, ia := range message.Options.IANA() {
			for _, a := range ia.Options.Addresses() {
				d.Addresses = append(d.Addresses, a.IPv6Addr.String())
			}
		}
		for _, ia := range message.Options.IAPD() {
			for _, prefix := range ia.Options.Prefixes() {
				if prefix.Prefix != nil {
					d.Prefixes = append(d.Prefixes, prefix.Prefix.String())
				}
			}
		}
		d.Addresses, d.Prefixes = d.Addresses[:min(len(d.Addresses), maxListed)], d.Prefixes[:min(len(d.Prefixes), maxListed)]
		d.DNSServers = addresses(message.Options.DNS())
	}
	m := &Message{Protocol: "dhcpv6", Object: d, Incomplete: d.Incomplete}
	m.say("", d.TypeName)
	m.say("address", list(d.Addresses))
	m.say("prefix", list(d.Prefixes))
	m.say("dns", list(d.DNSServers))
	return m
}

// duid returns an identifier as hexadecimal digits.
func duid(d dhcpv6.DUID) string {
	if d == nil {
		return ""
	}
	return safetext.Escape(cut(hex.EncodeToString(d.ToBytes()), maxText))
}
