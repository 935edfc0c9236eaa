package class

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// One process at a time works on a course, and who looks learns which without keeping it
// off.
func TestHolder(t *testing.T) {
	c := course(t, map[string]string{ConfigFile: "[[experiment]]\nname='ping'\n", RosterFile: twoStudents})
	none := func(when string) {
		t.Helper()
		if h, err := c.Holder(); h != nil || err != nil {
			t.Errorf("%s: held by %v, %v; want nobody", when, h, err)
		}
	}
	none("before any run")
	if _, err := os.Lstat(filepath.Join(c.Dir, ResultFolder)); err == nil {
		t.Error("a look has made the folder of results")
	}
	unlock, err := c.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if h, err := c.Holder(); err != nil || h == nil || h.PID != os.Getpid() {
		t.Errorf("held by %+v, %v; want process %d", h, err, os.Getpid())
	}
	if _, err := c.Lock(); err == nil {
		t.Error("a course is locked twice")
	} else if busy, ok := errors.AsType[*BusyError](err); !ok || busy.PID != os.Getpid() {
		t.Errorf("locked twice: %v, want that process %d works on it", err, os.Getpid())
	}
	unlock()
	none("after the run")
}
