package chat

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"wirelab/internal/i18n"
)

const (
	maxBans      = 1024
	maxBanReason = 200 // bytes; the refusal fits a datagram
)

// errNotBanned is returned by Unban.
var errNotBanned = errors.New("that address is not banned")

// Ban is an address that is refused, and the console's reason, which may be
// empty.
type Ban struct {
	Address netip.Prefix
	Reason  string
}

// bannedError returns what someone from a banned address is told.
func bannedError(reason string) error {
	if reason == "" {
		return errorMessage(i18n.Msg("chat.refused.banned"))
	}
	return errorMessage(i18n.Msg("chat.refused.bannedfor", "Reason", reason))
}

// bans holds a room's bans; its owner locks. The zero value is ready.
type bans struct {
	list []Ban
}

// AddressBlock returns the prefix that counts as one address. For IPv6 it is the
// /64, since a machine has all its addresses, but for link-local ones, where
// every machine shares one prefix.
func AddressBlock(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() && !a.IsLinkLocalUnicast() && !a.IsLoopback() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil { // it cannot be too long
		panic(err)
	}
	return p
}

func (b *bans) find(p netip.Prefix) int {
	return slices.IndexFunc(b.list, func(x Ban) bool { return x.Address == p })
}

func (b *bans) check(a netip.Addr) error {
	if !a.IsValid() || len(b.list) == 0 {
		return nil
	}
	if i := b.find(AddressBlock(a)); i >= 0 {
		return bannedError(b.list[i].Reason)
	}
	return nil
}

// address returns a person's IP address; the zero address if it is none.
func address(p Person) netip.Addr {
	a, err := netip.ParseAddrPort(p.Address)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// Ban removes every member at a member's address, and refuses whoever joins from
// there. Its argument is that of Kick.
func (r *Room) Ban(nameAndReason string) (Ban, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, reason := r.findFirst(nameAndReason)
	if m == nil {
		return Ban{}, nobodyError(nameAndReason)
	}
	a := address(m.person)
	switch {
	case !a.IsValid():
		return Ban{}, fmt.Errorf("ban %q: %q is no address", nameAndReason, m.person.Address)
	case len(r.bans.list) >= maxBans:
		return Ban{}, fmt.Errorf("ban %q: %d addresses are banned, which is the most", nameAndReason, maxBans)
	}
	b := Ban{AddressBlock(a), string(Truncate([]byte(CleanText(reason)), maxBanReason))}
	r.bans.list = append(r.bans.list, b)
	r.logger.Info("banned", "address", b.Address.String(), "reason", b.Reason)
	text := "banned"
	if b.Reason != "" {
		text += ": " + b.Reason
	}
	r.kick(m, text)
	for _, other := range r.members {
		if a := address(other.person); a.IsValid() && AddressBlock(a) == b.Address {
			r.kick(other, text)
		}
	}
	return b, nil
}

// Unban accepts an address again; s is an IP address or the prefix of a Ban. The
// error is errNotBanned if it was not banned.
func (r *Room) Unban(s string) error {
	p, err := netip.ParsePrefix(s)
	if a, cause := netip.ParseAddr(s); cause == nil {
		p, err = AddressBlock(a), nil
	}
	if err != nil {
		return fmt.Errorf("unban %q: want an IP address", s)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.bans.find(p)
	if i < 0 {
		return fmt.Errorf("unban %q: %w", s, errNotBanned)
	}
	r.bans.list = slices.Delete(r.bans.list, i, i+1)
	r.logger.Info("unbanned", "address", p.String())
	return nil
}

// Bans returns the addresses that are banned, the oldest ban first.
func (r *Room) Bans() []Ban {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bans.list)
}

// CheckAddress returns the error that refuses an address that is banned.
func (r *Room) CheckAddress(a netip.Addr) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bans.check(a)
}
