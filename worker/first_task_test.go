package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// TestWhatIsSentBeforeAnyWorkerRunsIsAnsweredInTheFirstTask starts workflows and
// signals them while no worker runs: all of it arrives in their first task.
func TestWhatIsSentBeforeAnyWorkerRunsIsAnsweredInTheFirstTask(t *testing.T) {
	p := newPlace(t)
	day := calendar.DayOf(time.Now()).Add(2)
	release := train.ReleaseID(p.train.Name, day)
	for id, start := range map[string]struct {
		workflow string
		input    any
	}{
		release: {train.ReleaseWorkflow,
			train.ReleaseInput{Train: p.train, Plan: p.train.Timetable().PlanFor(day)}},
		train.MemoryID(p.train.Name): {train.TrainWorkflow, train.MemoryInput{Train: p.train.Name}},
	} {
		_, err := p.client.ExecuteWorkflow(p.ctx, client.StartWorkflowOptions{ID: id, TaskQueue: train.TaskQueue},
			start.workflow, start.input)
		require.NoError(t, err)
		send := func(name train.CommandName, c any) {
			require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", string(name), c))
		}
		send(train.Resume, train.Command{By: "ada"})
		send(train.Pause, map[string]any{"by": 7})
		send(train.Pause, train.Command{By: "ada", Reason: "look first"})
		if id == release {
			send(train.Cancel, train.Command{By: "ada", Reason: "no release today"})
			require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", train.SignalSupersede,
				train.Supersede{By: "release-api-2030-01-01"}))
			require.NoError(t, p.client.CancelWorkflow(p.ctx, id, ""))
		}
	}
	p.startWorker()
	summary := p.summary(release)
	assert.Contains(t, []train.End{train.EndCancelled, train.EndSuperseded, train.EndMissed}, summary.End)
	for _, id := range []string{release, train.MemoryID(p.train.Name)} {
		for _, e := range p.history(id).Events {
			assert.NotEqual(t, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, e.EventType, id)
		}
	}
}
