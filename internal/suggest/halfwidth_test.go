package suggest

import (
	"strings"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

func TestHalfwidth(t *testing.T) {
	for text, want := range map[string]struct{ english, chinese string }{
		"client1 > server":   {},
		"你好":                 {},
		"client1 ＞ server":   {`has the full-width ＞ in it: write >`, "裡的「＞」是全形：請改成半形的「>」"},
		"lesson：":            {`"lesson：" has the full-width ： in it: write :`, "「lesson：」裡的「：」是全形：請改成半形的「:」"},
		"client1　ping":       {`"client1　ping" has a full-width space: write an ordinary one`, "「client1　ping」裡有全形空白：請改成半形空白"},
		"“hello”":            {`the full-width “ in it: write "`, `「“」是全形：請改成半形的「"」`},
		"arp、icmp":           {`the full-width 、 in it: write ,`, "「、」是全形：請改成半形的「,」"},
		"~ ～":                {`the full-width ～ in it: write ~`, "「～」是全形：請改成半形的「~」"},
		"client1 ！ server ＞": {`the full-width ！ in it: write !`, "請改成半形的「!」"},
	} {
		err := Halfwidth(text)
		if want.english == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		if got := i18n.Explain(lang.English, err); !strings.Contains(got, want.english) {
			t.Errorf("%q: %q, want %q", text, got, want.english)
		}
		if got := i18n.Explain(lang.Chinese, err); !strings.Contains(got, want.chinese) {
			t.Errorf("%q: %q, want %q", text, got, want.chinese)
		}
	}
}
