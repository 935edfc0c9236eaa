package pack

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"wirelab/internal/safetext"
	"wirelab/lab/claim"
	"wirelab/lab/class"
)

// MaxMessage bounds a termination message, in bytes: kubelet keeps the last so many of a
// longer one (TerminationMessagePolicy), of which nothing can be read.
const MaxMessage = 4096

// mark begins a message, and names its form.
const mark = "wl1:"

// maxUnpacked bounds what a message unpacks to: 4 KiB of zlib can be 4 MiB.
const maxUnpacked = 512 << 10

// Message is what a message says.
type Message struct {
	Result class.Result `json:"result"`
	Whole  string       `json:"whole,omitempty"` // the SHA-256 of the whole result's document, where Result is not all of it
}

// Encode returns the termination message of a result. Where the whole of it does not fit,
// it has as much as fits, and whole is the document that the log must have.
func Encode(r class.Result) (text string, whole []byte, err error) {
	whole, err = json.Marshal(r)
	if err != nil {
		return "", nil, err
	}
	if text, err = encode(Message{Result: r}); err != nil || len(text) <= MaxMessage {
		return text, nil, err
	}
	sum := sha256.Sum256(whole)
	short := Message{r, hex.EncodeToString(sum[:])}
	for _, shorten := range shorter {
		short.Result = shorten(short.Result)
		if text, err = encode(short); err != nil || len(text) <= MaxMessage {
			return text, whole, err
		}
	}
	return "", nil, ErrLarge
}

// shorter are the steps by which a result becomes shorter, from what is missed least.
var shorter = []func(class.Result) class.Result{
	func(r class.Result) class.Result {
		return claims(r, func(v *claim.Verdict) {
			if v.Status == claim.Pass {
				v.Expected, v.Observed, v.Nearest = []string{}, []string{}, nil
			}
		})
	},
	func(r class.Result) class.Result {
		return claims(r, func(v *claim.Verdict) {
			v.Expected, v.Observed, v.Nearest, v.Notes, v.Packets, v.Matcher = []string{}, []string{}, nil, nil, []int{}, ""
		})
	},
	func(r class.Result) class.Result {
		r = claims(r, func(v *claim.Verdict) { v.Sentence, v.Reason = nil, nil })
		if r.Run != nil {
			for i := range r.Run.Experiments {
				r.Run.Experiments[i].Impairments = nil
			}
		}
		return r
	},
	func(r class.Result) class.Result { // of hundreds of claims: the log has them
		r.Run, r.Note = nil, nil
		return r
	},
}

// claims changes the verdicts of a copy.
func claims(r class.Result, change func(*claim.Verdict)) class.Result {
	if r.Run == nil {
		return r
	}
	run := *r.Run
	run.Experiments = slices.Clone(run.Experiments)
	for i := range run.Experiments {
		e := &run.Experiments[i]
		e.Claims = slices.Clone(e.Claims)
		for k := range e.Claims {
			change(&e.Claims[k])
		}
	}
	r.Run = &run
	return r
}

func encode(m Message) (string, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	var z bytes.Buffer
	w, err := zlib.NewWriterLevel(&z, zlib.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(b); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return mark + base64.RawStdEncoding.EncodeToString(z.Bytes()), nil
}

// Decode reads a termination message. The error of a text that is none quotes it.
func Decode(text string) (Message, error) {
	packed, ok := strings.CutPrefix(text, mark)
	if !ok {
		return Message{}, fmt.Errorf("not a result: %s", safetext.Escape(head(text)))
	}
	if len(text) > MaxMessage {
		return Message{}, ErrLarge
	}
	z, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return Message{}, err
	}
	r, err := zlib.NewReader(bytes.NewReader(z))
	if err != nil {
		return Message{}, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return Message{}, err
	}
	if len(b) > maxUnpacked {
		return Message{}, ErrLarge
	}
	var m Message
	if err := json.Unmarshal(b, &m); err != nil {
		return Message{}, err
	}
	if m.Result.Schema != class.ResultSchema {
		return Message{}, fmt.Errorf("a result of the form %s, want %s", safetext.Escape(head(m.Result.Schema)), class.ResultSchema)
	}
	return m, nil
}

// Complete returns the whole result of a message, given the files of the log.
func (m Message) Complete(files []class.File) (class.Result, error) {
	if m.Whole == "" {
		return m.Result, nil
	}
	for _, f := range files {
		if f.Name != wholeFile {
			continue
		}
		if sum := sha256.Sum256(f.Data); hex.EncodeToString(sum[:]) != m.Whole {
			break
		}
		return class.ReadResult(bytes.NewReader(f.Data))
	}
	if m.Result.Status == class.Done && m.Result.Run == nil {
		return class.Result{}, errors.New("the message has no verdicts, and the log is lost")
	}
	return m.Result, nil
}

// head is the beginning of a text, for people.
func head(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
