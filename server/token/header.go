package token

import (
	"encoding/base64"
	"strings"
)

// header is what a token says about its signature.
type header struct {
	algorithm string
	kid       string
	hasKid    bool
}

// forbidden are members of a header that have no place in a token: they bring a key along, say where one is, want something understood
// that isn't, or make it another thing than a signed set of claims.
var forbidden = map[string]string{
	"jwk": "brings its own key", "jku": "says itself where its key is", "x5u": "says itself where its key is", "x5c": "brings its own certificate",
	"crit": "wants an extension", "b64": "has a payload that isn't encoded", "enc": "is encrypted", "zip": "is compressed", "cty": "has something else inside",
}

// readHeader reads the header of a compact JWS. Every name is there once, as in all JSON that comes from outside.
func readHeader(part string) (header, *Error) {
	var h header
	members, err := readObject(part)
	if err != nil {
		return h, err
	}
	for _, m := range members {
		if why, ok := forbidden[m.name]; ok {
			return h, &Error{CodeHeader, "the token's header " + why + " (" + m.name + ")"}
		}
		text, isText := m.text()
		switch m.name {
		case "alg":
			h.algorithm = text
		case "kid":
			h.kid, h.hasKid = text, true
		case "typ":
			if !isText || !ofType(text) {
				return h, &Error{CodeHeader, "the token isn't of a type that gives access (typ)"}
			}
			continue
		default:
			continue
		}
		if !isText {
			return h, &Error{CodeHeader, "the token's header has no text for " + m.name}
		}
	}
	if h.algorithm == "" {
		return h, &Error{CodeHeader, "the token's header has no algorithm (alg)"}
	}
	return h, nil
}

// ofType reports whether typ is one of a token that gives access: a logout token or a proof of possession doesn't.
func ofType(typ string) bool {
	typ = strings.ToLower(typ)
	typ = strings.TrimPrefix(typ, "application/")
	return typ == "jwt" || typ == "at+jwt"
}

// encoding has one spelling for each text, but that it skips line breaks.
var encoding = base64.RawURLEncoding.Strict()

// encoded reports whether a part is base64url, in its one spelling.
func encoded(part string) bool {
	_, err := encoding.DecodeString(part)
	return err == nil && !strings.ContainsAny(part, "\r\n")
}

// readObject reads a part of a token: base64url of a JSON object.
func readObject(part string) ([]member, *Error) {
	text, err := encoding.DecodeString(part)
	if err != nil || !encoded(part) {
		return nil, &Error{CodeMalformed, "a part of the token isn't base64url"}
	}
	members, ok := readMembers(text)
	if !ok {
		return nil, &Error{CodeMalformed, "a part of the token isn't a JSON object whose names are unique"}
	}
	return members, nil
}
