package chat

import (
	"errors"
	"strconv"
	"strings"
)

const greeting = "CHAT/1 " // what our own client's first line begins with

// hello is what follows the greeting: NAME, or NAME resume=SEQ token=TOKEN.
type hello struct {
	name   string
	resume Resume // zero: a new client
}

// append appends the whole first line, without its \n.
func (h hello) append(b []byte) []byte {
	b = append(append(b, greeting...), h.name...)
	if h.resume.Token != "" {
		b = strconv.AppendUint(append(b, " resume="...), h.resume.Seq, 10)
		b = append(append(b, " token="...), h.resume.Token...)
	}
	return b
}

// parseHello reads what follows the greeting. A name may contain spaces; the
// last two words are taken for a resumption only where both are of its form.
func parseHello(s string) (hello, error) {
	rest, token, ok := strings.Cut(s, " token=")
	i := strings.LastIndex(rest, " resume=")
	if !ok || i < 0 {
		return hello{name: s}, nil
	}
	seq, err := strconv.ParseUint(rest[i+len(" resume="):], 10, 64)
	if err != nil || token == "" || len(token) > maxToken {
		return hello{}, errors.New("want CHAT/1 NAME resume=SEQ token=TOKEN")
	}
	return hello{rest[:i], Resume{seq, token}}, nil
}

// askName is what someone who sends nothing is asked; the note's client shows
// it as a text of the server's, and nc shows it, too.
const askName = ServerName + "\t: your name?"

// maxToken bounds what is looked up, in bytes.
const maxToken = 64
