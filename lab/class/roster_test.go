package class

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRoster(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       columns
		students   []Student
		refused    string // words of the error
	}{
		{name: "plain", text: "id,name\ns1,Ann\ns2,Bob\n", students: []Student{{"s1", "Ann", "s1"}, {"s2", "Bob", "s2"}}},
		{name: "byte order mark, CRLF, quotes, empty rows", text: "\xef\xbb\xbfID,Name\r\n\"s1\",\"Ann, \"\"A\"\"\"\r\n,\r\n\r\n", students: []Student{{"s1", `Ann, "A"`, "s1"}}},
		{name: "semicolons and columns of another name", text: "Klasse;學號;姓名\n7b;s1;王小明\n", want: columns{ID: "學號", Name: "姓名"}, students: []Student{{"s1", "王小明", "s1"}}},
		{name: "tabs, a column of seeds", text: "id\tname\tpin\ns1\tAnn\t77\n", want: columns{Seed: "PIN"}, students: []Student{{"s1", "Ann", "77"}}},
		{name: "tabs, and fields without a text", text: "id\tname\tpin\ns1\t\t77\n s2 \t \t\n", want: columns{Seed: "PIN"}, students: []Student{{"s1", "", "77"}, {"s2", "", "s2"}}},
		{name: "no names", text: "id\ns1\n", students: []Student{{"s1", "", "s1"}}},
		{name: "a short row", text: "id,name\ns1\n", students: []Student{{"s1", "", "s1"}}},
		{name: "a name across lines", text: "id,name\ns1,\"A\nB\"\n", students: []Student{{"s1", "A\nB", "s1"}}},
		{name: "an id that is a path", text: "id\ns1\n../s2\n", refused: `line 3: "../s2" is no id`},
		{name: "an id that is a hidden folder", text: "id\n.ssh\n", refused: `".ssh" is no id`},
		{name: "an id with a space", text: "id\na b\n", refused: `"a b" is no id`},
		{name: "tabs, and no id", text: "id\tname\n\tAnn\n", refused: `"" is no id`},
		{name: "twice", text: "id\ns1\nS1\n", refused: "id S1 is in line 2 already"},
		{name: "no such column", text: "nr,name\n1,A\n", refused: `no column "id"`},
		{name: "nobody", text: "id,name\n", refused: "no students"},
		{name: "nothing", text: "", refused: "no students"},
		{name: "not UTF-8", text: "id,name\ns1,M\xfcller\n", refused: "not UTF-8"},
		{name: "a quote that does not end", text: "id,name\ns1,\"A\n", refused: "line 2: a field in quotation marks does not end"},
		{name: "a quote within a field", text: "id,name\ns1,Ann\ns2,A \"B\"\n", refused: "line 3: a quotation mark within a field"},
		{name: "a quote in the head that does not end", text: "id,\"name\ns1,A\n", refused: "line 1: a field in quotation marks does not end"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseRoster([]byte(test.text), test.want)
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("error %v, want %q", err, test.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.students, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the text, an id names a folder right below another.
func FuzzRoster(f *testing.F) {
	f.Add("id,name\ns1,Ann\n")
	f.Add("\xef\xbb\xbfid;name\r\n\"s\"\"1\";x\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		students, err := parseRoster([]byte(text), columns{})
		if err == nil && len(students) == 0 {
			t.Error("a roster of nobody")
		}
		for _, s := range students {
			if !ValidID(s.ID) || strings.ContainsAny(s.ID, "/\\:\x00") || s.ID == ".." || s.Seed == "" {
				t.Errorf("%+v", s)
			}
		}
	})
}
