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

// printedTranscript is how many bytes of the transcript print shows.
const printedTranscript = 2000

// console carries out the lines that are typed at the server.
type console struct {
	room *chat.Room
	out  io.Writer
	quit func()
}

// consoleCommand is a command of the console. It counts only as a whole line, with
// arguments exactly if args names some: every other line is said.
type consoleCommand struct {
	name, args, help string
	do               func(k *console, args string) error
}

var consoleCommands = []consoleCommand{
	{"print", "", "show who is in the room, and the last lines", (*console).print},
	{"kick", "NAME [REASON]", "close that person's connection", func(k *console, args string) error { return k.room.Kick(args) }},
	{"ban", "NAME [REASON]", "kick everyone at that person's address and refuse whoever comes from there", (*console).ban},
	{"unban", "ADDRESS", "accept that address again; print lists the bans", func(k *console, args string) error { return k.room.Unban(args) }},
	{"mute", "NAME", "keep what that person says from everyone", func(k *console, args string) error { return k.room.Mute(args) }},
	{"unmute", "NAME", "end that", func(k *console, args string) error { return k.room.Unmute(args) }},
	{"/save", "FILE", "write the transcript to a new file", (*console).save},
	{"/quit", "", "say goodbye to everyone and end", func(k *console, _ string) error { k.quit(); return nil }},
}

func consoleHelp() string {
	var b strings.Builder
	for _, c := range append(consoleCommands, consoleCommand{name: "/help", help: "list these commands"}) {
		fmt.Fprintf(&b, "  %-20s %s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	return b.String()
}

// carryOut carries out a line.
func (k *console) carryOut(line string) {
	if line == "/help" {
		io.WriteString(k.out, consoleHelp())
		return
	}
	for _, c := range consoleCommands {
		args, more := strings.CutPrefix(line, c.name+" ")
		if args = strings.TrimSpace(args); line == c.name && c.args == "" || more && c.args != "" && args != "" {
			if err := c.do(k, args); err != nil {
				fmt.Fprintln(k.out, err)
			}
			return
		}
	}
	if strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "//") {
		fmt.Fprintf(k.out, "unknown command %s; type /help\n", safetext.Strip(line))
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
	if len(text) > printedTranscript {
		text = text[len(text)-printedTranscript:]
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
		fmt.Fprintf(k.out, "banned: %[1]s (unban %[1]s accepts it again)\n", where(b))
	}
	return err
}

// where writes the prefix of a single address without its length.
func where(b chat.Ban) string {
	if b.Address.IsSingleIP() {
		return b.Address.Addr().String()
	}
	return b.Address.String()
}

func (k *console) save(name string) error {
	// An existing file is not overwritten: anyone may sit at the console.
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
	fmt.Fprintf(k.out, "the transcript is in %s\n", name)
	return nil
}

// shown returns a line as the server's screen shows it.
func shown(l chat.Line) string {
	s := l.String()
	if (l.Kind == chat.Join || l.Kind == chat.Leave) && l.Text != "" {
		s += " (" + l.Text + ")"
	}
	return safetext.Strip(s)
}
