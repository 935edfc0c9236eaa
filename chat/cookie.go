package chat

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
)

// cookies proves that who says to be at an address receives what is sent there,
// without keeping anything for those who do not.
type cookies struct{ key [32]byte }

func newCookies() *cookies {
	c := &cookies{}
	rand.Read(c.key[:]) // never fails
	return c
}

// bake returns the cookie of an address: cookieSize bytes.
func (c *cookies) bake(a netip.AddrPort) string {
	b, err := a.MarshalBinary()
	if err != nil { // it cannot, netip says
		panic(err)
	}
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write(b)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:8])
}

func (c *cookies) good(a netip.AddrPort, cookie string) bool {
	return hmac.Equal([]byte(cookie), []byte(c.bake(a)))
}
