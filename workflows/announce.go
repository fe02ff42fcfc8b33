package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// A deploy that no release follows tells people itself.

func (d *deployAttempt) announceBegin(ctx workflow.Context) {
	if d.in.Announce == nil {
		return
	}
	d.messages = startMessages(ctx, train.NotifyDeployID(d.in.Config.Lock),
		words.MessagesOfDeploy(d.Environment), new(int))
	d.announce(ctx, false)
}

func (d *deployAttempt) announceEnd(ctx workflow.Context) error {
	if d.messages == nil {
		return nil
	}
	d.announce(ctx, true)
	return d.messages.flush(ctx)
}

func (d *deployAttempt) announce(ctx workflow.Context, last bool) {
	s := d.asState(ctx)
	event := words.DeployEvent(s, d.Environment)
	if !last {
		event = words.RollingBackEvent(s, d.Environment)
	}
	channel := d.in.Announce.Staging
	if d.Environment == train.Production {
		channel = d.in.Announce.Production
	}
	a := train.Announcement{Channel: channel, Card: ptr(words.DeployCard(s, d.Environment)), Event: &event,
		Broadcast: true, Last: last}
	if last {
		a.Record = words.RecordForDatadog(s, d.Environment)
	}
	d.messages.send([]train.Announcement{a})
}

// asState is the deploy as a release would show it.
func (d *deployAttempt) asState(ctx workflow.Context) *train.State {
	shown := d.Deploy
	if shown.Rollback == nil && d.in.Rollback != nil {
		shown.Rollback = &train.RollbackRecord{RollbackOrder: *d.in.Rollback}
	}
	s := &train.State{Candidate: d.in.Candidate}
	s.Train = train.Train{Name: d.in.Train, Project: d.in.Project, Zone: d.in.Zone,
		Slack: *d.in.Announce, Datadog: d.in.Datadog}
	s.Plan.Day = calendar.DayOf(workflow.Now(ctx).In(s.Train.Location()))
	s.SetDeploy(shown)
	return s
}
