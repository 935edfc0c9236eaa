package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
)

// cookies issues stateless tokens that prove a UDP client can receive at its
// claimed source address.
type cookies struct{ key [32]byte }

func newCookies() *cookies {
	c := &cookies{}
	rand.Read(c.key[:]) // never fails
	return c
}

// issue returns the cookie of an address: chat.CookieSize bytes.
func (c *cookies) issue(a netip.AddrPort) string {
	b, err := a.MarshalBinary()
	if err != nil { // it cannot, netip says
		panic(err)
	}
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write(b)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:8])
}

// valid reports whether the cookie is that of the address.
func (c *cookies) valid(a netip.AddrPort, cookie string) bool {
	return hmac.Equal([]byte(cookie), []byte(c.issue(a)))
}
