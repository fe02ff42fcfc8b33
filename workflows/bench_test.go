package workflows

import (
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// BenchmarkReplay replays the longest recorded release: what a worker does when
// it takes over a release that another one had in memory.
func BenchmarkReplay(b *testing.B) {
	raw, err := os.Open("testdata/histories/commands-by-tctl-api-2026-11-24-releaseworkflow.json")
	require.NoError(b, err)
	defer func() { _ = raw.Close() }()
	h, err := client.HistoryFromJSON(raw, client.HistoryJSONOptions{})
	require.NoError(b, err)
	id := h.Events[0].GetWorkflowExecutionStartedEventAttributes().WorkflowId
	for b.Loop() {
		r := worker.NewWorkflowReplayer()
		Register(r)
		require.NoError(b, r.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h,
			worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: id}}))
	}
	b.ReportMetric(float64(len(h.Events)), "events")
}
