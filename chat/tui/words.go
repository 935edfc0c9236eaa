package tui

import (
	"fmt"
	"strings"

	"wirelab/chat"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

// Words are what the client says to its user. Where the course note has words
// for it, they are the note's.
type Words struct{ lang.Lang }

// Tell returns a line of the room as plain text, to the person who is called
// me there; empty for what need not be told. It is safe to show.
func (w Words) Tell(l chat.Line, me string) string {
	if text := w.tell(l, me); text != "" {
		return safetext.Strip(text)
	}
	return ""
}

func (w Words) tell(l chat.Line, me string) string {
	switch l.Kind {
	case chat.Say:
		return l.Name + ": " + l.Text
	case chat.Me:
		return "** " + l.Name + " " + l.Text
	case chat.Msg:
		return fmt.Sprintf(w.Pick("* %s to you: %s", "* %s 私訊你：%s"), l.Name, l.Text)
	case chat.Join:
		return "* " + l.Name + w.Pick(" joined", " 加入了聊天室")
	case chat.Leave:
		return "* " + l.Name + w.Pick(" left", " 離開了聊天室")
	case chat.Kick:
		if l.Name == me {
			return w.Pick("* you were kicked out of the room", "* 你被踢出聊天室了!") + w.reason(l.Text)
		}
		return "* " + l.Name + w.Pick(" was kicked", " 被踢出聊天室了") + w.reason(l.Text)
	case chat.Nick:
		return fmt.Sprintf(w.Pick("* %s is now %s", "* %s 改名為 %s"), l.Name, l.Text)
	case chat.Topic:
		return fmt.Sprintf(w.Pick("* %s set the topic: %s", "* %s 設定主題：%s"), l.Name, l.Text)
	case chat.Who:
		return fmt.Sprintf(w.Pick("* %s is here (%s)", "* %s 在聊天室裡 (%s)"), l.Name, w.whereabouts(l.Text))
	case chat.Gap:
		return fmt.Sprintf(w.Pick("* %s lost", "* 遺失 %s 則"), l.Text)
	case chat.Notice, chat.Reply, chat.Error:
		return "* " + w.ofServer(l.Text)
	}
	return ""
}

func (w Words) reason(text string) string {
	if text == "" {
		return ""
	}
	if why, banned := strings.CutPrefix(text, "banned"); banned && (why == "" || strings.HasPrefix(why, ": ")) {
		text = w.Pick(text, strings.Replace("已封鎖"+why, ": ", "：", 1))
	}
	return " (" + text + ")"
}

// AskName is the prompt for a name.
func (w Words) AskName() string { return w.Pick("your name: ", "請輸入你的名稱: ") }

// Joined says that a room was joined.
func (w Words) Joined(where, name, transport string) string {
	if transport == "udp" {
		return fmt.Sprintf(w.Pick("* talking to %s as %s (udp)", "* 以 UDP 與 %s 交談，名稱：%s (udp)"), where, name)
	}
	return fmt.Sprintf(w.Pick("* joined %s as %s (tcp)", "* 加入了聊天室 %s，名稱：%s (tcp)"), where, name)
}

// Left says goodbye.
func (w Words) Left() string { return w.Pick("* you left the room", "* 你離開了聊天室!") }

// Waiting says that a server is being tried again.
func (w Words) Waiting(where string, cause error) string {
	return fmt.Sprintf(w.Pick("* waiting for %s: %v", "* 正在等待 %s：%v"), where, cause)
}

// Gone says that the server has closed, or the way to it.
func (w Words) Gone(where string) string {
	return fmt.Sprintf(w.Pick("the connection to %s is lost", "與 %s 的連線已中斷"), where)
}

// TooLong says that a line was not said.
func (w Words) TooLong(limit int) string {
	return fmt.Sprintf(w.Pick("* not said: a line has at most %d bytes", "* 沒有送出：一行最多 %d 個位元組"), limit)
}

// NotSaid says why a line was not said.
func (w Words) NotSaid(cause error) string {
	return fmt.Sprintf(w.Pick("* not said: %v", "* 沒有送出：%v"), cause)
}

// NobodyListens says what an ICMP port unreachable does.
func (w Words) NobodyListens(where string) string {
	return fmt.Sprintf(w.Pick("* nothing listens at %s (port unreachable)", "* %s 上沒有程式在監聽 (port unreachable)"), where)
}

func (w Words) howToLeave() string {
	return w.Pick("/quit or Ctrl-D leaves the room", "輸入 /quit 或按 Ctrl-D 離開聊天室")
}

// AskPaste asks what to do with several lines that were pasted.
func (w Words) AskPaste(lines int) string {
	return fmt.Sprintf(w.Pick("%d lines pasted: Enter says each, j joins them, other keys drop them",
		"貼上了 %d 行：Enter 逐行送出，j 併成一行，其他鍵取消"), lines)
}

// Resumed says that what was missed follows.
func (w Words) Resumed() string {
	return w.Pick("* connected again; what was missed:", "* 重新連線了，以下是這段期間的訊息：")
}

// Another says that what was missed may be lost.
func (w Words) Another() string {
	return w.Pick("* connected again, to a room that does not know this client: what was said in between may be missing",
		"* 重新連線了，但聊天室不認得這個用戶端：這段期間的訊息可能有缺")
}

func (w Words) notHeard(text string) string {
	return fmt.Sprintf(w.Pick("* not heard by the room: %s", "* 聊天室沒有收到：%s"), text)
}

func (w Words) offline() string {
	return w.Pick("not connected: your line is kept", "尚未連線，訊息先留著")
}

func (w Words) connecting(where string) string {
	return fmt.Sprintf(w.Pick("connecting to %s ...", "正在連線到 %s ..."), where)
}

func (w Words) reconnecting(where string) string {
	return fmt.Sprintf(w.Pick("the connection to %s is lost, trying again ...", "與 %s 的連線已中斷，正在重新連線 ..."), where)
}

func (w Words) people(names []string) string {
	sep := w.Pick(", ", "、")
	return fmt.Sprintf(w.Pick("%d here: %s", "%d 人：%s"), len(names), strings.Join(names, sep))
}

func (w Words) heardOf(names []string) string {
	sep := w.Pick(", ", "、")
	if len(names) == 0 {
		return w.Pick("the room hears of you when you say something", "說了第一句話，聊天室才知道你在")
	}
	return w.Pick("heard of: ", "目前知道的人：") + strings.Join(names, sep)
}
