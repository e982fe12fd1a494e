package options

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/rune-authz/rune/server"
)

// algorithms are the signatures that a token may have. Those after "HS256" are symmetric.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"}

func algorithm(s string) (string, error) {
	if !slices.Contains(algorithms, s) {
		return "", fmt.Errorf("%q isn't one of %s", s, strings.Join(algorithms, ", "))
	}
	return s, nil
}

func symmetric(algorithm string) bool { return strings.HasPrefix(algorithm, "HS") }

// prefix reads an address, which is a prefix of its own, or a prefix of addresses.
func prefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q isn't an address, or a prefix such as 10.0.0.0/8", s)
	}
	return p, nil
}

// origin reads what browsers send as a page's origin, or a star.
func origin(s string) (string, error) {
	u, err := url.Parse(s)
	if s == "*" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && s == u.Scheme+"://"+strings.ToLower(u.Host) && u.Hostname() != "" {
		return s, nil
	}
	return "", fmt.Errorf("%q isn't an origin such as https://app.example.com, or *", s)
}

// pointer reads a JSON pointer (RFC 6901) to something in an object.
func pointer(s string) (string, error) {
	rest := strings.ReplaceAll(strings.ReplaceAll(s, "~0", ""), "~1", "")
	if !strings.HasPrefix(s, "/") || len(s) < 2 || strings.Contains(rest, "~") {
		return "", fmt.Errorf("%q isn't a JSON pointer such as /request/context", s)
	}
	return s, nil
}

// scopeMap is a list of "subject=scope scope", as a map.
type scopeMap struct {
	target *map[string]server.Scopes
}

func (v scopeMap) Type() string { return "SUBJECT=SCOPES,..." }

func (v scopeMap) String() string {
	var rules []string
	for subject, scopes := range *v.target {
		rules = append(rules, subject+"="+scopes.String())
	}
	slices.Sort(rules)
	return strings.Join(rules, ",")
}

// Set reads a text with commas.
func (v scopeMap) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		if err := v.add(strings.TrimSpace(item)); err != nil {
			return err
		}
	}
	return nil
}

func (v scopeMap) add(item string) error {
	i := strings.LastIndexByte(item, '=')
	if i < 0 {
		return fmt.Errorf("%q isn't SUBJECT=SCOPES", item)
	}
	return v.give(item[:i], strings.Fields(item[i+1:]))
}

// give adds a subject and the names of its scopes.
func (v scopeMap) give(subject string, names []string) error {
	if _, err := anyItem(subject); err != nil {
		return err
	}
	if _, twice := (*v.target)[subject]; twice {
		return fmt.Errorf("%q is there twice", subject)
	}
	var scopes server.Scopes
	for _, name := range names {
		scope := server.ScopeNamed(name)
		if scope == 0 {
			return fmt.Errorf("there is no scope %q; there are %s", name, server.AllScopes)
		}
		scopes |= scope
	}
	if scopes == 0 {
		return fmt.Errorf("%q is given no scopes", subject)
	}
	if *v.target == nil {
		*v.target = map[string]server.Scopes{}
	}
	(*v.target)[subject] = scopes
	return nil
}
