package cli

import "testing"

// What is typed in a hurry reads as a line of a trace.
func TestLenient(t *testing.T) {
	hosts := []string{"client1", "server"}
	for typed, want := range map[string]string{
		"client1 > server SYN":       "client1 > server SYN",
		"client1>server SYN":         "client1 > server SYN",
		" client1 ＞ server SYN":      "client1 > server SYN",
		"client1 server SYN":         "client1 > server SYN",
		"client1 * who-has server":   "client1 > * who-has server",
		`client1 server "a > b"`:     `client1 server "a > b"`,
		"nobody server SYN":          "nobody server SYN",
		"client1":                    "client1",
		"":                           "",
		`client1 > server "x  >  y"`: `client1 > server "x  >  y"`,
	} {
		if got := lenient(typed, hosts); got != want {
			t.Errorf("%q reads %q, want %q", typed, got, want)
		}
	}
}
