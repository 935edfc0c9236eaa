package cli

import (
	"fmt"

	"wirelab/chat"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
)

// words are what the client says to its user. Where the course note has words
// for it, they are the note's.
type words struct{ lang.Lang }

func (w words) askName() string {
	return w.Pick("your name: ", "請輸入你的名稱: ")
}

func (w words) joined(where, name, transport string) string {
	if transport == "udp" {
		return fmt.Sprintf(w.Pick("* talking to %s as %s (udp)", "* 以 UDP 與 %s 交談，名稱：%s (udp)"), where, name)
	}
	return fmt.Sprintf(w.Pick("* joined %s as %s (tcp)", "* 加入了聊天室 %s，名稱：%s (tcp)"), where, name)
}

func (w words) left() string {
	return w.Pick("* you left the room", "* 你離開了聊天室!")
}

func (w words) waiting(where string, cause error) string {
	return fmt.Sprintf(w.Pick("* waiting for %s: %v", "* 正在等待 %s：%v"), where, cause)
}

func (w words) gone(where string) string {
	return fmt.Sprintf(w.Pick("the connection to %s is lost", "與 %s 的連線已中斷"), where)
}

func (w words) tooLong(limit int) string {
	return fmt.Sprintf(w.Pick("* not said: a line has at most %d bytes", "* 沒有送出：一行最多 %d 個位元組"), limit)
}

func (w words) notSaid(cause error) string {
	return fmt.Sprintf(w.Pick("* not said: %v", "* 沒有送出：%v"), cause)
}

func (w words) nobodyListens(where string) string {
	return fmt.Sprintf(w.Pick("* nothing listens at %s (port unreachable)", "* %s 上沒有程式在監聽 (port unreachable)"), where)
}

// line returns what is shown of a line of the room, to the person who is called
// me there; empty for nothing.
func (w words) line(l chat.Line, me string) string {
	mine := l.Name == me
	who := safetext.Strip(l.Name)
	switch {
	case l.Kind == chat.Kick && mine:
		return w.Pick("* you were kicked out of the room", "* 你被踢出聊天室了!")
	case mine:
		return "" // typed here, and so already on the screen
	case l.Kind == chat.Say:
		return who + ": " + safetext.Strip(l.Text)
	case l.Kind == chat.Join:
		return "* " + who + w.Pick(" joined", " 加入了聊天室")
	case l.Kind == chat.Leave:
		return "* " + who + w.Pick(" left", " 離開了聊天室")
	case l.Kind == chat.Kick:
		return "* " + who + w.Pick(" was kicked", " 被踢出聊天室了")
	case l.Kind == chat.Notice:
		return "* " + safetext.Strip(l.Text)
	}
	return ""
}
