package trace

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// named is an exporter and what logs call it.
type named struct {
	name     string
	exporter sdk.SpanExporter
}

// openExporters makes those that the variables name. Where they name none, but say where OTLP goes, that is it.
func openExporters(ctx context.Context, o Options) ([]named, error) {
	list := os.Getenv("OTEL_TRACES_EXPORTER")
	if list == "" && cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")) != "" {
		list = "otlp"
	}
	var out []named
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" || name == "none" {
			continue
		}
		x, err := openExporter(ctx, name, o)
		if err != nil {
			return nil, fmt.Errorf("open the exporter of traces %s: %w", name, err)
		}
		out = append(out, named{name, x})
	}
	return out, nil
}

func openExporter(ctx context.Context, name string, o Options) (sdk.SpanExporter, error) {
	switch name {
	case "otlp":
		protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
		switch protocol {
		case "grpc":
			return otlptracegrpc.New(ctx)
		case "http/protobuf":
			return otlptracehttp.New(ctx)
		}
		return nil, fmt.Errorf("OTLP by %q isn't known here: grpc or http/protobuf", protocol)
	case "zipkin":
		return newZipkin(cmp.Or(os.Getenv("OTEL_EXPORTER_ZIPKIN_ENDPOINT"), "http://localhost:9411/api/v2/spans"))
	case "console", "stdout":
		return stdouttrace.New(stdouttrace.WithWriter(o.Stdout))
	}
	return nil, fmt.Errorf("OTEL_TRACES_EXPORTER has %q: otlp, zipkin, console and none are known", name)
}

// newResource is what the spans are said to be of.
func newResource(ctx context.Context, version string) (*resource.Resource, error) {
	r, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "rune"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return r, nil
}

// reporting tells once that an exporter fails, and once that it works again.
type reporting struct {
	sdk.SpanExporter
	name    string
	log     *slog.Logger
	failing atomic.Bool
}

func (r *reporting) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := r.SpanExporter.ExportSpans(ctx, spans)
	if err != nil && !r.failing.Swap(true) {
		r.log.Warn("traces can't be exported and are lost; requests go on", "exporter", r.name, "error", err)
	}
	if err == nil && r.failing.Swap(false) {
		r.log.Info("traces are exported again", "exporter", r.name)
	}
	return nil // which the SDK would log each time
}
