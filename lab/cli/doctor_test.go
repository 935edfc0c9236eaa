package cli

import (
	"strings"
	"testing"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/class/cluster"
	"wirelab/lab/report"
)

// Who has one way to run labs is told that the advice for another need not be followed;
// who has all or none is not.
func TestDoctorSaysWhatIsEnough(t *testing.T) {
	can := Finding{Backend: "netns", OK: true}
	cannot := Finding{Backend: "docker", missing: &lab.Unavailable{What: i18n.Verbatim("docker"), Cause: i18n.Verbatim("no daemon"), Advice: []i18n.Message{i18n.Verbatim("start it")}}}
	for _, test := range []struct {
		name     string
		findings []Finding
		enough   bool
	}{
		{"one of two", []Finding{can, cannot}, true},
		{"both", []Finding{can, can}, false},
		{"none", []Finding{cannot, cannot}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for l, sentence := range map[lang.Lang]string{lang.English: "One that can is enough.", lang.Chinese: "有一種可以執行就夠了。"} {
				var b strings.Builder
				if err := printFindings(&b, test.findings, l, false); err != nil {
					t.Fatal(err)
				}
				if got := strings.HasSuffix(b.String(), "\n\n"+sentence+"\n"); got != test.enough {
					t.Errorf("%s: said is %v, want %v:\n%s", l, got, test.enough, b.String())
				}
			}
		})
	}
}

// Lines that are pasted are not wrapped: what a pod has said behind its reason, and the advice.
func TestClusterFindingIsNotWrapped(t *testing.T) {
	long := "  securityContext: {" + strings.Repeat("seccompProfile: {type: Localhost}, ", 6) + "}"
	var b strings.Builder
	f := cluster.Finding{What: "lab", Said: i18n.Verbatim("refused\nspec:\n" + long), Advice: i18n.Verbatim("# first\n" + long)}
	printClusterFinding(&b, report.NewTerminal(&b, lang.English, shown(&b, true)), f, lang.English)
	if n := strings.Count(b.String(), long+"\n"); n != 2 {
		t.Errorf("%d of 2 lines are whole:\n%s", n, &b)
	}
}
