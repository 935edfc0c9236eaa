package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wirelab/internal/lang"
	"wirelab/sniffer"
)

// Status is what is known of a claim.
type Status string

// The three values. A capture that may lack something proves nothing, neither
// for nor against.
const (
	Pass         Status = "pass"
	Fail         Status = "fail"
	Inconclusive Status = "inconclusive"
)

// Verdict is the judgement of one claim. Its strings are English, for machines;
// In has them in a language for people.
type Verdict struct {
	ID       string `json:"id"`
	Status   Status `json:"status"`
	Packets  []int  `json:"packets"`          // numbers of the packets that show it, ascending
	Expected string `json:"expected"`         // the trace, a line each
	Observed string `json:"observed"`         // the trace, or how long nothing was seen
	Reason   string `json:"reason,omitempty"` // why it failed or is inconclusive
	Note     string `json:"note,omitempty"`   // what a reader should know of how it was judged

	sentence, expected, observed, reason, note Text
}

// Words are a verdict's texts for people.
type Words struct {
	Sentence, Expected, Observed, Reason, Note string
}

// In returns the verdict's texts in a language.
func (v Verdict) In(l lang.Lang) Words {
	return Words{v.sentence.In(l), v.expected.In(l), v.observed.In(l), v.reason.In(l), v.note.In(l)}
}

// finish makes the English strings of the texts.
func (v Verdict) finish() Verdict {
	w := v.In(lang.English)
	v.Expected, v.Observed, v.Reason, v.Note = w.Expected, w.Observed, w.Reason, w.Note
	return v
}

// say is a text in both languages, with the same arguments in both.
func say(english, chinese string, args ...any) Text {
	return Text{lang.English: fmt.Sprintf(english, args...), lang.Chinese: fmt.Sprintf(chinese, args...)}
}

// same is a text that is the same in every language: a trace, an error.
func same(s string) Text { return Text{lang.English: s} }

// Judge compares the trace of every claim of an experiment with what it
// expects. It executes nothing, and asks of the record only what a file made
// elsewhere can have.
func (r *Record) Judge(e *Experiment) []Verdict {
	verdicts := make([]Verdict, 0, len(e.Claims))
	judged := r.JudgedPackets()
	for _, c := range e.Claims {
		verdicts = append(verdicts, r.judge(e, c, judged).finish())
	}
	return verdicts
}

func (r *Record) judge(e *Experiment, c Claim, judged []sniffer.Packet) Verdict {
	v := Verdict{ID: c.ID, Packets: []int{}, sentence: c.Sentence, expected: expectedText(c.Expected)}
	inconclusive := func(reason Text) Verdict {
		v.Status, v.reason = Inconclusive, reason
		return v
	}
	if missing := r.hostsMissing(e.Topology); len(missing) > 0 {
		return inconclusive(say("the capture does not say which address is %s: give it with --host NAME=IP",
			"擷取檔沒有說明 %s 是哪個位址：請用 --host NAME=IP 指定", strings.Join(missing, ", ")))
	}
	phase, err := r.phase(c.Phases, e.Barriers(), e.Topology.Judged())
	if err != nil {
		return inconclusive(say("%v: this claim is about the phase %s", "%v：這項主張屬於階段 %s", err, strings.Join(c.Phases, ", ")))
	}
	if phase.OpenStart && !c.Projection.Only("tcp") {
		return inconclusive(say("no barrier %q in the capture: it may have begun after the first packet of the phase %s",
			"擷取檔中沒有同步點 %q：擷取可能在階段 %s 的第一個封包之後才開始", startLabel, c.Phases[0]))
	}
	lines := c.Projection.Trace(judged, phase.After, phase.Until, r.Hosts, e.Texts())
	v.observed = observedText(lines, phase, r)
	if why := r.incomplete(c.Projection, judged); why != nil {
		return inconclusive(why)
	}
	v.note = r.judgedHow(c, phase)
	v.Packets, v.reason = compare(c.Expected, lines)
	v.Status = Pass
	if v.reason != nil {
		v.Status = Fail
	}
	return v
}

// incomplete says why the capture may lack something that the claim is about,
// nil if it does not.
func (r *Record) incomplete(pr sniffer.Projection, judged []sniffer.Packet) Text {
	if r.Damage != nil {
		return say("the capture is damaged: %v", "擷取檔已損壞：%v", r.Damage)
	}
	if r.Statistics != nil && r.Statistics.Dropped > 0 {
		return say("%d frames were dropped while capturing", "擷取時遺失了 %d 個訊框", r.Statistics.Dropped)
	}
	for i := range r.Packets {
		p := &r.Packets[i]
		// Whose a frame is that was cut before its addresses, nobody knows.
		unknown := !p.Src.IsValid() && !p.ARPSender.IsValid()
		switch {
		case p.Truncated() && (unknown || r.Judged(p)):
			return say("packet %d is cut: %d of its %d bytes were captured", "封包 %d 不完整：只擷取到 %d 個位元組，共有 %d 個", p.Number, len(p.Data), p.Length)
		case p.Err != nil && r.Judged(p):
			return say("packet %d is malformed: %v", "封包 %d 格式錯誤：%v", p.Number, p.Err)
		}
	}
	for _, c := range sniffer.Conversations(judged) {
		first := c.Packets[0]
		if c.Protocol == sniffer.TCP && !c.Opened && pr.Selects(first) {
			return say("the capture begins within a connection (packet %d): its start is missing", "擷取檔從連線途中開始（封包 %d）：缺少連線的開頭", first.Number)
		}
	}
	return nil
}

// judgedHow says what a reader should know of how a claim was judged.
func (r *Record) judgedHow(c Claim, phase Phase) Text {
	var notes []Text
	if r.Statistics == nil {
		notes = append(notes, say("the capture does not record drops", "擷取檔沒有記錄遺失的訊框數"))
	}
	if phase.OpenEnd && len(c.Phases) == 0 {
		notes = append(notes, say("no barrier ends the capture: judged to its end", "沒有同步點標示結束：判定到擷取檔結尾為止"))
	}
	if notes == nil {
		return nil
	}
	all := Text{}
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		var parts []string
		for _, n := range notes {
			parts = append(parts, n.In(l))
		}
		all[l] = strings.Join(parts, l.Pick("; ", "；"))
	}
	return all
}

// compare returns the packets that decide, and how the trace differs from what
// was expected (nil if it does not).
func compare(expected []string, lines []sniffer.Line) (cited []int, differ Text) {
	cited = []int{}
	for i, l := range lines {
		switch {
		case i >= len(expected):
			return l.Packets, say("a line too many: %s", "多了一行：%s", l)
		case foldSpace(l.String()) != expected[i]:
			return l.Packets, say("line %d: expected %s; observed %s", "第 %d 行：預期 %s；實際 %s", i+1, expected[i], l)
		}
		cited = append(cited, l.Packets...)
	}
	slices.Sort(cited)
	cited = slices.Compact(cited)
	if len(lines) < len(expected) {
		return cited, say("missing: %s", "缺少：%s", expected[len(lines)])
	}
	return cited, nil
}

func expectedText(lines []string) Text {
	if len(lines) == 0 {
		return say("nothing", "什麼都沒有")
	}
	return same(strings.Join(lines, "\n"))
}

func observedText(lines []sniffer.Line, phase Phase, r *Record) Text {
	lasted := phase.Duration.Round(time.Microsecond)
	switch d := r.Dropped(); {
	case len(lines) > 0:
		return same(strings.TrimRight(sniffer.FormatTrace(lines), "\n"))
	case d == nil:
		return say("nothing in %v; drops not recorded", "%v 內什麼都沒有；沒有記錄遺失的訊框數", lasted)
	default:
		return say("nothing in %v; %d dropped", "%v 內什麼都沒有；遺失 %d 個訊框", lasted, *d)
	}
}

// Overall is the status of several verdicts together: fail if one failed,
// else inconclusive if one is, else pass.
func Overall(verdicts []Verdict) Status {
	status := Pass
	for _, v := range verdicts {
		switch v.Status {
		case Fail:
			return Fail
		case Inconclusive:
			status = Inconclusive
		}
	}
	return status
}

// allInconclusive is the judgement when an experiment could not be carried out.
func allInconclusive(e *Experiment, reason string) []Verdict {
	var verdicts []Verdict
	for _, c := range e.Claims {
		v := Verdict{ID: c.ID, Status: Inconclusive, Packets: []int{}, sentence: c.Sentence, expected: expectedText(c.Expected), reason: same(reason)}
		verdicts = append(verdicts, v.finish())
	}
	return verdicts
}
