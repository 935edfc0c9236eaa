package chat

import (
	"errors"
	"strconv"
	"strings"
)

// Greeting begins the first line of our own client.
const Greeting = "CHAT/1 "

// Hello is the first line of our own client: "CHAT/1 NAME", or
// "CHAT/1 NAME resume=SEQ token=TOKEN".
type Hello struct {
	Name   string
	Resume Resume // zero for a client that is new
}

// Append appends the line, without its \n, to b.
func (h Hello) Append(b []byte) []byte {
	b = append(append(b, Greeting...), h.Name...)
	if h.Resume.Token != "" {
		b = strconv.AppendUint(append(b, " resume="...), h.Resume.Seq, 10)
		b = append(append(b, " token="...), h.Resume.Token...)
	}
	return b
}

// ParseHello reads a line that begins with Greeting. The name is not cleaned. If the line
// ends in " resume=SEQ token=TOKEN", SEQ must be a number and TOKEN have 1 to 64 bytes.
// Otherwise everything after Greeting is the name, which may contain blanks.
func ParseHello(line string) (Hello, error) {
	s := strings.TrimPrefix(line, Greeting)
	rest, token, ok := strings.Cut(s, " token=")
	i := strings.LastIndex(rest, " resume=")
	if !ok || i < 0 {
		return Hello{Name: s}, nil
	}
	seq, err := strconv.ParseUint(rest[i+len(" resume="):], 10, 64)
	if err != nil || token == "" || len(token) > maxToken {
		return Hello{}, errors.New("want CHAT/1 NAME resume=SEQ token=TOKEN")
	}
	return Hello{rest[:i], Resume{Seq: seq, Token: token}}, nil
}

// AskName is the question to a client that sends nothing. The course note's client.py
// shows it as a text from the server, and nc shows it as it is.
const AskName = ServerName + "\t: your name?"

// maxToken bounds a token, in bytes.
const maxToken = 64
