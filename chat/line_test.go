package chat

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestLineReader(t *testing.T) {
	const limit = 16
	full := strings.Repeat("x", limit-1)
	tests := []struct {
		name, in string
		want     []string // "!" stands for ErrTooLong
	}{
		{"nothing", "", nil},
		{"lines", "a\nb\n", []string{"a", "b"}},
		{"telnet ends lines with CR LF", "a\r\nb\r\n", []string{"a", "b"}},
		{"an empty line is a line", "\n\n", []string{"", ""}},
		{"the last may lack its end", "a\nb", []string{"a", "b"}},
		{"exactly the limit", full + "\nb\n", []string{full, "b"}},
		{"one too many, then on", full + "x\nb\n", []string{"!", "b"}},
		{"far too many", strings.Repeat("x", 10*limit) + "\nb\n", []string{"!", "b"}},
		{"too long and no end", strings.Repeat("x", 10*limit), []string{"!"}},
		{"Chinese", "你好\n", []string{"你好"}},
	}
	for _, tt := range tests {
		for _, whole := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				var in io.Reader = strings.NewReader(tt.in)
				if !whole {
					in = iotest.OneByteReader(in)
				}
				var got []string
				r := NewLineReader(in, limit)
				for {
					line, err := r.ReadLine()
					if errors.Is(err, io.EOF) {
						break
					}
					if errors.Is(err, ErrTooLong) {
						line = "!"
					} else if err != nil {
						t.Fatal(err)
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("lines (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestLine(t *testing.T) {
	at := time.UnixMilli(1700000000123)
	tests := []struct {
		line       Line
		wire, show string
	}{
		{Line{7, at, Say, "alice", "hi\tyou: there"}, "7\t1700000000123\tsay\talice\thi\tyou: there", "alice: hi\tyou: there"},
		{Line{8, at, Join, "名", "tcp"}, "8\t1700000000123\tjoin\t名\ttcp", "* 名 joined"},
		{Line{9, at, Leave, "bob", "closed"}, "9\t1700000000123\tleave\tbob\tclosed", "* bob left"},
		{Line{10, at, Kick, "bob", ""}, "10\t1700000000123\tkick\tbob\t", "* bob was kicked"},
		{Line{11, at, Notice, "", "server is closing"}, "11\t1700000000123\tnotice\t\tserver is closing", "* server is closing"},
	}
	for _, tt := range tests {
		t.Run(tt.show, func(t *testing.T) {
			if got := string(tt.line.Append(nil)); got != tt.wire {
				t.Errorf("Append: got %q, want %q", got, tt.wire)
			}
			if got := tt.line.String(); got != tt.show {
				t.Errorf("String: got %q, want %q", got, tt.show)
			}
			got, err := ParseLine(tt.wire)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.line, got); diff != "" {
				t.Errorf("ParseLine (-want +got):\n%s", diff)
			}
		})
	}
	for _, bad := range []string{"", "1\t2\tsay\tno text", "x\t2\tsay\ta\tb", "1\tx\tsay\ta\tb", "-1\t2\tsay\ta\tb"} {
		if l, err := ParseLine(bad); err == nil {
			t.Errorf("ParseLine(%q) = %v, want an error", bad, l)
		}
	}
}

func TestCleanText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"verbatim", "  what was said: 你好 ", "  what was said: 你好 "},
		{"nothing", " \t \r\n", ""},
		{"escapes", "a\x1b[2Jb\u202ec", "a[2Jbc"},
		{"not UTF-8", "a\xff", "a\uFFFD"},
		{"grown beyond a line", strings.Repeat("\xffa", MaxLine/2), strings.Repeat("\uFFFDa", MaxLine/4-1) + "…"},
	}
	for _, tt := range tests {
		if got := CleanText(tt.in); got != tt.want {
			t.Errorf("%s: got %.40q (%d bytes), want %.40q (%d bytes)", tt.name, got, len(got), tt.want, len(tt.want))
		}
	}
}

func TestDatagram(t *testing.T) {
	for _, d := range []Datagram{{"", "alice", "hi"}, {"c00kie", "小明", "你好"}, {"", "alice", ""}} {
		b, err := d.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseDatagram(append(b, "\n\n"...)); err != nil || got != d {
			t.Errorf("%q: got %+v, %v, want %+v", b, got, err, d)
		}
	}
	if _, err := (Datagram{Name: "alice", Text: strings.Repeat("x", MaxDatagram)}).Append(nil); !errors.Is(err, ErrTooLong) {
		t.Errorf("a datagram above the limit: %v, want ErrTooLong", err)
	}
	for _, bad := range []string{"", "no tab", "\tno name", "\t\tno cookie\tx", "\tcookie\t\tno name", "x\t" + strings.Repeat("x", MaxDatagram)} {
		if d, err := ParseDatagram([]byte(bad)); err == nil {
			t.Errorf("ParseDatagram(%.20q) = %+v, want an error", bad, d)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("1\t2\tsay\talice\thi")
	f.Add("\t\t\t\t")
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLine(s)
		if err != nil {
			return
		}
		again, err := ParseLine(string(l.Append(nil)))
		if err != nil {
			t.Fatalf("%q was read as %+v, whose own form is refused: %v", s, l, err)
		}
		if diff := cmp.Diff(l, again); diff != "" {
			t.Fatalf("%q (-first +second):\n%s", s, diff)
		}
	})
}

func FuzzLineReader(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n"))
	f.Add([]byte("CHAT/1 x\n0123456789012345678901234567890"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 16
		r := NewLineReader(strings.NewReader(string(b)), limit)
		for range len(b) + 2 {
			line, err := r.ReadLine()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, ErrTooLong) {
				t.Fatalf("%q: %v", b, err)
			}
			if len(line) > limit || strings.Contains(line, "\n") {
				t.Fatalf("%q: line %q", b, line)
			}
		}
		t.Fatalf("%q: no end after %d reads", b, len(b)+2)
	})
}

func FuzzParseDatagram(f *testing.F) {
	f.Add([]byte("alice\thi"))
	f.Add([]byte("\tcookie\talice\thi\n\n"))
	f.Add([]byte("\xff\t\x1b[2J"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDatagram(b)
		if err != nil {
			return
		}
		if clean, err := CleanName(d.Name); err != nil || clean != d.Name {
			t.Errorf("%q: name %q is not clean: %q, %v", b, d.Name, clean, err)
		}
		if CleanText(d.Text) != d.Text || !utf8.ValidString(d.Text) {
			t.Errorf("%q: text %q is not clean", b, d.Text)
		}
	})
}
