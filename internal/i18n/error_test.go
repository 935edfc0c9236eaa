package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"

	"wirelab/internal/lang"
)

// An error is told in either language, whatever stands around it, and the same
// after a message of it was kept as JSON.
func TestExplain(t *testing.T) {
	taken := Errmsg("script.twice.claim", "Claim", "ping.x")
	plain := errors.New("no space left")
	for _, test := range []struct {
		name             string
		err              error
		english, chinese string
	}{
		{"plain", plain, "no space left", "系統回報「no space left」"},
		{"behind a step", fmt.Errorf("make the cable: %w", plain), "make the cable: no space left", "系統回報「make the cable: no space left」"},
		{"that happens often", fmt.Errorf("make the cable: %w", syscall.EPERM), "make the cable: operation not permitted", "沒有權限（系統回報「make the cable: operation not permitted」）"},
		{"behind words", fmt.Errorf("while doing it: %w", taken), `while doing it: claim "ping.x" is there twice`, "驗證項目「ping.x」出現了兩次（系統回報「while doing it: …」）"},
		{"two beside each other", errors.Join(plain, plain), "no space left\nno space left", "系統回報「no space left」\n系統回報「no space left」"},
		{"an original", Original(plain), "no space left", "no space left"},
		{"itself", taken, `claim "ping.x" is there twice`, "驗證項目「ping.x」出現了兩次"},
		{"behind a place", fmt.Errorf("ping.txtar:3: %w", taken), `ping.txtar:3: claim "ping.x" is there twice`, "ping.txtar:3: 驗證項目「ping.x」出現了兩次"},
		{"between words", fmt.Errorf("a (%w) b", fmt.Errorf("[%w]", taken)), `a ([claim "ping.x" is there twice]) b`, "a ([驗證項目「ping.x」出現了兩次]) b"},
		{"beside another", errors.Join(plain, taken), "no space left\nclaim \"ping.x\" is there twice", "系統回報「no space left」\n驗證項目「ping.x」出現了兩次"},
		{"of one cause", Errmsg("run.folder", "Cause", plain), "the folder for the captures cannot be made: no space left\nchoose another with -o FOLDER", "無法建立存放擷取檔的資料夾：系統回報「no space left」\n請用 -o 指定別的資料夾"},
		{"of a cause of ours", Errmsg("usage.see", "Cause", fmt.Errorf("x: %w", taken), "Command", "wirelab run"), "x: claim \"ping.x\" is there twice\nsee wirelab run --help", "x: 驗證項目「ping.x」出現了兩次\n用法請看：wirelab run --help"},
		{"what acts on a terminal", Errmsg("script.twice.claim", "Claim", "\x1b[31m\n"), `claim "\x1b[31m\n" is there twice`, `驗證項目「\x1b[31m\n」出現了兩次`},
		{"a list", Errmsg("chat.ignore.list", "Names", []string{"\x1b", "b"}), `you ignore: \x1b, b`, `不顯示這些人的訊息：\x1b、b`},
		{"a missing file", FileError("a.txtar", &fs.PathError{Op: "open", Path: "a.txtar", Err: syscall.ENOENT}), "a.txtar: there is no such file (no such file or directory)", "a.txtar：沒有這個檔案（系統回報「no such file or directory」）"},
		{"a deadline", NetError(os.ErrDeadlineExceeded), "no answer in time (i/o timeout)", "沒有及時回應（系統回報「i/o timeout」）"},
		{"a name", NetError(&net.DNSError{Err: "no such host", Name: "sever"}), `no host is called "sever" (lookup sever: no such host)`, "找不到主機「sever」（系統回報「lookup sever: no such host」）"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.err.Error(); got != test.english {
				t.Errorf("the error is %q, want %q", got, test.english)
			}
			b, err := json.Marshal(FromError(test.err))
			if err != nil {
				t.Fatal(err)
			}
			var kept Message
			if err := json.Unmarshal(b, &kept); err != nil {
				t.Fatal(err)
			}
			for l, want := range map[lang.Lang]string{lang.English: test.english, lang.Chinese: test.chinese} {
				if got := Explain(l, test.err); got != want {
					t.Errorf("in %s it is %q, want %q", l, got, want)
				}
				if got := kept.In(l); got != want {
					t.Errorf("kept as %s it is %q in %s, want %q", b, got, l, want)
				}
			}
		})
	}
	if err := Errmsg("run.folder", "Cause", fmt.Errorf("deep: %w", plain)); !errors.Is(err, plain) {
		t.Errorf("%v hides its cause", err)
	}
}
