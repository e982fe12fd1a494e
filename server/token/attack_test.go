package token

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rune-authz/rune/host"
)

// noon is when the tests take place.
var noon = time.Unix(1_800_000_000, 0)

// fixed is keys that don't change.
type fixed struct{ set *Set }

func (f fixed) Current() *Set              { return f.set }
func (f fixed) Renew(context.Context) *Set { return f.set }

func newVerifier(rules Rules, keys Keys, now func() time.Time) *Verifier[*Claims] {
	return NewVerifier(rules, keys, now, func(c *Claims) *Claims { return c })
}

func rulesFor(algorithms ...string) Rules {
	return Rules{Issuer: "https://issuer.example.com", Audience: []string{"rune", "other"}, Algorithms: algorithms, Leeway: 30 * time.Second, ScopeClaim: "scope"}
}

var asymmetric = []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"}

// testSet has keys of all kinds, and none without a kid.
func testSet(t *testing.T) *Set {
	t.Helper()
	s, err := ParseKeys(jwks(
		jwk("rsa", "", "sig", &rsaKey.PublicKey),
		jwk("ps", "PS256", "sig", &rsaKey.PublicKey),
		jwk("ec", "ES256", "", &p256.PublicKey),
		jwk("ec384", "", "", &p384.PublicKey),
		jwk("ed", "", "", ed.Public()),
		jwk("encryption", "", "enc", &otherRSA.PublicKey),
	), false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good is a payload that is taken.
var good = fmt.Sprintf(`{"iss":"https://issuer.example.com","aud":"rune","sub":"ann","exp":%d,"nbf":%d,"scope":"rune:authorize rune:query"}`,
	noon.Unix()+300, noon.Unix()-300)

// with replaces a claim of good, or leaves it out if value is empty.
func with(name, value string) string {
	i := strings.Index(good, `"`+name+`":`)
	end := i + strings.IndexAny(good[i:], ",}")
	if value == "" {
		return strings.Replace(good[:i]+strings.TrimPrefix(good[end:], ","), ",}", "}", 1)
	}
	return good[:i] + `"` + name + `":` + value + good[end:]
}

func at(offset int64) string { return fmt.Sprint(noon.Unix() + offset) }

const rs256 = `{"alg":"RS256","kid":"rsa"}`

func TestVerify_attacks(t *testing.T) {
	own := string(must(jose.JSONWebKey{Key: &otherRSA.PublicKey}.MarshalJSON()))
	valid := mint(t, rsaKey, rs256, good)
	parts := strings.Split(valid, ".")
	for _, c := range []struct {
		name  string
		token string
		want  host.Code
	}{
		{"none", b64(`{"alg":"none"}`) + "." + b64(good) + ".", CodeAlgorithm},
		{"none in another case", b64(`{"alg":"nOnE","kid":"rsa"}`) + "." + b64(good) + ".", CodeAlgorithm},
		{"none with a signature", b64(`{"alg":"none","kid":"rsa"}`) + "." + b64(good) + "." + parts[2], CodeAlgorithm},
		{"no algorithm", mint(t, rsaKey, `{"kid":"rsa"}`, good), CodeHeader},
		{"algorithm that is no text", mint(t, rsaKey, `{"alg":["RS256"],"kid":"rsa"}`, good), CodeHeader},
		{"algorithm in another case", mint(t, rsaKey, `{"alg":"rs256","kid":"rsa"}`, good), CodeAlgorithm},
		{"name of the algorithm in another case", mint(t, rsaKey, `{"ALG":"RS256","kid":"rsa"}`, good), CodeHeader},
		{"secret that is the public key in PEM", mint(t, rsaPublic, `{"alg":"HS256","kid":"rsa"}`, good), CodeAlgorithm},
		{"secret that is the public key in DER", mint(t, rsaKey.N.Bytes(), `{"alg":"HS256","kid":"rsa"}`, good), CodeAlgorithm},
		{"secret that is empty", mint(t, []byte{}, `{"alg":"HS256","kid":"rsa"}`, good), CodeAlgorithm},
		{"signed by another key", mint(t, otherRSA, rs256, good), CodeSignature},
		{"signed by a key for encryption", mint(t, otherRSA, `{"alg":"RS256","kid":"encryption"}`, good), CodeKey},
		{"unknown key", mint(t, rsaKey, `{"alg":"RS256","kid":"other"}`, good), CodeKey},
		{"empty kid", mint(t, rsaKey, `{"alg":"RS256","kid":""}`, good), CodeKey},
		{"kid that is no text", mint(t, rsaKey, `{"alg":"RS256","kid":7}`, good), CodeHeader},
		{"kid that is a path", mint(t, []byte{}, `{"alg":"RS256","kid":"../../../../dev/null"}`, good), CodeKey},
		{"kid that is a query", mint(t, rsaKey, `{"alg":"RS256","kid":"x' UNION SELECT 'a"}`, good), CodeKey},
		{"key for another algorithm", mint(t, rsaKey, `{"alg":"RS256","kid":"ps"}`, good), CodeKey},
		{"key of another type", mint(t, p256, `{"alg":"ES256","kid":"rsa"}`, good), CodeKey},
		{"another curve by name", mint(t, p384, `{"alg":"ES256","kid":"ec384"}`, good), CodeKey},
		{"another curve by key", mint(t, p384, `{"alg":"ES256","kid":"ec"}`, good), CodeSignature},
		{"algorithm that isn't allowed", mint(t, rsaKey, `{"alg":"RS512","kid":"rsa"}`, good), CodeAlgorithm},
		{"signature of zeros", b64(`{"alg":"ES256","kid":"ec"}`) + "." + b64(good) + "." + b64(strings.Repeat("\x00", 64)), CodeSignature},
		{"signature in DER", b64(`{"alg":"ES256","kid":"ec"}`) + "." + b64(good) + "." + b64("\x30\x06\x02\x01\x00\x02\x01\x00"), CodeSignature},
		{"no signature", parts[0] + "." + parts[1] + ".", CodeSignature},
		{"signature cut", valid[:len(valid)-2], CodeSignature},
		{"signature's last bits", valid[:len(valid)-1] + string(nextLetter(valid[len(valid)-1])), CodeMalformed},
		{"payload changed", parts[0] + "." + b64(with("sub", `"root"`)) + "." + parts[2], CodeSignature},
		{"header changed", b64(`{"alg":"RS256","kid":"rsa" }`) + "." + parts[1] + "." + parts[2], CodeSignature},
		{"brings its own key", mint(t, otherRSA, `{"alg":"RS256","jwk":`+own+`}`, good), CodeHeader},
		{"brings the right key", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","jwk":`+string(must(jose.JSONWebKey{Key: &rsaKey.PublicKey}.MarshalJSON()))+`}`, good), CodeHeader},
		{"says where its key is", mint(t, otherRSA, `{"alg":"RS256","kid":"rsa","jku":"https://evil.example.com/keys"}`, good), CodeHeader},
		{"says where its certificate is", mint(t, otherRSA, `{"alg":"RS256","kid":"rsa","x5u":"https://evil.example.com/c"}`, good), CodeHeader},
		{"brings a certificate", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","x5c":["MIIB"]}`, good), CodeHeader},
		{"unknown extension", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","crit":["x"],"x":1}`, good), CodeHeader},
		{"no extension", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","crit":[]}`, good), CodeHeader},
		{"known extension", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","crit":["b64"],"b64":true}`, good), CodeHeader},
		{"payload that isn't encoded", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","b64":false,"crit":["b64"]}`, good), CodeHeader},
		{"payload that isn't encoded, unsaid", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","b64":false}`, good), CodeHeader},
		{"token in a token", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","cty":"JWT"}`, valid), CodeHeader},
		{"token in a token, unsaid", mint(t, rsaKey, rs256, valid), CodeMalformed},
		{"compressed", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","zip":"DEF"}`, good), CodeHeader},
		{"encrypted", b64(`{"alg":"RSA-OAEP","enc":"A256GCM"}`) + ".a.b.c.d", CodeMalformed},
		{"encrypted, in three parts", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","enc":"A256GCM"}`, good), CodeHeader},
		{"token to log out", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","typ":"logout+jwt"}`, good), CodeHeader},
		{"proof of possession", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","typ":"dpop+jwt"}`, good), CodeHeader},
		{"type that is no text", mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","typ":null}`, good), CodeHeader},
		{"algorithm twice", mint(t, rsaKey, `{"alg":"none","alg":"RS256","kid":"rsa"}`, good), CodeMalformed},
		{"kid twice", mint(t, rsaKey, `{"alg":"RS256","kid":"x","kid":"rsa"}`, good), CodeMalformed},
		{"kid twice, once escaped", mint(t, rsaKey, `{"alg":"RS256","kid":"x","\u006bid":"rsa"}`, good), CodeMalformed},
		{"issuer missing", mint(t, rsaKey, rs256, with("iss", "")), CodeClaims},
		{"another issuer", mint(t, rsaKey, rs256, with("iss", `"https://issuer.example.com/"`)), CodeIssuer},
		{"issuer in another case", mint(t, rsaKey, rs256, with("iss", `"https://ISSUER.example.com"`)), CodeIssuer},
		{"issuers", mint(t, rsaKey, rs256, with("iss", `["https://issuer.example.com"]`)), CodeClaims},
		{"issuer by another name", mint(t, rsaKey, rs256, strings.Replace(good, `"iss"`, `"ISS"`, 1)), CodeClaims},
		{"issuer twice", mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"iss":"https://evil.example.com",`, 1)), CodeMalformed},
		{"audience missing", mint(t, rsaKey, rs256, with("aud", "")), CodeClaims},
		{"another audience", mint(t, rsaKey, rs256, with("aud", `"run"`)), CodeAudience},
		{"other audiences", mint(t, rsaKey, rs256, strings.Replace(good, `"aud":"rune"`, `"aud":["a","run","runes"]`, 1)), CodeAudience},
		{"no audience", mint(t, rsaKey, rs256, with("aud", `[]`)), CodeAudience},
		{"audience that is no text", mint(t, rsaKey, rs256, with("aud", `["rune",7]`)), CodeClaims},
		{"audience that is an object", mint(t, rsaKey, rs256, with("aud", `{"a":"rune"}`)), CodeClaims},
		{"subject missing", mint(t, rsaKey, rs256, with("sub", "")), CodeClaims},
		{"subject empty", mint(t, rsaKey, rs256, with("sub", `""`)), CodeClaims},
		{"subject that is no text", mint(t, rsaKey, rs256, with("sub", `1`)), CodeClaims},
		{"expired", mint(t, rsaKey, rs256, with("exp", at(-31))), CodeExpired},
		{"expired just now", mint(t, rsaKey, rs256, with("exp", at(-30))), CodeExpired},
		{"expiry missing", mint(t, rsaKey, rs256, with("exp", "")), CodeClaims},
		{"expiry that is a text", mint(t, rsaKey, rs256, with("exp", `"`+at(300)+`"`)), CodeClaims},
		{"expiry that is null", mint(t, rsaKey, rs256, with("exp", `null`)), CodeClaims},
		{"expiry that is true", mint(t, rsaKey, rs256, with("exp", `true`)), CodeClaims},
		{"expiry that is negative", mint(t, rsaKey, rs256, with("exp", `-1`)), CodeClaims},
		{"expiry that is huge", mint(t, rsaKey, rs256, with("exp", `1e300`)), CodeClaims},
		{"expiry that is infinite", mint(t, rsaKey, rs256, with("exp", `1e999`)), CodeClaims},
		{"expiry that overflows", mint(t, rsaKey, rs256, with("exp", `9223372036854775808`)), CodeClaims},
		{"expiry in milliseconds", mint(t, rsaKey, rs256, with("exp", at(300)+"000")), CodeClaims},
		{"expiry in hexadecimal", mint(t, rsaKey, rs256, with("exp", "0x7fffffff")), CodeMalformed},
		{"expiry twice", mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"exp":1,`, 1)), CodeMalformed},
		{"expiry by another name", mint(t, rsaKey, rs256, strings.Replace(good, `"exp"`, `"Exp"`, 1)), CodeClaims},
		{"not yet valid", mint(t, rsaKey, rs256, with("nbf", at(31))), CodeNotYetValid},
		{"begin that is a text", mint(t, rsaKey, rs256, with("nbf", `"0"`)), CodeClaims},
		{"issued in the future", mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"iat":`+at(31)+`,`, 1)), CodeNotYetValid},
		{"scopes that are a number", mint(t, rsaKey, rs256, with("scope", `7`)), CodeClaims},
		{"scopes that are an object", mint(t, rsaKey, rs256, with("scope", `{"rune:admin":true}`)), CodeClaims},
		{"payload that is a list", mint(t, rsaKey, rs256, `[`+good+`]`), CodeMalformed},
		{"payload that is null", mint(t, rsaKey, rs256, `null`), CodeMalformed},
		{"payload that is empty", mint(t, rsaKey, rs256, ``), CodeMalformed},
		{"two payloads", mint(t, rsaKey, rs256, good+good), CodeMalformed},
		{"payload with a comma too many", mint(t, rsaKey, rs256, strings.Replace(good, `}`, `,}`, 1)), CodeMalformed},
		{"payload that isn't UTF-8", mint(t, rsaKey, rs256, with("sub", "\"\xff\"")), CodeMalformed},
		{"half a surrogate", mint(t, rsaKey, rs256, with("sub", `"\ud800"`)), CodeMalformed},
		{"deep payload", mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"a":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`,`, 1)), ""},
		{"huge", mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"a":"`+strings.Repeat("a", 9000)+`",`, 1)), CodeTooLarge},
		{"empty", "", CodeMalformed},
		{"one part", "abc", CodeMalformed},
		{"two parts", parts[0] + "." + parts[1], CodeMalformed},
		{"four parts", valid + ".", CodeMalformed},
		{"dots", "..", CodeMalformed},
		{"padded", parts[0] + "==." + parts[1] + "." + parts[2], CodeMalformed},
		{"line break inside", parts[0] + "." + parts[1] + "\n." + parts[2], CodeMalformed},
		{"blank inside", parts[0] + " ." + parts[1] + "." + parts[2], CodeMalformed},
		{"other base64", strings.NewReplacer("-", "+", "_", "/").Replace(valid), CodeMalformed},
		{"in JSON", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, CodeMalformed},
		{"two tokens", valid + "," + valid, CodeMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(rulesFor(asymmetric...), fixed{testSet(t)}, func() time.Time { return noon })
			for range 2 { // known or not
				claims, err := v.Verify(t.Context(), []byte(c.token))
				if c.want == "" {
					if err != nil {
						t.Fatal(err)
					}
					continue
				}
				if err == nil {
					t.Fatalf("it is taken: %+v", claims)
				}
				if err.Code != c.want {
					t.Errorf("%v, want %s", err, c.want)
				}
			}
		})
	}
}

// nextLetter is another letter of base64 that differs in bits that count for nothing.
func nextLetter(c byte) byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return letters[strings.IndexByte(letters, c)^1]
}

func TestVerify_taken(t *testing.T) {
	for name, token := range map[string]string{
		"RS256":            mint(t, rsaKey, rs256, good),
		"ES256":            mint(t, p256, `{"alg":"ES256","kid":"ec"}`, good),
		"EdDSA":            mint(t, ed, `{"alg":"EdDSA","kid":"ed"}`, good),
		"no kid":           mint(t, rsaKey, `{"alg":"RS256"}`, good),
		"typed":            mint(t, rsaKey, `{"typ":"at+JWT","alg":"RS256","kid":"rsa"}`, good),
		"typed in full":    mint(t, rsaKey, `{"typ":"application/at+jwt","alg":"RS256","kid":"rsa"}`, good),
		"more in header":   mint(t, rsaKey, `{"alg":"RS256","kid":"rsa","x5t":"abc","nonce":"n"}`, good),
		"audiences":        mint(t, rsaKey, rs256, strings.Replace(good, `"aud":"rune"`, `"aud":["a","rune"]`, 1)),
		"other audience":   mint(t, rsaKey, rs256, with("aud", `"other"`)),
		"expiry's leeway":  mint(t, rsaKey, rs256, with("exp", at(-29))),
		"fraction":         mint(t, rsaKey, rs256, with("exp", at(300)+".5")),
		"exponent":         mint(t, rsaKey, rs256, with("exp", "1.8000003e9")),
		"begin's leeway":   mint(t, rsaKey, rs256, with("nbf", at(30))),
		"without a begin":  mint(t, rsaKey, rs256, with("nbf", "")),
		"issued long ago":  mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"iat":0,`, 1)),
		"unknown claims":   mint(t, rsaKey, rs256, strings.Replace(good, `{`, `{"a":null,"ISS":1,`, 1)),
		"blanks in header": mint(t, rsaKey, "\n{ \"alg\" : \"RS256\", \"kid\":\"rsa\" }\n", good),
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(rulesFor(asymmetric...), fixed{testSet(t)}, func() time.Time { return noon })
			for range 2 {
				claims, err := v.Verify(t.Context(), []byte(token))
				if err != nil {
					t.Fatal(err)
				}
				if claims.Subject != "ann" || len(claims.Scopes) != 2 || claims.Scopes[1] != "rune:query" || !claims.HasScopes {
					t.Errorf("%+v", claims)
				}
			}
		})
	}
}

// TestVerify_secret has a symmetric algorithm allowed, beside asymmetric ones: a public key still is no secret.
func TestVerify_secret(t *testing.T) {
	set, err := ParseKeys(jwks(jwk("s", "", "", secret), jwk("rsa", "", "", &rsaKey.PublicKey)), true)
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(rulesFor("HS256", "HS512", "RS256"), fixed{set}, func() time.Time { return noon })
	if _, err := v.Verify(t.Context(), []byte(mint(t, secret, `{"alg":"HS256","kid":"s"}`, good))); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		token string
		want  host.Code
	}{
		"public key":     {mint(t, rsaPublic, `{"alg":"HS256","kid":"rsa"}`, good), CodeKey},
		"public, no kid": {mint(t, rsaPublic, `{"alg":"HS256"}`, good), CodeSignature},
		"modulus":        {mint(t, rsaKey.N.Bytes(), `{"alg":"HS256","kid":"rsa"}`, good), CodeKey},
		"too short":      {mint(t, secret, `{"alg":"HS512","kid":"s"}`, good), CodeKey},
		"RSA by secret":  {mint(t, rsaKey, `{"alg":"RS256","kid":"s"}`, good), CodeKey},
	} {
		if _, err := v.Verify(t.Context(), []byte(c.token)); err == nil || err.Code != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestVerify_pem has keys without a kid, which fit any.
func TestVerify_pem(t *testing.T) {
	set, err := ParseKeys(append(append([]byte{}, p256Public...), rsaPublic...), false)
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(rulesFor(asymmetric...), fixed{set}, func() time.Time { return noon })
	for _, token := range []string{
		mint(t, rsaKey, `{"alg":"RS256","kid":"anything"}`, good),
		mint(t, rsaKey, `{"alg":"RS256"}`, good),
		mint(t, p256, `{"alg":"ES256","kid":""}`, good),
	} {
		if _, err := v.Verify(t.Context(), []byte(token)); err != nil {
			t.Error(err)
		}
	}
	if _, err := v.Verify(t.Context(), []byte(mint(t, otherRSA, `{"alg":"RS256","kid":"anything"}`, good))); err == nil || err.Code != CodeSignature {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), []byte(mint(t, p384, `{"alg":"ES384","kid":"anything"}`, good))); err == nil || err.Code != CodeKey {
		t.Error(err)
	}
}

// TestVerify_known wants a token that was taken to be refused when it expires, and when its key goes.
func TestVerify_known(t *testing.T) {
	now := noon
	keys := &struct{ fixed }{fixed{testSet(t)}}
	v := newVerifier(rulesFor(asymmetric...), keys, func() time.Time { return now })
	token := []byte(mint(t, rsaKey, rs256, good))
	first, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := v.Verify(t.Context(), token); again != first {
		t.Error("a token isn't known the second time")
	}
	now = noon.Add(329 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	now = noon.Add(330 * time.Second)
	if _, err := v.Verify(t.Context(), token); err == nil || err.Code != CodeExpired {
		t.Error(err)
	}
	now = noon
	keys.set, _ = ParseKeys(p256Public, false)
	if _, err := v.Verify(t.Context(), token); err == nil || err.Code != CodeKey {
		t.Errorf("%v, although the key is gone", err)
	}
	keys.set, _ = ParseKeys(jwks(jwk("rsa", "", "", &otherRSA.PublicKey)), false)
	if _, err := v.Verify(t.Context(), token); err == nil || err.Code != CodeSignature {
		t.Errorf("%v, although the key is another", err)
	}
	keys.set = nil
	if _, err := v.Verify(t.Context(), token); err == nil || err.Code != CodeKey {
		t.Errorf("%v, although there are no keys", err)
	}
}

// TestKnown_bounded wants no more tokens kept than twice the most.
func TestKnown_bounded(t *testing.T) {
	k, set := newKnown[int](), &Set{}
	for i := range 5 * maxKnown {
		k.put(fmt.Sprint(i), set, &entry[int]{})
		if len(k.young)+len(k.old) > 2*maxKnown {
			t.Fatalf("%d tokens are kept", len(k.young)+len(k.old))
		}
	}
	if k.get([]byte(fmt.Sprint(5*maxKnown-1)), set) == nil || k.get([]byte(fmt.Sprint(4*maxKnown)), set) == nil {
		t.Error("young tokens aren't kept")
	}
	if k.get([]byte("0"), set) != nil || k.get([]byte(fmt.Sprint(5*maxKnown-1)), &Set{}) != nil {
		t.Error("tokens are kept that are old, or of other keys")
	}
}

// TestVerify_manyKeys wants a token that doesn't name its key to cost no more than a few signatures.
func TestVerify_manyKeys(t *testing.T) {
	var keys []jose.JSONWebKey
	for i := range maxTries + 1 {
		keys = append(keys, jwk(fmt.Sprint(i), "", "", &rsaKey.PublicKey))
	}
	set, err := ParseKeys(jwks(keys...), false)
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(rulesFor("RS256"), fixed{set}, func() time.Time { return noon })
	if _, err := v.Verify(t.Context(), []byte(mint(t, rsaKey, `{"alg":"RS256"}`, good))); err == nil || err.Code != CodeKey {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), []byte(mint(t, rsaKey, `{"alg":"RS256","kid":"3"}`, good))); err != nil {
		t.Error(err)
	}
}
