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

	ready              bool              // set-up is complete: handlers may act
	background         int               // what runs beside the main line and nobody waits for
	nextLook           time.Time         // no watch looks before
	heldAnnounced      string            // the holds that were announced last
	carriesOutCut      *train.CutOrder   // the new candidate that is being made
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
	key := info.WorkflowExecution.ID + "#" + info.FirstRunID
	r.interruptible = &executor{
		keyPrefix:    key,
		blocking:     func(step train.Step) []train.Hold { return rules.Blocking(&r.State, step) },
		awaitHolds:   r.awaitHolds,
		addHolds:     func(ctx workflow.Context, holds []train.Hold) { rules.AddHolds(&r.State, holds, workflow.Now(ctx)) },
		interrupted:  r.interrupted,
		late:         r.lateEffect,
		inBackground: r.inBackground,
		subject:      r.subjectOf,
	}
	r.uninterruptible = &executor{keyPrefix: key, subject: r.subjectOf}
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
	case r.Orders.Cut != nil && r.Orders.Cut != r.carriesOutCut:
		return errReplaced
	case r.Orders.Rollback != nil:
		return errRollbackOrdered
	}
	return nil
}

// mustContinueAsNew says that the history is long and this is a moment to go on
// in a new run: nothing is under way.
func (r *release) mustContinueAsNew(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && r.background == 0 && !r.followsOverdueE2E &&
		r.commands.idle(ctx) && !r.Staging.Running() && !r.Production.Running()
}

// inBackground runs what nobody waits for; a run does not end before it.
func (r *release) inBackground(ctx workflow.Context, run func(ctx workflow.Context)) {
	r.background++
	workflow.Go(r.uncancelled(ctx), func(ctx workflow.Context) {
		run(ctx)
		r.background--
	})
}

// subjectOf is what the keys of a step name beside the run: the candidate, but
// for the tag, which makes it.
func (r *release) subjectOf(step train.Step) string {
	if step == train.StepTag {
		return ""
	}
	return r.Candidate.Tag
}

// lateEffect takes what a write did that was interrupted: a tag that nobody waits
// for is one of the day's earlier candidates, an E2E run is cancelled.
func (r *release) lateEffect(ctx workflow.Context, step train.Step, result any, err error) {
	if err != nil {
		workflow.GetLogger(ctx).Warn("An interrupted write failed", "step", step, "error", err)
		return
	}
	switch late := result.(type) {
	case train.CreatedTag:
		if tag := late.Candidate.Tag; tag != "" && tag != r.Candidate.Tag {
			r.Former = append(r.Former, tag)
			r.announce(r.coordinationAnnouncement(ctx, ptr(words.LateTagEvent(late.Candidate))))
		}
	case train.StartedE2E:
		if late.ID != 0 {
			r.cancelPipeline(ctx, r.E2ERuns+1, late.StartedPipeline)
		}
	}
}

// continueAsNew hands the state to a new run; nil when something has come
// meanwhile that this run has to answer first.
func (r *release) continueAsNew(ctx workflow.Context, in train.ReleaseInput) error {
	if err := r.messages.flush(ctx); err != nil {
		return err
	}
	r.resumed = true
	if !r.mustContinueAsNew(ctx) { // something has come meanwhile: it is answered first
		return workflow.Await(r.uncancelled(ctx), func() bool { return r.background == 0 && r.commands.idle(ctx) })
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
	own := r.uncancelled(ctx)
	ready := func() bool { return r.ready }
	receiveSignals(own, train.SignalSupersede, ready, r.handleSupersede)
	receiveSignals(own, train.SignalDeployProgress, ready, r.handleDeployProgress)
	receiveSignals(own, train.SignalMemoryUpdate, ready, r.handleTrainMemory)
	workflow.Go(ctx, r.handleTemporalCancel)
	r.commands.ready = ready
	if err := r.commands.register(ctx); err != nil {
		return fmt.Errorf("register the commands: %w", err)
	}
	defer func() { r.ready = true }()
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

func (r *release) handleSupersede(ctx workflow.Context, s train.Supersede) {
	end := train.EndSuperseded
	if !workflow.Now(ctx).Before(r.Plan.WindowCloses) {
		end = train.EndMissed
	}
	r.end(end, words.DepartedMeanwhile(s))
}

func (r *release) handleDeployProgress(ctx workflow.Context, d train.Deploy) {
	current := r.DeployOf(d.Environment)
	if !current.Running() || current.Attempt != d.Attempt || current.Tag != d.Tag {
		return
	}
	rollingBack := d.Step == train.DeployRollsBack && current.Step != train.DeployRollsBack
	r.SetDeploy(d)
	if rollingBack {
		r.Phase = train.RollingBack
		r.announce(r.rollbackAnnouncement(d.Environment), r.coordinationAnnouncement(ctx, nil))
	}
	r.setWaitingForDeploy(ctx, d.Environment)
}

// handleTemporalCancel makes Temporal's own cancel mean the command of that name,
// by nobody who is known: where the policy restricts it, it is refused, aloud.
func (r *release) handleTemporalCancel(ctx workflow.Context) {
	ctx.Done().Receive(ctx, nil)
	ctx = r.uncancelled(ctx)
	if err := workflow.Await(ctx, func() bool { return r.ready }); err != nil {
		return // the context is never cancelled
	}
	d := train.Decision{
		At: workflow.Now(ctx), Command: train.Cancel, Identity: train.IdentityClaimed, Source: train.SourceTemporal,
		Tag: r.Candidate.Tag, Accepted: true, Sentence: words.ReleaseEnds(),
	}
	refusal := rules.PolicyRefuses(r.Train.Policy, train.Cancel, train.Command{By: words.TemporalCancel()})
	switch {
	case refusal != nil:
		d.Accepted, d.Code, d.Sentence = false, refusal.Code, words.Refusal(refusal, r.Train.Location())
		r.recordDecision(ctx, d)
		r.announce(r.coordinationBroadcast(ctx, words.DecisionEvent(d)))
		return
	case rules.InProduction(&r.State):
		d.Sentence = words.WatchEnds()
	}
	r.end(train.EndCancelled, words.CancelledInTemporal())
	r.recordDecision(ctx, d)
}

// end tells the main line to stop at its next wait; the first reason counts.
func (r *release) end(end train.End, why string) {
	if r.Ending == nil {
		r.Ending = &train.Ending{End: end, Why: why}
	}
}

// closeOlderReleases closes older releases of the train, so that the changelog's base cannot race.
func (r *release) closeOlderReleases(ctx workflow.Context) error {
	if r.Phase != train.Departing {
		return nil
	}
	if !r.resumed {
		r.enterPhase(ctx, train.Departing, words.WaitsForOlderReleases())
		r.announce(r.coordinationAnnouncement(ctx, ptr(words.DepartedEvent(&r.State))))
	}
	return r.untilDone(ctx, words.ClosingOlderReleases(), func() error {
		closed, err := call(ctx, r.interruptible, pollingActivity(words.OlderReleasesEndFirst(),
			r.Train.Poll.Deploy.D(), deployTakesAtMost),
			releases.CloseOlder, train.CloseOlderInput{Train: r.Train.Name, Self: r.id, Poll: r.Train.Poll})
		if closed.Memory != nil {
			r.announceChange(ctx, rules.TakeMemory(&r.State, *closed.Memory, workflow.Now(ctx), words.NoReleaseDayReason))
		}
		return err
	})
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
	long := func() bool { return r.mustContinueAsNew(ctx) }
	if err := r.awaitUntil(ctx, until, words.WatchesUntilWindowCloses(r.Candidate.Tag), long); err != nil {
		return err
	}
	if long() && workflow.Now(ctx).Before(until) {
		return errContinueAsNew
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
	r.cancelE2E(ctx, words.E2EReleaseEnded()) // nobody waits for it any more
	r.enterPhase(ctx, train.Ended, words.WaitsForNothing())
	if err := r.awaitQuiet(ctx); err != nil {
		return train.Summary{}, err
	}
	last := r.coordinationAnnouncement(ctx, ptr(words.EndEvent(&r.State)))
	last.Last = true
	r.announce(last)
	return rules.Summarize(&r.State), r.messages.flush(ctx)
}

// awaitQuiet lets what came be answered and what runs in the background end,
// for a while: an outside system that hangs keeps no release open.
func (r *release) awaitQuiet(ctx workflow.Context) error {
	quiet := func() bool { return r.commands.idle(ctx) && r.background == 0 }
	if quiet() {
		return nil
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, backgroundEndsWithin,
		workflow.TimerOptions{Summary: words.BackgroundEnds()})
	return workflow.Await(ctx, func() bool { return quiet() || timer.IsReady() })
}

// backgroundEndsWithin is how long a release that ends waits for what runs beside it.
const backgroundEndsWithin = 10 * time.Minute

// untilDone takes a step until it succeeds. What fails for a reason that the
// activity's own retries did not mend is said, tried again by itself every few
// minutes, and at once by try-again: no failure outside the candidate is a dead end.
func (r *release) untilDone(ctx workflow.Context, doing string, step func() error) error {
	defer func() { r.Stuck, r.Orders.TryAgain = nil, false }()
	for announced := ""; ; {
		err := step()
		if err == nil || isInterruption(err) {
			return err
		}
		now := workflow.Now(ctx)
		stuck := train.Stuck{Doing: doing, Problem: errorSentence(err), Since: now, Next: now.Add(tryAgainAfter)}
		if r.Stuck != nil {
			stuck.Since = r.Stuck.Since
		}
		before := r.Waiting
		r.Stuck, r.Orders.TryAgain = &stuck, false
		r.setWaiting(ctx, words.WaitsForMending(stuck))
		if stuck.Problem != announced {
			announced = stuck.Problem
			workflow.GetLogger(ctx).Error("The release is stuck", "doing", doing, "problem", stuck.Problem)
			r.announce(r.coordinationBroadcast(ctx, words.StuckEvent(&r.State, stuck)))
		}
		wake := func() bool { return r.Orders.TryAgain || r.mustContinueAsNew(ctx) }
		if err := r.awaitUntil(ctx, stuck.Next, words.TriesAgain(doing), wake); err != nil {
			return err
		}
		if r.mustContinueAsNew(ctx) {
			return errContinueAsNew
		}
		r.setWaiting(ctx, before)
	}
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
