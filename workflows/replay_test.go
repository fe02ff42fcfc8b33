package workflows

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
)

// The histories were recorded on a real server by the tests of worker/:
//
//	RECORD_HISTORIES=$PWD/workflows/testdata/histories go test ./worker -run 'Released'
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
			require.NoError(t, r.ReplayWorkflowHistoryFromJSONFile(nil, file))
		})
	}
}
