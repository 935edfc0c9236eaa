package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wirelab/chat"
	"wirelab/internal/safetext"
)

// printedRecord is how many bytes of the record print shows.
const printedRecord = 2000

// console carries out what is typed at the server.
type console struct {
	room *chat.Room
	out  io.Writer
	quit func()
}

// words of the console, which count only as a whole line, or with what their
// args say: everything else is said.
type consoleWord struct {
	word, args, help string
	run              func(k *console, args string) error
}

var consoleWords = []consoleWord{
	{"print", "", "who is in the room, and the end of the record", (*console).print},
	{"kick", "NAME [REASON]", "close that person's connection", func(k *console, args string) error { return k.room.Kick(args) }},
	{"ban", "NAME [REASON]", "kick all at that person's address, and let nobody in from there", (*console).ban},
	{"unban", "ADDRESS", "let people in from there again; print lists the bans", func(k *console, args string) error { return k.room.Unban(args) }},
	{"mute", "NAME", "nobody hears what that person says", func(k *console, args string) error { return k.room.Mute(args) }},
	{"unmute", "NAME", "all hear it again", func(k *console, args string) error { return k.room.Unmute(args) }},
	{"/save", "FILE", "write the record to a new file", (*console).save},
	{"/quit", "", "say goodbye to all and end", func(k *console, _ string) error { k.quit(); return nil }},
}

func consoleHelp() string {
	var b strings.Builder
	for _, w := range append(consoleWords, consoleWord{word: "/help", help: "these lines"}) {
		fmt.Fprintf(&b, "  %-20s %s\n", strings.TrimSpace(w.word+" "+w.args), w.help)
	}
	return b.String()
}

// do carries out a line.
func (k *console) do(line string) {
	if line == "/help" {
		io.WriteString(k.out, consoleHelp())
		return
	}
	for _, w := range consoleWords {
		args, more := strings.CutPrefix(line, w.word+" ")
		if args = strings.TrimSpace(args); line == w.word && w.args == "" || more && w.args != "" && args != "" {
			if err := w.run(k, args); err != nil {
				fmt.Fprintln(k.out, err)
			}
			return
		}
	}
	if strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "//") {
		fmt.Fprintf(k.out, "%s is none of the console's words; /help lists them\n", safetext.Strip(line))
		return
	}
	k.room.Say(strings.TrimPrefix(line, "/"))
}

func (k *console) print(string) error {
	var b strings.Builder
	if err := k.room.WriteTranscript(&b); err != nil {
		return err
	}
	text := b.String()
	if len(text) > printedRecord {
		text = text[len(text)-printedRecord:]
		text = text[strings.IndexByte(text, '\n')+1:]
	}
	people := k.room.People()
	wide := 0
	for _, p := range people {
		wide = max(wide, runewidth.StringWidth(p.Name))
	}
	table := new(strings.Builder)
	for _, p := range people {
		fmt.Fprintf(table, "%s  %s  %s  since %s  %d bytes queued", runewidth.FillRight(p.Name, wide), p.Transport, p.Address, p.Since.Format(time.TimeOnly), p.Queued)
		if p.Away != "" {
			fmt.Fprintf(table, "  away: %s", p.Away)
		}
		if p.Muted {
			table.WriteString("  muted")
		}
		table.WriteByte('\n')
	}
	for _, b := range k.room.Bans() {
		fmt.Fprintln(table, strings.TrimSpace("banned: "+where(b)+"  "+b.Reason))
	}
	_, err := fmt.Fprintf(k.out, "%s%speople: %d\n", text, table, len(people))
	return err
}

func (k *console) ban(args string) error {
	b, err := k.room.Ban(args)
	if err == nil {
		fmt.Fprintf(k.out, "banned: %[1]s (unban %[1]s lets people in from there again)\n", where(b))
	}
	return err
}

// where writes a single address as such.
func where(b chat.Ban) string {
	if b.Address.IsSingleIP() {
		return b.Address.Addr().String()
	}
	return b.Address.String()
}

func (k *console) save(name string) error {
	// What is there is not overwritten: the console may be in many hands.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	err = k.room.WriteTranscript(f)
	if cause := f.Close(); err == nil {
		err = cause
	}
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	fmt.Fprintf(k.out, "the record is in %s\n", name)
	return nil
}

// shown is a line as the server's screen shows it.
func shown(l chat.Line) string {
	s := l.String()
	if (l.Kind == chat.Join || l.Kind == chat.Leave) && l.Text != "" {
		s += " (" + l.Text + ")"
	}
	return safetext.Strip(s)
}
