// Package token reads the tokens that clients show: signed JSON web tokens of one issuer.
package token

import (
	"context"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Keys are where the keys of tokens come from.
type Keys interface {
	// Current is the set that holds now, or nil where there has never been one.
	Current() *Set
	// Renew looks whether there is a newer set, if it hasn't looked too recently, and gives the one that holds then.
	Renew(ctx context.Context) *Set
}

// Verifier tells tokens to be trusted from others, and gives a T for them. It may be used by many goroutines at once.
type Verifier[T any] struct {
	rules Rules
	keys  Keys
	now   func() time.Time
	of    func(*Claims) T
	known *known[T]
}

// NewVerifier makes a verifier, whose clock is now, and which makes what it gives for a token by of, once.
func NewVerifier[T any](rules Rules, keys Keys, now func() time.Time, of func(*Claims) T) *Verifier[T] {
	return &Verifier[T]{rules: rules, keys: keys, now: now, of: of, known: newKnown[T]()}
}

// MaxLen is how many bytes a token has at most.
const MaxLen = 8 << 10

// Verify gives what is made of the claims of a token, or tells why it isn't to be trusted. Tokens that were taken before are looked up:
// their signature is right as long as the same keys hold. It doesn't keep text.
func (v *Verifier[T]) Verify(ctx context.Context, text []byte) (result T, bad *Error) {
	if len(text) > MaxLen {
		return result, &Error{CodeTooLarge, "the token is too long"}
	}
	now, set := v.now(), v.keys.Current()
	if e := v.known.get(text, set); e != nil {
		if !now.Before(e.expires) {
			return result, &Error{CodeExpired, "the token has expired"}
		}
		return e.result, nil
	}
	claims, set, bad := v.verify(ctx, string(text), set, now)
	if bad != nil {
		return result, bad
	}
	e := &entry[T]{expires: claims.Expires, result: v.of(claims)}
	v.known.put(string(text), set, e)
	return e.result, nil
}

func (v *Verifier[T]) verify(ctx context.Context, text string, set *Set, now time.Time) (*Claims, *Set, *Error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || !encoded(parts[1]) || !encoded(parts[2]) {
		return nil, nil, &Error{CodeMalformed, "the token isn't a signed JWT: three parts of base64url, with dots between them"}
	}
	h, bad := readHeader(parts[0])
	if bad != nil {
		return nil, nil, bad
	}
	if !v.allowed(h.algorithm) {
		return nil, nil, &Error{CodeAlgorithm, "the token is signed by an algorithm that isn't allowed"}
	}
	signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(h.algorithm)})
	if err != nil {
		return nil, nil, &Error{CodeMalformed, "the token isn't a signed JWT"}
	}
	keys, set, bad := v.candidates(ctx, h, set)
	if bad != nil {
		return nil, nil, bad
	}
	for _, k := range keys {
		if payload, err := signed.Verify(k.public); err == nil {
			claims, bad := v.rules.readClaims(payload, now)
			return claims, set, bad
		}
	}
	return nil, nil, &Error{CodeSignature, "the token's signature is wrong"}
}

func (v *Verifier[T]) allowed(algorithm string) bool {
	for _, a := range v.rules.Algorithms {
		if a == algorithm {
			return true
		}
	}
	return false
}

// candidates gives the keys that may have signed a token, and the set that they are from. Where there are none it looks for newer ones.
func (v *Verifier[T]) candidates(ctx context.Context, h header, set *Set) ([]key, *Set, *Error) {
	var keys []key
	if set != nil {
		keys = set.find(h)
	}
	if len(keys) == 0 {
		if set = v.keys.Renew(ctx); set != nil {
			keys = set.find(h)
		}
	}
	switch {
	case len(keys) == 0:
		return nil, nil, &Error{CodeKey, "the token is signed by a key that isn't known"}
	case len(keys) > maxTries:
		return nil, nil, &Error{CodeKey, "the token doesn't say by which key it is signed (kid), and too many would fit"}
	}
	return keys, set, nil
}
