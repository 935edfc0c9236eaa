package dialect

import (
	"fmt"

	"wirelab/chat"
)

// fewNames is how many people in a row are told by name that come or go; more are
// told by number, so that they do not push what was said off the screen.
const fewNames = 3

// crowd is how many people come and go in the lines that b begins with.
type crowd struct{ came, went, size int }

// meet counts the lines of kind Join and Leave with which b, whole lines, begins. It
// returns the zero crowd if they are few.
func meet(b []byte) (c crowd) {
	for more := true; more && c.size < len(b); {
		l, size := chat.CutLine(b[c.size:])
		switch l.Kind {
		case chat.Join:
			c.came++
		case chat.Leave:
			c.went++
		default:
			more, size = false, 0
		}
		c.size += size
	}
	if c.came+c.went <= fewNames {
		return crowd{}
	}
	return c
}

// String returns it as nc shows it: "* 37 joined, 2 left".
func (c crowd) String() string {
	switch {
	case c.went == 0:
		return fmt.Sprintf("* %d joined", c.came)
	case c.came == 0:
		return fmt.Sprintf("* %d left", c.went)
	}
	return fmt.Sprintf("* %d joined, %d left", c.came, c.went)
}

// clientPy returns it as the course note's server would tell it.
func (c crowd) clientPy() (text string) {
	if c.came > 0 {
		text = fmt.Sprintf("---- %d 人加入了聊天室 ----\n", c.came)
	}
	if c.went > 0 {
		text += fmt.Sprintf("---- %d 人離開了聊天室 ----\n", c.went)
	}
	return text
}
