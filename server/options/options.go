// Package options reads the server's options from flags, variables and a file.
package options

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/rune-authz/rune/server"
)

// Options reads a [server.Config].
type Options struct {
	config server.Config
	file   string
	list   []*option
}

// option is one setting, by the same name in all sources.
type option struct {
	name  string
	usage string
	value setter
}

// New gives every option its default.
func New() *Options {
	o := &Options{config: server.DefaultConfig()}
	o.addAddresses()
	o.addAccess()
	o.addLimits()
	o.addRunning()
	return o
}

func (o *Options) addAddresses() {
	o.add("options", "read options from this TOML file too", text(&o.file, "FILE"))
	o.add("listen", "where to serve: host:port, or unix:PATH", address(&o.config.Listen))
	o.add("admin-listen", "serve health, metrics, configuration and facts here alone", address(&o.config.AdminListen))
	o.add("socket-mode", "permissions of a Unix socket", mode(&o.config.SocketMode))
	o.add("public-url", "the URL by which clients know the server, for metadata", link(&o.config.PublicURL))
	o.add("allow-anonymous", "serve beyond this machine without authentication", flag(&o.config.AllowAnonymous))
	o.add("tls-cert", "certificate chain in PEM; read again when it changes", text(&o.config.TLSCert, "FILE"))
	o.add("tls-key", "its private key in PEM; read again when it changes", text(&o.config.TLSKey, "FILE"))
	o.add("tls-client-ca", "want client certificates that these authorities, in PEM, signed", text(&o.config.TLSClientCA, "FILE"))
}

func (o *Options) addAccess() {
	o.add("request-entities", "whether a request may bring entities: not at all, new ones only, or any with the scope rune:entities",
		entities(&o.config.RequestEntities))
	o.add("jwt-issuer", "who has to have issued tokens (iss)", text(&o.config.JWTIssuer, "ISSUER"))
	o.add("jwt-audience", "whom tokens have to be for (aud), one of these", list(&o.config.JWTAudience, "AUDIENCE,...", anyItem))
	o.add("jwt-keys", "keys of tokens: PEM, or a JWK set; read again when it changes", text(&o.config.JWTKeys, "FILE"))
	o.add("jwks-url", "keys of tokens: a JWK set at this URL, https or on loopback", link(&o.config.JWKSURL))
	o.add("jwt-algorithms", "signatures that tokens may have; symmetric ones only if named here", list(&o.config.JWTAlgorithms, "ALGORITHM,...", algorithm))
	o.add("jwt-leeway", "how far clocks may differ", span(&o.config.JWTLeeway, 0, 5*time.Minute))
	o.add("jwks-refresh", "how often keys are fetched anew", span(&o.config.JWKSRefresh, time.Second, 24*time.Hour))
	o.add("jwks-min-refresh", "least time between two fetches for unknown keys", span(&o.config.JWKSMinRefresh, time.Second, 24*time.Hour))
	o.add("scope-claim", "claim with a token's scopes, a list or a text with spaces", text(&o.config.ScopeClaim, "CLAIM"))
	o.add("scope-map", "scopes of clients whose token or certificate says none", scopeMap{&o.config.ScopeMap})
	o.add("rate-limit", "decisions a second and client; 0 is off", rate(&o.config.RateLimit))
	o.add("rate-burst", "decisions at once; 0 is one second's", count(&o.config.RateBurst, 0, 1_000_000_000))
	o.add("trusted-proxies", "whose X-Forwarded-For is believed", list(&o.config.TrustedProxies, "ADDRESS|PREFIX,...", prefix))
	o.add("cors-origins", "web pages that may call: scheme://host[:port], or *", list(&o.config.CORSOrigins, "ORIGIN,...", origin))
}

func (o *Options) addLimits() {
	o.add("max-body", "longest body of a request", size(&o.config.MaxBody, 1<<10, 1<<30))
	o.add("max-header", "longest head of a request", size(&o.config.MaxHeader, 1<<10, 1<<20))
	o.add("max-depth", "deepest nesting of a body", count(&o.config.MaxDepth, 1, 200))
	o.add("max-batch", "most requests in a batch", count(&o.config.MaxBatch, 1, 100_000))
	o.add("max-connections", "most connections at once", count(&o.config.MaxConnections, 1, 1_000_000))
	o.add("max-in-flight", "most requests at once; more get 503", count(&o.config.MaxInFlight, 1, 1_000_000))
	o.add("read-timeout", "time to receive a request", span(&o.config.ReadTimeout, 100*time.Millisecond, time.Hour))
	o.add("write-timeout", "time to send a reply", span(&o.config.WriteTimeout, 100*time.Millisecond, time.Hour))
}

func (o *Options) addRunning() {
	o.add("cache-bytes", "memory for replies given before; 0 is off", size(&o.config.CacheBytes, 0, 1<<40))
	o.add("watch", "load again when the configuration's files change", flag(&o.config.Watch))
	o.add("shutdown-delay", "time between not being ready and accepting no more", span(&o.config.ShutdownDelay, 0, time.Hour))
	o.add("shutdown-timeout", "time for requests to finish", span(&o.config.ShutdownTimeout, 0, time.Hour))
	o.add("decision-log", "write a JSON line for every decision; - is standard output", text(&o.config.DecisionLog, "FILE|-"))
	o.add("decision-log-mask", "parts of those lines to mask, as JSON pointers; a part * stands for any", list(&o.config.DecisionLogMask, "POINTER,...", pointer))
	o.add("trace-sample-ratio", "part of the requests without a parent that is traced; goes before OTEL_TRACES_SAMPLER", ratio(&o.config.TraceSampleRatio))
	o.add("trace-baggage", "keys of baggage that become attributes of spans", list(&o.config.TraceBaggage, "KEY,...", anyItem))
	o.add("phase-sample", "of how many decisions one has its phases timed, for metrics; 0 is off", count(&o.config.PhaseSample, 0, 1_000_000))
	o.add("log-format", "how the log is written", oneOf(&o.config.LogFormat, "text", "json"))
	o.add("log-level", "least important message that is written", oneOf(&o.config.LogLevel, "debug", "info", "warn", "error"))
}

func (o *Options) add(name, usage string, v setter) {
	o.list = append(o.list, &option{name, usage, v})
}

// find is the option of a name, or nil.
func (o *Options) find(name string) *option {
	for _, p := range o.list {
		if p.name == name {
			return p
		}
	}
	return nil
}

// Register adds a flag for every option.
func (o *Options) Register(flags *pflag.FlagSet) {
	for _, p := range o.list {
		f := flags.VarPF(p.value, p.name, "", p.usage)
		if p.value.Type() == "bool" {
			f.NoOptDefVal = "true"
		}
	}
}
