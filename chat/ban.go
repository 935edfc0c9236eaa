package chat

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

const (
	maxBans      = 1024
	maxBanReason = 200 // bytes; the refusal fits a datagram
)

// ErrNotBanned is returned by Unban.
var ErrNotBanned = errors.New("that address is not banned")

// Ban is an address from which nobody may come, and why: empty, or the
// console's reason.
type Ban struct {
	Address netip.Prefix
	Reason  string
}

// refused says to who comes from a banned address that it is.
type refused struct{ reason string }

func (r refused) Error() string {
	if r.reason == "" {
		return "your address is banned"
	}
	return "your address is banned: " + r.reason
}

// bans are a room's, whose owner locks. The zero value is ready.
type bans struct {
	list []Ban
	told map[netip.Prefix]time.Time // when a datagram was last answered
}

// banned returns what is banned with an address: of version 6 the network, as
// a machine there has as many addresses as it likes. All link-local ones are
// of one network, and each is its machine's own.
func banned(a netip.Addr) netip.Prefix {
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
	if i := b.find(banned(a)); i >= 0 {
		return refused{b.list[i].Reason}
	}
	return nil
}

// address is where a person is; the zero address where that is no IP address.
func address(p Person) netip.Addr {
	a, err := netip.ParseAddrPort(p.Address)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// Ban removes everyone who comes from a person's address, and refuses who comes
// from there later. Name and reason are as those of Kick.
func (r *Room) Ban(nameAndReason string) (Ban, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m, reason := r.findFirst(nameAndReason)
	if m == nil {
		return Ban{}, fmt.Errorf("ban %q: %w", nameAndReason, ErrNobody)
	}
	a := address(m.person)
	switch {
	case !a.IsValid():
		return Ban{}, fmt.Errorf("ban %q: %q is no address", nameAndReason, m.person.Address)
	case len(r.bans.list) >= maxBans:
		return Ban{}, fmt.Errorf("ban %q: %d addresses are banned, which is the most", nameAndReason, maxBans)
	}
	b := Ban{banned(a), string(fit([]byte(CleanText(reason)), maxBanReason))}
	r.bans.list = append(r.bans.list, b)
	r.log.Info("banned", "address", b.Address.String(), "reason", b.Reason)
	text := "banned"
	if b.Reason != "" {
		text += ": " + b.Reason
	}
	r.kick(m, text)
	for _, other := range r.members {
		if a := address(other.person); a.IsValid() && banned(a) == b.Address {
			r.kick(other, text)
		}
	}
	return b, nil
}

// Unban lets people come again from an address, which may be written as that of
// a Ban is. The error is ErrNotBanned where nobody was kept from that.
func (r *Room) Unban(s string) error {
	p, err := netip.ParsePrefix(s)
	if a, cause := netip.ParseAddr(s); cause == nil {
		p, err = banned(a), nil
	}
	if err != nil {
		return fmt.Errorf("unban %q: want an IP address", s)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.bans.find(p)
	if i < 0 {
		return fmt.Errorf("unban %q: %w", s, ErrNotBanned)
	}
	r.bans.list = slices.Delete(r.bans.list, i, i+1)
	delete(r.bans.told, p)
	r.log.Info("unbanned", "address", p.String())
	return nil
}

// Bans returns the addresses that are banned, the first to be so first.
func (r *Room) Bans() []Ban {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bans.list)
}

// refuses returns why nobody may come from an address; nil where they may.
func (r *Room) refuses(a netip.Addr) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bans.check(a)
}

// due reports whether a datagram from a banned address is to be answered: one a
// second is, lest whoever sends many fill the log and the wire.
func (r *Room) due(a netip.Addr, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := banned(a)
	if r.bans.told == nil {
		r.bans.told = map[netip.Prefix]time.Time{}
	}
	if r.bans.find(p) < 0 || now.Sub(r.bans.told[p]) < time.Second {
		return false
	}
	r.bans.told[p] = now
	return true
}

// refuse tells an address, which is known to be the sender's, why it is refused.
func (u *udpServer) refuse(addr netip.AddrPort, cause error, now time.Time) error {
	if !u.room.due(addr.Addr(), now) {
		return cause
	}
	u.room.log.Info("refused", "address", addr.String(), "reason", cause)
	_, err := u.conn.WriteTo(Line{Time: now, Kind: Error, Text: cause.Error()}.Append(nil), net.UDPAddrFromAddrPort(addr))
	return errors.Join(cause, err)
}
