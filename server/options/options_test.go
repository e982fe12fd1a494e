package options

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server"
)

// load reads flags, variables and, if it isn't empty, a file's text.
func load(t *testing.T, args, environ []string, file string) (server.Config, error) {
	t.Helper()
	o := New()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	o.Register(flags)
	if file != "" {
		path := filepath.Join(t.TempDir(), "serve.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--options", path)
	}
	if err := flags.Parse(args); err != nil {
		return server.Config{}, o.FlagError(err)
	}
	return o.Load(flags, environ)
}

func TestLoad_defaults(t *testing.T) {
	got, err := load(t, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(server.DefaultConfig(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_precedence(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		environ []string
		file    string
		want    int
	}{
		{"default", nil, nil, "", 1000},
		{"file", nil, nil, "max-batch = 10", 10},
		{"variable", nil, []string{"RUNE_MAX_BATCH=20"}, "max-batch = 10", 20},
		{"flag", []string{"--max-batch=30"}, []string{"RUNE_MAX_BATCH=20"}, "max-batch = 10", 30},
		{"flag as the default is", []string{"--max-batch=1000"}, []string{"RUNE_MAX_BATCH=20"}, "max-batch = 10", 1000},
		{"empty variable", nil, []string{"RUNE_MAX_BATCH="}, "max-batch = 10", 10},
		{"last flag", []string{"--max-batch=30", "--max-batch=40"}, nil, "", 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := load(t, c.args, c.environ, c.file)
			if err != nil || got.MaxBatch != c.want {
				t.Errorf("%d, %v; want %d", got.MaxBatch, err, c.want)
			}
		})
	}
}

// everything sets each option to something that isn't its default, the same in each source.
var everything = []struct{ name, value string }{
	{"listen", "127.0.0.1:9000"}, {"admin-listen", "unix:/run/rune.sock"}, {"socket-mode", "0600"}, {"public-url", "https://authz.example.com"},
	{"tls-cert", "c.pem"}, {"tls-key", "k.pem"}, {"tls-client-ca", "ca.pem"}, {"request-entities", "add"},
	{"jwt-issuer", "https://issuer.example.com"}, {"jwt-audience", "a,b"}, {"jwt-keys", "keys.json"}, {"jwt-algorithms", "ES256,HS256"},
	{"jwt-leeway", "5s"}, {"jwks-refresh", "1h"}, {"jwks-min-refresh", "1m"}, {"scope-claim", "scp"},
	{"scope-map", "system:serviceaccount:shop:cart=rune:authorize rune:query,ops*=rune:admin"},
	{"rate-limit", "12.5"}, {"rate-burst", "100"}, {"trusted-proxies", "10.0.0.0/8,::1"}, {"cors-origins", "https://a.example.com,http://localhost:3000"},
	{"max-body", "2MiB"}, {"max-header", "8192"}, {"max-depth", "50"}, {"max-batch", "10"}, {"max-connections", "5"}, {"max-in-flight", "4"},
	{"read-timeout", "1s"}, {"write-timeout", "1m30s"}, {"cache-bytes", "0"}, {"watch", "false"}, {"shutdown-delay", "2s"},
	{"shutdown-timeout", "3s"}, {"decision-log", "-"}, {"decision-log-mask", "/request/context,/a~1b"}, {"trace-sample-ratio", "0.25"}, {"trace-baggage", "tenant,team"}, {"phase-sample", "7"}, {"log-format", "json"}, {"log-level", "debug"},
}

var wantEverything = server.Config{
	Listen: "127.0.0.1:9000", AdminListen: "unix:/run/rune.sock", SocketMode: 0o600, PublicURL: "https://authz.example.com",
	TLSCert: "c.pem", TLSKey: "k.pem", TLSClientCA: "ca.pem", RequestEntities: host.EntitiesAdd,
	JWTIssuer: "https://issuer.example.com", JWTAudience: []string{"a", "b"}, JWTKeys: "keys.json", JWTAlgorithms: []string{"ES256", "HS256"},
	JWTLeeway: 5 * time.Second, JWKSRefresh: time.Hour, JWKSMinRefresh: time.Minute, ScopeClaim: "scp",
	ScopeMap: map[string]server.Scopes{
		"system:serviceaccount:shop:cart": server.ScopeAuthorize | server.ScopeQuery,
		"ops*":                            server.ScopeAdmin,
	},
	RateLimit: 12.5, RateBurst: 100,
	TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	CORSOrigins:    []string{"https://a.example.com", "http://localhost:3000"},
	MaxBody:        2 << 20, MaxHeader: 8 << 10, MaxDepth: 50, MaxBatch: 10, MaxConnections: 5, MaxInFlight: 4,
	ReadTimeout: time.Second, WriteTimeout: 90 * time.Second, ShutdownDelay: 2 * time.Second, ShutdownTimeout: 3 * time.Second,
	DecisionLog: "-", DecisionLogMask: []string{"/request/context", "/a~1b"}, TraceSampleRatio: 0.25, TraceBaggage: []string{"tenant", "team"}, PhaseSample: 7, LogFormat: "json", LogLevel: "debug",
}

func TestLoad_everySource(t *testing.T) {
	var args, environ, file []string
	for _, e := range everything {
		args = append(args, "--"+e.name+"="+e.value)
		environ = append(environ, variable(e.name)+"="+e.value)
		file = append(file, e.name+" = '"+e.value+"'")
	}
	for name, source := range map[string]func() (server.Config, error){
		"flags":     func() (server.Config, error) { return load(t, args, nil, "") },
		"variables": func() (server.Config, error) { return load(t, nil, environ, "") },
		"file":      func() (server.Config, error) { return load(t, nil, nil, strings.Join(file, "\n")) },
	} {
		got, err := source()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(wantEverything, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestEverything_isComplete finds options that the tests above leave out, and settings that no option sets.
func TestEverything_isComplete(t *testing.T) {
	left := map[string]bool{"options": true, "jwks-url": true, "allow-anonymous": true} // which exclude some of the others
	for _, e := range everything {
		left[e.name] = true
	}
	o := New()
	for _, p := range o.list {
		if !left[p.name] {
			t.Errorf("everything leaves out %s", p.name)
		}
	}
	config, base := reflect.ValueOf(wantEverything), reflect.ValueOf(server.DefaultConfig())
	for i := range config.NumField() {
		name := config.Type().Field(i).Name
		switch name {
		case "Path", "JWKSURL", "AllowAnonymous":
		default:
			if reflect.DeepEqual(config.Field(i).Interface(), base.Field(i).Interface()) {
				t.Errorf("no option sets %s", name)
			}
		}
	}
}

func TestLoad_typesOfTOML(t *testing.T) {
	got, err := load(t, nil, nil, `
watch = false
rate-limit = 2.5
max-body = 2048
trusted-proxies = ["10.0.0.1"]
jwt-audience = ["with, comma", "b"]
jwt-issuer = "i"
jwks-url = "http://127.0.0.1:9/keys"
[scope-map]
"system:serviceaccount:a=b:c" = ["rune:query", "rune:facts"]
other = "rune:admin rune:explain"
`)
	if err != nil {
		t.Fatal(err)
	}
	if got.Watch || got.RateLimit != 2.5 || got.MaxBody != 2048 || got.TrustedProxies[0] != netip.MustParsePrefix("10.0.0.1/32") || got.JWTAudience[0] != "with, comma" {
		t.Errorf("%+v", got)
	}
	want := map[string]server.Scopes{"system:serviceaccount:a=b:c": server.ScopeQuery | server.ScopeFacts, "other": server.ScopeAdmin | server.ScopeExplain}
	if diff := cmp.Diff(want, got.ScopeMap); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_refused(t *testing.T) {
	flags := func(args ...string) []string { return args }
	tokens := []string{"--jwt-issuer=i", "--jwt-audience=a"}
	for _, c := range []struct {
		args    []string
		environ []string
		file    string
		want    string
	}{
		{args: flags("--lisen=x"), want: "--lisen: there is no such option; the nearest is --listen"},
		{args: flags("--max-inflight=3"), want: "--max-inflight: there is no such option; the nearest is --max-in-flight"},
		{args: flags("--zzzzzzzzzzzz"), want: "--zzzzzzzzzzzz: there is no such option"},
		{environ: []string{"RUNE_JWKSURL=x"}, want: "RUNE_JWKSURL: there is no such variable; the nearest is RUNE_JWKS_URL"},
		{environ: []string{"RUNE_QUITE_DIFFERENT_THING=x", "PATH=/bin"}, want: "RUNE_QUITE_DIFFERENT_THING: there is no such variable"},
		{file: "maxbody = 1", want: "serve.toml: maxbody: there is no such option; the nearest is max-body"},
		{file: "[jwt]\nissuer = 1", want: "serve.toml: jwt: there is no such option"},
		{file: "a = 1\n= 2", want: "serve.toml:2: "},
		{file: "options = 'x'", want: "serve.toml: options: a file of options names no other"},
		{args: flags("--max-batch=x"), want: `--max-batch: "x" isn't a whole number from 1 to 100000`},
		{args: flags("--max-batch=0"), want: `--max-batch: "0" isn't a whole number from 1`},
		{environ: []string{"RUNE_MAX_BODY=1TB"}, want: `RUNE_MAX_BODY: "1TB" isn't a size from 1KiB to 1GiB`},
		{environ: []string{"RUNE_MAX_BODY=9999999999GiB"}, want: `RUNE_MAX_BODY: "9999999999GiB" isn't a size`},
		{environ: []string{"RUNE_MAX_BODY=-1KiB"}, want: `RUNE_MAX_BODY: "-1KiB" isn't a size`},
		{file: "read-timeout = 10", want: `serve.toml: read-timeout: "10" isn't a time from 100ms to 1h`},
		{file: "watch = 'yes'", want: `serve.toml: watch: "yes" is neither true nor false`},
		{file: "watch = [true]", want: "serve.toml: watch: a list holds texts, not a bool"},
		{file: "watch = ['true']", want: "serve.toml: watch: it isn't a list"},
		{file: "listen = 1979-05-27", want: "serve.toml: listen: it can't be a date or time in TOML"},
		{file: "[listen]", want: "serve.toml: listen: it can't be a table in TOML"},
		{file: "[[listen]]", want: "serve.toml: listen: it can't be a list of tables in TOML"},
		{file: "[scope-map]\na = 1", want: `serve.toml: scope-map: the scopes of "a" can't be a number`},
		{file: "[scope-map]\na = [['x']]", want: `serve.toml: scope-map: there is no scope "[x]"`},
		{file: "[scope-map]\na = []", want: `serve.toml: scope-map: "a" is given no scopes`},
		{file: "scope-map = 'a=rune:admin,a=rune:query'", want: `"a" is there twice`},
		{args: flags("--scope-map=a"), want: `"a" isn't SUBJECT=SCOPES`},
		{args: flags("--scope-map==rune:admin"), want: "is empty"},
		{args: flags("--scope-map=a=admin"), want: `there is no scope "admin"; there are rune:authorize`},
		{args: flags("--rate-limit=NaN"), want: "--rate-limit: \"NaN\" isn't a number"},
		{args: flags("--rate-limit=-1"), want: "isn't a number from 0"},
		{args: flags("--jwt-leeway=1h"), want: "--jwt-leeway: \"1h\" isn't a time from 0s to 5m"},
		{args: flags("--jwt-algorithms=none"), want: `--jwt-algorithms: "none" isn't one of RS256`},
		{args: flags("--jwt-algorithms=RS256,rs512"), want: `"rs512" isn't one of`},
		{args: flags("--jwt-issuer="), want: `--jwt-issuer: "" is empty or has control characters`},
		{args: flags("--listen=8181"), want: `--listen: "8181" isn't host:port or unix:PATH`},
		{args: flags("--listen=127.0.0.1:65536"), want: "has no port between 0 and 65535"},
		{args: flags("--listen=unix:"), want: "there is no path"},
		{args: flags("--socket-mode=9"), want: "--socket-mode: \"9\" isn't a mode"},
		{args: flags("--request-entities=any"), want: "isn't one of override, add, refuse"},
		{args: flags("--log-level=loud"), want: "isn't one of debug"},
		{args: flags("--trusted-proxies=10.0.0.1/8"), want: "isn't an address, or a prefix"},
		{args: flags("--cors-origins=https://a.example.com/"), want: "isn't an origin"},
		{args: flags("--cors-origins=null"), want: "isn't an origin"},
		{args: flags("--decision-log-mask=a"), want: "isn't a JSON pointer"},
		{args: flags("--decision-log-mask=/a~2"), want: "isn't a JSON pointer"},
		{args: flags("--public-url=ftp://x"), want: "--public-url: \"ftp://x\" isn't a URL with http or https"},
		{args: flags("--public-url=https://x/?a"), want: "--public-url has no query"},
		{args: flags("--tls-cert=c"), want: "--tls-cert and --tls-key go together"},
		{args: flags("--tls-client-ca=c"), want: "--tls-client-ca wants --tls-cert and --tls-key"},
		{args: flags("--tls-client-ca=c", "--tls-cert=c", "--tls-key=k", "--listen=unix:/x"), want: "a Unix socket"},
		{args: append(flags("--jwt-keys=a", "--jwks-url=https://x"), tokens...), want: "exclude each other"},
		{args: flags("--jwt-keys=a"), want: "want --jwt-issuer and --jwt-audience"},
		{args: flags("--jwt-keys=a", "--jwt-issuer=i"), want: "want --jwt-issuer and --jwt-audience"},
		{args: tokens, want: "want --jwt-keys or --jwks-url"},
		{args: append(flags("--jwks-url=http://example.com"), tokens...), want: "--jwks-url is https, or on loopback"},
		{args: append(flags("--jwks-url=http://127.0.0.1.example.com"), tokens...), want: "--jwks-url is https, or on loopback"},
		{args: append(flags("--jwks-url=https://x", "--jwt-algorithms=RS256,HS256"), tokens...), want: "symmetric algorithms want --jwt-keys"},
		{args: flags("--jwks-min-refresh=1h"), want: "--jwks-min-refresh is at most --jwks-refresh"},
		{args: flags("--scope-map=a=rune:admin"), want: "--scope-map wants"},
		{args: append(flags("--jwks-url=https://x", "--allow-anonymous"), tokens...), want: "--allow-anonymous contradicts"},
		{args: flags("--cors-origins=*"), want: "--cors-origins * wants tokens"},
		{args: flags("--rate-burst=2"), want: "--rate-burst wants --rate-limit"},
		{args: flags("--admin-listen=127.0.0.1:8181"), want: "--admin-listen is another address"},
		{args: flags("--listen=0.0.0.0:8181"), want: "listening at 0.0.0.0:8181 without authentication"},
		{args: flags("--listen=:8181"), want: "listening at :8181 without authentication"},
		{args: flags("--listen=[::]:8181"), want: "listening at [::]:8181 without authentication"},
		{args: flags("--listen=example.com:8181"), want: "listening at example.com:8181 without authentication"},
		{args: flags("--admin-listen=10.0.0.1:1"), want: "listening at 10.0.0.1:1 without authentication"},
	} {
		t.Run(c.want, func(t *testing.T) {
			_, err := load(t, c.args, c.environ, c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestLoad_taken(t *testing.T) {
	tokens := []string{"--jwt-issuer=i", "--jwt-audience=a"}
	for _, args := range [][]string{
		{"--listen=[::1]:1"}, {"--listen=localhost:1"}, {"--listen=[::ffff:127.0.0.1]:1"}, {"--listen=unix:/run/rune.sock"},
		{"--listen=:1", "--allow-anonymous"},
		append(tokens, "--jwks-url=https://issuer.example.com/keys", "--listen=:1"),
		append(tokens, "--jwks-url=http://[::1]:80/keys?tenant=a"),
		append(tokens, "--jwt-keys=a", "--jwt-algorithms=HS256", "--cors-origins=*"),
		{"--tls-client-ca=a", "--tls-cert=c", "--tls-key=k", "--listen=:1", "--scope-map=*=rune:query"},
		{"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"},
	} {
		if _, err := load(t, args, nil, ""); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestLoad_manyErrors wants all that is wrong said at once.
func TestLoad_manyErrors(t *testing.T) {
	_, err := load(t, nil, []string{"RUNE_MAX_BATCH=0", "RUNE_NOTHING_LIKE_THIS=1"}, "max-body = 1\nwatch = 3")
	for _, want := range []string{"RUNE_MAX_BATCH:", "RUNE_NOTHING_LIKE_THIS:", "max-body:", "watch:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

// TestLoad_linked has the variables that Kubernetes sets beside services called rune and rune-admin.
func TestLoad_linked(t *testing.T) {
	_, err := load(t, nil, []string{
		"RUNE_SERVICE_HOST=10.0.0.7", "RUNE_SERVICE_PORT=8181", "RUNE_SERVICE_PORT_HTTP=8181", "RUNE_PORT=tcp://10.0.0.7:8181",
		"RUNE_PORT_8181_TCP=tcp://10.0.0.7:8181", "RUNE_PORT_8181_TCP_PROTO=tcp", "RUNE_PORT_8181_TCP_PORT=8181", "RUNE_PORT_8181_TCP_ADDR=10.0.0.7",
		"RUNE_ADMIN_SERVICE_HOST=10.0.0.8", "RUNE_ADMIN_PORT_9_TCP_ADDR=10.0.0.8",
	}, "")
	if err != nil {
		t.Error(err)
	}
	if _, err := load(t, nil, []string{"RUNE_PORTS=1"}, ""); err == nil {
		t.Error("RUNE_PORTS is taken")
	}
}

// TestLoad_secret wants a password that is in a URL by mistake to stay out of the message.
func TestLoad_secret(t *testing.T) {
	for _, link := range []string{"https://user:hunter2@example.com/keys", "https://user:hunter2@exa mple.com/%zz"} {
		for _, source := range []func() (server.Config, error){
			func() (server.Config, error) { return load(t, []string{"--jwks-url=" + link}, nil, "") },
			func() (server.Config, error) { return load(t, nil, []string{"RUNE_JWKS_URL=" + link}, "") },
			func() (server.Config, error) { return load(t, nil, nil, "jwks-url = '"+link+"'") },
		} {
			if _, err := source(); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Error(err)
			}
		}
	}
}

func TestLoad_noFile(t *testing.T) {
	if _, err := load(t, []string{"--options=" + filepath.Join(t.TempDir(), "none.toml")}, nil, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"listen", "lisen", 1}, {"kitten", "sitting", 3}, {"abc", "abc", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
