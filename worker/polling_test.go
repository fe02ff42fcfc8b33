package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestAWorkerWhosePollingEndsForGoodSaysWhy(t *testing.T) {
	fatal := make(chan error, 1)
	o := stoppingOn(fatal)
	o.OnFatalError(serviceerror.NewNamespaceNotFound("gone"))
	err := awaitEnd(t.Context(), fatal)
	require.ErrorContains(t, err, "the worker polls release-train no more")
	assert.ErrorContains(t, err, "gone")
	assert.Equal(t, options.WorkerStopTimeout, o.WorkerStopTimeout, "all else is as always")

	told, tell := context.WithCancel(t.Context())
	tell()
	assert.NoError(t, awaitEnd(told, make(chan error)), "being told to stop is no failure")
}

// slowly asks for tests that wait for minutes: SLOW_TESTS=1 go test ./worker -run Deleted.
const slowly = "SLOW_TESTS"

func TestAWorkerWhoseNamespaceIsDeletedExits(t *testing.T) {
	if os.Getenv(slowly) == "" {
		t.Skip("the SDK believes a deleted namespace only after several minutes; runs with " + slowly + "=1")
	}
	p := newPlace(t)
	const namespace = "short-lived"
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: p.server.Address})
	require.NoError(t, err)
	defer namespaces.Close()
	require.NoError(t, namespaces.Register(p.ctx, &workflowservice.RegisterNamespaceRequest{Namespace: namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour)}))
	process := p.startWorkerIn(namespace)
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	require.Eventually(t, func() bool { return strings.Contains(p.workerLog(), "The worker runs") },
		time.Minute, 50*time.Millisecond, "%s", p.workerLog())
	_, err = p.client.OperatorService().DeleteNamespace(context.WithoutCancel(p.ctx),
		&operatorservice.DeleteNamespaceRequest{Namespace: namespace})
	require.NoError(t, err)
	select {
	case err := <-ended:
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		assert.Equal(t, 1, exit.ExitCode())
	case <-time.After(8 * time.Minute):
		require.Fail(t, "it still runs", p.workerLog())
	}
	assert.Contains(t, p.workerLog(), "polls release-train no more")
}
