package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// errEnding ends the main line: the release has been told to end.
var errEnding = errors.New("the release has been told to end")

// release is a running release: its state and the means to change it. Handlers
// change state and return, the main line awaits conditions.
type release struct {
	train.State

	id         string
	searchable bool
	shown      []string // search attributes as last upserted
	door       *door
	deliver    *delivery

	// ending is set once when something asked the release to end; the main line
	// stops at its next wait, a production deploy ends first.
	ending    train.End
	endingWhy string
	// evidence grows with every change of evidence, so that waits can notice.
	evidence int
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
	// A second release of the same day has another first run, and so other keys.
	r.door = &door{
		key:   info.WorkflowExecution.ID + "#" + train.ShortSHA(info.FirstRunID),
		holds: func() []train.Hold { return r.Holds },
		held:  r.awaitHolds,
		ended: func() bool { return r.ending != "" },
	}
	return r
}

// setup opens the doors through which others talk to the release.
func (r *release) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, train.QueryStatus, func() (train.Status, error) {
		return r.Status(), nil
	}); err != nil {
		return fmt.Errorf("register the status query: %w", err)
	}
	workflow.Go(ctx, r.hearSupersede)
	workflow.Go(ctx, r.hearProgress)
	workflow.Go(ctx, r.hearCancel)
	r.deliver = startDelivery(ctx, r.Train.Name, r.Plan.Day)
	if late := r.DepartedAt.Sub(r.Plan.CutAt); late > train.LateAfter {
		r.Holds = append(r.Holds, train.Hold{
			Kind: train.HoldLate, Since: r.DepartedAt,
			Reason: fmt.Sprintf("departed %s after its cut time", train.Span(late)),
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
	r.end(end, fmt.Sprintf("%s departed while this release was open.", s.By))
}

func (r *release) hearProgress(ctx workflow.Context) {
	progress := workflow.GetSignalChannel(ctx, train.SignalDeployProgress)
	for {
		var d train.Deploy
		progress.Receive(ctx, &d)
		if current := r.DeployOf(d.Environment); current.Running() && current.Attempt == d.Attempt && current.Tag == d.Tag {
			r.SetDeploy(d)
			r.waitsForDeploy(ctx, d.Environment)
		}
	}
}

// hearCancel makes Temporal's own cancel mean the command of that name.
func (r *release) hearCancel(ctx workflow.Context) {
	ctx.Done().Receive(ctx, nil)
	r.end(train.EndCancelled, "Cancelled in Temporal.")
}

// end tells the main line to stop at its next wait; the first reason counts.
func (r *release) end(end train.End, why string) {
	if r.ending == "" {
		r.ending, r.endingWhy = end, why
	}
}

// depart closes older releases of the train, so that the changelog's base cannot race.
func (r *release) depart(ctx workflow.Context) error {
	r.enter(ctx, train.Departing, train.Waiting{
		For: train.WaitNothing, What: "older releases of the train to end", Next: "main is tagged",
	})
	r.tell(r.coordination(ptr(r.DepartedEvent())))
	_, err := call(ctx, r.door, watching("Older releases of the train are told and end first", r.Train.Poll.Deploy.D(), deployTakesAtMost),
		releases.CloseOlder, train.CloseOlderInput{Train: r.Train.Name, Self: r.id, Poll: r.Train.Poll})
	return r.orStuck(ctx, "closing older releases", err)
}

// watch keeps the release open after production, so that it can still be acted upon.
func (r *release) watch(ctx workflow.Context) error {
	until := r.Plan.WindowCloses
	if next := r.Plan.NextCutAt; !next.IsZero() && next.Before(until) {
		until = next
	}
	r.enter(ctx, train.Watching, train.Waiting{
		For: train.WaitTime, What: "the window to close", Next: "the release ends as released", NextAt: until,
	})
	r.tell(r.coordination(ptr(r.ReleasedEvent())))
	err := r.sleepUntil(ctx, until, fmt.Sprintf("%s is in production: watching until the window closes", r.Candidate.Tag), never)
	r.end(train.EndReleased, fmt.Sprintf("%s went to production %s.", r.Candidate.Tag, train.When(r.ReleasedAt, r.Train.Location())))
	return err
}

// close says how the release ended and gives its summary.
func (r *release) close(ctx workflow.Context, err error) (train.Summary, error) {
	if err != nil && !errors.Is(err, errEnding) {
		return train.Summary{}, err
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	r.End, r.EndWhy, r.EndedAt = r.ending, r.endingWhy, workflow.Now(ctx)
	if !r.ReleasedAt.IsZero() {
		r.End = train.EndReleased // what ended the watch does not undo the release
	}
	r.enter(ctx, train.Ended, train.Waiting{For: train.WaitNothing, What: "nothing"})
	last := r.coordination(ptr(r.EndEvent()))
	last.Last = true
	r.tell(last)
	return r.Summary(), r.deliver.flush(ctx)
}

// orStuck passes success and endings on. Any other failure is one that retries
// did not mend: the release says so and stays open for people.
func (r *release) orStuck(ctx workflow.Context, doing string, err error) error {
	if err == nil || errors.Is(err, errEnding) {
		return err
	}
	problem := sentence(err)
	workflow.GetLogger(ctx).Error("The release is stuck", "doing", doing, "problem", problem)
	r.waitFor(ctx, train.Waiting{
		For: train.WaitPerson, What: fmt.Sprintf("a person: %s failed: %s", doing, problem),
		Next: "after the cause is mended, cancel this release and start the day again",
	})
	r.tell(r.coordinationLoud(r.StuckEvent(doing, problem)))
	return r.until(ctx, never)
}

func never() bool { return false }

// until waits for a condition; errEnding when the release was told to end first.
func (r *release) until(ctx workflow.Context, cond func() bool) error {
	if err := workflow.Await(r.awake(ctx), func() bool { return cond() || r.ending != "" }); err != nil {
		return err
	}
	if !cond() {
		return errEnding
	}
	return nil
}

// sleepUntil waits for an instant or a condition, whichever comes first, and
// leaves no timer behind. See ENGINEERING.md section 5, fact 6.
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

// awaitHolds waits until none of the holds that a step obeys stands.
func (r *release) awaitHolds(ctx workflow.Context, step train.Step) error {
	before := r.Waiting
	holds := step.Blocking(r.Holds)
	r.waitFor(ctx, train.Waiting{
		For: train.WaitHold, What: fmt.Sprintf("the hold %s to end: %s", holds[0].Kind, holds[0].Reason),
		Next: fmt.Sprintf("%s goes on", step), NextAt: holds[0].Until,
	})
	r.tell(r.coordinationLoud(r.HeldEvent(step, holds)))
	if err := r.until(ctx, func() bool { return len(step.Blocking(r.Holds)) == 0 }); err != nil {
		return err
	}
	r.waitFor(ctx, before)
	return nil
}

// sentence is what people read of an activity's error: the innermost application message.
func sentence(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return "no answer in time"
	}
	return err.Error()
}

func ptr[T any](v T) *T { return &v }
