package workflows

import (
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// enterPhase begins a phase with what is waited for first.
func (r *release) enterPhase(ctx workflow.Context, phase train.Phase, w train.Waiting) {
	r.Phase = phase
	r.setWaiting(ctx, w)
}

// setWaiting says what the release is waiting for from now on, everywhere where
// people look: query, Web UI, search attributes.
func (r *release) setWaiting(ctx workflow.Context, w train.Waiting) {
	if w.Since.IsZero() {
		w.Since = workflow.Now(ctx)
	}
	r.Waiting = w
	r.publishStatus(ctx)
}

// publishStatus brings what people see up to date after a change of the state.
func (r *release) publishStatus(ctx workflow.Context) {
	if r.Phase == train.AtGate { // what it waits for follows from the state
		r.Waiting = words.WaitsAtGate(&r.State, workflow.Now(ctx))
	}
	workflow.SetCurrentDetails(ctx, words.StatusText(words.ReleaseStatus(&r.State, workflow.Now(ctx)), words.Markdown))
	r.upsertSearchAttributes(ctx)
}

// setWaitingForDeploy says where the deploy at an environment is.
func (r *release) setWaitingForDeploy(ctx workflow.Context, env train.EnvironmentName) {
	w := words.WaitsForDeploy(&r.State, env)
	if w.What == r.Waiting.What && r.Waiting.Since.After(r.DeployOf(env).StartedAt) {
		w.Since = r.Waiting.Since
	}
	r.setWaiting(ctx, w)
}

// upsertSearchAttributes keeps the search attributes as the state is; a namespace that does not
// know them is left alone, because upserting an unknown one wedges an execution.
func (r *release) upsertSearchAttributes(ctx workflow.Context) {
	values := searchAttributeValues(r.Train.Name, r.Plan.Day, r.Phase, r.Candidate.Tag, r.Waiting.For)
	if !r.searchable || slices.Equal(values, r.indexed) {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, searchAttributeUpdates(values)...); err != nil {
		workflow.GetLogger(ctx).Warn("Search attributes were not updated", "error", err)
		return
	}
	r.indexed = values
}

// searchAttributeValues are the values of train.SearchAttributes, in its order.
func searchAttributeValues(name string, day calendar.Day, phase train.Phase, tag string, w train.WaitingFor) []string {
	return []string{name, day.String(), string(phase), tag, string(w)}
}

func searchAttributeUpdates(values []string) []temporal.SearchAttributeUpdate {
	var out []temporal.SearchAttributeUpdate
	for i, name := range train.SearchAttributes() {
		if values[i] != "" {
			out = append(out, temporal.NewSearchAttributeKeyKeyword(name).ValueSet(values[i]))
		}
	}
	return out
}

// coordinationAnnouncement announces the card of the coordination channel, with an event if there is one.
func (r *release) coordinationAnnouncement(ctx workflow.Context, event *train.Message) train.Announcement {
	return train.Announcement{Channel: r.Train.Slack.Coordination,
		Card: ptr(words.CoordinationCard(&r.State, workflow.Now(ctx))), Event: event}
}

// coordinationBroadcast is for what needs eyes: shown in the channel too.
func (r *release) coordinationBroadcast(ctx workflow.Context, event train.Message) train.Announcement {
	a := r.coordinationAnnouncement(ctx, &event)
	a.Broadcast = true
	return a
}

// deployAnnouncement announces how the deploy at an environment stands.
func (r *release) deployAnnouncement(env train.EnvironmentName, event *train.Message) train.Announcement {
	a := train.Announcement{Channel: r.Train.Slack.Staging, Card: ptr(words.DeployCard(&r.State, env)), Event: event}
	if env == train.Production {
		a.Channel = r.Train.Slack.Production
	}
	if d := r.DeployOf(env); event != nil && !d.Running() {
		a.Broadcast, a.Record = !d.Succeeded(), words.RecordForDatadog(&r.State, env)
	}
	return a
}

// rollbackAnnouncement announces that an environment is being rolled back.
func (r *release) rollbackAnnouncement(env train.EnvironmentName) train.Announcement {
	a := r.deployAnnouncement(env, ptr(words.RollingBackEvent(&r.State, env)))
	a.Broadcast = true
	return a
}

// e2eAnnouncement announces how the E2E run stands.
func (r *release) e2eAnnouncement(event *train.Message) train.Announcement {
	return train.Announcement{
		Channel: r.Train.Slack.E2E, Card: ptr(words.E2ECard(&r.State)), Event: event,
		Broadcast: event != nil && r.E2E.State != train.E2EGreen,
	}
}

// announce hands announcements to delivery and does not wait for Slack.
func (r *release) announce(announcements ...train.Announcement) {
	r.messages.send(announcements)
}
