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
		{chat.Line{Kind: chat.Who, Name: "bob", Text: "tcp"}, "* bob is here (tcp)", "* bob 在聊天室裡 (tcp)"},
		{chat.Line{Kind: chat.Who, Name: "bob", Text: "tcp, away: lunch"}, "* bob is here (tcp, away: lunch)", "* bob 在聊天室裡 (tcp，暫時離開：lunch)"},
		{chat.Line{Kind: chat.Reply, Text: "bob is away: no reason given"}, "* bob is away: no reason given", "* bob 暫時離開：未說明原因"},
		{chat.Line{Kind: chat.Reply, Text: "you are away: lunch"}, "* you are away: lunch", "* 你暫時離開：lunch"},
		{chat.Line{Kind: chat.Reply, Text: "the topic is: people"}, "* the topic is: people", "* 目前的主題：people"},
		{chat.Line{Kind: chat.Reply, Text: "to bob: eve is away: x"}, "* to bob: eve is away: x", "* to bob: eve is away: x"},
		{chat.Line{Kind: chat.Reply, Text: "you are no longer away"}, "* you are no longer away", "* 你回來了"},
		{chat.Line{Kind: chat.Kick, Name: "bob", Text: "banned"}, "* bob was kicked (banned)", "* bob 被踢出聊天室了 (已封鎖)"},
		{chat.Line{Kind: chat.Kick, Name: "alice", Text: "banned: a: b"}, "* you were kicked out of the room (banned: a: b)", "* 你被踢出聊天室了! (已封鎖：a: b)"},
		{chat.Line{Kind: chat.Kick, Name: "bob", Text: "banned at last"}, "* bob was kicked (banned at last)", "* bob 被踢出聊天室了 (banned at last)"},
		{chat.Line{Kind: chat.Error, Text: "you are muted: nobody hears it"}, "* you are muted: nobody hears it", "* 你被禁言了，沒有人聽得到"},
	}
	for _, tt := range tests {
		for l, want := range map[lang.Lang]string{lang.English: tt.english, lang.Chinese: tt.chinese} {
			if got := (Words{l}).Tell(tt.line, "alice"); got != want {
				t.Errorf("%+v in %s is %q, want %q", tt.line, l, got, want)
			}
		}
	}
}
