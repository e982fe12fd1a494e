package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// A Set is the keys that tokens may be signed with. It isn't changed once it is made.
type Set struct {
	keys []key
	// Left says which keys of the text were left out, and why.
	Left []string
}

type key struct {
	kid       string
	any       bool   // fits any kid: a key in PEM has none
	algorithm string // the only one it is for, if not empty
	public    any    // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey, or []byte for a secret
}

// maxKeys is how many keys a set has at most, and maxTries how many are tried for a token that doesn't say which.
const (
	maxKeys  = 100
	maxTries = 8
)

// ErrNoKeys is that a text has no keys that tokens may be signed with.
var ErrNoKeys = errors.New("there are no keys for signatures of tokens")

// ParseKeys reads public keys in PEM, or a JWK set. Secrets are taken from a JWK set where secrets says so. The error is [ErrNoKeys] where
// it has none that is of use.
func ParseKeys(text []byte, secrets bool) (*Set, error) {
	if block, _ := pem.Decode(text); block != nil {
		return parsePEM(text)
	}
	return parseJWKs(text, secrets)
}

func parsePEM(text []byte) (*Set, error) {
	s := &Set{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		public, err := parseBlock(block)
		if err != nil {
			return nil, err
		}
		if err := strong(public); err != nil {
			return nil, err
		}
		s.keys = append(s.keys, key{any: true, public: public})
	}
	if len(s.keys) > maxTries {
		return nil, fmt.Errorf("at most %d keys in PEM may be there, since any fits any token", maxTries)
	}
	return s, nil
}

func parseBlock(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return c.PublicKey, nil
	}
	return nil, fmt.Errorf("%q in PEM isn't a public key or a certificate", block.Type)
}

// parseJWKs reads a set. Keys of unknown types, for encryption and too weak ones are left out, as RFC 7517 wants of those that aren't
// understood.
func parseJWKs(text []byte, secrets bool) (*Set, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	members, ok := readMembers(text)
	if !ok {
		return nil, errors.New("it is neither PEM nor a JWK set: a JSON object whose names are unique")
	}
	for _, m := range members {
		if m.name == "keys" {
			if err := json.Unmarshal(m.value, &set.Keys); err != nil {
				return nil, errors.New("the keys of the JWK set aren't a list")
			}
		}
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the JWK set has %d keys, the most are %d", len(set.Keys), maxKeys)
	}
	s := &Set{}
	for i, raw := range set.Keys {
		k, err := parseJWK(raw, secrets)
		if err != nil {
			s.Left = append(s.Left, fmt.Sprintf("key %d (%q): %v", i+1, k.kid, err))
			continue
		}
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 {
		return s, ErrNoKeys
	}
	return s, nil
}

func parseJWK(raw []byte, secrets bool) (key, error) {
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(raw); err != nil {
		return key{}, err
	}
	var more struct {
		Operations []string `json:"key_ops"`
	}
	k := key{kid: jwk.KeyID, algorithm: jwk.Algorithm}
	if err := json.Unmarshal(raw, &more); err != nil {
		return k, errors.New("key_ops isn't a list of texts")
	}
	if jwk.Use != "" && jwk.Use != "sig" || more.Operations != nil && !slices.Contains(more.Operations, "verify") {
		return k, errors.New("it isn't for signatures")
	}
	if _, secret := jwk.Key.([]byte); secret {
		if !secrets {
			return k, errors.New("it is a secret, which is taken only from a file, with a symmetric algorithm allowed")
		}
		k.public = jwk.Key
	} else {
		k.public = jwk.Public().Key
	}
	return k, strong(k.public)
}

// strong wants a key that nobody can guess or compute.
func strong(public any) error {
	switch public := public.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 || public.E < 3 || public.E&1 == 0 {
			return errors.New("an RSA key has at least 2048 bits and an odd exponent")
		}
	case []byte:
		if len(public) < 32 {
			return errors.New("a secret has at least 32 bytes")
		}
	case *ecdsa.PublicKey:
		if !slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}, public.Curve) {
			return errors.New("no algorithm is for its curve")
		}
	case ed25519.PublicKey:
	default:
		return errors.New("no algorithm is for a key of its type")
	}
	return nil
}

// fits reports whether a signature by algorithm may be k's: never is a public key a secret, nor a curve another.
func (k *key) fits(algorithm string) bool {
	if k.algorithm != "" && k.algorithm != algorithm {
		return false
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return algorithm[:2] == "RS" || algorithm[:2] == "PS"
	case *ecdsa.PublicKey:
		return map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[algorithm] == public.Curve
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	case []byte:
		return len(public)*8 >= map[string]int{"HS256": 256, "HS384": 384, "HS512": 512}[algorithm] && algorithm[:2] == "HS"
	}
	return false
}

// find gives the keys that may have signed a token with this header. A key with a kid is for tokens that name it, or that name none.
func (s *Set) find(h header) []key {
	var found []key
	for _, k := range s.keys {
		named := k.any || !h.hasKid || k.kid == h.kid
		if named && k.fits(h.algorithm) {
			found = append(found, k)
		}
	}
	return found
}

// Len is how many keys there are.
func (s *Set) Len() int { return len(s.keys) }
