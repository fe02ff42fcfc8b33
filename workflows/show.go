package workflows

import (
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// enter begins a phase with what is waited for first.
func (r *release) enter(ctx workflow.Context, phase train.Phase, w train.Waiting) {
	r.Phase = phase
	r.waitFor(ctx, w)
}

// waitFor says what the release is waiting for from now on, everywhere where
// people look: query, Web UI, search attributes.
func (r *release) waitFor(ctx workflow.Context, w train.Waiting) {
	if w.Since.IsZero() {
		w.Since = workflow.Now(ctx)
	}
	r.Waiting = w
	r.refresh(ctx)
}

// refresh brings what people see up to date after a change of the state.
func (r *release) refresh(ctx workflow.Context) {
	if r.Phase == train.AtGate { // what it waits for follows from the state
		r.Waiting = words.WaitsAtGate(&r.State, workflow.Now(ctx))
	}
	workflow.SetCurrentDetails(ctx, words.StatusText(words.ReleaseStatus(&r.State, workflow.Now(ctx)), words.Markdown))
	r.index(ctx)
}

// waitsForDeploy says where the deploy at an environment is.
func (r *release) waitsForDeploy(ctx workflow.Context, env train.EnvironmentName) {
	w := words.WaitsForDeploy(&r.State, env)
	if w.What == r.Waiting.What && r.Waiting.Since.After(r.DeployOf(env).StartedAt) {
		w.Since = r.Waiting.Since
	}
	r.waitFor(ctx, w)
}

// index keeps the search attributes as the state is; a namespace that does not
// know them is left alone, because upserting an unknown one wedges an execution.
func (r *release) index(ctx workflow.Context) {
	values := attributes(r.Train.Name, r.Plan.Day, r.Phase, r.Candidate.Tag, r.Waiting.For)
	if !r.searchable || slices.Equal(values, r.shown) {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates(values)...); err != nil {
		workflow.GetLogger(ctx).Warn("Search attributes were not updated", "error", err)
		return
	}
	r.shown = values
}

// attributes are the values of train.SearchAttributes, in its order.
func attributes(name string, day calendar.Day, phase train.Phase, tag string, w train.WaitingFor) []string {
	return []string{name, day.String(), string(phase), tag, string(w)}
}

func updates(values []string) []temporal.SearchAttributeUpdate {
	var out []temporal.SearchAttributeUpdate
	for i, name := range train.SearchAttributes() {
		if values[i] != "" {
			out = append(out, temporal.NewSearchAttributeKeyKeyword(name).ValueSet(values[i]))
		}
	}
	return out
}

// coordination announces the card of the coordination channel, with an event if there is one.
func (r *release) coordination(ctx workflow.Context, event *train.Message) train.Announcement {
	return train.Announcement{Channel: r.Train.Slack.Coordination, Card: ptr(words.CoordinationCard(&r.State, workflow.Now(ctx))), Event: event}
}

// coordinationLoud is for what needs eyes: shown in the channel too.
func (r *release) coordinationLoud(ctx workflow.Context, event train.Message) train.Announcement {
	a := r.coordination(ctx, &event)
	a.Broadcast = true
	return a
}

// deployed announces how the deploy at an environment stands.
func (r *release) deployed(env train.EnvironmentName, event *train.Message) train.Announcement {
	a := train.Announcement{Channel: r.Train.Slack.Staging, Card: ptr(words.DeployCard(&r.State, env)), Event: event}
	if env == train.Production {
		a.Channel = r.Train.Slack.Production
	}
	if d := r.DeployOf(env); event != nil && !d.Running() {
		a.Broadcast, a.Record = !d.Succeeded(), words.RecordForDatadog(&r.State, env)
	}
	return a
}

// rollingBack announces that an environment is being rolled back.
func (r *release) rollingBack(env train.EnvironmentName) train.Announcement {
	a := r.deployed(env, ptr(words.RollingBackEvent(&r.State, env)))
	a.Broadcast = true
	return a
}

// e2e announces how the E2E run stands.
func (r *release) e2e(event *train.Message) train.Announcement {
	return train.Announcement{
		Channel: r.Train.Slack.E2E, Card: ptr(words.E2ECard(&r.State)), Event: event,
		Broadcast: event != nil && r.E2E.State != train.E2EGreen,
	}
}

// tell hands announcements to delivery and does not wait for Slack.
func (r *release) tell(announcements ...train.Announcement) {
	r.deliver.send(announcements)
}
