package value

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		url                      string
		scheme, host, port, path any
	}{
		{"https://Example.COM/a/b?q#f", "https", "example.com", 443, "/a/b"},
		{"HTTP://example.com.:8080", "http", "example.com", 8080, ""},
		{"https://example.com:/x", "https", "example.com", 443, "/x"},
		{"ws://h?x", "ws", "h", 80, ""},
		{"ftp://h#x", "ftp", "h", 21, ""},
		{"https://good.com?@evil.com", "https", "good.com", 443, ""},
		{"https://good.com#@evil.com/", "https", "good.com", 443, ""},
		{"https://good.com/@evil.com", "https", "good.com", 443, "/@evil.com"},
		{"https://x.com/%2e%2e/a", "https", "x.com", 443, "/%2e%2e/a"},
		{"https://127.0.0.1/", "https", "127.0.0.1", 443, "/"},
		{"https://[::1]:9/", "https", "::1", 9, "/"},
		{"https://[0:0:0:0:0:FFFF:7f00:1]/", "https", "::ffff:7f00:1", 443, "/"},
		{"s3://bucket_1/key", "s3", "bucket_1", CodeURL, "/key"},
		{"file:///etc/passwd", "file", CodeURL, CodeURL, "/etc/passwd"},
		{"mailto:bob@example.com?x", "mailto", CodeURL, CodeURL, "bob@example.com"},
		{"urn:isbn:1", "urn", CodeURL, CodeURL, "isbn:1"},
		{"custom://h:00080/", "custom", "h", 80, "/"},
	} {
		tab.check(t, OpURLScheme, c.scheme, c.url)
		tab.check(t, OpURLHost, c.host, c.url)
		tab.check(t, OpURLPort, c.port, c.url)
		tab.check(t, OpURLPath, c.path, c.url)
	}
	for _, u := range []string{
		"", "example.com", "/a", "//example.com", "://x", "1http://x", "ht tp://x", "https:example.com", "https:/example.com", "https:///example.com", "https://", "https://:80",
		"https://user@example.com", "https://user:pw@example.com", "https://good.com@evil.com", "https://@x",
		`https://good.com\@evil.com`, `https:\\x`, "https://x/\t", "https://x/\n", "https://x/a b", "https://x\x7f", "https://x/\u0085", "https://x\x00",
		"https://x:65536", "https://x:-1", "https://x:8a", "https://x:99999999999999999999", "https://x:18446744073709551617", "https://::1/", "https://[::1", "https://[::1]x/", "https://[1.2.3.4]/", "https://[fe80::1%25eth0]/", "https://[]/",
		"https://ex%61mple.com", "https://exämple.com", "https://a..b", "https://.a", "https://a..", "https://a,b", "https://" + strings.Repeat("a", 64), "https://" + strings.Repeat("a.", 130),
		"https://2130706433/", "https://0x7f000001/", "https://127.1/", "https://0177.0.0.1/", "https://1.2.3.4.5/", "https://256.0.0.1", "https://x.0X", "https://１２７.0.0.1",
	} {
		for op := OpURLScheme; op <= OpURLPath; op++ {
			tab.check(t, op, CodeURL, u)
		}
	}
}

func TestIsSubdomainOf(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		a, b string
		want any
	}{
		{"a.example.com", "example.com", true}, {"A.Example.COM.", "example.com", true}, {"a.b.example.com", "EXAMPLE.com.", true},
		{"example.com", "example.com", false}, {"example.com.", "example.com", false}, {"badexample.com", "example.com", false}, {"com", "example.com", false},
		{"example.com.evil.org", "example.com", false}, {"a-example.com", "example.com", false},
		{"a.example.com..", "example.com", CodeHost}, {".example.com", "example.com", CodeHost}, {"a.example.com", ".example.com", CodeHost}, {"a.example.com", "", CodeHost}, {"", "", CodeHost},
		{"a.example.com/", "example.com", CodeHost}, {"a.example.com:80", "example.com", CodeHost}, {"evil.com#.example.com", "example.com", CodeHost}, {"a．example.com", "example.com", CodeHost},
		{"1.2.3.4", "3.4", CodeHost}, {"1.2.3.4", "example.com", false},
	} {
		tab.check(t, OpIsSubdomainOf, c.want, c.a, c.b)
	}
	tab.check(t, OpIsSubdomainOf, CodeKind, set("a"), "b")
}

// Where both read a URL, the standard library finds the same parts.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://example.com:8080/a?b#c", "http://[::1]:80/", "file:///x", "mailto:a@b", `http://a\@b`, "https://a@b/", "http:a", "http://1.2.3", "x://h:1/p;a=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, why := parseURL([]byte(s))
		if why != "" {
			return
		}
		theirs, err := url.Parse(s)
		if err != nil {
			return // it checks escapes, too
		}
		host := strings.TrimSuffix(strings.ToLower(theirs.Hostname()), ".")
		if a, err := netip.ParseAddr(host); err == nil {
			host = string(appendAddr(nil, a))
		}
		if string(u.scheme) != theirs.Scheme || u.host != host || theirs.User != nil || strings.ContainsAny(u.host, "/?#@\\") {
			t.Fatalf("%q: %+v, standard library %+v", s, u, theirs)
		}
		if path, err := url.PathUnescape(string(u.path)); theirs.Opaque == "" && (err != nil || path != theirs.Path) {
			t.Fatalf("%q: path %q, standard library %q", s, u.path, theirs.Path)
		}
	})
}
