package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/safetext"
	"wirelab/sniffer/pcapfile"
)

// words are what sniff says to people.
type words struct{ lang.Lang }

func (w words) chosen(name string, byRoute bool) string {
	name = safetext.Escape(name)
	if byRoute {
		return fmt.Sprintf(w.Pick("%s has the default route (-i chooses another interface)",
			"%s 是預設路由使用的介面（可用 -i 改選其他介面）"), name)
	}
	return fmt.Sprintf(w.Pick("%s is the only interface that is up (-i chooses another)",
		"%s 是唯一已啟用的介面（可用 -i 改選其他介面）"), name)
}

// totals takes nil for statistics that a file does not have.
func (w words) totals(s *session, stats *pcapfile.Statistics) string {
	text := fmt.Sprintf(w.Pick("%d packets captured, %d shown", "擷取 %d 個封包，顯示 %d 個"), s.captured, s.shown)
	switch {
	case stats == nil:
		text += w.Pick(", drops not recorded", "，未記錄丟棄的封包數")
	default:
		text += fmt.Sprintf(w.Pick(", %d dropped by the kernel", "，核心丟棄 %d 個"), stats.Dropped)
	}
	if s.options.read == "" || s.lost > 0 {
		text += fmt.Sprintf(w.Pick(", %d dropped by wirelab", "，wirelab 丟棄 %d 個"), s.lost)
	}
	if s.decodes() {
		text += fmt.Sprintf(w.Pick(", %d malformed", "，格式錯誤 %d 個"), s.malformed)
	}
	return text
}

func (w words) longLadder(packets int) string {
	return fmt.Sprintf(w.Pick("the ladder shows only the first %d packets: there are too many for one picture",
		"時序圖只畫前 %d 個封包：數量太多，一張圖放不下"), packets)
}

// cannotCapture adds what to do to an error of capture.Open.
func (w words) cannotCapture(err error) error {
	advice := ""
	switch {
	case errors.Is(err, os.ErrPermission):
		advice = w.Pick("capturing needs CAP_NET_RAW: run it with sudo, or give the program the capability once:\n"+
			"  sudo setcap cap_net_raw+ep \"$(command -v wirelab)\"\n"+
			"in a container: --cap-add NET_RAW and user 0; in a lab of wirelab's own no right is needed:\n"+
			"  wirelab up, then in another terminal wirelab exec sniffer -- sniff",
			"擷取封包需要 CAP_NET_RAW：請用 sudo 執行，或授予程式這項權限（只需做一次）：\n"+
				"  sudo setcap cap_net_raw+ep \"$(command -v wirelab)\"\n"+
				"在容器裡：加上 --cap-add NET_RAW，並以 root（UID 0）執行；在 wirelab 自己的實驗室裡不需要任何權限：\n"+
				"  wirelab up，然後在另一個終端機執行 wirelab exec sniffer -- sniff")
	case errors.Is(err, syscall.ENETDOWN):
		advice = w.Pick("the interface is down: ip link set dev INTERFACE up", "介面未啟用：ip link set dev 介面名稱 up")
	case errors.Is(err, errors.ErrUnsupported):
		advice = w.Pick("here sniff reads files: wirelab sniff -r FILE", "在這個系統上，sniff 只能讀取檔案：wirelab sniff -r 檔案")
	}
	if advice != "" {
		err = fmt.Errorf("%w\n%s", err, advice)
	}
	if coded, ok := errors.AsType[*exit.Error](err); ok { // of the filter
		return coded
	}
	return exit.With(exit.Unable, err)
}
