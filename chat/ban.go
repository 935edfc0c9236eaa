package chat

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/netblock"
)

const (
	maxSanctions = 1024
	maxBanReason = 200 // bytes; the refusal fits a datagram
)

// errNotBanned is returned by Unban.
var errNotBanned = i18n.Errmsg("chat.mistake.order.unbanned")

// Sanction keeps a person out of the room, or silent in it. It holds for the token and the
// name of a member, and for its address if nobody else is there; or for an address that
// was named.
type Sanction struct {
	Name    string       // the member's name; empty if an address was named
	Address netip.Prefix // holds for everyone from there; the zero value for nobody
	Reason  string       // may be empty
	Mute    bool         // the person is silent; otherwise kept out
	Until   time.Time    // when it ends; zero: when the console ends it

	token string
	keys  [2]string
}

// Removal says whom a kick or a ban has removed.
type Removal struct {
	Sanction          // keeps them out; zero for a kick without a duration
	Names    []string // names of the members who were removed
	Spared   int      // how many others are at the address, which is not kept out for their sake
}

// address returns a person's IP address; the zero address if it is none.
func address(p Person) netip.Addr {
	a, err := netip.ParseAddrPort(p.Address)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// at reports whether a sanction concerns an address.
func (s Sanction) at(a netip.Addr) bool {
	return a.IsValid() && s.Address.IsValid() && netblock.Of(a) == s.Address
}

// concerns reports whether a sanction concerns someone who joins.
func (s Sanction) concerns(a netip.Addr, token, name string) bool {
	if s.at(a) || s.token != "" && s.token == token {
		return true
	}
	k := keys(name)
	return s.Name != "" && (s.keys[0] == k[0] || s.keys[1] == k[1])
}

// refusal returns what someone is told who does not join.
func (s Sanction) refusal(now time.Time) error {
	switch {
	case !s.Until.IsZero():
		return errorMessage(i18n.Msg("chat.refused.kicked", "Minutes", int(s.Until.Sub(now).Minutes())+1))
	case s.Reason == "":
		return errorMessage(i18n.Msg("chat.refused.banned"))
	}
	return errorMessage(i18n.Msg("chat.refused.bannedfor", "Reason", s.Reason))
}

// current returns the sanctions that are not over. The room is locked.
func (r *Room) current() []Sanction {
	now := r.now()
	r.sanctions = slices.DeleteFunc(r.sanctions, func(s Sanction) bool { return !s.Until.IsZero() && !now.Before(s.Until) })
	return r.sanctions
}

// Sanctions returns the sanctions that are in force, the oldest first.
func (r *Room) Sanctions() []Sanction {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.current())
}

// CheckAddress returns an error for people, a *MessageError, if an address is kept out.
func (r *Room) CheckAddress(a netip.Addr) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.current() {
		if !s.Mute && s.at(a) {
			return s.refusal(r.now())
		}
	}
	return nil
}

// checkJoin returns the error that refuses someone who joins, or whether nobody is
// told what they say. The room is locked.
func (r *Room) checkJoin(p Person, token, name string) (muted bool, err error) {
	for _, s := range r.current() {
		if s.concerns(address(p), token, name) {
			if !s.Mute {
				return false, s.refusal(r.now())
			}
			muted = true
		}
	}
	return muted, nil
}

// sanction keeps a member out or silent, with its address if nobody else is there.
// The room is locked.
func (r *Room) sanction(m *Member, s Sanction) (Sanction, int, error) {
	if len(r.current()) >= maxSanctions {
		return Sanction{}, 0, i18n.Errmsg("chat.mistake.order.most", "Most", maxSanctions)
	}
	s.Name, s.token, s.keys = m.person.Name, m.token, keys(m.person.Name)
	others := 0
	if a := address(m.person); a.IsValid() {
		s.Address = netblock.Of(a)
		for _, other := range r.members {
			if other != m && s.at(address(other.person)) {
				others++
			}
		}
		if others > 0 {
			s.Address = netip.Prefix{}
		}
	}
	r.sanctions = append(r.sanctions, s)
	return s, others, nil
}

// Ban removes a member and keeps it out: whoever has its token or name, and whoever comes
// from its address if nobody else is there. The argument is that of Kick without a
// duration, or an IP address and perhaps a reason: then everyone there is removed and kept
// out. It is an error if nobody has the name.
func (r *Room) Ban(whoAndReason string) (Removal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, rest, _ := strings.Cut(strings.TrimSpace(whoAndReason), " ")
	if block, err := parseBlock(first); err == nil {
		return r.banAddress(block, rest)
	}
	m, reason := r.findFirst(whoAndReason)
	if m == nil {
		return Removal{}, nobodyError(whoAndReason)
	}
	s, others, err := r.sanction(m, Sanction{Reason: banReason(reason)})
	if err != nil {
		return Removal{}, i18n.Errmsg("chat.mistake.order.ban", "Text", whoAndReason, "Cause", err)
	}
	r.logger.Info("banned", "name", s.Name, "address", m.person.Address, "reason", s.Reason)
	r.kick(m, s.told())
	return Removal{s, []string{s.Name}, others}, nil
}

func (r *Room) banAddress(block netip.Prefix, reason string) (Removal, error) {
	if len(r.current()) >= maxSanctions {
		return Removal{}, i18n.Errmsg("chat.mistake.order.most", "Most", maxSanctions)
	}
	s := Sanction{Address: block, Reason: banReason(reason)}
	r.sanctions = append(r.sanctions, s)
	r.logger.Info("banned", "address", block.String(), "reason", s.Reason)
	taken := Removal{Sanction: s}
	for _, m := range r.members {
		if s.at(address(m.person)) {
			taken.Names = append(taken.Names, m.person.Name)
			r.kick(m, s.told())
		}
	}
	slices.Sort(taken.Names)
	return taken, nil
}

func banReason(s string) string { return string(Truncate([]byte(CleanText(s)), maxBanReason)) }

// told is the text of the line of kind Kick.
func (s Sanction) told() string {
	if s.Reason == "" {
		return "banned"
	}
	return "banned: " + s.Reason
}

// parseBlock reads an IP address, or the prefix of a Sanction.
func parseBlock(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netblock.Of(a), nil
	}
	return netip.ParsePrefix(s)
}

// Unban ends a Ban, or a Kick with a duration. who is a name, an IP address, or the prefix
// of a Sanction. It is an error if nobody is kept out by that.
func (r *Room) Unban(who string) error { return r.lift(who, false) }

// lift ends sanctions of one kind.
func (r *Room) lift(who string, mute bool) error {
	who = strings.Trim(strings.TrimSpace(who), `"`)
	block, err := parseBlock(who)
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.current())
	r.sanctions = slices.DeleteFunc(r.sanctions, func(s Sanction) bool {
		return s.Mute == mute && (err == nil && s.Address == block || s.Name != "" && fold(s.Name) == fold(who))
	})
	if len(r.sanctions) == before {
		return i18n.Errmsg("chat.mistake.order.notbanned", "Who", who, "Cause", errNotBanned)
	}
	r.logger.Info("lifted", "who", who, "mute", mute)
	return nil
}
