//go:build unix

package filelock

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// holderVariable makes this test binary a process that holds a file's lock until its
// standard input ends.
const holderVariable = "FILELOCK_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(holderVariable); path != "" {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = Lock(f)
		}
		fmt.Println(err)
		bufio.NewReader(os.Stdin).ReadByte()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// open opens a file for a test.
func open(t *testing.T, path string, how int) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, how, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func taken(t *testing.T, f *os.File) bool {
	t.Helper()
	is, err := Taken(f)
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// A lock keeps another open file off, of this process, too, until its own is closed.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, second := open(t, path, os.O_RDWR|os.O_CREATE), open(t, path, os.O_RDWR)
	if err := Lock(first); err != nil {
		t.Fatal(err)
	}
	if err := Lock(second); !errors.Is(err, ErrTaken) {
		t.Errorf("a file that is locked: %v, want %v", err, ErrTaken)
	}
	first.Close()
	if err := Lock(second); err != nil {
		t.Errorf("a file whose lock was closed: %v", err)
	}
}

// Whoever only looks takes nothing, and needs no right to write.
func TestTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	holder := open(t, path, os.O_RDWR|os.O_CREATE)
	look := open(t, path, os.O_RDONLY)
	if taken(t, look) {
		t.Error("a file that nobody has locked is taken")
	}
	if err := Lock(holder); err != nil {
		t.Errorf("after a look: %v", err)
	}
	if !taken(t, look) {
		t.Error("a file that is locked is not taken")
	}
	if taken(t, holder) {
		t.Error("who holds the lock is told that somebody else does")
	}
}

// Looks keep nobody off who asks for the lock at the same time.
func TestLooksDoNotDisturb(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open(t, path, os.O_RDWR|os.O_CREATE)
	look, stop, ended := open(t, path, os.O_RDONLY), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				Taken(look)
			}
		}
	}()
	for range 20_000 {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := Lock(f); err != nil {
			t.Errorf("while somebody looks: %v", err)
			f.Close()
			break
		}
		f.Close()
	}
	close(stop)
	<-ended
}

// The lock of a process that is killed goes with it.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	look := open(t, path, os.O_RDWR|os.O_CREATE)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holderVariable+"="+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if said != "<nil>\n" || !taken(t, look) {
		t.Errorf("the other process says %q (%v), and the file is not taken", said, err)
	}
	if err := Lock(look); !errors.Is(err, ErrTaken) {
		t.Errorf("a file that another process has locked: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if taken(t, look) {
		t.Error("the file is locked by a process that was killed")
	}
}

// A lock that is given up is, although the open file is another's, too.
func TestUnlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, second := open(t, path, os.O_RDWR|os.O_CREATE), open(t, path, os.O_RDWR)
	if err := Lock(first); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("cat") // has the open file until its input ends
	child.ExtraFiles = []*os.File{first}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer in.Close()
	if err := Unlock(first); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Close(), Lock(second)); err != nil {
		t.Error(err)
	}
}
