package token

import (
	"github.com/rune-authz/rune/host"
)

// Codes of what may be wrong with a token.
const (
	CodeMalformed   host.Code = "access.token_malformed"     // no signed JWT that can be read
	CodeTooLarge    host.Code = "access.token_too_large"     //
	CodeAlgorithm   host.Code = "access.token_algorithm"     // signed by an algorithm that isn't allowed, or not at all
	CodeHeader      host.Code = "access.token_header"        // a header that demands or brings what isn't trusted
	CodeKey         host.Code = "access.token_key"           // signed by a key that isn't known
	CodeSignature   host.Code = "access.token_signature"     // its signature is wrong
	CodeClaims      host.Code = "access.token_claims"        // a claim is missing, twice there or not of its type
	CodeIssuer      host.Code = "access.token_issuer"        //
	CodeAudience    host.Code = "access.token_audience"      //
	CodeExpired     host.Code = "access.token_expired"       //
	CodeNotYetValid host.Code = "access.token_not_yet_valid" //
)

// Error is why a token isn't taken. It never has a part of the token in it.
type Error struct {
	Code   host.Code
	Detail string
}

func (e *Error) Error() string { return e.Detail + " [" + string(e.Code) + "]" }
