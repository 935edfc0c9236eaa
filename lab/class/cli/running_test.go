package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/lab/class"
)

// busyEngine gives every job up.
type busyEngine struct{}

func (busyEngine) Run(_ context.Context, jobs []class.Job, done func(class.Job, class.Result, []class.File) error) error {
	for _, j := range jobs {
		if err := done(j, j.Of(class.Temporary, errors.New("the lab of "+j.Student+" \x1b[2J was late")), nil); err != nil {
			return err
		}
	}
	return nil
}

// A run that gives jobs up says why: of each to programs, of some to people, and ends with
// 75. What it says acts on no terminal.
func TestGivenUp(t *testing.T) {
	dir := t.TempDir()
	roster := "id\n"
	for i := range 30 {
		roster += fmt.Sprintf("s%02d\n", i)
	}
	for name, text := range map[string]string{class.ConfigFile: "[[experiment]]\nname='ping'\n", class.RosterFile: roster} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	var stream bytes.Buffer
	run := Run{Course: c, Engine: busyEngine{}, Lang: lang.English, ASCII: true, Stream: &stream, Err: said}
	if err := run.Do(t.Context()); exit.Code(err) != exit.TryAgain {
		t.Errorf("%v, exit code %d; want %d", err, exit.Code(err), exit.TryAgain)
	}
	reasons := 0
	for d := json.NewDecoder(&stream); d.More(); {
		var e event
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == "result" && strings.Contains(e.Reason, "the lab of "+e.Student) {
			reasons++
		}
	}
	if reasons != 30*passes {
		t.Errorf("%d results have a reason, want %d", reasons, 30*passes)
	}
	text, err := os.ReadFile(said.Name())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "was late"); n != mostReasons || bytes.ContainsRune(text, '\x1b') {
		t.Errorf("people are told %d times why, want %d, and nothing that acts on a terminal:\n%q", n, mostReasons, text)
	}
}
