package tui

import (
	"testing"

	"wirelab/chat"
	"wirelab/internal/lang"
)

func TestTell(t *testing.T) {
	tests := []struct {
		line             chat.Line
		english, chinese string
	}{
		{chat.Line{Kind: chat.Topic, Name: "bob", Text: "TCP"}, "* bob set the topic: TCP", "* bob 設定主題：TCP"},
		{chat.Line{Kind: chat.Reply, Text: "the topic is: TCP"}, "* the topic is: TCP", "* 目前的主題：TCP"},
		{chat.Line{Kind: chat.Reply, Text: "there is no topic (/topic TEXT sets one)"},
			"* there is no topic (/topic TEXT sets one)", "* 還沒有主題（用 /topic 主題 設定）"},
	}
	for _, tt := range tests {
		for l, want := range map[lang.Lang]string{lang.English: tt.english, lang.Chinese: tt.chinese} {
			if got := (Words{l}).Tell(tt.line, "alice"); got != want {
				t.Errorf("%+v in %s is %q, want %q", tt.line, l, got, want)
			}
		}
	}
}
