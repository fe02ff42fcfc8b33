// Package upgrade finds out before a build is rolled out whether what runs on a
// Temporal server would go on under it: every open execution's history is
// replayed. It only reads: it takes no task and changes nothing.
//
// Belongs here: which executions are looked at, and how. Does not: what people
// read of it (internal/words), or what a release does (workflows).
package upgrade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// Check says what is checked against what.
type Check struct {
	Client    client.Client
	Namespace string
	// Register registers the workflows of the build, as its worker does.
	Register func(worker.WorkflowRegistry)
	// PageSize is how many executions are listed at once; 0: 100.
	PageSize int32
}

// Finding is one execution and what is wrong with it.
type Finding struct {
	Type, ID, RunID string
	Problem         string
}

// Result is what came of a check.
type Result struct {
	// Checked is how many open executions were replayed.
	Checked int
	// Broken could not go on under this build.
	Broken []Finding
	// Unread could not be looked at.
	Unread []Finding
}

// Run replays all open executions. An error says that they could not even be listed.
func (c Check) Run(ctx context.Context) (Result, error) {
	var result Result
	replayer := worker.NewWorkflowReplayer()
	c.Register(replayer)
	request := &workflowservice.ListWorkflowExecutionsRequest{Namespace: c.Namespace, Query: openExecutions(),
		PageSize: cmp.Or(c.PageSize, 100)}
	for {
		page, err := c.Client.ListWorkflow(ctx, request)
		if err != nil {
			return result, fmt.Errorf("list the open executions of namespace %s: %w", c.Namespace, err)
		}
		for _, e := range page.Executions {
			c.replay(ctx, replayer, e, &result)
		}
		if request.NextPageToken = page.NextPageToken; len(request.NextPageToken) == 0 {
			return result, nil
		}
	}
}

// openExecutions are those of our types, and those of our task queue whose type
// this build may know no more.
func openExecutions() string {
	return fmt.Sprintf("ExecutionStatus = 'Running' AND (TaskQueue = '%s' OR WorkflowType IN ('%s'))",
		train.TaskQueue, strings.Join(train.WorkflowTypes(), "', '"))
}

// firstTask is how many events a history has before a worker has taken its first task.
const firstTask = 2

func (c Check) replay(ctx context.Context, replayer worker.WorkflowReplayer,
	e *workflowpb.WorkflowExecutionInfo, result *Result) {
	found := Finding{Type: e.Type.GetName(), ID: e.Execution.WorkflowId, RunID: e.Execution.RunId}
	history, err := c.history(ctx, found)
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone): // it ended and was deleted meanwhile
		return
	case err != nil:
		found.Problem = oneLine(err)
		result.Unread = append(result.Unread, found)
		return
	}
	result.Checked++
	if len(history.Events) <= firstTask {
		return
	}
	err = replayer.ReplayWorkflowHistoryWithOptions(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), history,
		worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: found.ID}})
	if err != nil {
		found.Problem = oneLine(err)
		result.Broken = append(result.Broken, found)
	}
}

func (c Check) history(ctx context.Context, of Finding) (*historypb.History, error) {
	history := &historypb.History{}
	events := c.Client.GetWorkflowHistory(ctx, of.ID, of.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, err
		}
		history.Events = append(history.Events, event)
	}
	return history, nil
}

// longestProblem bounds what is shown of an error: the SDK's may hold whole commands.
const longestProblem = 600

func oneLine(err error) string {
	line := strings.Join(strings.Fields(err.Error()), " ")
	if runes := []rune(line); len(runes) > longestProblem {
		return string(runes[:longestProblem]) + "…"
	}
	return line
}
