package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// zipkin sends spans as Zipkin's API takes them, version 2. OpenTelemetry's own exporter is deprecated.
type zipkin struct {
	url    string
	client http.Client
}

func newZipkin(endpoint string) (*zipkin, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("OTEL_EXPORTER_ZIPKIN_ENDPOINT is %q, which is no URL of http or https", endpoint)
	}
	return &zipkin{url: endpoint, client: http.Client{Timeout: 10 * time.Second}}, nil
}

type zipkinSpan struct {
	TraceID       string            `json:"traceId"`
	ID            string            `json:"id"`
	ParentID      string            `json:"parentId,omitempty"`
	Name          string            `json:"name"`
	Kind          string            `json:"kind,omitempty"`
	Timestamp     int64             `json:"timestamp"` // microseconds
	Duration      int64             `json:"duration"`  // microseconds, at least 1
	LocalEndpoint map[string]string `json:"localEndpoint"`
	Tags          map[string]string `json:"tags,omitempty"`
}

// ExportSpans sends spans.
func (z *zipkin) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	list := make([]zipkinSpan, len(spans))
	for i, s := range spans {
		list[i] = asZipkin(s)
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, z.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	reply, err := z.client.Do(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 1<<16)) // so that the connection is used again
	if reply.StatusCode/100 != 2 {
		return fmt.Errorf("zipkin answers %s", reply.Status)
	}
	return nil
}

// Shutdown closes connections that wait.
func (z *zipkin) Shutdown(context.Context) error {
	z.client.CloseIdleConnections()
	return nil
}

func asZipkin(s sdk.ReadOnlySpan) zipkinSpan {
	out := zipkinSpan{
		TraceID: s.SpanContext().TraceID().String(), ID: s.SpanContext().SpanID().String(), Name: s.Name(),
		Timestamp: s.StartTime().UnixMicro(), Duration: max(1, s.EndTime().Sub(s.StartTime()).Microseconds()),
		LocalEndpoint: map[string]string{}, Tags: map[string]string{},
	}
	if s.Parent().HasSpanID() {
		out.ParentID = s.Parent().SpanID().String()
	}
	if s.SpanKind() == trace.SpanKindServer {
		out.Kind = "SERVER"
	}
	for _, a := range s.Resource().Attributes() {
		if a.Key == "service.name" {
			out.LocalEndpoint["serviceName"] = a.Value.String()
		}
	}
	for _, a := range s.Attributes() {
		out.Tags[string(a.Key)] = a.Value.String()
	}
	if s.Status().Code == codes.Error {
		out.Tags["error"] = s.Status().Description
	}
	return out
}
