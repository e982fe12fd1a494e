// Package server is the HTTP server: RUNE's decisions, queries and facts for many clients, from one configuration that may change
// while it serves.
package server

import (
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/rune-authz/rune/host"
)

// Config is the server's settings, one field an option. The zero value isn't useful: start from [DefaultConfig].
type Config struct {
	Path string // of the configuration to serve: a .rune document, or a .cedar file

	Listen         string      // host:port, or unix:PATH
	AdminListen    string      // where health, metrics, configuration and facts are instead, if not ""
	SocketMode     os.FileMode // of a Unix socket
	PublicURL      string
	AllowAnonymous bool // to listen beyond loopback without authentication
	TrustedProxies []netip.Prefix
	CORSOrigins    []string

	TLSCert, TLSKey, TLSClientCA string // files

	RequestEntities host.EntitiesMode

	JWTIssuer        string
	JWTAudience      []string // a token is for one of them
	JWTKeys, JWKSURL string
	JWTAlgorithms    []string
	JWTLeeway        time.Duration
	JWKSRefresh      time.Duration
	JWKSMinRefresh   time.Duration
	ScopeClaim       string
	ScopeMap         map[string]Scopes // what a subject may do, or all that begin with what stands before a final *

	RateLimit float64 // requests a second and client, 0: no limit
	RateBurst int

	MaxBody        int // bytes
	MaxHeader      int // bytes
	MaxDepth       int // of JSON
	MaxBatch       int // items
	MaxConnections int
	MaxInFlight    int // requests
	ReadTimeout    time.Duration
	WriteTimeout   time.Duration

	CacheBytes int // 0: no cache

	Watch           bool
	ShutdownDelay   time.Duration
	ShutdownTimeout time.Duration

	DecisionLog      string   // a file, "-" for standard output, "" for none
	DecisionLogMask  []string // JSON pointers into a line
	TraceSampleRatio float64  // of requests without a parent; below 0: as the variables OTEL_… say
	TraceBaggage     []string // keys of baggage that become attributes
	PhaseSample      int      // of how many requests one has its phases timed; 0: none
	LogFormat        string   // json or text
	LogLevel         string   // debug, info, warn or error
}

// DefaultConfig is what holds where nothing is said.
func DefaultConfig() Config {
	return Config{
		Listen:           "127.0.0.1:8181",
		SocketMode:       0o660,
		RequestEntities:  host.EntitiesRefuse,
		JWTAlgorithms:    slices.Clone(asymmetric),
		JWTLeeway:        30 * time.Second,
		JWKSRefresh:      15 * time.Minute,
		JWKSMinRefresh:   10 * time.Second,
		ScopeClaim:       "scope",
		MaxBody:          1 << 20,
		MaxHeader:        16 << 10,
		MaxDepth:         200,
		MaxBatch:         1000,
		MaxConnections:   10_000,
		MaxInFlight:      1_000,
		ReadTimeout:      10 * time.Second,
		WriteTimeout:     10 * time.Second,
		CacheBytes:       64 << 20,
		Watch:            true,
		ShutdownTimeout:  10 * time.Second,
		TraceSampleRatio: -1,
		PhaseSample:      16,
		LogFormat:        "text",
		LogLevel:         "info",
	}
}

// asymmetric are the signatures that a token may have if nothing is said: whoever checks them can't make them.
var asymmetric = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// Tokens reports whether clients show tokens.
func (c *Config) Tokens() bool { return c.JWTKeys != "" || c.JWKSURL != "" }

// Authenticated reports whether clients have to say who they are, by a token or by a certificate.
func (c *Config) Authenticated() bool { return c.Tokens() || c.TLSClientCA != "" }
