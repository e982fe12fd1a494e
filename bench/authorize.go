package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"github.com/rune-authz/rune/host"
)

// sharing is a request to the configuration that [sharingPolicies] and [sharingEntities] make, 150 bytes. Both engines read these bytes.
const sharing = `{"principal":{"type":"User","id":"u1"},"action":{"type":"Action","id":"read"},"resource":{"type":"Doc","id":"d1"},"context":{"level":5,"mfa":true}}`

// sharingPolicies are n policies as applications that share documents have them: grants to a person, to a group, on a folder, and
// bans, most of them with a condition. Three apply to [sharing] by their scope, for every n from 10: one of each of the first three
// kinds, and all three hold.
func sharingPolicies(n int) string {
	var b strings.Builder
	for i := range n {
		k := i / 5
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, `permit(principal == User::"u%d", action in [Action::"read", Action::"write"], resource) when { context.level > 3 };`, k)
		case 1:
			fmt.Fprintf(&b, `permit(principal in Group::"g%d", action == Action::"read", resource) when { resource.public || context.mfa };`, k)
		case 2:
			fmt.Fprintf(&b, `permit(principal, action == Action::"read", resource in Folder::"f%d") unless { resource.owner != principal && context.level < 2 };`, k)
		case 3:
			fmt.Fprintf(&b, `forbid(principal in Group::"banned%d", action, resource in Folder::"f%d");`, k, k)
		case 4:
			fmt.Fprintf(&b, `permit(principal in Group::"g%d", action == Action::"delete", resource) when { resource.owner == principal && context.mfa };`, k)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// sharingEntities are a hundred users in groups, and documents in folders, as Cedar JSON.
func sharingEntities() string {
	var list []string
	for i := range 100 {
		list = append(list,
			fmt.Sprintf(`{"uid":{"type":"User","id":"u%d"},"attrs":{},"parents":[{"type":"Group","id":"g%d"}]}`, i, i),
			fmt.Sprintf(`{"uid":{"type":"Doc","id":"d%d"},"attrs":{"owner":{"__entity":{"type":"User","id":"u%d"}},"public":false},"parents":[{"type":"Folder","id":"f%d"}]}`, i, i, i))
	}
	return "[" + strings.Join(list, ",\n") + "]"
}

// sharingDocument is a document with these policies and entities.
func sharingDocument(n int) string {
	return "version = \"rune/1.0\"\n[policies]\n" + sharingPolicies(n) + "[entities]\n" + sharingEntities()
}

func sharingEngine(b *bench, ctx context.Context, n int) (*host.Engine, error) {
	return b.runtime.LoadText(ctx, sharingDocument(n), &host.LoadOptions{Instances: 1})
}

// authorize times a request from its JSON to the reply's: in the module among 10 and among many policies, by way of the pool as every
// caller of package host goes; and cedar-go natively, which decodes the same bytes into its own Request, decides on the same policies and
// entities, loaded before, and encodes its own decision and diagnostic, all by encoding/json as its types are tagged for.
func (b *bench) authorize(ctx context.Context) error {
	var contenders []*contender
	for _, n := range []int{10, b.scale.policies} {
		e, err := sharingEngine(b, ctx, n)
		if err != nil {
			return err
		}
		defer e.Close(ctx)
		contenders = append(contenders, &contender{name: authorizeName("rune", n), run: repeat(ctx, e, sharing, new(host.Stats))})
		if err := b.countPolicies(ctx, e, n); err != nil {
			return err
		}
	}
	c, err := newCedar(10)
	if err != nil {
		return err
	}
	contenders = append(contenders, &contender{name: authorizeName("cedar-go", 10), run: c.run})
	return b.interleave(ctx, b.scale.rounds, b.scale.budget, contenders...)
}

func authorizeName(engine string, policies int) string {
	return fmt.Sprintf("Authorize/policies=%d/%s", policies, engine)
}

// countPolicies records how many policies the request made the engine look at, and checks that it is the permit that it should be.
func (b *bench) countPolicies(ctx context.Context, e *host.Engine, n int) error {
	var stats host.Stats
	reply, err := e.Authorize(ctx, nil, []byte(sharing), &host.Call{Stats: &stats})
	if err != nil {
		return err
	}
	if stats.Decision != host.Permit || stats.Reasons != 3 || stats.Errors != 0 {
		return fmt.Errorf("three policies have to permit, the reply is %s", reply)
	}
	b.results.add(authorizeName("rune", n), 1, sample{float64(stats.PoliciesEvaluated), "evaluated"})
	return nil
}

// repeat decides one request n times, which has to be permitted.
func repeat(ctx context.Context, e *host.Engine, request string, stats *host.Stats) func(int) error {
	call := &host.Call{Stats: stats}
	body := []byte(request)
	dst := make([]byte, 0, 1<<12)
	return func(n int) error {
		for range n {
			if _, err := e.Authorize(ctx, dst, body, call); err != nil {
				return err
			}
			if stats.Decision != host.Permit {
				return errors.New("denied")
			}
		}
		return nil
	}
}

// cedarGo is cedar-go with the configuration of [sharing].
type cedarGo struct {
	policies *cedar.PolicySet
	entities cedar.EntityMap
}

func newCedar(n int) (*cedarGo, error) {
	policies, err := cedar.NewPolicySetFromBytes("policies.cedar", []byte(sharingPolicies(n)))
	if err != nil {
		return nil, err
	}
	c := &cedarGo{policies: policies}
	if err := json.Unmarshal([]byte(sharingEntities()), &c.entities); err != nil {
		return nil, err
	}
	return c, nil
}

// cedarReply is what cedar-go answers.
type cedarReply struct {
	Decision   cedar.Decision   `json:"decision"`
	Diagnostic cedar.Diagnostic `json:"diagnostic"`
}

func (c *cedarGo) run(n int) error {
	body := []byte(sharing)
	for range n {
		var request cedar.Request
		if err := json.Unmarshal(body, &request); err != nil {
			return err
		}
		decision, diagnostic := cedar.Authorize(c.policies, c.entities, request)
		reply, err := json.Marshal(cedarReply{decision, diagnostic})
		if err != nil {
			return err
		}
		if decision != cedar.Allow || len(diagnostic.Reasons) != 3 {
			return fmt.Errorf("three policies have to permit, cedar-go answers %s", reply)
		}
	}
	return nil
}
