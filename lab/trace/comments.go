package trace

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wirelab/internal/pattern"
	"wirelab/lab/fault"
	"wirelab/sniffer"
)

// What is known of impairments stands in comments of packets (pcapng, opt_comment), for
// people and for who judges the file again. The first packet has the rules, and what they
// did in front of the sniffer:
//
//	impairment lose-syn client1 server drop nth 1 where tcp: matched 3, acted on 1
//	impaired by gone before the sniffer: lost, from 02:00:00:00:00:0a at 2026-11-26T15:00:00.5Z
//
// and each packet what they did to it behind the sniffer:
//
//	impaired by lose-syn on the way to server: lost
//
// The claims of a file that says so are judged by what it says, with a note: who can edit a
// file can edit its packets as well.
var (
	ruleComment   = pattern.New(`^impairment (.+): matched (\d{1,19}), acted on (\d{1,19})$`)
	aheadComment  = pattern.New(`^impaired by ([a-z0-9-]+) before the sniffer: (lost|duplicated), from ((?:[0-9a-f]{2}:){5}[0-9a-f]{2}) at (\S+)$`)
	packetComment = pattern.New(`^impaired by ([a-z0-9-]+) on the way to ([a-z0-9-]+): ([a-z]+)$`)
)

// Limits of what is taken from comments.
const (
	maxToldRules = 64
	maxAhead     = 1000
)

// faultComments are the comments of what impairments did, by the number of the packet.
func (r *Recording) faultComments() map[int][]string {
	all := map[int][]string{}
	if len(r.faults.impairments) == 0 || r.Len() == 0 {
		return all
	}
	for _, i := range r.faults.impairments {
		all[1] = append(all[1], fmt.Sprintf("impairment %s: matched %d, acted on %d", i.Rule, i.Matched, i.Acted))
	}
	for _, a := range r.faults.ahead[:min(len(r.faults.ahead), maxAhead)] {
		word := Lost
		if a.twice {
			word = Duplicated
		}
		all[1] = append(all[1], fmt.Sprintf("impaired by %s before the sniffer: %s, from %s at %s", a.rule, word, a.from, a.at.UTC().Format(time.RFC3339Nano)))
	}
	for n, faults := range r.faults.byPacket {
		for _, f := range faults {
			all[n] = append(all[n], fmt.Sprintf("impaired by %s on the way to %s: %s", f.Rule, f.To, f.Word))
		}
	}
	return all
}

// withFaults are comments and those of what impairments did.
func (r *Recording) withFaults(comments map[int][]string) map[int][]string {
	all := r.faultComments()
	for n, more := range comments {
		all[n] = slices.Concat(all[n], more)
	}
	return all
}

// readComments takes what the comments of a packet say of impairments. What has another
// form, or is of a rule that the first packet does not tell, says nothing.
func (r *Recording) readComments(p *sniffer.Packet, comments []string) {
	for _, c := range comments {
		switch {
		case p.Number == 1 && r.readRule(c), p.Number == 1 && r.readAhead(c):
		default:
			r.readFault(p.Number, c)
		}
	}
}

func (r *Recording) readRule(comment string) bool {
	m := ruleComment().FindStringSubmatch(comment)
	if m == nil {
		return false
	}
	rule, err := fault.Parse(strings.Fields(m[1]))
	matched, err2 := strconv.ParseUint(m[2], 10, 64)
	acted, err3 := strconv.ParseUint(m[3], 10, 64)
	if cmp.Or(err, err2, err3) != nil || r.impairment(rule.Name) >= 0 || len(r.faults.impairments) == maxToldRules {
		return false
	}
	r.faults.told = true
	r.faults.impairments = append(r.faults.impairments, Impairment{Status: fault.Status{Rule: rule, Matched: matched, Acted: acted}})
	return true
}

func (r *Recording) readAhead(comment string) bool {
	m := aheadComment().FindStringSubmatch(comment)
	if m == nil || r.impairment(m[1]) < 0 || len(r.faults.ahead) == maxAhead {
		return false
	}
	mac, err := hex.DecodeString(strings.ReplaceAll(m[3], ":", ""))
	at, err2 := time.Parse(time.RFC3339Nano, m[4])
	if cmp.Or(err, err2) != nil {
		return false
	}
	r.faults.ahead = append(r.faults.ahead, ahead{m[1], sniffer.MAC(mac), at, m[2] == Duplicated})
	return true
}

func (r *Recording) readFault(number int, comment string) {
	m := packetComment().FindStringSubmatch(comment)
	if m == nil || !slices.Contains(FaultWords(), m[3]) {
		return
	}
	i := r.impairment(m[1])
	if i < 0 || r.faults.impairments[i].Rule.Before || r.faults.impairments[i].Rule.To != m[2] || slices.Contains(r.faults.impairments[i].Packets, number) {
		return
	}
	r.faults.impairments[i].Packets = append(r.faults.impairments[i].Packets, number)
	r.addFault(number, effect{m[1], m[3], m[2]})
}
