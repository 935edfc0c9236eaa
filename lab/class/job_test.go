package class

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wirelab/internal/lang"
)

// course writes a course into a folder and opens it.
func course(t *testing.T, files map[string]string) *Course {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noScript is an experiment that judges captures alone.
const noScript = "topology client1 server sniffer\nexpect mine.syn anywhere trace tcp\n-- mine.syn --\nclient1 > server SYN acked\n"

const twoStudents = "id,name\ns1,Ann\ns2,Bob\n"

func TestJobs(t *testing.T) {
	c := course(t, map[string]string{
		ConfigFile:                      "seeds = true\n[[experiment]]\nname='ping'\n[[experiment]]\nname='tcp-once'\nsubmission='capture'\npoints=3\n",
		RosterFile:                      twoStudents,
		"submissions/s1/tcp-once.pcap":  "a capture",
		"submissions/s1/notes.md":       "nothing of s1 is missing",
		"submissions/s2/.hidden":        "a file manager's",
		"submissions/s3/tcp-once.pcap":  "of nobody",
		"submissions/s2/tcp-once.txtar": "of another kind",
	})
	jobs, missing := c.Jobs()
	var keys []string
	for _, j := range jobs {
		keys = append(keys, j.Student+" "+j.Experiment+" "+j.Seed+" "+string(j.Kind))
		whole, err := j.Whole()
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadJob(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole, again, cmpopts.IgnoreUnexported(Job{})); diff != "" {
			t.Errorf("(-sent +read):\n%s", diff)
		}
		again.Source += "# another\n"
		if again.Check() == nil {
			t.Errorf("%s: a job whose text has changed is taken", j.Key())
		}
	}
	if diff := cmp.Diff([]string{"s1 ping s1 none", "s1 tcp-once s1 capture", "s2 ping s2 none"}, keys); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Missing{{"s2", "tcp-once", nil}}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	var unused []string
	for _, m := range c.Unused() {
		unused = append(unused, m.String())
	}
	if diff := cmp.Diff([]string{
		"not graded: submissions/s2/tcp-once.txtar, as no experiment takes a file of that name",
		"not graded: submissions/s3, as the roster has nobody of that id",
	}, unused); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
	path := filepath.Join(c.Dir, "submissions/s1/tcp-once.pcap")
	if err := os.WriteFile(path, []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := jobs[1].Whole(); err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("a submission that has changed: %v", err)
	}
}

// What is handed in is a file of its own: no link leads out of the folder, and no pipe
// is waited for.
func TestIrregularSubmissions(t *testing.T) {
	c := course(t, map[string]string{
		ConfigFile:                 "[[experiment]]\nname='tcp-once'\nsubmission='capture'\n",
		RosterFile:                 "id\nlink\nfolder\nlarge\nlinked\n",
		"secret.pcap":              "secret",
		"submissions/s9/keep":      "",
		"elsewhere/tcp-once.pcap":  "secret",
		"submissions/folder/empty": "",
	})
	sub := filepath.Join(c.Dir, SubmissionFolder)
	for _, err := range []error{
		os.Mkdir(filepath.Join(sub, "link"), 0o755),
		os.Symlink("../../secret.pcap", filepath.Join(sub, "link/tcp-once.pcap")),
		os.Mkdir(filepath.Join(sub, "folder/tcp-once.pcap"), 0o755),
		os.Symlink("../elsewhere", filepath.Join(sub, "linked")),
		os.Mkdir(filepath.Join(sub, "large"), 0o755),
		os.WriteFile(filepath.Join(sub, "large/tcp-once.pcap"), nil, 0o644),
		os.Truncate(filepath.Join(sub, "large/tcp-once.pcap"), MaxCapture+1),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	jobs, missing := c.Jobs()
	if len(jobs) > 0 {
		t.Fatalf("jobs %v, want none", jobs)
	}
	for i, want := range []string{"links are not followed", "no regular file", "larger than", "links are not followed"} {
		if missing[i].Err == nil || !strings.Contains(missing[i].Err.Error(), want) {
			t.Errorf("%s: %v, want %q", missing[i].Student, missing[i].Err, want)
		}
	}
}

// A folder beside a file that can be handed in is not in its way.
func TestFolderBesideASubmission(t *testing.T) {
	c := course(t, map[string]string{
		ConfigFile:                      "[[experiment]]\nname='talk.txtar'\nsubmission='program'\n",
		RosterFile:                      "id\ns1\n",
		"talk.txtar":                    talk,
		"submissions/s1/talk/notes.txt": "how it works",
		"submissions/s1/talk.py":        "#!/usr/bin/env python3\n",
	})
	jobs, missing := c.Jobs()
	if len(jobs) != 1 || len(missing) != 0 {
		t.Fatalf("jobs %v, missing %v; want talk.py", jobs, missing)
	}
	if whole, err := jobs[0].Whole(); err != nil || !strings.HasPrefix(string(whole.Submission), "#!") {
		t.Errorf("%q, %v; want talk.py", whole.Submission, err)
	}
}

// A new course can be opened, whatever its folder is called.
func TestNew(t *testing.T) {
	for name, want := range map[string]string{"a \"b\" \\n": "a \"b\" \\n", "網路\u00a0實驗": "網路\u00a0實驗", "bell\a\x7f\x85": "bell\ufffd"} {
		dir := filepath.Join(t.TempDir(), name)
		if err := New(dir, lang.Chinese); err != nil {
			t.Fatal(err)
		}
		if c, err := Open(dir); err != nil || c.Name != want {
			t.Errorf("%q: %v, %v; want the name %q", name, c, err, want)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"no experiment", "name='x'", "no [[experiment]]"},
		{"no TOML", "name=\n", "class.toml:1:"},
		{"a misspelt key", "[[experiment]]\nname='ping'\nsubmision='none'\n", "unknown key experiment.submision"},
		{"an unknown experiment", "[[experiment]]\nname='pong'\n", "ping"},
		{"a kind", "[[experiment]]\nname='ping'\nsubmission='captures'\n", "capture"},
		{"twice", "[[experiment]]\nname='ping'\n[[experiment]]\nname='ping'\n", "twice"},
		{"no script", "[[experiment]]\nname='mine.txtar'\n", "no script"},
		{"a claim", "[[experiment]]\nname='ping'\nclaims={'ping.echo'=1}\n", "no claim ping.echo"},
		{"points", "[[experiment]]\nname='ping'\npoints=-1\n", "-1 points"},
		{"a language", "languages=['fr']\n[[experiment]]\nname='ping'\n", "fr"},
		{"a file that is missing", "[[experiment]]\nname='hw1.txtar'\n", "hw1.txtar"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{ConfigFile: test.text, RosterFile: twoStudents, "mine.txtar": noScript} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "class new") {
		t.Errorf("an empty folder: %v", err)
	}
}

// A result is done when it is written, and is a job's by what was handed in.
func TestPut(t *testing.T) {
	c := course(t, map[string]string{ConfigFile: "[[experiment]]\nname='ping'\n", RosterFile: twoStudents})
	jobs, _ := c.Jobs()
	if err := c.Put(jobs[0], jobs[0].Of(Temporary, nil), nil); err != nil {
		t.Fatal(err)
	}
	if got := c.Left(jobs); len(got) != 2 {
		t.Errorf("%d are left after one that is to be tried again, want 2", len(got))
	}
	forged := jobs[1].Of(Done, nil) // an engine's result says whose it is, and is not believed
	files := []File{{"ping.pcapng", []byte("capture")}, {"../../s2/ping/result.json", nil}, {"result.json", []byte("{}")}}
	if err := c.Put(jobs[0], forged, files); err != nil {
		t.Fatal(err)
	}
	left := c.Left(jobs)
	if len(left) != 1 || left[0].Student != "s2" {
		t.Errorf("left %v, want s2's", left)
	}
	if b, err := os.ReadFile(c.CapturePath(jobs[0])); err != nil || !strings.HasPrefix(string(b), "capture") {
		t.Errorf("the capture is %q (%v)", b, err)
	}
	again := jobs[0]
	again.Submission = []byte("another")
	again.Digest = again.digest(sha256.Sum256(again.Submission))
	if _, ok := c.Result(again); ok {
		t.Error("a result stands for another submission")
	}
	if err := c.Put(again, again.Of(Done, nil), nil); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(c.CapturePath(again)); err == nil {
		t.Errorf("a result without a capture has %q, which is another submission's", b)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "results/s1/ping/result.json"), []byte(`{"schema":`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Result(jobs[0]); ok {
		t.Error("half a result is one")
	}
}
