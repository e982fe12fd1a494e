package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// The keys of all tests, made once.
var (
	rsaKey     = must(rsa.GenerateKey(rand.Reader, 2048))
	otherRSA   = must(rsa.GenerateKey(rand.Reader, 2048))
	p256       = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384       = must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, ed, _   = ed25519.GenerateKey(rand.Reader)
	secret     = []byte("0123456789abcdef0123456789abcdef")
	rsaPublic  = pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)))
	p256Public = pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&p256.PublicKey)))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// mint signs any header and payload, whatever they say, as the key's type signs.
func mint(t *testing.T, key any, header, payload string) string {
	t.Helper()
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(sign(t, key, input)))
}

func sign(t *testing.T, key any, input string) []byte {
	t.Helper()
	digest := sha256.Sum256([]byte(input))
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return must(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:]))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		size := (key.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(input))
	case []byte:
		h := hmac.New(sha256.New, key)
		h.Write([]byte(input))
		return h.Sum(nil)
	case nil:
		return nil
	}
	t.Fatalf("no signature by %T", key)
	return nil
}

// jwks is the text of a set of keys.
func jwks(keys ...jose.JSONWebKey) []byte {
	return must(json.Marshal(jose.JSONWebKeySet{Keys: keys}))
}

func jwk(kid, algorithm, use string, key any) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: algorithm, Use: use}
}
