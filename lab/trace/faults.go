package trace

import (
	"slices"
	"strings"
	"time"

	"wirelab/lab/fault"
	"wirelab/sniffer"
)

// Words at the end of a packet's line that say what an impairment did to the packet
// after the sniffer had seen it. For a broadcast or multicast the receiver follows:
// "lost=server".
const (
	Lost       = "lost"
	Delayed    = "delayed"
	Duplicated = "duplicated"
	Reordered  = "reordered"
	Corrupted  = "corrupted"
)

// faultWords are the words by what a rule does. A frame that a slow link carries has
// none: whether it had to wait depends on timing.
var faultWords = map[fault.Kind]string{
	fault.Drop: Lost, fault.Loss: Lost, fault.Delay: Delayed, fault.Duplicate: Duplicated, fault.Reorder: Reordered, fault.Corrupt: Corrupted,
}

// FaultWords returns the words that say what an impairment did to a packet.
func FaultWords() []string { return []string{Lost, Delayed, Duplicated, Reordered, Corrupted} }

// IsFault reports whether a word of a line says what an impairment did: "lost",
// "lost=server".
func IsFault(word string) bool {
	word, _, _ = strings.Cut(word, "=")
	return slices.Contains(FaultWords(), word)
}

// effect is what an impairment did to a packet on its last hop, behind the sniffer.
type effect struct {
	Rule string // the impairment's name
	Word string // one of FaultWords
	To   string // the host on whose cable it happened
}

// Impairment is an impairment rule and what it has done so far.
type Impairment struct {
	fault.Status
	Packets    []int  // numbers of the captured packets that it acted on, ascending
	Uncaptured uint64 // how often it acted on frames that the capture lacks: on a switch, or before the sniffer
}

// faults are what is known of impairments.
type faults struct {
	impairments []Impairment
	byPacket    map[int][]effect
	acts        []fault.Act // whose packets have not been found
	sums        map[fault.Sum][]int
	summed      int // packets whose sums are known
	dropped     uint64
	unsaid      uint64
	told        bool // by comments of a file
	corrupted   int  // faults that changed a byte
	ahead       []ahead
}

// ahead is a frame that the sniffer did not see, or saw twice, since an impairment acted in
// front of it.
type ahead struct {
	rule  string
	from  sniffer.MAC // the port that sent it
	at    time.Time
	twice bool
}

// Impairments returns the rules of the lab in the order in which they came into force,
// lifted ones among them, and what they have done.
func (r *Recording) Impairments() []Impairment {
	all := slices.Clone(r.faults.impairments)
	for i := range all {
		all[i].Uncaptured = all[i].Acted - min(all[i].Acted, uint64(len(all[i].Packets)))
	}
	return all
}

// CableDrops returns how many frames the lab's cables lost although no rule says so, and
// how many acts of rules were not reported one by one.
func (r *Recording) CableDrops() (frames, acts uint64) { return r.faults.dropped, r.faults.unsaid }

// FaultsTold reports whether the impairments are known from the comments of a capture
// file, and not from the lab.
func (r *Recording) FaultsTold() bool { return r.faults.told }

// Learn takes over a report of the lab's cables: what all rules have done, and the acts
// since the last report.
func (r *Recording) Learn(report fault.Report) {
	f := &r.faults
	for _, s := range report.Rules {
		i := r.impairment(s.Rule.Name)
		if i < 0 {
			i = len(f.impairments)
			f.impairments = append(f.impairments, Impairment{})
		}
		f.impairments[i].Status = s
	}
	f.dropped, f.unsaid = report.Dropped, report.Unsaid
	f.acts = append(f.acts, report.Acts...)
	if len(f.acts) == 0 {
		return
	}
	r.sumPackets()
	f.acts = slices.DeleteFunc(f.acts, r.place)
}

// seen corrects how many frames of a port the sniffer should have seen between two of its
// markers by what impairments did in front of it.
func (r *Recording) seen(sent uint64, from sniffer.MAC, begin, end int) uint64 {
	for _, a := range r.faults.ahead {
		if a.from != from || !a.at.After(r.time(begin)) || !a.at.Before(r.time(end)) {
			continue
		}
		if a.twice {
			sent++
		} else {
			sent--
		}
	}
	return sent
}

func (r *Recording) impairment(name string) int {
	return slices.IndexFunc(r.faults.impairments, func(i Impairment) bool { return i.Rule.Name == name })
}

// sumPackets finds the sums of the packets that have come since it was last called.
func (r *Recording) sumPackets() {
	f := &r.faults
	if f.sums == nil {
		f.sums = map[fault.Sum][]int{}
	}
	for ; f.summed < r.Len(); f.summed++ {
		var sum fault.Sum
		r.look(f.summed+1, func(frame sniffer.Frame) { sum = fault.SumOf(frame.Data) })
		f.sums[sum] = append(f.sums[sum], f.summed+1)
	}
}

// place finds the packet of an act and reports whether it has. A frame has the same
// bytes for the sniffer and for the cable; of several with these bytes it is the one
// that the kernel saw at the time at which it came to the cable, and each is one act's
// of a rule. An act in front of the sniffer has no packet: the capture shows what came
// of it.
func (r *Recording) place(a fault.Act) bool {
	i := r.impairment(a.Rule)
	if i < 0 {
		return false
	}
	im := &r.faults.impairments[i]
	if im.Rule.Before {
		if a.Lost || im.Rule.Kind == fault.Duplicate {
			r.faults.ahead = append(r.faults.ahead, ahead{a.Rule, a.From, a.Time, !a.Lost})
		}
		return true
	}
	found, least := 0, time.Duration(0)
	for _, n := range r.faults.sums[a.Frame] {
		if slices.Contains(im.Packets, n) {
			continue
		}
		if apart := r.time(n).Sub(a.Time).Abs(); found == 0 || apart < least {
			found, least = n, apart
		}
	}
	if found == 0 {
		return false
	}
	at, _ := slices.BinarySearch(im.Packets, found)
	im.Packets = slices.Insert(im.Packets, at, found)
	word := faultWords[im.Rule.Kind]
	if a.Lost {
		word = Lost
	}
	if word != "" {
		r.addFault(found, effect{a.Rule, word, im.Rule.To})
	}
	return true
}

func (r *Recording) addFault(number int, f effect) {
	if r.faults.byPacket == nil {
		r.faults.byPacket = map[int][]effect{}
	}
	if f.Word == Corrupted {
		r.faults.corrupted++
	}
	r.faults.byPacket[number] = append(r.faults.byPacket[number], f)
}

// lost reports whether a packet to one host was lost behind the sniffer.
func (r *Recording) lost(number int) bool {
	return len(r.faults.byPacket[number]) > 0 && !r.like(number).DstMAC.Multicast() && slices.ContainsFunc(r.faults.byPacket[number], func(f effect) bool { return f.Word == Lost })
}

// Fate returns what impairments did to a packet after the sniffer had seen it, as the
// words of a line, and the hosts that it never reached.
func (r *Recording) Fate(p *sniffer.Packet) (words string, lost []string) {
	for _, f := range r.faults.byPacket[p.Number] {
		if f.Word == Lost {
			lost = append(lost, f.To)
		}
	}
	return strings.TrimPrefix(r.faultColumns([]int{p.Number}), " "), lost
}

// impaired reports whether an impairment acted on a packet behind the sniffer.
func (r *Recording) impaired(number int) bool { return len(r.faults.byPacket[number]) > 0 }

// faultColumns are the words of what impairments did to packets, each once and behind a
// space, in the order of FaultWords.
func (r *Recording) faultColumns(numbers []int) (columns string) {
	if len(r.faults.byPacket) == 0 {
		return ""
	}
	var words []string
	for _, word := range FaultWords() {
		for _, n := range slices.Sorted(slices.Values(numbers)) {
			for _, f := range r.faults.byPacket[n] {
				said := f.Word
				if r.like(n).DstMAC.Multicast() {
					said += "=" + f.To
				}
				if f.Word == word && !slices.Contains(words, said) {
					words = append(words, said)
					columns += " " + said
				}
			}
		}
	}
	return columns
}
