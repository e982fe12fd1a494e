package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func certificate() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "keys"}}
	return pemOf("CERTIFICATE", must(x509.CreateCertificate(rand.Reader, template, template, &p256.PublicKey, p256)))
}

func TestParseKeys_taken(t *testing.T) {
	for name, c := range map[string]struct {
		text    []byte
		secrets bool
		keys    int
	}{
		"PEM":            {rsaPublic, false, 1},
		"PKCS#1":         {pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)), false, 1},
		"certificate":    {certificate(), false, 1},
		"several":        {append(append([]byte("my keys\n"), rsaPublic...), p256Public...), false, 2},
		"Ed25519":        {pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(ed.Public()))), false, 1},
		"set":            {jwks(jwk("a", "", "", &rsaKey.PublicKey), jwk("b", "", "", &p256.PublicKey)), false, 2},
		"private in set": {jwks(jwk("a", "", "", rsaKey)), false, 1},
		"secret":         {jwks(jwk("a", "", "", secret)), true, 1},
		"some of use":    {jwks(jwk("a", "", "", secret), jwk("b", "", "enc", &rsaKey.PublicKey), jwk("c", "", "", &p256.PublicKey)), false, 1},
		"unknown type":   {[]byte(`{"keys":[{"kty":"XYZ"},` + string(must(jwk("a", "", "", &p256.PublicKey).MarshalJSON())) + `],"more":1}`), false, 1},
		"operations":     {[]byte(`{"keys":[` + strings.Replace(string(must(jwk("a", "", "", &p256.PublicKey).MarshalJSON())), "{", `{"key_ops":["verify"],`, 1) + `]}`), false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseKeys(c.text, c.secrets)
			if err != nil {
				t.Fatal(err)
			}
			if s.Len() != c.keys {
				t.Errorf("%d keys, want %d", s.Len(), c.keys)
			}
			for _, k := range s.keys {
				switch k.public.(type) {
				case *rsa.PrivateKey, *ecdsa.PrivateKey:
					t.Error("a private key is kept")
				}
			}
		})
	}
}

func TestParseKeys_refused(t *testing.T) {
	weak := must(rsa.GenerateKey(rand.Reader, 1024))
	p224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	many := strings.Repeat(string(rsaPublic), maxTries+1)
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"empty":             {"", "neither PEM nor a JWK set"},
		"text":              {"hello", "neither PEM nor a JWK set"},
		"list":              {"[]", "neither PEM nor a JWK set"},
		"no keys":           {"{}", ErrNoKeys.Error()},
		"empty set":         {`{"keys":[]}`, ErrNoKeys.Error()},
		"keys twice":        {`{"keys":[],"keys":[]}`, "names are unique"},
		"keys no list":      {`{"keys":{}}`, "aren't a list"},
		"a key alone":       {string(must(jwk("a", "", "", &p256.PublicKey).MarshalJSON())), ErrNoKeys.Error()},
		"private key":       {string(pemOf("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(rsaKey)))), "isn't a public key or a certificate"},
		"broken PEM":        {string(pemOf("PUBLIC KEY", []byte("x"))), "asn1"},
		"broken PKCS#1":     {string(pemOf("RSA PUBLIC KEY", []byte("x"))), "asn1"},
		"broken X.509":      {string(pemOf("CERTIFICATE", []byte("x"))), "x509"},
		"weak PEM":          {string(pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&weak.PublicKey)))), "at least 2048 bits"},
		"curve":             {string(pemOf("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&p224.PublicKey)))), "no algorithm is for its curve"},
		"many PEM":          {many, "at most 8 keys"},
		"secret":            {string(jwks(jwk("a", "", "", secret))), ErrNoKeys.Error()},
		"for encryption":    {string(jwks(jwk("a", "", "enc", &rsaKey.PublicKey))), ErrNoKeys.Error()},
		"weak key":          {string(jwks(jwk("a", "", "", &weak.PublicKey))), ErrNoKeys.Error()},
		"operations":        {`{"keys":[` + strings.Replace(string(must(jwk("a", "", "", &p256.PublicKey).MarshalJSON())), "{", `{"key_ops":["encrypt"],`, 1) + `]}`, ErrNoKeys.Error()},
		"operations broken": {`{"keys":[` + strings.Replace(string(must(jwk("a", "", "", &p256.PublicKey).MarshalJSON())), "{", `{"key_ops":1,`, 1) + `]}`, ErrNoKeys.Error()},
		"too many":          {`{"keys":[` + strings.Repeat(`{},`, maxKeys) + `{}]}`, "the most are 100"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseKeys([]byte(c.text), false)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v, want %s", s, err, c.want)
			}
		})
	}
}

func TestParseKeys_left(t *testing.T) {
	s, err := ParseKeys(jwks(jwk("a", "", "", []byte("short")), jwk("b", "", "", &p256.PublicKey), jwk("c", "", "enc", &rsaKey.PublicKey)), true)
	if err != nil {
		t.Fatal(err)
	}
	want := `[key 1 ("a"): a secret has at least 32 bytes key 3 ("c"): it isn't for signatures]`
	if got := fmt.Sprint(s.Left); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := ParseKeys([]byte(`{"keys":[]}`), false); !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
}

func TestStrong_unknown(t *testing.T) {
	if strong("a text") == nil {
		t.Error("what is no key is taken")
	}
	k := key{public: "a text"}
	for _, a := range []string{"RS256", "ES256", "EdDSA", "HS256"} {
		if k.fits(a) {
			t.Errorf("what is no key fits %s", a)
		}
	}
}
