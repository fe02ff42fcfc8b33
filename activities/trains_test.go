package activities

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// deleter is a GitLab that keeps freeze periods and deletes them.
type deleter struct {
	GitLabAPI
	periods []gitlab.FreezePeriod
}

func (d *deleter) FreezePeriods(context.Context, string) ([]gitlab.FreezePeriod, error) {
	return d.periods, nil
}

func (d *deleter) DeleteFreezePeriod(_ context.Context, _ string, id int64) error {
	d.periods = slices.DeleteFunc(d.periods, func(p gitlab.FreezePeriod) bool { return p.ID == id })
	return nil
}

func TestAFreezeWhoseIDIsNotKnownIsDeletedByItsThreeValuesAndNoOtherIs(t *testing.T) {
	ours := train.OwnFreeze{From: newYork(23, 9, 0, 0), Until: newYork(23, 13, 0, 0)}
	made := period(ours)
	made.ID = 7
	git := &deleter{periods: []gitlab.FreezePeriod{always(5), made}}
	g := &GitLab{API: git}
	for _, gone := range []bool{false, true} {
		result, err := execute(t, g.DeleteFreeze, train.FreezeInput{Project: "p", Freeze: ours})
		require.NoError(t, err)
		assert.Equal(t, train.FreezeResult{Gone: gone}, result)
		assert.Equal(t, []gitlab.FreezePeriod{always(5)}, git.periods)
	}
}

// trainServer is a Temporal on which a train runs.
type trainServer struct {
	client.Client
	pending bool // a task of it waits for a worker
	events  []enumspb.EventType
	memory  train.Memory
	queried int
}

func (s *trainServer) DescribeWorkflowExecution(context.Context, string,
	string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	out := &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: "train-api"},
		Status:    enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}}
	if s.pending {
		out.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{}
	}
	return out, nil
}

func (s *trainServer) GetWorkflowHistory(context.Context, string, string, bool,
	enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	return &eventsOf{s.events}
}

func (s *trainServer) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	s.queried++
	return answered{train.MemoryStatus{Memory: s.memory}}, nil
}

// answered is the answer of a query.
type answered struct{ status train.MemoryStatus }

func (a answered) HasValue() bool { return true }

func (a answered) Get(into any) error {
	*into.(*train.MemoryStatus) = a.status
	return nil
}

type eventsOf struct{ left []enumspb.EventType }

func (e *eventsOf) HasNext() bool { return len(e.left) > 0 }

func (e *eventsOf) Next() (*historypb.HistoryEvent, error) {
	next := e.left[0]
	e.left = e.left[1:]
	return &historypb.HistoryEvent{EventType: next}, nil
}

func TestATrainThatWasNeverToldAnythingRemembersNothing(t *testing.T) {
	const started, signaled, done = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
	paused := train.Memory{Revision: 1, Holds: []train.Hold{{Kind: train.HoldPause}}}
	for name, tt := range map[string]struct {
		server  trainServer
		want    *train.Memory
		queried int
	}{
		"no worker has run it": {trainServer{pending: true, events: []enumspb.EventType{started, signaled}}, nil, 0},
		"a worker is at its task": {trainServer{pending: true, events: []enumspb.EventType{started, done},
			memory: paused}, &paused, 1},
		"nothing has ever changed": {trainServer{}, nil, 1},
		"it is paused":             {trainServer{memory: paused}, &paused, 1},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		m, err := ReadMemory(ctx, &tt.server, "api")
		cancel()
		require.NoError(t, err, name)
		assert.Equal(t, tt.want, m, name)
		assert.Equal(t, tt.queried, tt.server.queried, "%s: a query would wait for a worker", name)
	}
}
