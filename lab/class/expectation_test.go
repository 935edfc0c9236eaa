package class

import (
	"slices"
	"strings"
	"testing"

	"wirelab/internal/lang"
	"wirelab/lab/claim"
)

// teachers is an experiment of two claims.
const teachers = `topology client1 server sniffer
run client1 ping -c 1 server
settle done
expect mine.arp in done trace arp
expect mine.echo in done trace icmp
-- mine.arp --
client1 > * who-has server
server > client1 is-at server
-- mine.echo --
client1 > server echo-request seq=1
server > client1 echo-reply seq=1
`

func TestPredict(t *testing.T) {
	for _, test := range []struct {
		name, file string
		wrong      []string // claims
		refused    string
		echo       []string // what is expected in mine.echo
	}{
		{name: "the teacher's", file: teachers, echo: []string{"client1 > server echo-request seq=1", "server > client1 echo-reply seq=1"}},
		{name: "another script is not carried out", file: "topology client1 server sniffer\nrun client1 /bin/rm -rf /\nsettle done\n" + teachers[strings.Index(teachers, "-- mine.arp"):],
			echo: []string{"client1 > server echo-request seq=1", "server > client1 echo-reply seq=1"}},
		{name: "one section, and one of no claim", file: "-- mine.echo --\n-- other --\nx\n", wrong: []string{"mine.arp"}, echo: []string{}},
		{name: "a line that cannot be read", file: "-- mine.arp --\nclient1 > *  who-has server\n-- mine.echo --\nclient9 > server echo-request\n", wrong: []string{"mine.echo"}},
		{name: "a section twice is the first", file: "-- mine.arp --\n-- mine.echo --\n-- mine.echo --\nserver > client1 echo-reply seq=1\n", echo: []string{}},
		{name: "nothing", file: "", refused: "empty"},
		{name: "no section", file: "hello\n", refused: "no section"},
		{name: "binary", file: "-- mine.arp --\n\xff\xfe", refused: "no text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := Job{Experiment: "mine", Source: teachers, Submission: []byte(test.file)}
			p, err := j.predict()
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("error %v, want %q", err, test.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := p.experiment.Steps[0].String(); got != "run client1 ping -c 1 server" {
				t.Errorf("the script begins with %q", got)
			}
			var wrong []string
			for id, why := range p.wrong {
				if strings.Contains(why.In(lang.English), ".txtar:") {
					t.Errorf("%s: %q tells a line of a file that the student has not", id, why.In(lang.English))
				}
				wrong = append(wrong, id)
			}
			if !slices.Equal(wrong, test.wrong) {
				t.Errorf("wrong are %v, want %v", p.wrong, test.wrong)
			}
			if test.echo != nil && !slices.Equal(p.experiment.Claims[1].Expected, test.echo) {
				t.Errorf("expected are %q, want %q", p.experiment.Claims[1].Expected, test.echo)
			}
			verdicts := []claim.Verdict{{ID: "mine.arp", Status: claim.Pass, Expected: []string{"the teacher's"}}, {ID: "mine.echo", Status: claim.Pass}}
			p.judge(verdicts)
			for _, v := range verdicts {
				if is := slices.Contains(test.wrong, v.ID); is != (v.Status == claim.Fail) || is && len(v.Expected) > 0 {
					t.Errorf("%+v", v)
				}
			}
		})
	}
}

// Whatever a student hands in, the teacher's script is carried out and every claim is
// the teacher's.
func FuzzPredict(f *testing.F) {
	f.Add(teachers)
	f.Add("-- mine.echo --\n-- mine.arp --\nrun client1 /bin/sh\n")
	f.Fuzz(func(t *testing.T, file string) {
		p, err := Job{Experiment: "mine", Source: teachers, Submission: []byte(file)}.predict()
		if err != nil {
			return
		}
		if len(p.experiment.Steps) != 2 || len(p.experiment.Claims) != 2 || p.experiment.Claims[0].ID != "mine.arp" {
			t.Errorf("steps %v, claims %v", p.experiment.Steps, p.experiment.Claims)
		}
	})
}
