package filter

import (
	"net/netip"
	"strconv"
	"strings"
	"wirelab/internal/i18n"
)

type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokSymbol           // an operator or parenthesis; text is "and", "or", "not" for those
	tokWord             // a word of the language
	tokName             // any other word, or one behind a backslash
	tokNumber           // num
	tokIPv4             // dotted decimal of two to four parts
	tokIPv6             // addr
	tokMAC              // mac
)

type token struct {
	kind tokenKind
	pos  int
	text string
	num  uint32
	addr netip.Addr
	mac  [6]byte
}

// is reports whether the token is that word or symbol of the language.
func (t token) is(text string) bool {
	return (t.kind == tokWord || t.kind == tokSymbol) && t.text == text
}

// MaxExpression is the greatest length of an expression in bytes. It bounds the work of
// compiling one.
const MaxExpression = 64 << 10

const (
	hexDigits = "0123456789abcdefABCDEF"
	nameRunes = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_"
)

// symbols has a symbol before any that it begins with.
var symbols = []struct{ text, means string }{
	{"&&", "and"}, {"||", "or"}, {"!=", "!="}, {"!", "not"}, {"==", "="}, {"=", "="},
	{"<<", "<<"}, {">>", ">>"}, {"<=", "<="}, {">=", ">="}, {"<", "<"}, {">", ">"},
	{"+", "+"}, {"-", "-"}, {"*", "*"}, {"/", "/"}, {"%", "%"}, {"&", "&"}, {"|", "|"}, {"^", "^"},
	{"(", "("}, {")", ")"}, {"[", "["}, {"]", "]"}, {":", ":"},
}

// lex splits an expression. The last token is a tokEnd.
func lex(expr string) ([]token, error) {
	if len(expr) > MaxExpression {
		return nil, &syntaxError{expr, MaxExpression, i18n.Msg("filter.long.bytes", "Most", MaxExpression)}
	}
	var tokens []token
	for pos := 0; pos < len(expr); {
		if strings.IndexByte(" \t\r\n", expr[pos]) >= 0 {
			pos++
			continue
		}
		t, n, msg := lexOne(expr[pos:])
		if !msg.IsZero() {
			return nil, &syntaxError{expr, pos, msg}
		}
		t.pos = pos
		tokens = append(tokens, t)
		pos += n
	}
	return append(tokens, token{kind: tokEnd, pos: len(expr)}), nil
}

// lexOne reads the token that s begins with and returns its length, or what
// is wrong with it.
func lexOne(s string) (t token, n int, wrong i18n.Message) {
	// Whatever has colons and hex digits is an address, but for the one colon
	// in ether[0:4].
	if run := prefix(s, hexDigits+":"); strings.Count(run, ":") > 1 {
		return lexColons(s, run)
	}
	for _, symbol := range symbols {
		if strings.HasPrefix(s, symbol.text) {
			return token{kind: tokSymbol, text: symbol.means}, len(symbol.text), i18n.Message{}
		}
	}
	if s[0] == '\\' {
		end := strings.IndexAny(s, " !()\n\t")
		if end < 0 {
			end = len(s)
		}
		if end == 1 {
			return t, 0, i18n.Msg("filter.backslash")
		}
		return token{kind: tokName, text: s[1:end]}, end, i18n.Message{}
	}
	word := strings.TrimRight(prefix(s, nameRunes), "-_")
	if word == "" || word[0] == '.' || word[0] == '-' || word[0] == '_' {
		return t, 0, reasonMsg("filter.sign", "Sign", string([]rune(s)[:1]))
	}
	t, wrong = lexWord(word)
	return t, len(word), wrong
}

// prefix returns the longest prefix of s that is made of the given bytes.
func prefix(s, bytes string) string {
	for i := range len(s) {
		if strings.IndexByte(bytes, s[i]) < 0 {
			return s[:i]
		}
	}
	return s
}

func lexColons(s, run string) (t token, n int, wrong i18n.Message) {
	if mac, ok := parseMAC(strings.Split(run, ":")); ok {
		return token{kind: tokMAC, text: run, mac: mac}, len(run), i18n.Message{}
	}
	run = prefix(s, hexDigits+":.") // ::ffff:10.0.0.1
	addr, err := netip.ParseAddr(run)
	if err != nil {
		return t, 0, reasonMsg("filter.colons", "Word", run)
	}
	return token{kind: tokIPv6, text: run, addr: addr}, len(run), i18n.Message{}
}

func lexWord(word string) (t token, wrong i18n.Message) {
	t.text = word
	if mac, ok := macWord(word); ok {
		t.kind, t.mac = tokMAC, mac
		return t, i18n.Message{}
	}
	if words[word] {
		t.kind = tokWord
		return t, i18n.Message{}
	}
	if n, ok := constants[word]; ok {
		t.kind, t.num = tokNumber, n
		return t, i18n.Message{}
	}
	if isNumber(word) {
		n, err := strconv.ParseUint(word, 0, 32)
		if err != nil {
			return t, reasonMsg("filter.number", "Word", word)
		}
		t.kind, t.num = tokNumber, uint32(n)
		return t, i18n.Message{}
	}
	if strings.Trim(word, "0123456789.") == "" && strings.Count(word, ".") <= 3 {
		t.kind = tokIPv4
		return t, i18n.Message{}
	}
	t.kind = tokName
	return t, i18n.Message{}
}

// isNumber tells a number, even a wrong one, from a name that begins with a
// digit.
func isNumber(word string) bool {
	if hex, ok := strings.CutPrefix(strings.ToLower(word), "0x"); ok {
		return hex != "" && strings.Trim(hex, hexDigits) == ""
	}
	return strings.Trim(word, "0123456789") == ""
}

// macWord reads the ways to write an Ethernet address without colons:
// 01-02-03-04-05-06, 01.02.03.04.05.06, 0102.0304.0506 and 010203040506.
func macWord(word string) (mac [6]byte, ok bool) {
	for _, separator := range []string{"-", "."} {
		if mac, ok = parseMAC(strings.Split(word, separator)); ok {
			return mac, true
		}
	}
	parts := strings.Split(word, ".")
	if len(parts) == 3 && len(parts[0]) == 4 && len(parts[1]) == 4 && len(parts[2]) == 4 {
		word = strings.Join(parts, "")
	}
	if len(word) != 12 {
		return mac, false
	}
	return parseMAC([]string{word[:2], word[2:4], word[4:6], word[6:8], word[8:10], word[10:]})
}

// parseMAC reads six parts of one or two hex digits.
func parseMAC(parts []string) (mac [6]byte, ok bool) {
	if len(parts) != len(mac) {
		return mac, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 16, 8)
		if err != nil || len(part) > 2 {
			return mac, false
		}
		mac[i] = byte(n)
	}
	return mac, true
}
