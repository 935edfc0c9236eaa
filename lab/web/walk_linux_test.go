package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp/kb"

	"wirelab/internal/browsertest"
	"wirelab/internal/require"
)

// started runs the experiment of a name from the page and waits until it is judged.
func (p *tab) started(experiment string) {
	p.T.Helper()
	p.choose("#experiment", experiment)
	// A page that has just been opened shows the latest capture first.
	p.Await("document.querySelector('#captures').disabled || location.pathname.startsWith('/c/')")
	before := browsertest.Eval[string](p.Page, "location.pathname")
	p.click("#go")
	p.Await(fmt.Sprintf("location.pathname !== %q", before))
	p.judged()
}

// judged waits until the capture that is shown is judged, and drawn.
func (p *tab) judged() {
	p.T.Helper()
	p.Await(`document.querySelector('#stop').hidden && document.querySelector('#claim-list li .verdict') && ![...document.querySelectorAll('#claim-list .verdict')].some((v) => v.innerText.includes('(') || v.parentNode.className === 'pending')`)
	p.Await(`document.querySelectorAll('#rows .row[data-drawn=true]').length > 2 && document.querySelectorAll('#arrows .arrow').length > 2`)
}

// number is the packet that is chosen, as the address has it.
func (p *tab) number() int {
	p.T.Helper()
	return browsertest.Eval[int](p.Page, "Number(location.hash.replace('#p=', ''))")
}

// awaitChosen waits until a packet is chosen everywhere: in the address, the table, the
// ladder, the layers and the slider.
func (p *tab) awaitChosen(number int) {
	p.T.Helper()
	p.Await(fmt.Sprintf(`location.hash === '#p=%[1]d' && document.querySelector('#row-%[1]d.chosen') && document.querySelector('#arrow-%[1]d.chosen') &&
		document.querySelector('#line').innerText.startsWith('%[1]d ') && document.querySelector('#position').innerText.includes('%[1]d') &&
		document.querySelector('#table').getAttribute('aria-activedescendant') === 'row-%[1]d'`, number))
}

func (p *tab) focus(selector string) {
	p.T.Helper()
	browsertest.Eval[bool](p.Page, fmt.Sprintf("(document.querySelector(%q).focus(), true)", selector))
}

// An experiment is run from the page, and every feature is tried, in both languages, on
// a desk and on a phone.
func TestWalk(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	for i, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			if i == 1 || i == 2 {
				require.Long(t, "a desk in English and a phone in Chinese are tried")
			}
			p := open(t, b, l, s.link)
			p.Allow("filter=") // what the browser says of a filter that is wrong
			if got, want := browsertest.Eval[string](p.Page, "document.documentElement.lang"), map[string]string{"en": "en", "zh": "zh-TW"}[l.lang]; got != want {
				t.Errorf("the page is in %s, want %s", got, want)
			}
			p.Await("document.querySelector('#follow').hidden && document.querySelector('#forward').disabled") // there is nothing yet, or nothing that grows
			p.started("tcp-chat")
			p.Keep("run-" + l.String())
			p.steps()
			p.fields()
			p.filters()
			p.follows()
			p.predicts(l)
			p.downloads()
			p.Keep("end-" + l.String())
		})
	}
}

// steps steps through the packets with buttons, keys, the slider, the claims and the
// lists; each moves all.
func (p *tab) steps() {
	p.T.Helper()
	p.click("#first")
	p.Await("document.querySelector('#first').disabled && location.hash !== ''")
	first := p.number()
	p.awaitChosen(first)
	p.click("#forward")
	p.Await(fmt.Sprintf("location.hash !== '#p=%d'", first))
	second := p.number()
	p.awaitChosen(second)
	p.Press(kb.ArrowLeft)
	p.awaitChosen(first)
	p.Press(kb.ArrowRight)
	p.awaitChosen(second)
	p.click("#last")
	p.Await("document.querySelector('#last').disabled")
	last := p.number()
	p.awaitChosen(last)
	p.click("#back")
	p.Await(fmt.Sprintf("location.hash !== '#p=%d'", last))
	p.focus("#slider")
	p.Press(kb.Home)
	p.awaitChosen(first)
	p.focus("#arrows")
	p.Press(kb.ArrowDown)
	p.awaitChosen(second)
	p.focus("#table")
	p.Press(kb.ArrowUp)
	p.awaitChosen(first)
	p.Press(kb.End)
	p.awaitChosen(last)
	p.click("#claim-list .cited button")
	cited := browsertest.Eval[int](p.Page, "parseInt(document.querySelector('#claim-list .cited button').innerText)")
	p.awaitChosen(cited)
	p.click(fmt.Sprintf("#arrow-%d", cited))
	p.awaitChosen(cited)
	browsertest.Eval[bool](p.Page, fmt.Sprintf("(location.hash = '#p=%d', true)", second))
	p.awaitChosen(second)
	if lit := browsertest.Eval[int](p.Page, "document.querySelectorAll('.cable.lit').length"); lit < 2 {
		p.T.Errorf("%d cables are lit", lit)
	}
}

// fields chooses a field, whose bytes light up, and a byte, whose field does.
func (p *tab) fields() {
	p.T.Helper()
	p.click("#last") // of TCP
	p.Await("document.querySelector('#tree').innerText.includes('window')")
	p.click("#tree .node.layer + .node") // ethernet.dst
	p.Await("document.querySelectorAll('#bytes .hex .chosen').length === 6 && document.querySelector('#tree .chosen').innerText.startsWith('dst')")
	p.Press(kb.ArrowDown)
	p.Await("document.querySelector('#tree .chosen').innerText.startsWith('src') && document.querySelector('#bytes .hex .chosen').dataset.at === '6'")
	p.focus("#bytes")
	p.Press(kb.ArrowDown) // 16 bytes on: ipv4.total_length is at 16, ttl at 22
	p.Await("document.querySelector('#tree .chosen').innerText.startsWith('ttl') && document.querySelector('#byte').innerText.includes('22')")
	p.click("#bytes .hex .b[data-at='12']")
	p.Await("document.querySelector('#tree .chosen').innerText.startsWith('type')")
}

// filters filters the table, in the sniffer's language.
func (p *tab) filters() {
	p.T.Helper()
	all := browsertest.Eval[int](p.Page, "Number(document.querySelector('#table').getAttribute('aria-rowcount'))")
	set := func(expression string) {
		p.T.Helper()
		p.focus("#expression")
		browsertest.Eval[bool](p.Page, fmt.Sprintf("(document.querySelector('#expression').value = %q, true)", expression))
		p.Press(kb.Enter)
	}
	set("tcp[tcpflags] & tcp-syn != 0")
	p.Await("document.querySelector('#table').getAttribute('aria-rowcount') === '5' && [...document.querySelectorAll('#rows .row')].every((r) => r.innerText.includes('SYN'))")
	set("udp") // which has no packet here
	p.Await("document.querySelector('#table').getAttribute('aria-rowcount') === '1' && !/\\d\\D+\\d/.test(document.querySelector('#position').innerText)")
	set("icpm")
	p.Await("!document.querySelector('#filter-error').hidden && document.querySelector('#filter-error').innerText.includes('icmp')")
	set("tcp.port == 7000")
	p.Await("document.querySelector('#filter-error').innerText.includes('tcp port 7000')")
	set("")
	p.Await(fmt.Sprintf("document.querySelector('#filter-error').hidden && document.querySelector('#table').getAttribute('aria-rowcount') === '%d'", all))
	p.click("#own")
	p.Await(fmt.Sprintf("Number(document.querySelector('#table').getAttribute('aria-rowcount')) > %d", all))
	p.click("#own")
	p.Await(fmt.Sprintf("document.querySelector('#table').getAttribute('aria-rowcount') === '%d'", all))
}

// follows follows a conversation as text.
func (p *tab) follows() {
	p.T.Helper()
	p.Await("!document.querySelector('#follow-stream').hidden") // of the last packet, which is TCP's
	p.click("#follow-stream")
	p.Await("document.querySelector('#conversation').open && document.querySelectorAll('.said').length > 3")
	if text := p.Text("#said"); !strings.Contains(text, "hello") {
		p.T.Errorf("the conversation is %q", text)
	}
	p.Press(kb.Escape)
	p.Await("!document.querySelector('#conversation').open")
}

// predicts guesses two packets, one of them rightly.
func (p *tab) predicts(l look) {
	p.T.Helper()
	p.click("#first")
	p.Await("document.querySelector('#first').disabled")
	first := p.number()
	p.click("#predict")
	p.Await("!document.querySelector('#guess').hidden && document.querySelectorAll('#rows .row').length === 1 && document.querySelectorAll('#arrows .arrow').length === 1")
	rows := fmt.Sprintf("fetch(location.pathname.replace('/c/', '/api/c/') + '/rows').then((r) => r.json()).then((w) => w.rows.find((r) => r.number > %d && !r.marker))", first)
	for i, name := range []string{"protocol", "from", "to"} {
		value := browsertest.Eval[string](p.Page, rows+".then((r) => r."+name+")")
		p.choose("#guess-"+name, value)
		if i == 0 {
			p.Keep("guess-" + l.String())
		}
	}
	p.click("#guess button")
	p.Await("document.querySelector('#score').innerText.includes('1') && document.querySelectorAll('#rows .row').length === 2")
	p.choose("#guess-protocol", "other")
	p.click("#guess button")
	p.Await("document.querySelector('#score').innerText.includes('2') && document.querySelectorAll('#rows .row').length === 3")
	p.Press(kb.ArrowRight) // what is hidden stays so
	p.click("#predict")
	p.Await("document.querySelector('#guess').hidden && document.querySelectorAll('#rows .row').length > 3")
}

// downloads asks for each file that is offered.
func (p *tab) downloads() {
	p.T.Helper()
	got := browsertest.Eval[[]string](p.Page, `Promise.all([...document.querySelectorAll('#downloads a')].map(async (a) => {
		const r = await fetch(a.href); return r.status + ' ' + (await r.arrayBuffer()).byteLength + ' ' + r.headers.get('Content-Disposition') }))`)
	if len(got) != 4 {
		p.T.Errorf("downloads are %q", got)
	}
	for i, name := range []string{"tcp-chat.pcapng", "tcp-chat.svg", "tcp-chat.txt", "result.json"} {
		var status, size int
		if _, err := fmt.Sscanf(got[i], "%d %d", &status, &size); err != nil || status != 200 || size < 500 || !strings.Contains(got[i], name) {
			p.T.Errorf("%s is answered with %q", name, got[i])
		}
	}
}

// wrong is an experiment of one's own, of which one claim does not hold.
const wrong = `lesson
	en    A reply comes before its request.
	zh-TW 回覆比請求先到。
topology client1 server sniffer
run client1 ping -c 1 server
settle one
expect wrong.ping in one trace icmp
	en    The request comes first.
	zh-TW 先有請求。
expect wrong.order in one trace icmp
	en    The reply comes first.
	zh-TW 先有回覆。
-- wrong.order --
server > client1 echo-reply seq=1
client1 > server echo-request seq=1
-- wrong.ping --
client1 > server echo-request seq=1
server > client1 echo-reply seq=1
`

// A claim that fails is understood from the page alone: what was expected, what was seen
// instead, and in which packets.
func TestFailingClaim(t *testing.T) {
	b := browsertest.Start(t)
	file := filepath.Join(t.TempDir(), "wrong.txtar")
	if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "web", file, "--listen", "127.0.0.1:0")
	run := false
	for _, l := range looks {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, b, l, s.link)
			if run { // the page opens with that capture
				p.judged()
			} else {
				p.started("wrong")
				run = true
			}
			p.Await("document.querySelectorAll('#claim-list .fail').length === 1 && document.querySelectorAll('#claim-list .pass').length === 1")
			why := p.Text("#claim-list .fail pre")
			for _, line := range []string{"- server > client1 echo-reply", "  client1 > server echo-request seq=1", "+ server > client1 echo-reply"} {
				if !strings.Contains(strings.Join(strings.Fields(why), " "), strings.Join(strings.Fields(line), " ")) {
					t.Errorf("the page does not say %q:\n%s", line, why)
				}
			}
			p.Await("document.querySelectorAll('#rows .cite.fail').length === 1")
			if got, want := p.Text("#tally"), map[string]string{"en": "✗ 1 fail ✓ 1 pass", "zh": "✗ 1 項失敗 ✓ 1 項通過"}[l.lang]; strings.Join(strings.Fields(got), " ") != want {
				t.Errorf("the verdicts are counted as %q, want %q", got, want)
			}
			// On a desk the reason is seen at once; a phone's page is scrolled.
			if seen := browsertest.Eval[bool](p.Page, `(() => { const why = document.querySelector('#claim-list .fail pre').getBoundingClientRect(), box = document.querySelector('#claims').getBoundingClientRect();
				return innerWidth < 700 || why.top >= box.top && why.bottom <= box.bottom })()`); !seen {
				t.Error("why the claim fails is not seen before one scrolls")
			}
			if wide := browsertest.Eval[bool](p.Page, "document.querySelector('#claims').scrollWidth > document.querySelector('#claims').clientWidth"); wide {
				t.Error("the claims are wider than their part of the page")
			}
			if said, want := p.content("#spoken"), "wrong.order"; !strings.Contains(said, want) {
				t.Errorf("it is announced %q, want %s", said, want)
			}
			p.Keep("fail-" + l.String())
		})
	}
}

// content is an element's text, seen or not.
func (p *tab) content(selector string) string {
	p.T.Helper()
	return browsertest.Eval[string](p.Page, fmt.Sprintf("document.querySelector(%q).textContent", selector))
}

// drop hands the page a file, as its button does.
func (p *tab) drop(path string) {
	p.T.Helper()
	// By its object: the numbers of nodes are others when anyone has asked for the document again.
	input := browsertest.Call(p.Page, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.querySelector('#chosen')"})
	browsertest.Call(p.Page, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: input.Result.ObjectID})
}

// captured is the capture that is shown, as it is downloaded.
func (p *tab) captured() []byte {
	p.T.Helper()
	numbers := browsertest.Eval[[]int](p.Page, "fetch(document.querySelector('#downloads a').href).then((r) => r.arrayBuffer()).then((b) => [...new Uint8Array(b)])")
	data := make([]byte, len(numbers))
	for i, b := range numbers {
		data[i] = byte(b)
	}
	return data
}

// A capture file is shown as a run is, judged by an experiment where one is chosen, and
// one that is none is refused with a reason.
func TestCaptureFile(t *testing.T) {
	b := browsertest.Start(t)
	s := serve(t, "web", "--listen", "127.0.0.1:0")
	p := open(t, b, looks[0], s.link)
	p.Allow("/api/check") // what the browser says of an answer that is none
	p.Await("document.querySelector('#judge option[value=ping-once]')")
	none := filepath.Join(t.TempDir(), "none.txt")
	if err := os.WriteFile(none, []byte("no capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	browsertest.Eval[bool](p.Page, "(document.querySelector('#chosen').addEventListener('change', (e) => { window.kept = e.target.files[0] }, { capture: true }), true)")
	p.drop(none)
	p.Await("document.querySelector('#notice').innerText.includes('no capture file')")
	// One that has gone since it was chosen is not told as a lost connection.
	if err := os.Remove(none); err != nil {
		t.Fatal(err)
	}
	const again = "import('/static/api.js').then((api) => api.upload(kept, '', [])).then(() => '', (e) => e.message)"
	if said := browsertest.Eval[string](p.Page, again); !strings.HasPrefix(said, "none.txt cannot be read") {
		t.Errorf("of a file that has gone the page says %q", said)
	}
	session, err := filepath.Abs("../../sniffer/pcapfile/testdata/session.pcapng.xz")
	if err != nil {
		t.Fatal(err)
	}
	p.drop(session)
	p.Await("location.pathname.startsWith('/c/') && document.querySelectorAll('#rows .row[data-drawn=true]').length > 0 && document.querySelector('#notice').hidden")
	p.Keep("file-" + looks[0].String())

	// One of a run is judged by its own experiment.
	p.started("ping")
	saved := filepath.Join(t.TempDir(), "mine.pcapng")
	if err := os.WriteFile(saved, p.captured(), 0o600); err != nil {
		t.Fatal(err)
	}
	p.choose("#judge", "ping")
	p.drop(saved)
	p.Await("document.title.startsWith('mine.pcapng') && document.querySelectorAll('#claim-list .pass').length === 3")
	p.choose("#judge", "tcp-chat")
	p.drop(saved)
	p.Await("document.querySelectorAll('#claim-list .inconclusive').length > 0")
	p.Keep("judged-" + looks[0].String())
}
