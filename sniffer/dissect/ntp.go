package dissect

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"time"

	"wirelab/sniffer"
)

// NTP is a message of NTP (RFC 5905, section 7.3) or SNTP.
type NTP struct {
	Leap         uint8  `json:"leap"`
	Version      uint8  `json:"version"`
	Mode         uint8  `json:"mode"`
	ModeName     string `json:"mode_name"`
	Stratum      uint8  `json:"stratum"`
	Poll         uint8  `json:"poll"`
	Precision    int8   `json:"precision"`
	ReferenceID  string `json:"reference_id"`
	ReceiveTime  string `json:"receive_time,omitempty"`
	TransmitTime string `json:"transmit_time,omitempty"`
}

// ntpModes are those of messages that have times.
var ntpModes = [8]string{1: "symmetric-active", 2: "symmetric-passive", 3: "client", 4: "server", 5: "broadcast"}

func readNTP(p *sniffer.Packet) *Message {
	b := p.Payload
	if len(b) < 48 {
		return nil
	}
	n := &NTP{Leap: b[0] >> 6, Version: b[0] >> 3 & 7, Mode: b[0] & 7, Stratum: b[1], Poll: b[2], Precision: int8(b[3])}
	if n.ModeName = ntpModes[n.Mode]; n.ModeName == "" || n.Version == 0 || n.Version > 4 {
		return nil
	}
	// A clock's name, or a server's address (RFC 5905, figure 12).
	if id := b[12:16]; n.Stratum > 1 {
		n.ReferenceID = netip.AddrFrom4([4]byte(id)).String()
	} else {
		end := 0
		for end < 4 && id[end] != 0 {
			end++
		}
		n.ReferenceID = text(id[:end])
	}
	n.ReceiveTime, n.TransmitTime = ntpTime(b[32:]), ntpTime(b[40:])
	m := &Message{Protocol: "ntp", Object: n}
	m.say("", n.ModeName)
	m.say("version", strconv.Itoa(int(n.Version)))
	if n.Mode != 3 {
		m.say("stratum", strconv.Itoa(int(n.Stratum)))
	}
	m.say("time", n.TransmitTime)
	return m
}

// ntpTime returns a timestamp: seconds since 1900, or since 2036 where the
// highest bit is 0 (RFC 4330, section 3), and a fraction; "" for none.
func ntpTime(b []byte) string {
	seconds, fraction := binary.BigEndian.Uint32(b), uint64(binary.BigEndian.Uint32(b[4:]))
	if seconds == 0 && fraction == 0 {
		return ""
	}
	const toUnix = 2208988800 // from 1900 to 1970
	unix := int64(seconds) - toUnix
	if seconds>>31 == 0 {
		unix += 1 << 32
	}
	return time.Unix(unix, int64(fraction*1e9>>32)).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
}
