package options

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/listen"
)

// check finds options that don't go together.
func check(c *server.Config) error {
	for _, rule := range rules {
		if rule.broken(c) {
			return &UsageError{Message: rule.message}
		}
	}
	if c.Authenticated() || c.AllowAnonymous {
		return nil
	}
	for _, text := range []string{c.Listen, c.AdminListen} {
		if !local(text) {
			return &UsageError{Message: "listening at " + text + " without authentication would let anybody decide and change: " +
				"give --jwks-url or --jwt-keys, or --tls-client-ca, or allow it with --allow-anonymous"}
		}
	}
	return nil
}

// rules are what options have to do with each other.
var rules = []struct {
	message string
	broken  func(*server.Config) bool
}{
	{"--tls-cert and --tls-key go together", func(c *server.Config) bool { return (c.TLSCert == "") != (c.TLSKey == "") }},
	{"--tls-client-ca wants --tls-cert and --tls-key", func(c *server.Config) bool { return c.TLSClientCA != "" && c.TLSCert == "" }},
	{"a Unix socket for --listen has no TLS; client certificates come with --tls-cert on an address", func(c *server.Config) bool {
		return c.TLSClientCA != "" && !c.Tokens() && (unix(c.Listen) || unix(c.AdminListen))
	}},
	{"--jwt-keys and --jwks-url exclude each other", func(c *server.Config) bool { return c.JWTKeys != "" && c.JWKSURL != "" }},
	{"--jwt-keys and --jwks-url want --jwt-issuer and --jwt-audience", func(c *server.Config) bool {
		return c.Tokens() && (c.JWTIssuer == "" || len(c.JWTAudience) == 0)
	}},
	{"--jwt-issuer and --jwt-audience want --jwt-keys or --jwks-url", func(c *server.Config) bool {
		return !c.Tokens() && (c.JWTIssuer != "" || len(c.JWTAudience) > 0)
	}},
	{"--jwks-url is https, or on loopback", func(c *server.Config) bool {
		return strings.HasPrefix(c.JWKSURL, "http:") && !localHost(c.JWKSURL)
	}},
	{"symmetric algorithms want --jwt-keys: a secret is never published", func(c *server.Config) bool {
		return c.JWKSURL != "" && slices.ContainsFunc(c.JWTAlgorithms, symmetric)
	}},
	{"--jwks-min-refresh is at most --jwks-refresh", func(c *server.Config) bool { return c.JWKSMinRefresh > c.JWKSRefresh }},
	{"--scope-map wants --jwt-keys, --jwks-url or --tls-client-ca", func(c *server.Config) bool {
		return len(c.ScopeMap) > 0 && !c.Authenticated()
	}},
	{"--allow-anonymous contradicts --jwt-keys, --jwks-url and --tls-client-ca", func(c *server.Config) bool {
		return c.AllowAnonymous && c.Authenticated()
	}},
	{"--cors-origins * wants tokens: any page could use what needs none", func(c *server.Config) bool {
		return slices.Contains(c.CORSOrigins, "*") && !c.Tokens()
	}},
	{"--rate-burst wants --rate-limit", func(c *server.Config) bool { return c.RateBurst > 0 && c.RateLimit == 0 }},
	{"--admin-listen is another address than --listen", func(c *server.Config) bool {
		return c.AdminListen == c.Listen && !strings.HasSuffix(c.Listen, ":0")
	}},
	{"--public-url has no query", func(c *server.Config) bool { return strings.Contains(c.PublicURL, "?") }},
}

// local reports whether only this machine can connect to an address; nowhere is local as well.
func local(text string) bool {
	a, err := listen.ParseAddress(text)
	return text == "" || err == nil && a.Local()
}

func unix(text string) bool { return strings.HasPrefix(text, "unix:") }

// localHost reports whether a URL's host is this machine for certain.
func localHost(link string) bool {
	u, err := url.Parse(link)
	return err == nil && local(net.JoinHostPort(u.Hostname(), "0"))
}
