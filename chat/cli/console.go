package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"wirelab/chat"
	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/internal/suggest"
)

// printedTranscript is how many bytes of the transcript print shows.
const printedTranscript = 2000

// console carries out the lines that are typed at the server.
type console struct {
	room *chat.Room
	out  io.Writer
	lang lang.Lang
	quit func()
	held string // the line before, if it was taken for a mistyped command
}

// consoleCommand is a command of the console. It counts only as a whole line, with
// arguments exactly if args names some: every other line is said. A slash may stand
// before any of them, as in the clients.
type consoleCommand struct {
	name, args string
	help       i18n.Message
	do         func(k *console, args string) error
}

var consoleCommands = []consoleCommand{
	{"print", "", i18n.Msg("chat.console.help.print"), (*console).print},
	{"kick", "NAME [10m] [REASON]", i18n.Msg("chat.console.help.kick"), (*console).kick},
	{"ban", "NAME [REASON]", i18n.Msg("chat.console.help.ban"), (*console).ban},
	{"ban", "ADDRESS [REASON]", i18n.Msg("chat.console.help.banaddress"), nil},
	{"unban", "NAME", i18n.Msg("chat.console.help.unban"), (*console).unban},
	{"mute", "NAME", i18n.Msg("chat.console.help.mute"), (*console).mute},
	{"unmute", "NAME", i18n.Msg("chat.console.help.unmute"), (*console).unmute},
	{"lock", "", i18n.Msg("chat.console.help.lock"), func(k *console, _ string) error { k.room.Lock(true); return nil }},
	{"unlock", "", i18n.Msg("chat.console.help.unlock"), func(k *console, _ string) error { k.room.Lock(false); return nil }},
	{"quiet", "", i18n.Msg("chat.console.help.quiet"), func(k *console, _ string) error { return k.room.Quiet("") }},
	{"quiet", "NAME", i18n.Msg("chat.console.help.quietname"), (*console).voice},
	{"unquiet", "", i18n.Msg("chat.console.help.unquiet"), func(k *console, _ string) error { k.room.Unquiet(); return nil }},
	{"slow", "SECONDS", i18n.Msg("chat.console.help.slow"), (*console).slow},
	{"/save", "FILE", i18n.Msg("chat.console.help.save"), (*console).save},
	{"/quit", "", i18n.Msg("chat.console.help.quit"), func(k *console, _ string) error { k.quit(); return nil }},
}

// called reports whether a word is how the command is typed.
func (c consoleCommand) called(word string) bool { return word == c.name || word == "/"+c.name }

// arguments are what a command's arguments stand for.
var arguments = map[string]i18n.Message{
	"NAME":    i18n.Msg("chat.console.arg.name"),
	"ADDRESS": i18n.Msg("chat.console.arg.address"),
	"REASON":  i18n.Msg("chat.console.arg.reason"),
	"SECONDS": i18n.Msg("chat.console.arg.seconds"),
	"FILE":    i18n.Msg("chat.console.arg.file"),
	"COMMAND": i18n.Msg("chat.console.arg.command"),
}

// form is how the command is written, in a language.
func (c consoleCommand) form(l lang.Lang) string {
	form := c.name
	for _, arg := range strings.Fields(c.args) {
		word := strings.Trim(arg, "[]")
		if m, ok := arguments[word]; ok {
			arg = strings.Replace(arg, word, m.In(l), 1)
		}
		form += " " + arg
	}
	return form
}

// consoleHelp is the list of the commands, or of those that a word calls, which fits a
// terminal of 80 columns; "" for a word that calls none.
func consoleHelp(l lang.Lang, word string) string {
	const wide, sentence = 24, 52 // columns
	var b strings.Builder
	for _, c := range append(consoleCommands, consoleCommand{name: "/help", args: "[COMMAND]", help: i18n.Msg("chat.console.help.help")}) {
		if word != "" && !c.called(word) && "/"+word != c.name {
			continue
		}
		typed := c.form(l)
		for _, line := range columns.Wrap(c.help.In(l), sentence, sentence) {
			fmt.Fprintf(&b, "  %s %s\n", columns.Pad(typed, wide), line)
			typed = ""
		}
	}
	return b.String()
}

// text is a sentence in the console's language.
func (k *console) text(code string, pairs ...any) string { return i18n.Text(k.lang, code, pairs...) }

// carryOut carries out a line.
func (k *console) carryOut(line string) {
	held := k.held
	k.held = ""
	word, args, more := strings.Cut(line, " ")
	args = strings.TrimSpace(args)
	if word == "/help" {
		k.help(args)
		return
	}
	for _, c := range consoleCommands {
		if c.called(word) && c.do != nil && (c.args == "" && !more || c.args != "" && args != "") {
			if err := c.do(k, args); err != nil {
				fmt.Fprintln(k.out, i18n.Explain(k.lang, err))
			}
			return
		}
	}
	if strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "//") {
		fmt.Fprintln(k.out, k.unknown(word, line))
		return
	}
	if meant := k.mistyped(word, args); meant != "" && line != held {
		k.held = line
		fmt.Fprintln(k.out, k.text("chat.console.mistyped", "Line", safetext.Strip(line), "Meant", meant))
		return
	}
	k.room.Say(strings.TrimPrefix(line, "/"))
}

// help lists the commands, or says of one how it is written and what it does.
func (k *console) help(word string) {
	if list := consoleHelp(k.lang, word); list != "" {
		io.WriteString(k.out, list)
		return
	}
	fmt.Fprintln(k.out, k.unknown("/"+strings.TrimPrefix(word, "/"), word))
}

// unknown says what is wrong with a line that begins with a slash: how the command is
// written, or which one was meant.
func (k *console) unknown(word, line string) string {
	known := []string{"/help"}
	for _, c := range consoleCommands {
		if c.called(word) {
			return k.text("chat.console.form", "Line", safetext.Strip(line), "Form", c.form(k.lang))
		}
		known = append(known, "/"+strings.TrimPrefix(c.name, "/"))
	}
	return k.text("chat.console.unknown", "Line", safetext.Strip(line), "Hint", suggest.Hint(word, known))
}

// mistyped returns the command that a line was probably meant to be, which the room
// shall not hear: the word of one that has a slash or arguments, alone, or one slip of
// typing away from a command about somebody who is in the room. It is "" for any other
// line.
func (k *console) mistyped(word, args string) string {
	if args == "" {
		if word == "help" || word == "quit" || word == "exit" {
			return "/" + strings.Replace(word, "exit", "quit", 1)
		}
		for _, c := range consoleCommands {
			if word == c.name {
				return c.form(k.lang) // one without is carried out
			}
		}
		return ""
	}
	names := func(p chat.Person) bool { return args == p.Name || strings.HasPrefix(args, p.Name+" ") }
	if !slices.ContainsFunc(k.room.People(), names) {
		return ""
	}
	var known []string
	for _, c := range consoleCommands {
		if strings.HasPrefix(c.args, "NAME") {
			known = append(known, c.name)
		}
	}
	if meant := suggest.Nearest(word, known, 1); meant != "" {
		return meant + " " + safetext.Strip(args)
	}
	return ""
}

func (k *console) print(string) error {
	var b strings.Builder
	if err := k.room.WriteTranscript(&b); err != nil {
		return err
	}
	text := b.String()
	if len(text) > printedTranscript {
		cut := len(text) - printedTranscript
		last := strings.LastIndexByte(text[:len(text)-1], '\n') + 1 // it may be longer than that
		text = text[min(cut+strings.IndexByte(text[cut:], '\n')+1, last):]
	}
	people := k.room.People()
	wide := 0
	for _, p := range people {
		wide = max(wide, runewidth.StringWidth(p.Name))
	}
	table := new(strings.Builder)
	for _, p := range people {
		fmt.Fprintf(table, "%s  %s  %s  %s", runewidth.FillRight(p.Name, wide), p.Transport, p.Address, k.text("chat.console.since", "Time", p.Since.Format(time.TimeOnly), "Bytes", p.Queued))
		if p.Away != "" {
			table.WriteString("  " + k.text("chat.console.away", "Reason", p.Away))
		}
		if p.Muted {
			table.WriteString("  " + k.text("chat.console.muted"))
		}
		if p.Voice {
			table.WriteString("  " + k.text("chat.console.voice"))
		}
		table.WriteByte('\n')
	}
	for _, s := range k.room.Sanctions() {
		fmt.Fprintln(table, k.describe(s))
	}
	for _, order := range k.room.Order() {
		fmt.Fprintln(table, order.In(k.lang))
	}
	_, err := fmt.Fprintf(k.out, "%s%s%s\n", text, table, k.text("chat.console.people", "Number", len(people)))
	return err
}

func (k *console) kick(args string) error {
	r, err := k.room.Kick(args)
	if err == nil && !r.Until.IsZero() {
		k.tell(r)
	}
	return err
}

func (k *console) ban(args string) error {
	r, err := k.room.Ban(args)
	if err == nil {
		k.tell(r)
	}
	return err
}

// tell says whom a kick or a ban has taken.
func (k *console) tell(r chat.Removal) {
	fmt.Fprintln(k.out, k.describe(r.Sanction))
	if r.Name == "" {
		fmt.Fprintln(k.out, "  "+k.text("chat.console.there", "Count", len(r.Names), "Names", r.Names))
	}
	if r.Spared > 0 {
		fmt.Fprintln(k.out, "  "+k.text("chat.console.spared", "Number", r.Spared))
	}
}

func (k *console) mute(args string) error {
	s, err := k.room.Mute(args)
	if err == nil {
		fmt.Fprintln(k.out, k.describe(s))
	}
	return err
}

func (k *console) unban(args string) error {
	return k.done(k.room.Unban(args), i18n.Msg("chat.console.unbanned", "Name", safetext.Strip(args)))
}

func (k *console) unmute(args string) error {
	return k.done(k.room.Unmute(args), i18n.Msg("chat.console.unmuted", "Name", safetext.Strip(args)))
}

// voice lets one speak while the room is quiet: the room is not told who.
func (k *console) voice(args string) error {
	return k.done(k.room.Quiet(args), i18n.Msg("chat.console.voiced", "Name", safetext.Strip(args)))
}

// done says what an order has done for somebody, which the room is not told.
func (k *console) done(err error, said i18n.Message) error {
	if err == nil {
		fmt.Fprintln(k.out, said.In(k.lang))
	}
	return err
}

func (k *console) slow(args string) error {
	seconds, err := strconv.ParseUint(args, 10, 16)
	if err != nil {
		return i18n.Errmsg("chat.console.slow", "Word", args)
	}
	k.room.Slow(time.Duration(seconds) * time.Second)
	return nil
}

// describe returns a sanction in a line.
func (k *console) describe(s chat.Sanction) string {
	what := k.text("chat.console.banned")
	if s.Mute {
		what = k.text("chat.console.muted")
	}
	if !s.Until.IsZero() {
		what = k.text("chat.console.keptout", "Time", s.Until.Format(time.TimeOnly))
	}
	var who []string
	if s.Name != "" {
		who = append(who, s.Name)
	}
	switch {
	case !s.Address.IsValid():
	case s.Address.IsSingleIP():
		who = append(who, s.Address.Addr().String())
	default:
		who = append(who, s.Address.String())
	}
	return strings.TrimSpace(k.text("chat.console.sanction", "What", what, "Who", who) + "  " + s.Reason)
}

func (k *console) save(name string) error {
	// An existing file is not overwritten: anyone may sit at the console.
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return i18n.FileError(name, err)
	}
	err = k.room.WriteTranscript(f)
	if cause := f.Close(); err == nil {
		err = cause
	}
	if err != nil {
		return i18n.FileError(name, err)
	}
	fmt.Fprintln(k.out, k.text("chat.console.saved", "File", safetext.Escape(name)))
	return nil
}

// shown returns a line as the server's screen shows it, in a language. A console is
// nobody's name: a kick is always somebody else's.
func shown(l chat.Line, language lang.Lang) string {
	s := words{Lang: language}.Tell(l, "")
	if (l.Kind == chat.Join || l.Kind == chat.Leave) && l.Text != "" {
		why := l.Text
		if m, known := reasons[why]; known && l.Kind == chat.Leave {
			why = m.In(language)
		}
		s += " (" + safetext.Strip(why) + ")"
	}
	return s
}

// reasons has the reasons for which somebody leaves that people have words for. The log
// and the record have them in English.
var reasons = map[string]i18n.Message{
	"closed": i18n.Msg("chat.left.closed"),
	"silent": i18n.Msg("chat.left.silent"),
	"lost":   i18n.Msg("chat.left.lost"),
}
