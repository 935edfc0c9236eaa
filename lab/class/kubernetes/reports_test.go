package kubernetes

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/lab/class"
	"wirelab/lab/class/grades"
)

// ofTheRun are the only things in the files for graders that two runs of the same work may
// have different, on one machine, too: how long a lab took and when the report was written;
// what programs in the lab have printed, which has the time of day and ports that the kernel
// chose; and, where a lab was run and no capture judged, the numbers of packets, since a
// kernel sends an ACK alone or with data.
var ofTheRun = map[string][]*regexp.Regexp{
	"junit":       {regexp.MustCompile(`(<testsuite [^>]*\btime=")[0-9.]+(")`), regexp.MustCompile(`(it had printed:)[^"<]*(["<])`)},
	"gradescope":  {regexp.MustCompile(`("execution_time": )[0-9.e+-]+(,\n)`), regexp.MustCompile(`(it had printed:)(?:[^"\\]|\\.)*(")`)},
	"classroom50": {regexp.MustCompile(`("(?:datetime|graded_at)": ")[^"]+(")`)},
	"results.csv": {regexp.MustCompile(`(\n[^,\n]+,[^,\n]+,(?:ping|talk),[^,\n]+,[a-z]+,[0-9]*,[0-9]+,)[0-9 ]+(,)`), regexp.MustCompile(`(it had printed:)(?:[^"]|"")*(")`)},
}

// forGraders writes a course's reports, and returns those that other programs read, by
// name, without what is of the run.
func forGraders(t *testing.T, c *class.Course, now time.Time) map[string]string {
	t.Helper()
	if err := grades.Read(c).Write(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	dir := os.DirFS(filepath.Join(c.Dir, class.ReportFolder))
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".html") {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		folder, _, _ := strings.Cut(name, "/")
		for _, mask := range ofTheRun[folder] {
			text = mask.ReplaceAll(text, []byte("${1}of the run${2}"))
		}
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sameForGraders checks that graders are told the same of two runs of a course, and that
// all of them are told something.
func sameForGraders(t *testing.T, here, there *class.Course) {
	t.Helper()
	one := forGraders(t, here, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	other := forGraders(t, there, time.Date(2026, 4, 5, 6, 7, 8, 0, time.UTC))
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("files for graders (-here +cluster):\n%s", diff)
	}
	graded := 0
	for _, s := range grades.Read(here).Students {
		names := []string{"results.csv", "grades.csv", "junit/" + s.ID + ".xml"}
		if _, known := s.Score(); known {
			graded++
			names = append(names, "gradescope/"+s.ID+"/results.json", "classroom50/"+s.ID+"/result.json")
		}
		for _, name := range names {
			if one[name] == "" {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if graded == 0 || graded == len(here.Students) {
		t.Errorf("of %d students %d have a grade: some should, and some not", len(here.Students), graded)
	}
	t.Logf("%d files for graders are the same, byte for byte but for the times", len(one))
}

// What is of the run is not compared; all else is.
func TestOfTheRun(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"junit": {
			`<testsuite name="s1.ping" tests="1" time="0.512"><testcase name="c" time="0.000"><failure message="x; it had printed:&#xA;    at 10:00 &#34;hello&#34;" type="fail">x; it had printed:&#xA;    at 10:00</failure>`,
			`<testsuite name="s1.ping" tests="1" time="of the run"><testcase name="c" time="0.000"><failure message="x; it had printed:of the run" type="fail">x; it had printed:of the run</failure>`,
		},
		"gradescope": {
			"{\n  \"execution_time\": 1.5e-05,\n  \"score\": 1.5,\n \"output\": \"x; it had printed:\\n    at \\\"10:00\\\"\",\n \"max\": 2",
			"{\n  \"execution_time\": of the run,\n  \"score\": 1.5,\n \"output\": \"x; it had printed:of the run\",\n \"max\": 2",
		},
		"classroom50": {
			`{"datetime": "2026-03-04T05:06:07Z", "graded_at": "2026-03-04T05:06:07Z", "score": 3`,
			`{"datetime": "of the run", "graded_at": "of the run", "score": 3`,
		},
		"results.csv": {
			"packets,reason\r\ns1,One,ping,c,pass,2,2,4 5,\r\ns1,One,tcp-once,c,pass,1,1,6 7,\r\ns1,One,talk,c,fail,0,5,,\"x; it had printed:\r\n    \"\"a\"\" at 10:00\"\r\ns2,Two",
			"packets,reason\r\ns1,One,ping,c,pass,2,2,of the run,\r\ns1,One,tcp-once,c,pass,1,1,6 7,\r\ns1,One,talk,c,fail,0,5,,\"x; it had printed:of the run\"\r\ns2,Two",
		},
	} {
		for _, mask := range ofTheRun[name] {
			test.text = mask.ReplaceAllString(test.text, "${1}of the run${2}")
		}
		if diff := cmp.Diff(test.want, test.text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
