package pack

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/report"
)

// result returns one with so many claims, each with so many lines that do not compress.
func result(claims, lines int) class.Result {
	noise := rand.New(rand.NewPCG(1, 2))
	e := report.Experiment{Name: "ping", Status: claim.Fail, Capture: "ping.pcapng", Claims: []claim.Verdict{}}
	for i := range claims {
		v := claim.Verdict{ID: fmt.Sprintf("ping.c%d", i), Status: claim.Pass, Packets: []int{i}, Expected: []string{}, Observed: []string{}}
		if i == 0 {
			v.Status = claim.Fail
		}
		for range lines {
			v.Observed = append(v.Observed, fmt.Sprintf("client1 > server %x", noise.Uint64()))
		}
		e.Claims = append(e.Claims, v)
	}
	return class.Result{
		Schema: class.ResultSchema, Student: "alice", Experiment: "ping", Digest: strings.Repeat("a", 64), Kind: class.Nothing, Status: class.Done, Tries: 1,
		Run: &report.Result{Schema: report.Schema, Backend: "netns", Experiments: []report.Experiment{e}},
	}
}

// What does not fit is missing from the message, what is missed least first, and the log
// completes it.
func TestMessage(t *testing.T) {
	for _, test := range []struct {
		name          string
		claims, lines int
		whole         bool // the message has all
		verdicts      bool // the message has the verdicts
	}{
		{"small", 14, 2, true, true},
		{"long traces", 14, 40, false, true},
		{"hundreds of claims", 2000, 0, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := result(test.claims, test.lines)
			before := cmp.Diff(class.Result{}, want)
			text, whole, err := Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			if cmp.Diff(class.Result{}, want) != before {
				t.Error("Encode changes the result")
			}
			if len(text) > MaxMessage {
				t.Errorf("%d bytes, want %d at most", len(text), MaxMessage)
			}
			if (whole == nil) != test.whole {
				t.Errorf("the message has all: %v, want %v", whole == nil, test.whole)
			}
			m, err := Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(m.Result.Claims()) == test.claims; got != test.verdicts {
				t.Errorf("the message has the verdicts: %v, want %v", got, test.verdicts)
			}
			for i, v := range m.Result.Claims() {
				if of := want.Claims()[i]; v.ID != of.ID || v.Status != of.Status {
					t.Errorf("claim %d: %s %s, want %s %s", i, v.ID, v.Status, of.ID, of.Status)
				}
			}
			lines, err := Log([]class.File{{Name: "ping.pcapng", Data: []byte("capture")}, WholeFile(whole)})
			if err != nil {
				t.Fatal(err)
			}
			files, err := ReadLog(bytes.NewReader(lines))
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Complete(files)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// Without the log, what the message has counts; where it has no verdicts, none is made up.
			got, err = m.Complete(nil)
			if (err == nil) != test.verdicts {
				t.Errorf("without the log: %v, %v", got, err)
			}
		})
	}
}

// A log says nothing that the message does not vouch for.
func TestForgedLog(t *testing.T) {
	want := result(14, 40)
	text, whole, err := Encode(want)
	if err != nil || whole == nil {
		t.Fatalf("%v; want a result that does not fit", err)
	}
	m, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(whole, []byte(`"fail"`), []byte(`"pass"`), -1)
	got, err := m.Complete([]class.File{WholeFile(forged)})
	if err != nil || got.Verdict() != claim.Fail {
		t.Errorf("%v, %v: want what the message says", got.Verdict(), err)
	}
}

// Hostile texts are refused, and nothing large is made of a small one.
func TestHostileMessages(t *testing.T) {
	bomb, err := encode(Message{Result: class.Result{Schema: strings.Repeat("a", 2<<20)}})
	if err != nil || len(bomb) > MaxMessage {
		t.Fatalf("%d bytes, %v", len(bomb), err)
	}
	other, _ := encode(Message{Result: class.Result{Schema: "other\x1b[2J"}})
	for name, text := range map[string]string{
		"empty": "", "words": "panic: \x1b[2J", "no base64": mark + "?", "no zlib": mark + "AAAA", "bomb": bomb, "schema": other,
		"too long": mark + strings.Repeat("A", MaxMessage),
	} {
		if m, err := Decode(text); err == nil || strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%s: %v, %v; want an error that can be shown", name, m, err)
		}
	}
}

func TestLog(t *testing.T) {
	noise := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	files := []class.File{{Name: "ping.pcapng", Data: noise}, {Name: "result.json", Data: []byte("{}")}}
	lines, err := Log(files)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(lines) {
		if len(line) > 16<<10 {
			t.Errorf("a line of %d bytes: a runtime cuts it", len(line))
		}
	}
	among := slices.Concat([]byte("words\n"), []byte(strings.Repeat("x", 200_000)+"\n"), lines, []byte("more words"))
	got, err := ReadLog(bytes.NewReader(among))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, err := ReadLog(bytes.NewReader(lines[:len(lines)/2])); err == nil {
		t.Errorf("half a log: %d files, want an error", len(got))
	}
	if got, err := ReadLog(strings.NewReader("words\n")); err != nil || got != nil {
		t.Errorf("a log without files: %v, %v", got, err)
	}
	large := make([]byte, MaxLog)
	rand.NewChaCha8([32]byte{1}).Read(large)
	if _, err := Log([]class.File{{Name: "ping.pcapng", Data: large}}); !errors.Is(err, ErrLarge) {
		t.Errorf("a file of %d bytes: %v, want ErrLarge", len(large), err)
	}
	for _, name := range []string{"../ping.pcapng", "a/b", "/etc/passwd"} {
		lines, err := Log([]class.File{{Name: name, Data: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadLog(bytes.NewReader(lines)); err == nil {
			t.Errorf("a log with the file %s: %v, want an error", name, got)
		}
	}
	bomb, err := Log([]class.File{{Name: "ping.pcapng", Data: make([]byte, maxFileBytes+1<<20)}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ReadLog(bytes.NewReader(bomb)); err == nil {
		t.Errorf("a log that unpacks to more than its bound: %d files, want an error", len(got))
	}
}

func TestJob(t *testing.T) {
	want := job(t, []byte("handed in"))
	packed, err := Job(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadJob(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if got.Key() != want.Key() || string(got.Submission) != "handed in" {
		t.Errorf("%s with %q, want %s", got.Key(), got.Submission, want.Key())
	}
	noise := make([]byte, 2*MaxJob)
	rand.NewChaCha8([32]byte{}).Read(noise)
	if _, err := Job(job(t, noise)); !errors.Is(err, ErrLarge) {
		t.Errorf("%d bytes: %v, want ErrLarge", len(noise), err)
	}
}

// job returns the job of a course in which a capture was handed in.
func job(t *testing.T, submission []byte) class.Job {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		class.ConfigFile:                  "[[experiment]]\nname = \"tcp-once\"\nsubmission = \"capture\"\n",
		class.RosterFile:                  "id,name\nalice,Alice\n",
		"submissions/alice/tcp-once.pcap": string(submission),
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	jobs, _ := c.Jobs()
	if len(jobs) != 1 {
		t.Fatalf("%d jobs, want 1", len(jobs))
	}
	whole, err := jobs[0].Whole()
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func FuzzDecode(f *testing.F) {
	for _, r := range []class.Result{result(1, 1), result(14, 40), {Schema: class.ResultSchema, Status: class.Refused}} {
		text, _, err := Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add("wl1:")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Decode(text)
		if err != nil {
			return
		}
		if again, _, err := Encode(m.Result); err != nil || len(again) > MaxMessage {
			t.Errorf("what was decoded cannot be encoded: %d bytes, %v", len(again), err)
		}
	})
}

func FuzzReadLog(f *testing.F) {
	lines, err := Log([]class.File{{Name: "ping.pcapng", Data: []byte("capture")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(lines)
	f.Add([]byte("@wl1 \n@wl1 AAAA\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		files, err := ReadLog(bytes.NewReader(log))
		if err != nil && files != nil {
			t.Errorf("%d files and %v: want none or all", len(files), err)
		}
		for _, f := range files {
			if strings.ContainsAny(f.Name, "/") {
				t.Errorf("a file %q", f.Name)
			}
		}
	})
}
