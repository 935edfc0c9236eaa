package tui

import (
	"cmp"
	"fmt"
	"strings"

	"wirelab/internal/lang"
)

// ofServer translates what servers say in English, where it is known.
func (w Words) ofServer(text string) string {
	if w.Lang != lang.Chinese {
		return text
	}
	for _, b := range serverBeginnings {
		if rest, ok := strings.CutPrefix(text, b.english); ok {
			return b.chinese + awayReason(rest)
		}
	}
	if n, ok := strings.CutSuffix(text, " people"); ok {
		return n + " 人"
	}
	if name, why, ok := strings.Cut(text, " is away: "); ok && !strings.Contains(name, ":") { // in no name, but in "to bob: ..."
		return fmt.Sprintf("%s 暫時離開：%s", name, awayReason(why))
	}
	return cmp.Or(serverWords[text], text)
}

// serverBeginnings are those of texts that end with what someone said.
var serverBeginnings = []struct{ english, chinese string }{
	{"the topic is: ", "目前的主題："},
	{"you are away: ", "你暫時離開："},
}

var serverWords = map[string]string{
	"server is closing":                                       "伺服器即將關閉",
	"/help: these lines":                                      "/help：列出這些指令",
	"/who: who is here":                                       "/who：誰在聊天室裡",
	"/me TEXT: says what you do":                              "/me 動作：說你在做什麼",
	"/nick NAME: gives you another name":                      "/nick 名稱：改名",
	"/msg NAME TEXT: says something to one person alone":      "/msg 名稱 訊息：只說給一個人聽",
	"/away [TEXT]: marks you as away until you say something": "/away [原因]：標示為暫時離開，說話就會取消",
	"you are muted: nobody hears it":                          "你被禁言了，沒有人聽得到",
	"you are no longer away":                                  "你回來了",
	"/topic [TEXT]: shows or sets the room's topic":           "/topic [主題]：顯示或設定聊天室的主題",
	"there is no topic (/topic TEXT sets one)":                "還沒有主題（用 /topic 主題 設定）",
	"/quit: leaves the room; so does the word exit":           "/quit：離開聊天室，打 exit 也可以",
}

// whereabouts translates the text of a line of kind who.
func (w Words) whereabouts(text string) string {
	transport, why, away := strings.Cut(text, ", away: ")
	if !away || w.Lang != lang.Chinese {
		return text
	}
	return fmt.Sprintf("%s，暫時離開：%s", transport, awayReason(why))
}

func awayReason(text string) string {
	if text == "no reason given" {
		return "未說明原因"
	}
	return text
}
