package lang

import (
	"runtime"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		flag, own, all, messages, lang string
		want                           Lang
		fails                          bool
	}{
		{flag: "en", lang: "zh_TW.UTF-8", want: English},
		{flag: "zh", want: Chinese},
		{flag: "zh_TW.UTF-8", want: Chinese},
		{flag: "ZH-tw", want: Chinese},
		{flag: "fr", fails: true},
		{want: English},
		{lang: "zh_TW.UTF-8", want: Chinese},
		{messages: "en_US.UTF-8", lang: "zh_TW.UTF-8", want: English},
		{own: "zh-TW", all: "C.UTF-8", want: Chinese},
		{own: "en", all: "zh_TW.UTF-8", want: English},
		{all: "C.UTF-8", messages: "zh_TW.UTF-8", want: English},
	} {
		t.Setenv(Variable, test.own)
		t.Setenv("LC_ALL", test.all)
		t.Setenv("LC_MESSAGES", test.messages)
		t.Setenv("LANG", test.lang)
		got, err := Parse(test.flag)
		if (err != nil) != test.fails || !test.fails && got != test.want {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
	if English.Pick("yes", "是") != "yes" || Chinese.Pick("yes", "是") != "是" {
		t.Error("Pick takes the other language's text")
	}
}

func TestOfCommandLine(t *testing.T) {
	for _, test := range []struct {
		args []string
		want Lang
	}{
		{[]string{"run", "--lang", "zh-TW"}, Chinese},
		{[]string{"--lang=zh", "run"}, Chinese},
		{[]string{"exec", "client1", "--", "chat", "--lang", "zh"}, English},
		{[]string{"run", "--lang"}, English},
		{[]string{"run", "--lang", "fr"}, English},
	} {
		t.Setenv(Variable, "en")
		if got := OfCommandLine(test.args); got != test.want {
			t.Errorf("%q: %q, want %q", test.args, got, test.want)
		}
	}
}

func TestUTF8(t *testing.T) {
	for _, test := range []struct {
		all, ctype, lang string
		want             bool
	}{
		{lang: "zh_TW.UTF-8", want: true},
		{lang: "C.utf8", want: true},
		{lang: "zh_TW.Big5"},
		{lang: "C"},
		{all: "C", lang: "en_US.UTF-8"},
		{ctype: "en_US.UTF-8", lang: "C", want: true},
		{want: runtime.GOOS == "windows"},
	} {
		t.Setenv("LC_ALL", test.all)
		t.Setenv("LC_CTYPE", test.ctype)
		t.Setenv("LANG", test.lang)
		if got := UTF8(); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}

func TestAccepted(t *testing.T) {
	for header, want := range map[string]Lang{
		"":                                 English,
		"zh-TW,zh;q=0.9,en-US;q=0.8":       Chinese,
		"zh-Hant-HK":                       Chinese,
		"en-GB,zh;q=0.9":                   English,
		"en;q=0.2, zh;q=0.3":               Chinese,
		"ja, fr;q=0.9, zh-CN;q=0.1":        Chinese,
		"de":                               English,
		"\x00\xff;q=,,,":                   English,
		strings.Repeat("x-", 4000) + ",zh": English,
	} {
		if got := Accepted(header); got != want {
			t.Errorf("Accept-Language %.40q is %s, want %s", header, got, want)
		}
	}
}
