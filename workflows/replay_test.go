package workflows

import (
	"io/fs"
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

// histories are those that were recorded of released versions, and of the one
// that is being worked on: testdata/histories/<version>/<scenario>/<role>.json.
// They were recorded on a real server by the tests of worker/:
//
//	RECORD_HISTORIES=1 go test ./worker -run 'Released|NextDeparture|EveryCommand|WholeWindow|RedRun'
//
// which write into the directory of the version under work, never over an older
// one. A change that cannot replay them would break releases that are under way:
// guard it with workflow.GetVersion.
func histories(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/histories/*/*/*.json")
	require.NoError(t, err)
	var all []string
	require.NoError(t, filepath.WalkDir("testdata/histories", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != manifestFile {
			all = append(all, path)
		}
		return err
	}))
	require.ElementsMatch(t, files, all, "a history lies where it is not found")
	return files
}

// historiesKept is how many there are at least: they are added to, never removed.
const historiesKept = 54

func TestRecordedHistoriesReplay(t *testing.T) {
	files := histories(t)
	require.GreaterOrEqual(t, len(files), historiesKept)
	for _, file := range files {
		name, err := filepath.Rel("testdata/histories", file)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			replay(t, history(t, file))
		})
	}
}

// BenchmarkReplay replays the longest history: what a worker does when it takes
// over a release that another one had in memory.
func BenchmarkReplay(b *testing.B) {
	var longest *historypb.History
	for _, file := range histories(b) {
		if h := history(b, file); len(h.Events) > len(longest.GetEvents()) {
			longest = h
		}
	}
	for b.Loop() {
		replay(b, longest)
	}
	b.ReportMetric(float64(len(longest.Events)), "events")
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
