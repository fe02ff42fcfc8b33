// Package temporalx is how our programs reach Temporal: client options from the
// standard environment, a dial that fails early, search attributes, the dev
// server. What a release does belongs into workflows.
package temporalx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"
)

// answerWithin bounds the call that proves at start-up that Temporal is there.
const answerWithin = 10 * time.Second

// Options are the client options of the standard environment variables and
// profiles: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_*, TEMPORAL_API_KEY, …
func Options(logger *slog.Logger) (client.Options, error) {
	o, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return o, fmt.Errorf("read the Temporal settings (TEMPORAL_* or the profile file): %w", err)
	}
	if o.HostPort == "" {
		o.HostPort = client.DefaultHostPort
	}
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	o.Logger = sdklog.NewStructuredLogger(logger)
	return o, nil
}

// Dial connects and makes one real call, because a dial alone accepts a
// namespace that does not exist. The error says what to check.
func Dial(ctx context.Context, o client.Options) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	c, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("no Temporal server answers at %s: check TEMPORAL_ADDRESS, or start one with: starter demo "+
			"(%s)", o.HostPort, reason(err))
	}
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if err == nil {
		return c, nil
	}
	c.Close()
	var missing *serviceerror.NamespaceNotFound
	var denied *serviceerror.PermissionDenied
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("the Temporal server at %s has no namespace %q: check TEMPORAL_NAMESPACE", o.HostPort,
			o.Namespace)
	case errors.As(err, &denied):
		return nil, fmt.Errorf("the Temporal server at %s refuses namespace %q: "+
			"check TEMPORAL_API_KEY or the TLS certificate", o.HostPort, o.Namespace)
	default:
		return nil, fmt.Errorf("the Temporal server at %s does not answer for namespace %q: %s",
			o.HostPort, o.Namespace, reason(err))
	}
}

func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", answerWithin)
	}
	return err.Error()
}
