package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

var departures *activities.Departures

// DepartureWorkflow is what the Schedule fires on cut day. It works out the
// release day, starts that day's release and ends.
func DepartureWorkflow(ctx workflow.Context, in train.DepartureInput) (train.DepartureResult, error) {
	options := shortActivity(words.WhichDayDeparts())
	// The Schedule fires once a day: the next day's firing is what a day that could
	// not be worked out for longer gives way to.
	options.ScheduleToCloseTimeout = 24 * time.Hour
	planned, err := call(ctx, &executor{}, options,
		departures.PlanDeparture, train.PlanDepartureInput{
			Train: in.Train, ScheduledAt: scheduledAt(ctx), Now: workflow.Now(ctx), Day: in.Day,
			Rehearsal: in.Rehearsal, Opens: in.Opens,
		})
	if err != nil {
		return train.DepartureResult{}, err
	}
	if planned.Refused != "" {
		return train.DepartureResult{Sentence: planned.Refused}, nil
	}
	return startRelease(ctx, in, planned)
}

// startRelease starts the release of a planned departure. What happens to an
// older open release is the new release's first step, not the Schedule's overlap policy.
func startRelease(ctx workflow.Context, in train.DepartureInput,
	planned train.PlannedDeparture) (train.DepartureResult, error) {
	id := train.ReleaseID(planned.Train.Name, planned.Plan.Day)
	reuse := enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	if in.Again {
		reuse = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	options := workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: reuse,
		StaticSummary:         clipSummary(words.ReleaseOf(planned.Plan.Day, planned.Train.Name)),
	}
	if planned.Searchable {
		options.TypedSearchAttributes = temporal.NewSearchAttributes(
			searchAttributeUpdates(searchAttributeValues(planned.Train.Name, planned.Plan.Day, train.Departing,
				"", train.WaitNothing))...)
	}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options),
		train.ReleaseWorkflow, train.ReleaseInput{
			Train: planned.Train, Plan: planned.Plan, By: in.By, Searchable: planned.Searchable,
		})
	result := train.DepartureResult{Day: planned.Plan.Day}
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	var exists *temporal.ChildWorkflowExecutionAlreadyStartedError
	switch {
	case errors.As(err, &exists) && in.Again:
		result.Sentence = words.StillOpen(id)
	case errors.As(err, &exists):
		result.Sentence = words.DepartedBefore(id)
	case err != nil:
		return train.DepartureResult{}, fmt.Errorf("start %s: %w", id, err)
	default:
		result.ReleaseID = id
		result.Sentence = words.Departed(id, planned.Plan.WindowOpens, planned.Train.Location())
		if planned.Plan.Manual {
			result.Sentence = words.DepartedByHand(id, planned.Plan.WindowOpens, planned.Train.Location())
		}
	}
	return result, nil
}

// scheduledAt is the Schedule's time for this run; on a manual trigger the time
// of the click, and zero when no Schedule started it.
func scheduledAt(ctx workflow.Context) time.Time {
	scheduled := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
	at, _ := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduled)
	return at
}

// WatchdogWorkflow is the dead-man's switch of a train: half an hour after each
// cut time it expects that day's release, or a recorded reason why there is none.
func WatchdogWorkflow(ctx workflow.Context, in train.WatchdogInput) (string, error) {
	d := &executor{keyPrefix: workflow.GetInfo(ctx).WorkflowExecution.ID}
	cutAt := scheduledAt(ctx)
	if cutAt.IsZero() {
		cutAt = workflow.Now(ctx)
	}
	cutAt = cutAt.Add(-cmp.Or(in.After.D(), calendar.WatchdogAfter))
	found, err := call(ctx, d, shortActivity(words.WhetherReleaseDeparted()), departures.ExpectRelease,
		train.ExpectReleaseInput{Train: in.Train, CutAt: cutAt})
	if err != nil {
		return "", err
	}
	if !found.Alarm {
		return found.Sentence, nil
	}
	alarm := words.AlarmMessage(found.Train, found.Day, found.Sentence)
	_, err = write(ctx, d, train.StepMessage, 1, deliveryActivity(alarm.Title), slack.Deliver,
		func(key string) train.DeliverInput {
			return train.DeliverInput{Channel: found.Train.Slack.Coordination, Card: &alarm, Since: workflow.Now(ctx), Key: key}
		})
	return found.Sentence, err
}
