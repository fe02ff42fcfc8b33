package workflows

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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
			r := worker.NewWorkflowReplayer()
			Register(r)
			raw, err := os.Open(file)
			require.NoError(t, err)
			defer func() { _ = raw.Close() }()
			h, err := client.HistoryFromJSON(raw, client.HistoryJSONOptions{})
			require.NoError(t, err)
			// Keys begin with the workflow's ID, so it must be the recorded one.
			id := h.Events[0].GetWorkflowExecutionStartedEventAttributes().WorkflowId
			require.NoError(t, r.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h,
				worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: id}}))
		})
	}
}
