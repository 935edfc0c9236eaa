package tui

import (
	"testing"

	"wirelab/chat"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

func TestTell(t *testing.T) {
	tests := []struct {
		line             chat.Line
		english, chinese string
	}{
		{chat.Line{Kind: chat.Topic, Name: "bob", Text: "TCP"}, "* bob set the topic: TCP", "* bob 設定主題：TCP"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.topic.is", "Topic", "TCP")), "* the topic is: TCP", "* 目前的主題：TCP"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.topic.unset")),
			"* there is no topic (/topic TEXT sets one)", "* 還沒有主題（用 /topic 主題 設定）"},
		{chat.Line{Kind: chat.Who, Name: "bob", Text: "tcp"}, "* bob is here (tcp)", "* bob 在聊天室裡 (tcp)"},
		{chat.Line{Kind: chat.Who, Name: "bob", Text: "tcp, away: lunch"}, "* bob is here (tcp, away: lunch)", "* bob 在聊天室裡 (tcp，暫時離開：lunch)"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.msg.noreason", "Name", "bob")), "* bob is away: no reason given", "* bob 暫時離開：未說明原因"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.away.set", "Reason", "lunch")), "* you are away: lunch", "* 你暫時離開：lunch"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.topic.is", "Topic", "people")), "* the topic is: people", "* 目前的主題：people"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.msg.sent", "Name", "bob", "Text", "eve is away: x")), "* to bob: eve is away: x", "* 私訊 bob：eve is away: x"},
		{chat.Line{Kind: chat.Reply, Name: "from.the.future", Text: "hello"}, "* hello", "* hello"},                           // a newer server
		{chat.Line{Kind: chat.Reply, Text: "you are no longer away"}, "* you are no longer away", "* you are no longer away"}, // an older one
		{chat.Line{Kind: chat.Who, Name: "bob", Text: "udp, away"}, "* bob is here (udp, away)", "* bob 在聊天室裡 (udp，暫時離開)"},
		{chat.NewCoded(chat.Reply, i18n.Msg("chat.away.ended")), "* you are no longer away", "* 你回來了"},
		{chat.Line{Kind: chat.Kick, Name: "bob", Text: "banned"}, "* bob was kicked (banned)", "* bob 被踢出聊天室了 (已封鎖)"},
		{chat.Line{Kind: chat.Kick, Name: "alice", Text: "banned: a: b"}, "* you were kicked out of the room (banned: a: b)", "* 你被踢出聊天室了！ (已封鎖：a: b)"},
		{chat.Line{Kind: chat.Kick, Name: "bob", Text: "banned at last"}, "* bob was kicked (banned at last)", "* bob 被踢出聊天室了 (banned at last)"},
		{chat.NewCoded(chat.Error, i18n.Msg("chat.command.muted")), "* you are muted: nobody hears it", "* 你被禁言了，沒有人聽得到"},
	}
	for _, tt := range tests {
		for l, want := range map[lang.Lang]string{lang.English: tt.english, lang.Chinese: tt.chinese} {
			if got := (Words{l}).Tell(tt.line, "alice"); got != want {
				t.Errorf("%+v in %s is %q, want %q", tt.line, l, got, want)
			}
		}
	}
}
