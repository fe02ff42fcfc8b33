package workflows

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// door is the one way from a workflow to the outside. A write goes through
// write, a read or a wait through call; nothing else executes an activity.
//
// A write waits until no hold that its step obeys stands, gets a key that is
// the same in every retry, and is retried only for faults that a retry can
// mend. What must hold at the very moment of the effect (tag, window) is
// re-checked by the activity itself, which returns "held" as a value.
type door struct {
	// key begins all idempotency keys: the workflow's ID and first run.
	key string
	// holds are those that stand now; nil: the workflow knows none.
	holds func() []train.Hold
	// held waits until no hold that the step obeys stands, and says so meanwhile.
	held func(ctx workflow.Context, step train.Step) error
	// ended says that the workflow has been told to end; nil: it never is.
	ended func() bool
}

// pass waits until the step may be taken.
func (d *door) pass(ctx workflow.Context, step train.Step) error {
	for d.holds != nil && len(step.Blocking(d.holds())) > 0 {
		if err := d.held(ctx, step); err != nil {
			return err
		}
	}
	if d.ended != nil && d.ended() {
		return errEnding
	}
	return nil
}

// write takes an outside effect: one step, its attempt (from 1), the activity
// and its input, made with the step's idempotency key.
func write[In, Out any](ctx workflow.Context, d *door, step train.Step, attempt int, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), input func(key string) In,
) (Out, error) {
	if err := d.pass(ctx, step); err != nil {
		var none Out
		return none, err
	}
	return call(ctx, d, opts, activity, input(train.Key(d.key, string(step), attempt)))
}

// call executes an activity and waits for it. When the workflow is told to end
// first, the wait is given up and errEnding returned.
func call[In, Out any](ctx workflow.Context, d *door, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	return start(ctx, d, opts, activity, in).get(ctx)
}

// pending is an activity that has been started.
type pending[Out any] struct {
	future workflow.Future
	stop   workflow.CancelFunc
	ended  func() bool
}

func start[In, Out any](ctx workflow.Context, d *door, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) pending[Out] {
	// Temporal's own cancel is a command here, not the end of what is awaited.
	own, _ := workflow.NewDisconnectedContext(ctx)
	own, stop := workflow.WithCancel(own)
	p := pending[Out]{stop: stop, ended: d.ended}
	p.future = workflow.ExecuteActivity(workflow.WithActivityOptions(own, opts), activity, in)
	return p
}

// done says whether the result is there.
func (p pending[Out]) done() bool { return p.future.IsReady() }

// get waits for the result.
func (p pending[Out]) get(ctx workflow.Context) (Out, error) {
	var out Out
	awake, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := workflow.Await(awake, func() bool { return p.done() || p.ended != nil && p.ended() }); err != nil {
		return out, err
	}
	if !p.done() {
		p.stop()
		return out, errEnding
	}
	return out, p.future.Get(awake, &out)
}

// Times that activity options are made of.
const (
	// answerWithin bounds one try of a short activity: a few calls of at most
	// 30 s each. The changelog of a large release pages through many.
	answerWithin = 5 * time.Minute
	// mendedWithin is how long a short activity is retried while an outside
	// system is down: a night. After it the release asks people.
	mendedWithin = 12 * time.Hour
	// lostWithin is how soon a worker that was killed in the middle of a short
	// activity is missed. activities.KeepAlive beats for it.
	lostWithin = 20 * time.Second
	// slowestRetry keeps retries frequent enough for a person who waits.
	slowestRetry = time.Minute
	// deployTakesAtMost bounds the wait for somebody else's deploy: the three
	// limits of a deploy and their slack.
	deployTakesAtMost = 4 * time.Hour
)

// short are the options of an activity that makes a few calls.
func short(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clip(summary),
		StartToCloseTimeout:    answerWithin,
		ScheduleToCloseTimeout: mendedWithin,
		HeartbeatTimeout:       lostWithin,
		RetryPolicy:            retries(),
	}
}

// watching are the options of an activity that looks at something every poll,
// for at most a time. It heartbeats at every look; the heartbeat time-out allows
// for one that is late, and finds a lost worker. It decides by itself when its
// time is over; the other time-outs only catch one that cannot, because the
// system it looks at does not answer.
func watching(summary string, poll, atMost time.Duration) workflow.ActivityOptions {
	const slack = 15 * time.Minute
	return workflow.ActivityOptions{
		Summary:                clip(summary),
		StartToCloseTimeout:    atMost + slack,
		ScheduleToCloseTimeout: atMost + slack,
		HeartbeatTimeout:       max(5*time.Second, poll*12/5),
		RetryPolicy:            retries(),
	}
}

// retries repeats what a retry can mend, without a bound in number: activities
// mark what cannot be mended as non-retryable, and time-outs bound the rest.
func retries() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: slowestRetry}
}

// clip keeps a summary within Temporal's 200 bytes.
func clip(summary string) string {
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
