package web

import (
	"net/http/cookiejar"
	"slices"
	"testing"

	"wirelab/internal/webguard"
)

func TestTeacher(t *testing.T) {
	h := open(t, setUp{guard: webguard.Config{Tokens: []webguard.Token{{Value: "chalk", Role: Teacher}}}})
	bob := newPhone(t, h).join(joining{Name: "bob"})
	if status := bob.post("teacher", order{"kick", "bob"}, nil); status != 403 {
		t.Errorf("who is no teacher kicks: %d", status)
	}
	in := bob.listen()
	teacher := newPhone(t, h)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	teacher.http.Jar = jar
	if resp, err := teacher.http.Get("http://" + h.address + "/?token=chalk"); err != nil || resp.StatusCode != 200 {
		t.Fatalf("the teacher's link: %v, %v", resp, err)
	}
	teacher.join(joining{Name: "teacher"}) // or the address would be kept out with bob
	var now room
	do := func(what, name string, want int) {
		t.Helper()
		now = room{}
		if status := teacher.post("teacher", order{what, name}, &now); status != want {
			t.Errorf("%s %s: %d, want %d", what, name, status, want)
		}
	}
	do("mute", "bob", 200)
	if len(now.People) != 2 || !now.People[0].Muted || now.People[0].Address != "127.0.0.1" {
		t.Errorf("the teacher sees %+v", now)
	}
	bob.say("can you hear me")
	in.untilLine("* you are muted: nobody hears it")
	do("unmute", "bob", 200)
	bob.say("and now")
	in.untilLine("bob: and now")
	do("mute", "nobody", 409)
	do("format", "bob", 400)
	do("kick", "bob", 200)
	in.untilEvent("over")
	if len(now.People) != 1 || !slices.Equal(now.Out, []string{"bob"}) {
		t.Errorf("after the kick: %+v", now)
	}
	var p problem
	if status := newPhone(t, h).post("join", joining{Once: webguard.NewToken(), Name: "bob"}, &p); status != 403 || p.Code != "chat.refused.kicked" {
		t.Errorf("who was kicked joins: %d %+v", status, p)
	}
	do("unban", "bob", 200)
	newPhone(t, h).join(joining{Name: "bob"})
	if _, err := h.room.KickMember("bo", 0, ""); err == nil {
		t.Error("half a name is kicked")
	}
}
