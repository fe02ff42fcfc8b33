package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// Releases are the activities on other workflows of ours.
type Releases struct {
	Temporal  client.Client
	Namespace string
}

// CloseOlder tells the open releases of a train with an earlier day that the next
// one has departed, and waits until they have ended. One that deploys to
// production ends when that is done. What the train remembers is read on the way.
// Where a later day is open, it is this release that ends: the other one may have
// looked before this one was there.
func (r *Releases) CloseOlder(ctx context.Context, in train.CloseOlderInput) (train.CloseOlderResult, error) {
	var result train.CloseOlderResult
	open, err := r.open(ctx, in.Train, in.Self)
	if err != nil {
		return result, err
	}
	for _, id := range open {
		if rules.Replaces(id, in.Self) {
			return result, r.supersede(ctx, in.Self, id, in.Poll.Deploy)
		}
	}
	for _, id := range open {
		if !rules.Replaces(in.Self, id) {
			continue
		}
		if err := r.supersede(ctx, id, in.Self, in.Poll.Deploy); err != nil {
			return result, err
		}
		result.Closed = append(result.Closed, id)
	}
	result.Memory, err = (&Trains{Releases: r}).memory(ctx, in.Train)
	return result, err
}

// supersede tells a release that a later one departed, and waits until it has
// ended. One that tells itself so is interrupted in that wait, and does nothing more.
func (r *Releases) supersede(ctx context.Context, id, by string, poll calendar.Duration) error {
	err := r.Temporal.SignalWorkflow(ctx, id, "", train.SignalSupersede, train.Supersede{By: by})
	if err != nil && !gone(err) {
		return fmt.Errorf("tell %s that %s departed: %w", id, by, err)
	}
	return r.awaitClosed(ctx, id, poll)
}

// open lists the open releases of a train except one. Workflow IDs are used,
// not search attributes, so that it works where those cannot be registered.
func (r *Releases) open(ctx context.Context, name, except string) ([]string, error) {
	prefix := train.ReleaseID(name, calendar.Day{})
	query := fmt.Sprintf("WorkflowId STARTS_WITH '%s' AND ExecutionStatus = 'Running'", prefix)
	var open []string
	var page []byte
	for {
		list, err := r.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: r.Namespace, Query: query, NextPageToken: page,
		})
		if err != nil {
			return nil, fmt.Errorf("list the open releases of %s: %w", name, err)
		}
		for _, e := range list.Executions {
			if id := e.Execution.WorkflowId; id != except {
				open = append(open, id)
			}
		}
		if page = list.NextPageToken; len(page) == 0 {
			return open, nil
		}
	}
}

// AwaitClosed waits until a workflow has ended.
func (r *Releases) AwaitClosed(ctx context.Context, in train.AwaitClosedInput) (train.Done, error) {
	return train.Done{}, r.awaitClosed(ctx, in.WorkflowID, in.Poll)
}

func (r *Releases) awaitClosed(ctx context.Context, id string, poll calendar.Duration) error {
	forever := clock(ctx).Now().Add(24 * time.Hour) // the activity's own time-out ends it
	_, err := pollUntil(ctx, poll, forever, func(ctx context.Context) (bool, error) {
		d, err := r.Temporal.DescribeWorkflowExecution(ctx, id, "")
		if gone(err) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("look whether %s has ended: %w", id, err)
		}
		return d.WorkflowExecutionInfo.Status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
	})
	return err
}

func gone(err error) bool {
	var notFound *serviceerror.NotFound
	return errors.As(err, &notFound)
}
