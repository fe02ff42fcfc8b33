package workflows

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// executor is the one way from a workflow to the outside. A write goes through
// write, a read or a wait through call; nothing else executes an activity.
//
// A write waits until no hold that its step obeys stands, gets a key that is
// the same in every retry, and is retried only for faults that a retry can
// mend. What must hold at the very moment of the effect (holds, tag, window) is
// re-checked by the activity itself, which returns holds as a value; the write
// then waits for them here.
type executor struct {
	// keyPrefix begins all idempotency keys: the workflow's ID and first run.
	keyPrefix string
	// blocking are the holds that stand now and that the step obeys; nil: the workflow knows none.
	blocking func(step train.Step) []train.Hold
	// awaitHolds waits until no hold that the step obeys stands, and says so meanwhile.
	awaitHolds func(ctx workflow.Context, step train.Step) error
	// addHolds takes holds that an activity ran into at the last moment; nil: no step
	// of this workflow meets any.
	addHolds func(ctx workflow.Context, holds []train.Hold)
	// interrupted says why what is awaited must be given up; nil: nothing interrupts.
	interrupted func() error
	// late takes the result of a write that had begun when the main line was
	// interrupted: it may have taken effect all the same. nil: nothing is interrupted.
	late func(ctx workflow.Context, step train.Step, result any, err error)
	// inBackground runs what nobody waits for, and counts it.
	inBackground func(ctx workflow.Context, run func(ctx workflow.Context))
	// subject names what a step is about; its keys hold it. nil: they need none.
	subject func(step train.Step) string
}

// awaitPermission waits until the step may be taken.
func (d *executor) awaitPermission(ctx workflow.Context, step train.Step) error {
	for d.blocking != nil && len(d.blocking(step)) > 0 {
		if err := d.awaitHolds(ctx, step); err != nil {
			return err
		}
	}
	if d.interrupted != nil {
		return d.interrupted()
	}
	return nil
}

// stoppable is the result of a write that may have run into holds instead.
type stoppable interface{ BlockingHolds() []train.Hold }

// write takes an outside effect: one step, its attempt (from 1), the activity
// and its input, made with the step's idempotency key. A write that has begun is
// never forgotten: where the main line is interrupted meanwhile, it is awaited in
// the background, and late decides what becomes of its effect.
func write[In, Out any](ctx workflow.Context, d *executor, step train.Step, attempt int, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), input func(key string) In,
) (Out, error) {
	for {
		if err := d.awaitPermission(ctx, step); err != nil {
			var none Out
			return none, err
		}
		begun := startActivity(ctx, d, opts, activity, input(d.key(step, attempt)))
		if err := begun.awaitEnd(ctx); err != nil {
			leave(ctx, d, step, begun)
			var none Out
			return none, err
		}
		out, err := begun.get(ctx)
		g, ok := any(out).(stoppable)
		if err != nil || !ok || len(g.BlockingHolds()) == 0 || d.addHolds == nil {
			return out, err
		}
		d.addHolds(ctx, g.BlockingHolds()) // nothing was done: wait until they end
	}
}

// leave awaits in the background a write that the main line no longer waits for.
func leave[Out any](ctx workflow.Context, d *executor, step train.Step, begun pendingActivity[Out]) {
	begun.interrupted = nil
	d.inBackground(ctx, func(ctx workflow.Context) {
		out, err := begun.get(ctx)
		d.late(ctx, step, out, err)
	})
}

// key is the idempotency key of a step: the workflow's run, the step with what it
// is about, and the attempt.
func (d *executor) key(step train.Step, attempt int) string {
	name := string(step)
	if d.subject != nil {
		if subject := d.subject(step); subject != "" {
			name += "/" + subject
		}
	}
	return train.Key(d.keyPrefix, name, attempt)
}

// call executes an activity and waits for it, unless it is interrupted first.
func call[In, Out any](ctx workflow.Context, d *executor, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	return startActivity(ctx, d, opts, activity, in).get(ctx)
}

// pendingActivity is an activity that has been started.
type pendingActivity[Out any] struct {
	future      workflow.Future
	stop        workflow.CancelFunc
	interrupted func() error
}

func startActivity[In, Out any](ctx workflow.Context, d *executor, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) pendingActivity[Out] {
	// Temporal's own cancel is a command here, not the end of what is awaited.
	own, _ := workflow.NewDisconnectedContext(ctx)
	own, stop := workflow.WithCancel(own)
	p := pendingActivity[Out]{stop: stop, interrupted: d.interrupted}
	p.future = workflow.ExecuteActivity(workflow.WithActivityOptions(own, opts), activity, in)
	return p
}

// done says whether the result is there.
func (p pendingActivity[Out]) done() bool { return p.future.IsReady() }

// awaitEnd waits until the result is there, or gives the interruption that came first.
func (p pendingActivity[Out]) awaitEnd(ctx workflow.Context) error {
	awake, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	interrupted := func() error {
		if p.interrupted == nil {
			return nil
		}
		return p.interrupted()
	}
	if err := workflow.Await(awake, func() bool { return p.done() || interrupted() != nil }); err != nil {
		return err
	}
	if !p.done() {
		return interrupted()
	}
	return nil
}

// get waits for the result; what is interrupted first is stopped.
func (p pendingActivity[Out]) get(ctx workflow.Context) (Out, error) {
	var out Out
	if err := p.awaitEnd(ctx); err != nil {
		p.stop()
		return out, err
	}
	awake, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return out, p.future.Get(awake, &out)
}

// Times that activity options are made of.
const (
	// answeredWithin bounds one try of a short activity: a few calls of at most
	// 30 s each. The changelog of a large release pages through many.
	answeredWithin = 5 * time.Minute
	// retriedWithin is how long a short activity is retried while an outside
	// system is down: a night. After it the release asks people.
	retriedWithin = 12 * time.Hour
	// answerWithin is how long a person waits for the answer to a command.
	answerWithin = 8 * time.Second
	// tryAgainAfter is how soon a step that failed for a reason outside the
	// candidate is tried again by itself.
	tryAgainAfter = 5 * time.Minute
	// lostWithin is how soon a worker that was killed in the middle of a short
	// activity is missed. activities.Heartbeats sends heartbeats for it.
	lostWithin = 20 * time.Second
	// slowestRetry keeps retries frequent enough for a person who waits.
	slowestRetry = time.Minute
	// deployTakesAtMost bounds the wait for somebody else's deploy: the three
	// limits of a deploy and their slack.
	deployTakesAtMost = 4 * time.Hour
)

// shortActivity are the options of an activity that makes a few calls.
func shortActivity(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clipSummary(summary),
		StartToCloseTimeout:    answeredWithin,
		ScheduleToCloseTimeout: retriedWithin,
		HeartbeatTimeout:       lostWithin,
		RetryPolicy:            retries(),
	}
}

// pollingActivity are the options of an activity that looks at something every poll,
// for at most a time. It heartbeats at every look; the heartbeat time-out allows
// for one that is late, and finds a lost worker. It decides by itself when its
// time is over; the other time-outs only catch one that cannot, because the
// system it looks at does not answer.
func pollingActivity(summary string, poll, atMost time.Duration) workflow.ActivityOptions {
	const slack = 15 * time.Minute
	return workflow.ActivityOptions{
		Summary:                clipSummary(summary),
		StartToCloseTimeout:    atMost + slack,
		ScheduleToCloseTimeout: atMost + slack,
		HeartbeatTimeout:       max(5*time.Second, poll*12/5),
		RetryPolicy:            retries(),
	}
}

// answerNow are the options of an activity whose result a person waits for: an
// update that waits longer blocks others.
func answerNow(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clipSummary(summary),
		StartToCloseTimeout:    answerWithin,
		ScheduleToCloseTimeout: answerWithin,
		RetryPolicy:            retries(),
	}
}

// retries repeats what a retry can mend, without a bound in number: activities
// mark what cannot be mended as non-retryable, and time-outs bound the rest.
func retries() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: slowestRetry}
}

// clipSummary keeps a summary within Temporal's 200 bytes.
func clipSummary(summary string) string {
	const limit = 200
	if len(summary) <= limit {
		return summary
	}
	cut := limit - len("…")
	for cut > 0 && summary[cut]&0xC0 == 0x80 { // never inside a rune
		cut--
	}
	return fmt.Sprintf("%s…", summary[:cut])
}
