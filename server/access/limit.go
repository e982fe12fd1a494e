package access

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/problem"
	"github.com/rune-authz/rune/server/rate"
)

// limits says how much each client may ask for. A nil one has no limits.
type limits struct {
	limiter *rate.Limiter
	proxies []netip.Prefix
	policy  string // as a header
}

func newLimits(c *server.Config, now func() time.Time) *limits {
	burst := c.RateBurst
	if burst == 0 {
		burst = int(max(1, math.Ceil(c.RateLimit)))
	}
	l := &limits{limiter: rate.New(c.RateLimit, burst, now), proxies: c.TrustedProxies}
	l.policy = fmt.Sprintf(`"client";q=%d;w=%d`, burst, max(1, seconds(l.limiter.Window())))
	return l
}

// take takes cost from what a client may ask for. Somebody without a subject is whoever is at the address.
func (l *limits) take(ctx *fasthttp.RequestCtx, c *server.Client, cost int) *problem.Problem {
	if l == nil || cost == 0 {
		return nil
	}
	key := rate.Subject(c.Subject)
	if c.Subject == "" {
		key = rate.Address(clientAddress(ctx, l.proxies))
	}
	s := l.limiter.Take(key, cost)
	h := &ctx.Response.Header
	h.Set("RateLimit-Policy", l.policy)
	h.SetBytesV("RateLimit", l.describe(s))
	if s.OK {
		return nil
	}
	return problem.New(problem.CodeRate, "this client asks too often").With("Retry-After", strconv.FormatInt(max(1, seconds(s.Retry)), 10))
}

// takeMore takes what a batch costs beyond the one that its admission took.
func (l *limits) takeMore(ctx *fasthttp.RequestCtx, c *server.Client, n int) *problem.Problem {
	if l != nil && n >= l.limiter.Burst() {
		return problem.New(problem.CodeRateBatch, fmt.Sprintf("a batch of %d can never pass: clients may ask for %d at once", n+1, l.limiter.Burst()))
	}
	return l.take(ctx, c, n)
}

// describe is a state as the header RateLimit has it (draft-ietf-httpapi-ratelimit-headers).
func (l *limits) describe(s rate.State) []byte {
	b := append(make([]byte, 0, 40), `"client";r=`...)
	b = strconv.AppendInt(b, int64(s.Left), 10)
	b = append(b, ";t="...)
	return strconv.AppendInt(b, seconds(s.Full), 10)
}

// seconds is a time in seconds, rounded up.
func seconds(d time.Duration) int64 {
	return int64(math.Ceil(d.Seconds()))
}
