package deploy

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

// cluster is as much of an API server as the pods ask: it gives the keys that service accounts' tokens are signed by.
type cluster struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{key: key}
	c.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"use":"sig","kty":"RSA","kid":"one","alg":"RS256","n":%q,"e":%q}]}`,
			encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes()))
	}))
	t.Cleanup(c.Close)
	return c
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is a service account's token for that audience, as clusters make them.
func (c *cluster) token(t *testing.T, audience string) string {
	t.Helper()
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss": "https://kubernetes.default.svc.cluster.local", "sub": "system:serviceaccount:shop:cart", "aud": []string{audience},
		"iat": now, "nbf": now, "exp": now + 3600, "jti": "00000000-0000-4000-8000-000000000000",
		"kubernetes.io": map[string]any{"namespace": "shop", "pod": map[string]any{"name": "cart-0"}, "serviceaccount": map[string]any{"name": "cart"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	signed := encode([]byte(`{"alg":"RS256","kid":"one"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, c.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(signature)
}

// TestKubernetes_serves runs the base's container with all that it mounts, but for the address at which it serves, and that of the cluster.
func TestKubernetes_serves(t *testing.T) {
	cluster := newCluster(t)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.Certificate().Raw}))
	all := base(t)
	pod := get[apps.Deployment](t, all, "Deployment", "rune").Spec.Template.Spec
	c := pod.Containers[0]
	s := sandbox{imageRoot(t), map[string]string{}}
	for _, m := range c.VolumeMounts {
		files := map[string]string{"ca.crt": authority}
		if m.Name != "cluster" {
			var err error
			if files, err = mounted(all, pod, m); err != nil {
				t.Fatal(err)
			}
		}
		s.mounts[m.MountPath] = folder(t, files)
	}
	i := readDockerfile(t)
	env := i.env
	for _, v := range c.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	args := append(append(append([]string{}, i.entrypoint...), c.Args...), "--jwks-url", cluster.URL+"/openid/v1/jwks")
	p := s.serve(t, env, args...)
	for _, probe := range []*core.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		p.want(200, `"status"`, "GET", probe.HTTPGet.Path, "")
	}
	const request = `{"principal":"user:ann","action":"read","resource":"doc:plan"}`
	p.want(401, "access.token_missing", "POST", "/v1/authorize", request)
	p.token = cluster.token(t, "https://kubernetes.default.svc.cluster.local")
	p.want(401, "access.token_audience", "POST", "/v1/authorize", request)
	p.token = cluster.token(t, "rune")
	p.want(200, `"deny"`, "POST", "/v1/authorize", request)
	p.want(403, "access.scope", "POST", "/v1/facts", `{}`)
}
