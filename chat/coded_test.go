package chat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

func TestCoded(t *testing.T) {
	tests := []struct {
		message i18n.Message
		want    Line
		chinese string
	}{
		{i18n.Msg("chat.away.ended"), Line{Kind: Reply, Name: "chat.away.ended", Text: "you are no longer away"}, "你回來了"},
		{i18n.Msg("chat.who.count", "Count", 1), Line{Kind: Reply, Name: "chat.who.count Count=0-1", Text: "1 person"}, "1 人"},
		{i18n.Msg("chat.msg.away", "Name", "小明", "Reason", "is away: x"),
			Line{Kind: Reply, Name: "chat.msg.away Name=0-6 Reason=16-26", Text: "小明 is away: is away: x"}, "小明 暫時離開：is away: x"},
		{i18n.Msg("chat.topic.is", "Topic", "the topic"), Line{Kind: Reply, Name: "chat.topic.is Topic=14-23", Text: "the topic is: the topic"}, "目前的主題：the topic"},
		{i18n.Msg("chat.ignore.list", "Names", []string{"小明", "bob"}), Line{Kind: Reply, Name: "chat.ignore.list Names=12-18,20-23", Text: "you ignore: 小明, bob"}, "不顯示這些人的訊息：小明、bob"},
	}
	for _, tt := range tests {
		got := NewCoded(Reply, tt.message)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.message, diff)
		}
		if chinese := got.Message().In(lang.Chinese); chinese != tt.chinese {
			t.Errorf("%q is %q in Chinese, want %q", got.Text, chinese, tt.chinese)
		}
	}
	long := NewCoded(Error, i18n.Msg("chat.topic.is", "Topic", strings.Repeat("x", MaxLine)))
	if m := long.Message(); len(long.Text) > MaxLine || !m.IsZero() {
		t.Errorf("%d bytes, and after the cut still the message %v", len(long.Text), m)
	}
	var crowd []string
	for range maxIgnored {
		crowd = append(crowd, "somebody")
	}
	many := NewCoded(Reply, i18n.Msg("chat.ignore.list", "Names", crowd))
	if len(many.Name) > MaxHeader || !strings.HasSuffix(many.Message().In(lang.Chinese), "："+strings.Join(crowd, comma)) {
		t.Errorf("a header of %d bytes, and in Chinese %q", len(many.Name), many.Message().In(lang.Chinese))
	}
	for _, name := range []string{"", "chat.topic.is Topic=0-2,1-3", "chat.topic.is Topic=0-1,", "chat.topic.is Topic=5-1", "chat.topic.is Topic=0-99", "chat.topic.is Topic", "chat.topic.is Topic=-1-1"} {
		if m := (Line{Kind: Reply, Name: name, Text: "short"}).Message(); !m.IsZero() {
			t.Errorf("%q is the message %v, want none", name, m)
		}
	}
	if m := (Line{Kind: Say, Name: "chat.away.ended", Text: "hi"}).Message(); !m.IsZero() {
		t.Errorf("a say is the message %v", m)
	}
}

// A code may be any text of a server that is not this one.
func TestCodeOfSpace(t *testing.T) {
	for _, name := range []string{"\u00a0", "\u2003 Name=0-1", " ", "\u3000\u3000"} {
		l, err := ParseLine(string(Line{Seq: 1, Kind: Notice, Name: name, Text: "hi"}.Append(nil)))
		if err != nil {
			t.Fatal(err)
		}
		l.Message()
	}
}
