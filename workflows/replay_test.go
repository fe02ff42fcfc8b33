package workflows

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// The histories were recorded on a real server by the tests of worker/:
//
//	RECORD_HISTORIES=$PWD/workflows/testdata/histories go test ./worker -run 'Released|NextDeparture|EveryCommand|WholeWindow|RedRun'
//
// A change that cannot replay them would break releases that are under way:
// guard it with workflow.GetVersion. Record a history again only before it has
// been in a released version.
func TestRecordedHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			replay(t, history(t, file))
		})
	}
}

// BenchmarkReplay replays the longest recorded release: what a worker does when
// it takes over a release that another one had in memory.
func BenchmarkReplay(b *testing.B) {
	h := history(b, "testdata/histories/commands-by-tctl-api-2026-11-24-releaseworkflow.json")
	for b.Loop() {
		replay(b, h)
	}
	b.ReportMetric(float64(len(h.Events)), "events")
}

func history(t testing.TB, file string) *historypb.History {
	t.Helper()
	raw, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = raw.Close() }()
	h, err := client.HistoryFromJSON(raw, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h
}

// replay runs the code over a history. Keys begin with the workflow's ID, so it
// must be the recorded one.
func replay(t testing.TB, h *historypb.History) {
	t.Helper()
	r := worker.NewWorkflowReplayer()
	Register(r)
	id := h.Events[0].GetWorkflowExecutionStartedEventAttributes().WorkflowId
	require.NoError(t, r.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h,
		worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: id}}))
}
