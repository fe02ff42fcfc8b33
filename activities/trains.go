package activities

import (
	"context"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// Trains are the activities on the long-lived memory of trains.
type Trains struct {
	Releases *Releases
}

// memory reads what a train remembers; nil when it has never been told anything.
func (t *Trains) memory(ctx context.Context, name string) (*train.Memory, error) {
	return ReadMemory(ctx, t.Releases.Temporal, name)
}

// unconfirmed are holds that a release accepted and its train does not know yet.
func (t *Trains) unconfirmed(ctx context.Context, releaseID string) ([]train.Hold, error) {
	value, err := t.Releases.Temporal.QueryWorkflow(ctx, releaseID, "", train.QueryStatus)
	if gone(err) {
		return nil, nil // a deploy outlives its release
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s what it holds: %w", releaseID, err)
	}
	var st train.Status
	if err := value.Get(&st); err != nil {
		return nil, err
	}
	return st.Unconfirmed, nil
}

// ReadMemory reads what a train remembers; nil when it has never been told anything.
func ReadMemory(ctx context.Context, c client.Client, name string) (*train.Memory, error) {
	id := train.MemoryID(name)
	d, err := c.DescribeWorkflowExecution(ctx, id, "")
	if gone(err) {
		return nil, nil //nolint:nilnil // no memory is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("look whether %s runs: %w", id, err)
	}
	if d.WorkflowExecutionInfo.Status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, nil //nolint:nilnil // no memory is an answer
	}
	if d.PendingWorkflowTask != nil && isNew(ctx, c, d.WorkflowExecutionInfo.Execution) {
		return nil, nil //nolint:nilnil // no worker has run it, so it remembers nothing
	}
	value, err := c.QueryWorkflow(ctx, id, "", train.QueryStatus)
	if gone(err) {
		return nil, nil //nolint:nilnil // it ended meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s what it remembers: %w", id, err)
	}
	var st train.MemoryStatus
	if err := value.Get(&st); err != nil {
		return nil, err
	}
	if st.Memory.Revision == 0 {
		return nil, nil //nolint:nilnil // nothing has ever changed
	}
	return &st.Memory, nil
}

// isNew says that a run is a workflow's first one and no worker has had it in hand yet: a query would wait for one.
func isNew(ctx context.Context, c client.Client, run *commonpb.WorkflowExecution) bool {
	events := c.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil || e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED ||
			e.GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId() != "" {
			return false
		}
	}
	return true
}

// startOfTrain are the options and the input that start a train's workflow; one that runs is taken as it is.
func startOfTrain(name string) (client.StartWorkflowOptions, train.MemoryInput) {
	return client.StartWorkflowOptions{
		ID: train.MemoryID(name), TaskQueue: train.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "What the train " + name + " remembers",
	}, train.MemoryInput{Train: name}
}

// EnsureTrain makes sure that a train's workflow runs.
func EnsureTrain(ctx context.Context, c client.Client, name string) error {
	options, in := startOfTrain(name)
	if _, err := c.ExecuteWorkflow(ctx, options, train.TrainWorkflow, in); err != nil {
		return fmt.Errorf("start %s: %w", options.ID, err)
	}
	return nil
}

// TellConfiguration makes a train read its configuration again, and makes sure that its workflow runs.
func TellConfiguration(ctx context.Context, c client.Client, name string) error {
	options, in := startOfTrain(name)
	_, err := c.SignalWithStartWorkflow(ctx, options.ID, train.SignalReadConfiguration, nil, options,
		train.TrainWorkflow, in)
	if err != nil {
		return fmt.Errorf("tell %s to read its configuration: %w", options.ID, err)
	}
	return nil
}

// AskTrain passes a command on to the train, whose workflow is started if it
// does not run. The command's ID makes a repeated call harmless.
func (t *Trains) AskTrain(ctx context.Context, in train.AskTrainInput) (train.MemoryAnswer, error) {
	answer, err := SendToTrain(ctx, t.Releases.Temporal, in.Train, in.Name, in.Command)
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) && refused.Type() == train.RefusedCommand {
		answer := train.MemoryAnswer{Refused: refused.Message()}
		var why train.Refusal
		if refused.HasDetails() && refused.Details(&why) == nil {
			answer.Why = &why
		}
		return answer, nil
	}
	return train.MemoryAnswer{Answer: answer}, err
}

// SendToTrain sends a command to a train as an update, and starts the train's
// workflow if it does not run.
func SendToTrain(ctx context.Context, c client.Client, name string, command train.CommandName,
	in train.Command) (train.Answer, error) {
	options, first := startOfTrain(name)
	start := c.NewWithStartWorkflowOperation(options, train.TrainWorkflow, first)
	handle, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: in.ID, UpdateName: string(command), Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return train.Answer{}, fmt.Errorf("send %s to %s: %w", command, options.ID, err)
	}
	var answer train.Answer
	return answer, handle.Get(ctx, &answer)
}

// TellReleases hands the train's memory to its open releases.
func (t *Trains) TellReleases(ctx context.Context, in train.TellReleasesInput) (train.ToldReleases, error) {
	var told train.ToldReleases
	open, err := t.Releases.open(ctx, in.Train, "")
	if err != nil {
		return told, err
	}
	for _, id := range open {
		err := t.Releases.Temporal.SignalWorkflow(ctx, id, "", train.SignalMemoryUpdate, in.Update)
		if gone(err) {
			continue
		}
		if err != nil {
			return told, fmt.Errorf("tell %s: %w", id, err)
		}
		told.IDs = append(told.IDs, id)
	}
	return told, nil
}

// ExpectRelease looks whether the release that should have departed at a cut
// time did, or why it did not.
func (d *Departures) ExpectRelease(ctx context.Context, in train.ExpectReleaseInput) (train.ExpectedRelease, error) {
	t, err := d.config(in.Train)
	if err != nil {
		return train.ExpectedRelease{}, failure(err)
	}
	out := train.ExpectedRelease{Train: t}
	memory, err := d.Trains.memory(ctx, t.Name)
	if err != nil {
		return out, err
	}
	day, ok := t.Timetable().DayForCut(in.CutAt)
	if !ok {
		out.Sentence = fmt.Sprintf("release.yaml cuts no release day of %s at %s", t.Name, words.When(in.CutAt, t.Location()))
		if memory == nil {
			return out, nil
		}
		t.Calendar = rules.ChangedCalendar(memory, t.Calendar)
		if day, ok = t.Timetable().DayForCut(in.CutAt); !ok {
			return out, nil
		}
	}
	out.Day = day
	if memory != nil {
		if why, skipped := rules.Skips(memory, day); skipped {
			out.Sentence = fmt.Sprintf("%s was %s", day, why)
			return out, nil
		}
	}
	id := train.ReleaseID(t.Name, day)
	_, err = d.Releases.Temporal.DescribeWorkflowExecution(ctx, id, "")
	switch {
	case gone(err):
		if why := d.paused(ctx, t.Name); why != "" {
			out.Sentence = fmt.Sprintf("%s did not depart: %s", id, why)
			return out, nil
		}
		out.Alarm = true
		out.Sentence = fmt.Sprintf("%s should have departed %s, and there is no such release", id,
			words.When(in.CutAt, t.Location()))
	case err != nil:
		return out, fmt.Errorf("look for %s: %w", id, err)
	default:
		out.Sentence = id + " departed"
	}
	return out, nil
}

// paused says that the train's Schedule is paused, and why.
func (d *Departures) paused(ctx context.Context, name string) string {
	s, err := d.Releases.Temporal.ScheduleClient().GetHandle(ctx, train.ScheduleID(name)).Describe(ctx)
	if err != nil || !s.Schedule.State.Paused {
		return ""
	}
	return "its Schedule is paused: " + s.Schedule.State.Note
}

// CheckDay says whether a day is still a release day: a holiday may have been
// written into release.yaml, or the day skipped, since the release departed.
func (d *Departures) CheckDay(ctx context.Context, in train.CheckDayInput) (train.CheckedDay, error) {
	t, err := d.config(in.Train)
	if err != nil {
		return train.CheckedDay{}, failure(err)
	}
	if memory, err := d.Trains.memory(ctx, t.Name); err != nil {
		return train.CheckedDay{}, err
	} else if memory != nil {
		t.Calendar = rules.ChangedCalendar(memory, t.Calendar)
	}
	if ok, why := t.Calendar.Release(in.Day); !ok {
		return train.CheckedDay{Gone: fmt.Sprintf("%s is no longer a release day: %s", in.Day, why)}, nil
	}
	return train.CheckedDay{}, nil
}

// ReadTrain reads a train's configuration as release.yaml has it now.
func (d *Departures) ReadTrain(_ context.Context, in train.ReadTrainInput) (train.ReadTrainResult, error) {
	t, err := d.config(in.Train)
	if err != nil {
		result := train.ReadTrainResult{Refused: err.Error()}
		if file, err := d.Load(); err == nil {
			_, known := file.Train(in.Train)
			result.Gone = known != nil
		}
		return result, nil
	}
	return train.ReadTrainResult{Train: t}, nil
}

// config is a train of release.yaml.
func (d *Departures) config(name string) (train.Train, error) {
	fault := func(err error) error {
		return &train.Fault{System: "release.yaml", Kind: train.FaultInvalid,
			Tried: "read the train " + name, Answer: err.Error()}
	}
	file, err := d.Load()
	if err != nil {
		return train.Train{}, fault(err)
	}
	t, err := file.Train(name)
	if err != nil {
		return train.Train{}, fault(err)
	}
	return t, nil
}
