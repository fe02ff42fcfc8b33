package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// awaitHolds waits until none of the holds that a step obeys stands. Meanwhile
// an activity watches what the outside world says about them.
func (r *release) awaitHolds(ctx workflow.Context, step train.Step) error {
	before, begun := r.Waiting, false
	defer r.endWatch(ctx)
	for {
		holds := rules.Blocking(&r.State, step)
		if len(holds) == 0 {
			break
		}
		w := words.WaitsForHold(step, holds[0])
		w.Since = r.Waiting.Since
		if !begun {
			w.Since, begun = workflow.Now(ctx), true
		}
		r.setWaiting(ctx, w)
		if now := heldKey(step, holds); now != r.heldAnnounced { // a hold that comes and goes is not said each time
			r.heldAnnounced = now
			r.announce(r.coordinationBroadcast(ctx, words.HeldEvent(&r.State, step, holds)))
		}
		changes := r.changes
		if err := r.watchUntil(ctx, rules.GuardOf(&r.State, step), time.Time{}, "",
			func() bool { return r.changes != changes }); err != nil {
			return err
		}
		if len(rules.Blocking(&r.State, step)) == 0 && step == train.StepTag {
			if err := r.checkLate(ctx); err != nil {
				return err
			}
		}
	}
	r.setWaiting(ctx, before)
	return nil
}

// heldKey tells apart what is worth an announcement.
func heldKey(step train.Step, holds []train.Hold) string {
	key := string(step)
	for _, h := range holds {
		key += "|" + string(h.Kind) + h.Reason + h.By
	}
	return key
}

// checkLate holds a cut that has been held past midnight, or whose day is no
// release day any more.
func (r *release) checkLate(ctx workflow.Context) error {
	if r.LateAccepted || r.Plan.Manual || r.Candidate.Tag != "" {
		return nil
	}
	zone, now := r.Train.Location(), workflow.Now(ctx)
	reason := ""
	if calendar.DayOf(r.Plan.CutAt.In(zone)).Before(calendar.DayOf(now.In(zone))) {
		reason = words.HeldPastMidnightReason()
	}
	checked, err := call(ctx, r.interruptible,
		shortActivity(words.WhetherStillReleaseDay(r.Plan.Day)), departures.CheckDay,
		train.CheckDayInput{Train: r.Train.Name, Day: r.Plan.Day})
	switch {
	case isInterruption(err):
		return err
	case err != nil:
		workflow.GetLogger(ctx).Warn("The calendar was not read again", "error", err)
	case checked.Gone != "":
		reason = checked.Gone
	}
	if reason != "" {
		rules.AddHolds(&r.State, []train.Hold{{Kind: train.HoldLate, Reason: reason}}, now)
	}
	return nil
}

// A watch over hours says rarely that it lives, because each heartbeat is
// billable; a worker that was killed is missed after one heartbeat and a bit.
const (
	slowestHeartbeat   = 10 * time.Minute
	pollsPerHeartbeat  = 10
	heartbeatsAreLate  = 5 // a fifth later than expected is too late
	shortestWatchFloor = time.Second
)

// watchUntil waits for an instant (zero: none) or a condition. Meanwhile an
// activity looks at freezes, the train's holds, tag, Flux and the production
// job; what it notices goes into the state and ends the wait.
func (r *release) watchUntil(ctx workflow.Context, guard train.Guard, at time.Time,
	summary string, cond func() bool) error {
	now := workflow.Now(ctx)
	until := at
	if at.IsZero() {
		until = now.Add(24 * time.Hour)
	}
	in := train.AwaitChangeInput{Guard: guard, Until: until, Poll: r.Train.Poll.Gate, NotBefore: r.nextLook}
	in.Known, in.Report = rules.KnownObservation(&r.State)
	in.HeartbeatEvery = min(calendar.Duration(slowestHeartbeat), pollsPerHeartbeat*in.Poll)
	if r.Candidate.Tag != "" {
		in.TagPrefix, in.Day = r.Train.TagPrefix, r.Plan.Day
	}
	if r.Phase == train.AtGate && r.Train.Production.Start == train.StartPlay &&
		(r.Production == nil || r.Production.Outcome == train.DeployHeld && r.Production.JobID == 0) {
		in.Job = r.Train.Production.Job // once we have played it, its having run is nobody else's doing
	}
	watch := r.currentWatch(ctx, in, at)
	wake := func() bool { return watch.done() || cond() }
	var err error
	if at.IsZero() {
		err = r.await(ctx, wake)
	} else {
		err = r.awaitUntil(ctx, at, summary, wake)
	}
	if err != nil || !watch.done() {
		return err
	}
	r.watched = nil
	seen, err := watch.get(ctx)
	if err != nil {
		if isInterruption(err) {
			return err
		}
		workflow.GetLogger(ctx).Warn("The watch ended early and begins again", "error", err)
		return nil
	}
	r.takeObservation(ctx, seen)
	return nil
}

// currentWatch is the watch that runs, where it looks at the same, else a new one.
// One that knows less than we do by now returns at its next look by itself,
// and one that is ended learns it only at its next heartbeat. It is needed until an
// instant; zero: as long as it runs.
func (r *release) currentWatch(ctx workflow.Context, in train.AwaitChangeInput,
	need time.Time) pendingActivity[train.Observation] {
	what := fmt.Sprint(rules.GuardSubject(in.Guard), in.Job, in.Day, in.Report)
	if r.watched != nil && r.watched.subject == what && !r.watched.until.Before(need) {
		return r.watched.pending
	}
	r.endWatch(ctx)
	options := pollingActivity(words.WhatMayChange(), in.HeartbeatEvery.D(), in.Until.Sub(workflow.Now(ctx)))
	options.HeartbeatTimeout = max(5*time.Second, in.HeartbeatEvery.D()+in.HeartbeatEvery.D()/heartbeatsAreLate)
	r.nextLook = workflow.Now(ctx).Add(max(in.Poll.D(), shortestWatchFloor)) // no watch looks more often than its poll
	r.watched = &changeWatch{
		subject: what, until: in.Until, pending: startActivity(ctx, r.interruptible, options, holds.AwaitChange, in),
	}
	return r.watched.pending
}

// endWatch ends the watch that runs; one whose time is over ends by itself.
func (r *release) endWatch(ctx workflow.Context) {
	if r.watched != nil && !r.watched.pending.done() && workflow.Now(ctx).Before(r.watched.until) {
		r.watched.pending.stop()
	}
	r.watched = nil
}

// changeWatch is an AwaitChange under way.
type changeWatch struct {
	subject string
	until   time.Time
	pending pendingActivity[train.Observation]
}

// takeObservation takes an observation into the state and tells people.
func (r *release) takeObservation(ctx workflow.Context, seen train.Observation) {
	change := rules.Observe(&r.State, seen, workflow.Now(ctx))
	r.announceChange(ctx, change)
	if seen.Started != nil && !r.adoptsJob {
		r.adoptsJob = true
		r.changes++
		r.announce(r.coordinationBroadcast(ctx, words.AdoptedEvent(&r.State, *seen.Started)))
	}
}
