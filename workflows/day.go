package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// What interrupts the main line at its next wait.
var (
	// errEnding: the release has been told to end.
	errEnding = errors.New("the release has been told to end")
	// errReplaced: a new candidate was ordered.
	errReplaced = errors.New("the candidate is replaced")
	// errRollBack: a rollback was ordered.
	errRollBack = errors.New("a rollback is to be carried out")
	// errContinue: the history is long, and the release goes on in a new run.
	errContinue = errors.New("the release goes on in a new run")
)

func interrupts(err error) bool {
	return errors.Is(err, errEnding) || errors.Is(err, errReplaced) || errors.Is(err, errRollBack) || errors.Is(err, errContinue)
}

// release is a running release: its state and the means to change it. Handlers
// change state and return, the main line awaits conditions.
type release struct {
	train.State

	id         string
	searchable bool
	resumed    bool     // an earlier run has begun the day
	shown      []string // search attributes as last upserted
	deliver    *delivery
	doors      *commandDoors
	looking    *watch // the AwaitChange that runs; nil: none does

	// door is the main line's way out: interrupted when the release is to end or
	// its candidate is replaced. aside is that of commands, which are carried out
	// to their end, and background that of what follows an overdue run.
	door, aside *door

	// news grows with everything that waits must notice.
	news         int
	told         int // announcements of earlier runs
	passed       int // commands passed on to the train
	changelogs   int // changelogs published
	rollbacks    int // rollbacks carried out because somebody ordered them
	refusalsTold int
	// rollingBackNow: an ordered rollback is carried out, and nothing interrupts it.
	rollingBackNow bool
	deploying      string            // the run of the production deploy that is followed; empty: none is
	stop           *train.StopDeploy // what is to be told to it
	adopts         bool              // somebody started the production job in GitLab
	following      bool              // an overdue E2E run is followed in the background
}

func newRelease(ctx workflow.Context, in train.ReleaseInput) *release {
	info := workflow.GetInfo(ctx)
	r := &release{
		State: train.State{
			Train: in.Train, Plan: in.Plan, By: in.By,
			Phase: train.Departing, DepartedAt: workflow.Now(ctx),
		},
		id:         info.WorkflowExecution.ID,
		searchable: in.Searchable,
	}
	if in.Resume != nil {
		r.State, r.resumed = in.Resume.State, true
		r.passed, r.changelogs, r.refusalsTold, r.rollbacks = in.Resume.Passed, in.Resume.Changelogs, in.Resume.RefusalsTold, in.Resume.Rollbacks
		r.told = in.Resume.Told
	}
	// A second release of the same day has another first run, and so other keys.
	key := info.WorkflowExecution.ID + "#" + train.ShortSHA(info.FirstRunID)
	r.door = &door{
		key:         key,
		holds:       func(step train.Step) []train.Hold { return rules.Blocking(&r.State, step) },
		held:        r.awaitHolds,
		met:         func(ctx workflow.Context, holds []train.Hold) { rules.AddHolds(&r.State, holds, workflow.Now(ctx)) },
		interrupted: r.interrupted,
	}
	r.aside = &door{key: key}
	r.doors = &commandDoors{obey: r.obey, internal: []string{train.SignalSupersede, train.SignalDeployProgress, train.SignalNews}}
	return r
}

// interrupted says why the main line must not go on as it does.
func (r *release) interrupted() error {
	switch {
	case r.rollingBackNow:
		return nil
	case r.Ending != nil:
		return errEnding
	case r.Orders.Recut != nil:
		return errReplaced
	case r.Orders.Rollback != nil:
		return errRollBack
	}
	return nil
}

// mustContinueAsNew says that the history is long and this is a moment to go on
// in a new run: nothing is under way.
func (r *release) mustContinueAsNew(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && !r.following && r.doors.idle(ctx) && !r.Staging.Running() && !r.Production.Running()
}

// continueAsNew hands the state to a new run; nil when something has come
// meanwhile that this run has to answer first.
func (r *release) continueAsNew(ctx workflow.Context, in train.ReleaseInput) error {
	if err := r.deliver.flush(ctx); err != nil {
		return err
	}
	r.resumed = true
	if !r.doors.idle(ctx) {
		return workflow.Await(r.awake(ctx), func() bool { return r.doors.idle(ctx) })
	}
	in.Resume = &train.Handover{
		State: r.State, Passed: r.passed, Changelogs: r.changelogs, Rollbacks: r.rollbacks, RefusalsTold: r.refusalsTold, Told: r.deliver.sent,
	}
	return workflow.NewContinueAsNewError(ctx, train.ReleaseWorkflow, in)
}

// setup opens the doors through which others talk to the release.
func (r *release) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, train.QueryStatus, func() (train.Status, error) {
		return words.ReleaseStatus(&r.State, workflow.Now(ctx)), nil
	}); err != nil {
		return fmt.Errorf("register the status query: %w", err)
	}
	workflow.Go(ctx, r.hearSupersede)
	workflow.Go(ctx, r.hearProgress)
	workflow.Go(ctx, r.hearNews)
	workflow.Go(ctx, r.hearCancel)
	if err := r.doors.open(ctx); err != nil {
		return fmt.Errorf("register the commands: %w", err)
	}
	r.deliver = startDelivery(ctx, train.NotifyID(r.Train.Name, r.Plan.Day),
		words.MessagesOfRelease(r.Plan.Day, r.Train.Name), r.told)
	if r.resumed {
		return nil
	}
	if late := r.DepartedAt.Sub(r.Plan.CutAt); late > rules.LateAfter {
		r.Holds = append(r.Holds, train.Hold{
			Kind: train.HoldLate, Since: r.DepartedAt, Reason: words.DepartedLateReason(late),
		})
	}
	return nil
}

func (r *release) hearSupersede(ctx workflow.Context) {
	var s train.Supersede
	workflow.GetSignalChannel(ctx, train.SignalSupersede).Receive(ctx, &s)
	end := train.EndSuperseded
	if !workflow.Now(ctx).Before(r.Plan.WindowCloses) {
		end = train.EndMissed
	}
	r.end(end, words.DepartedMeanwhile(s))
}

func (r *release) hearProgress(ctx workflow.Context) {
	progress := workflow.GetSignalChannel(ctx, train.SignalDeployProgress)
	for {
		var d train.Deploy
		progress.Receive(ctx, &d)
		if current := r.DeployOf(d.Environment); current.Running() && current.Attempt == d.Attempt && current.Tag == d.Tag {
			rollingBack := d.Step == train.DeployRollsBack && current.Step != train.DeployRollsBack
			r.SetDeploy(d)
			if rollingBack {
				r.Phase = train.RollingBack
				r.tell(r.rollingBack(d.Environment), r.coordination(ctx, nil))
			}
			r.waitsForDeploy(ctx, d.Environment)
		}
	}
}

// hearCancel makes Temporal's own cancel mean the command of that name.
func (r *release) hearCancel(ctx workflow.Context) {
	ctx.Done().Receive(ctx, nil)
	d := train.Decision{
		At: workflow.Now(ctx), Command: train.Cancel, Identity: train.IdentityClaimed, Door: train.ByTemporal,
		Tag: r.Candidate.Tag, Accepted: true, Sentence: words.ReleaseEnds(),
	}
	if rules.InProduction(&r.State) {
		d.Sentence = words.WatchEnds()
	}
	r.end(train.EndCancelled, words.CancelledInTemporal())
	r.decided(r.awake(ctx), d)
}

// end tells the main line to stop at its next wait; the first reason counts.
func (r *release) end(end train.End, why string) {
	if r.Ending == nil {
		r.Ending = &train.Ending{End: end, Why: why}
	}
}

// depart closes older releases of the train, so that the changelog's base cannot race.
func (r *release) depart(ctx workflow.Context) error {
	if r.resumed {
		return nil
	}
	r.enter(ctx, train.Departing, words.WaitsForOlderReleases())
	r.tell(r.coordination(ctx, ptr(words.DepartedEvent(&r.State))))
	closed, err := call(ctx, r.door, watching(words.OlderReleasesEndFirst(), r.Train.Poll.Deploy.D(), deployTakesAtMost),
		releases.CloseOlder, train.CloseOlderInput{Train: r.Train.Name, Self: r.id, Poll: r.Train.Poll})
	if closed.Memory != nil {
		r.changed(ctx, rules.TakeMemory(&r.State, *closed.Memory, workflow.Now(ctx), words.NoReleaseDayReason))
	}
	return r.orStuck(ctx, words.ClosingOlderReleases(), err)
}

// watch keeps the release open after production, so that it can still be acted upon.
func (r *release) watch(ctx workflow.Context) error {
	until := r.Plan.WindowCloses
	if next := r.Plan.NextCutAt; !next.IsZero() && next.Before(until) {
		until = next
	}
	r.enter(ctx, train.Watching, words.WaitsForWindowToClose(until))
	if !r.resumed {
		r.tell(r.coordination(ctx, ptr(words.ReleasedEvent(&r.State))))
	}
	if err := r.sleepUntil(ctx, until, words.WatchesUntilWindowCloses(r.Candidate.Tag), never); err != nil {
		return err
	}
	r.end(train.EndReleased, words.ReleasedWhy(&r.State))
	return errEnding
}

// close says how the release ended and gives its summary.
func (r *release) close(ctx workflow.Context, err error) (train.Summary, error) {
	if err != nil && !errors.Is(err, errEnding) {
		return train.Summary{}, err
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	r.End, r.EndWhy, r.EndedAt = r.Ending.End, r.Ending.Why, workflow.Now(ctx)
	if rules.WasRolledBack(&r.State) {
		r.End, r.EndWhy = train.EndRolledBack, strings.TrimSpace(words.RolledBackWhy(r.Production)+" "+r.EndWhy)
	} else if !r.ReleasedAt.IsZero() {
		r.End = train.EndReleased // what ended the watch does not undo the release
		r.EndWhy = words.ReleasedWhy(&r.State)
	}
	r.enter(ctx, train.Ended, words.WaitsForNothing())
	if err := workflow.Await(ctx, func() bool { return r.doors.idle(ctx) }); err != nil { // what came is answered first
		return train.Summary{}, err
	}
	last := r.coordination(ctx, ptr(words.EndEvent(&r.State)))
	last.Last = true
	r.tell(last)
	return rules.Summarize(&r.State), r.deliver.flush(ctx)
}

// orStuck passes success and endings on. Any other failure is one that retries
// did not mend: the release says so and stays open for people.
func (r *release) orStuck(ctx workflow.Context, doing string, err error) error {
	if err == nil || interrupts(err) {
		return err
	}
	problem := sentence(err)
	workflow.GetLogger(ctx).Error("The release is stuck", "doing", doing, "problem", problem)
	r.waitFor(ctx, words.WaitsForMending(doing, problem))
	r.tell(r.coordinationLoud(ctx, words.StuckEvent(&r.State, doing, problem)))
	return r.until(ctx, never)
}

func never() bool { return false }

// until waits for a condition; what interrupts the main line ends the wait.
func (r *release) until(ctx workflow.Context, cond func() bool) error {
	if err := workflow.Await(r.awake(ctx), func() bool { return cond() || r.interrupted() != nil }); err != nil {
		return err
	}
	if !cond() {
		return r.interrupted()
	}
	return nil
}

// sleepUntil waits for an instant or a condition, whichever comes first, and
// leaves no timer behind. See docs/architecture.md, Facts about Temporal.
func (r *release) sleepUntil(ctx workflow.Context, at time.Time, summary string, cond func() bool) error {
	wait := at.Sub(workflow.Now(ctx))
	if wait <= 0 || cond() {
		return r.until(ctx, func() bool { return true })
	}
	timed, cancel := workflow.WithCancel(r.awake(ctx))
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, wait, workflow.TimerOptions{Summary: clip(summary)})
	return r.until(ctx, func() bool { return timer.IsReady() || cond() })
}

// awake is a context that Temporal's cancel does not end: cancel is a command
// here, and the release carries it out itself.
func (r *release) awake(ctx workflow.Context) workflow.Context {
	c, _ := workflow.NewDisconnectedContext(ctx)
	return c
}

// sentence is what people read of an activity's error: the innermost application message.
func sentence(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return words.NoAnswer()
	}
	return err.Error()
}

func ptr[T any](v T) *T { return &v }
