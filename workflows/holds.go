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
	before, told := r.Waiting, ""
	defer r.endWatch(ctx)
	for {
		holds := rules.Blocking(&r.State, step)
		if len(holds) == 0 {
			break
		}
		w := words.WaitsForHold(step, holds[0])
		w.Since = r.Waiting.Since
		if told == "" {
			w.Since = workflow.Now(ctx)
		}
		r.waitFor(ctx, w)
		if now := fmt.Sprint(holds); now != told {
			told = now
			r.tell(r.coordinationLoud(ctx, words.HeldEvent(&r.State, step, holds)))
		}
		news := r.news
		if err := r.watchUntil(ctx, rules.GuardOf(&r.State, step), time.Time{}, "", func() bool { return r.news != news }); err != nil {
			return err
		}
		if len(rules.Blocking(&r.State, step)) == 0 && step == train.StepTag {
			if err := r.checkLate(ctx); err != nil {
				return err
			}
		}
	}
	r.waitFor(ctx, before)
	return nil
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
	checked, err := call(ctx, r.door, short(words.WhetherStillReleaseDay(r.Plan.Day)), departures.CheckDay,
		train.CheckDayInput{Train: r.Train.Name, Day: r.Plan.Day})
	switch {
	case interrupts(err):
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

// slowBeat is how often a watch over hours says that it lives: each beat is
// billable, and what it watches is read again at the door anyway.
const slowBeat = 20 * time.Minute

// watchUntil waits for an instant (zero: none) or a condition. Meanwhile an
// activity looks at freezes, the train's holds, tag, Flux and the production
// job; what it notices goes into the state and ends the wait.
func (r *release) watchUntil(ctx workflow.Context, guard train.Guard, at time.Time, summary string, cond func() bool) error {
	now := workflow.Now(ctx)
	until := at
	if at.IsZero() {
		until = now.Add(24 * time.Hour)
	}
	in := train.AwaitChangeInput{Guard: guard, Known: rules.Known(&r.State), Until: until, Poll: r.Train.Poll.Gate}
	in.Beat = min(calendar.Duration(slowBeat), 20*in.Poll)
	if r.Candidate.Tag != "" {
		in.TagPrefix, in.Day = r.Train.TagPrefix, r.Plan.Day
	}
	if r.Phase == train.AtGate && r.Train.Production.Start == train.StartPlay && (r.Production == nil || r.Production.Outcome == train.DeployHeld && r.Production.JobID == 0) {
		in.Job = r.Train.Production.Job // once we have played it, its having run is nobody else's doing
	}
	watch := r.watchFor(ctx, in, at)
	wake := func() bool { return watch.done() || cond() }
	var err error
	if at.IsZero() {
		err = r.until(ctx, wake)
	} else {
		err = r.sleepUntil(ctx, at, summary, wake)
	}
	if err != nil || !watch.done() {
		return err
	}
	r.looking = nil
	seen, err := watch.get(ctx)
	if err != nil {
		if interrupts(err) {
			return err
		}
		workflow.GetLogger(ctx).Warn("The watch ended early and begins again", "error", err)
		return nil
	}
	r.observed(ctx, seen)
	return nil
}

// watchFor is the watch that runs, where it looks at the same, else a new one.
// One that knows less than we do by now returns at its next look by itself,
// and one that is ended learns it only at its next beat. It is needed until an
// instant; zero: as long as it runs.
func (r *release) watchFor(ctx workflow.Context, in train.AwaitChangeInput, need time.Time) pending[train.Observation] {
	what := fmt.Sprint(rules.GuardSubject(in.Guard), in.Job, in.Day)
	if r.looking != nil && r.looking.what == what && !r.looking.until.Before(need) {
		return r.looking.pending
	}
	r.endWatch(ctx)
	options := watching(words.WhatMayChange(), in.Beat.D(), in.Until.Sub(workflow.Now(ctx)))
	r.looking = &watch{
		what: what, until: in.Until, pending: start(ctx, r.door, options, holds.AwaitChange, in),
	}
	return r.looking.pending
}

// endWatch ends the watch that runs; one whose time is over ends by itself.
func (r *release) endWatch(ctx workflow.Context) {
	if r.looking != nil && !r.looking.pending.done() && workflow.Now(ctx).Before(r.looking.until) {
		r.looking.pending.stop()
	}
	r.looking = nil
}

// watch is an AwaitChange under way.
type watch struct {
	what    string
	until   time.Time
	pending pending[train.Observation]
}

// observed takes an observation into the state and tells people.
func (r *release) observed(ctx workflow.Context, seen train.Observation) {
	change := rules.Observe(&r.State, seen, workflow.Now(ctx))
	r.changed(ctx, change)
	if seen.Started != nil && !r.adopts {
		r.adopts = true
		r.news++
		r.tell(r.coordinationLoud(ctx, words.AdoptedEvent(&r.State, *seen.Started)))
	}
}
