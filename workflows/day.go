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
	// errRollbackOrdered: a rollback was ordered.
	errRollbackOrdered = errors.New("a rollback is to be carried out")
	// errContinueAsNew: the history is long, and the release goes on in a new run.
	errContinueAsNew = errors.New("the release goes on in a new run")
)

func isInterruption(err error) bool {
	return errors.Is(err, errEnding) || errors.Is(err, errReplaced) || errors.Is(err, errRollbackOrdered) ||
		errors.Is(err, errContinueAsNew)
}

// release is a running release: its state and the means to change it. Handlers
// change state and return, the main line awaits conditions.
//
// What the next run needs stands in ContinuedState. The other fields are made
// anew by each run (executors, handlers, the queue of messages, what the search
// attributes show), or are about something under way that a run ends before it
// continues (a watch, a production deploy, an overdue E2E run, an ordered rollback).
type release struct {
	train.ContinuedState

	id         string
	searchable bool
	resumed    bool     // an earlier run has begun the day
	indexed    []string // search attributes as last upserted
	messages   *messageQueue
	commands   *commandHandlers
	watched    *changeWatch // the AwaitChange that runs; nil: none does

	// interruptible executes activities of the main line: given up when the release
	// is to end or its candidate is replaced. uninterruptible is for commands, which
	// are carried out to their end, and for what follows an overdue run.
	interruptible, uninterruptible *executor

	changes            int               // grows with everything that waits must notice
	carriesOutRollback bool              // an ordered rollback is carried out, and nothing interrupts it
	productionRun      string            // the run of the production deploy that is followed; empty: none is
	stopOrder          *train.StopDeploy // what is to be told to it
	adoptsJob          bool              // somebody started the production job in GitLab
	followsOverdueE2E  bool              // an overdue E2E run is followed in the background
}

func newRelease(ctx workflow.Context, in train.ReleaseInput) *release {
	info := workflow.GetInfo(ctx)
	r := &release{
		ContinuedState: train.ContinuedState{State: train.State{
			Train: in.Train, Plan: in.Plan, By: in.By,
			Phase: train.Departing, DepartedAt: workflow.Now(ctx),
		}},
		id:         info.WorkflowExecution.ID,
		searchable: in.Searchable,
	}
	if in.Continued != nil {
		r.ContinuedState, r.resumed = *in.Continued, true
	}
	// A second release of the same day has another first run, and so other keys.
	key := info.WorkflowExecution.ID + "#" + train.ShortSHA(info.FirstRunID)
	r.interruptible = &executor{
		keyPrefix:   key,
		blocking:    func(step train.Step) []train.Hold { return rules.Blocking(&r.State, step) },
		awaitHolds:  r.awaitHolds,
		addHolds:    func(ctx workflow.Context, holds []train.Hold) { rules.AddHolds(&r.State, holds, workflow.Now(ctx)) },
		interrupted: r.interrupted,
	}
	r.uninterruptible = &executor{keyPrefix: key}
	r.commands = &commandHandlers{handle: r.handleCommand, otherSignals: []string{train.SignalSupersede,
		train.SignalDeployProgress, train.SignalMemoryUpdate}}
	return r
}

// interrupted says why the main line must not go on as it does.
func (r *release) interrupted() error {
	switch {
	case r.carriesOutRollback:
		return nil
	case r.Ending != nil:
		return errEnding
	case r.Orders.Cut != nil:
		return errReplaced
	case r.Orders.Rollback != nil:
		return errRollbackOrdered
	}
	return nil
}

// mustContinueAsNew says that the history is long and this is a moment to go on
// in a new run: nothing is under way.
func (r *release) mustContinueAsNew(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && !r.followsOverdueE2E && r.commands.idle(ctx) &&
		!r.Staging.Running() && !r.Production.Running()
}

// continueAsNew hands the state to a new run; nil when something has come
// meanwhile that this run has to answer first.
func (r *release) continueAsNew(ctx workflow.Context, in train.ReleaseInput) error {
	if err := r.messages.flush(ctx); err != nil {
		return err
	}
	r.resumed = true
	if !r.commands.idle(ctx) {
		return workflow.Await(r.uncancelled(ctx), func() bool { return r.commands.idle(ctx) })
	}
	in.Continued = &r.ContinuedState
	return workflow.NewContinueAsNewError(ctx, train.ReleaseWorkflow, in)
}

// setup registers the handlers through which others talk to the release.
func (r *release) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, train.QueryStatus, func() (train.Status, error) {
		return words.ReleaseStatus(&r.State, workflow.Now(ctx)), nil
	}); err != nil {
		return fmt.Errorf("register the status query: %w", err)
	}
	workflow.Go(ctx, r.handleSupersede)
	workflow.Go(ctx, r.handleDeployProgress)
	workflow.Go(ctx, r.handleTrainMemory)
	workflow.Go(ctx, r.handleTemporalCancel)
	if err := r.commands.register(ctx); err != nil {
		return fmt.Errorf("register the commands: %w", err)
	}
	r.messages = startMessages(ctx, train.NotifyID(r.Train.Name, r.Plan.Day),
		words.MessagesOfRelease(r.Plan.Day, r.Train.Name), &r.Announced)
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

func (r *release) handleSupersede(ctx workflow.Context) {
	var s train.Supersede
	workflow.GetSignalChannel(ctx, train.SignalSupersede).Receive(ctx, &s)
	end := train.EndSuperseded
	if !workflow.Now(ctx).Before(r.Plan.WindowCloses) {
		end = train.EndMissed
	}
	r.end(end, words.DepartedMeanwhile(s))
}

func (r *release) handleDeployProgress(ctx workflow.Context) {
	progress := workflow.GetSignalChannel(ctx, train.SignalDeployProgress)
	for {
		var d train.Deploy
		progress.Receive(ctx, &d)
		if current := r.DeployOf(d.Environment); current.Running() && current.Attempt == d.Attempt && current.Tag == d.Tag {
			rollingBack := d.Step == train.DeployRollsBack && current.Step != train.DeployRollsBack
			r.SetDeploy(d)
			if rollingBack {
				r.Phase = train.RollingBack
				r.announce(r.rollbackAnnouncement(d.Environment), r.coordinationAnnouncement(ctx, nil))
			}
			r.setWaitingForDeploy(ctx, d.Environment)
		}
	}
}

// handleTemporalCancel makes Temporal's own cancel mean the command of that name.
func (r *release) handleTemporalCancel(ctx workflow.Context) {
	ctx.Done().Receive(ctx, nil)
	d := train.Decision{
		At: workflow.Now(ctx), Command: train.Cancel, Identity: train.IdentityClaimed, Source: train.SourceTemporal,
		Tag: r.Candidate.Tag, Accepted: true, Sentence: words.ReleaseEnds(),
	}
	if rules.InProduction(&r.State) {
		d.Sentence = words.WatchEnds()
	}
	r.end(train.EndCancelled, words.CancelledInTemporal())
	r.recordDecision(r.uncancelled(ctx), d)
}

// end tells the main line to stop at its next wait; the first reason counts.
func (r *release) end(end train.End, why string) {
	if r.Ending == nil {
		r.Ending = &train.Ending{End: end, Why: why}
	}
}

// closeOlderReleases closes older releases of the train, so that the changelog's base cannot race.
func (r *release) closeOlderReleases(ctx workflow.Context) error {
	if r.resumed {
		return nil
	}
	r.enterPhase(ctx, train.Departing, words.WaitsForOlderReleases())
	r.announce(r.coordinationAnnouncement(ctx, ptr(words.DepartedEvent(&r.State))))
	closed, err := call(ctx, r.interruptible, pollingActivity(words.OlderReleasesEndFirst(),
		r.Train.Poll.Deploy.D(), deployTakesAtMost),
		releases.CloseOlder, train.CloseOlderInput{Train: r.Train.Name, Self: r.id, Poll: r.Train.Poll})
	if closed.Memory != nil {
		r.announceChange(ctx, rules.TakeMemory(&r.State, *closed.Memory, workflow.Now(ctx), words.NoReleaseDayReason))
	}
	return r.orAskPeople(ctx, words.ClosingOlderReleases(), err)
}

// watchUntilWindowCloses keeps the release open after production, so that it can still be acted upon.
func (r *release) watchUntilWindowCloses(ctx workflow.Context) error {
	until := r.Plan.WindowCloses
	if next := r.Plan.NextCutAt; !next.IsZero() && next.Before(until) {
		until = next
	}
	r.enterPhase(ctx, train.Watching, words.WaitsForWindowToClose(until))
	if !r.resumed {
		r.announce(r.coordinationAnnouncement(ctx, ptr(words.ReleasedEvent(&r.State))))
	}
	if err := r.awaitUntil(ctx, until, words.WatchesUntilWindowCloses(r.Candidate.Tag), never); err != nil {
		return err
	}
	r.end(train.EndReleased, words.ReleasedWhy(&r.State))
	return errEnding
}

// finish says how the release ended and gives its summary.
func (r *release) finish(ctx workflow.Context, err error) (train.Summary, error) {
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
	r.enterPhase(ctx, train.Ended, words.WaitsForNothing())
	if err := workflow.Await(ctx, func() bool { return r.commands.idle(ctx) }); err != nil { // what came is answered first
		return train.Summary{}, err
	}
	last := r.coordinationAnnouncement(ctx, ptr(words.EndEvent(&r.State)))
	last.Last = true
	r.announce(last)
	return rules.Summarize(&r.State), r.messages.flush(ctx)
}

// orAskPeople passes success and endings on. Any other failure is one that retries
// did not mend: the release says so and stays open for people.
func (r *release) orAskPeople(ctx workflow.Context, doing string, err error) error {
	if err == nil || isInterruption(err) {
		return err
	}
	problem := errorSentence(err)
	workflow.GetLogger(ctx).Error("The release is stuck", "doing", doing, "problem", problem)
	r.setWaiting(ctx, words.WaitsForMending(doing, problem))
	r.announce(r.coordinationBroadcast(ctx, words.StuckEvent(&r.State, doing, problem)))
	return r.await(ctx, never)
}

func never() bool { return false }

// await waits for a condition; what interrupts the main line ends the wait.
func (r *release) await(ctx workflow.Context, cond func() bool) error {
	if err := workflow.Await(r.uncancelled(ctx), func() bool { return cond() || r.interrupted() != nil }); err != nil {
		return err
	}
	if !cond() {
		return r.interrupted()
	}
	return nil
}

// awaitUntil waits for an instant or a condition, whichever comes first, and
// leaves no timer behind. See docs/architecture.md, Facts about Temporal.
func (r *release) awaitUntil(ctx workflow.Context, at time.Time, summary string, cond func() bool) error {
	wait := at.Sub(workflow.Now(ctx))
	if wait <= 0 || cond() {
		return r.await(ctx, func() bool { return true })
	}
	timed, cancel := workflow.WithCancel(r.uncancelled(ctx))
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, wait, workflow.TimerOptions{Summary: clipSummary(summary)})
	return r.await(ctx, func() bool { return timer.IsReady() || cond() })
}

// uncancelled is a context that Temporal's cancel does not end: cancel is a command
// here, and the release carries it out itself.
func (r *release) uncancelled(ctx workflow.Context) workflow.Context {
	c, _ := workflow.NewDisconnectedContext(ctx)
	return c
}

// errorSentence is what people read of an activity's error: the innermost application message.
func errorSentence(err error) string {
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
