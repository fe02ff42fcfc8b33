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
// mend. What must hold at the very moment of the effect (holds, tag, window) is
// re-checked by the activity itself, which returns holds as a value; the write
// then waits for them here.
type door struct {
	// key begins all idempotency keys: the workflow's ID and first run.
	key string
	// holds are those that stand now and that the step obeys; nil: the workflow knows none.
	holds func(step train.Step) []train.Hold
	// held waits until no hold that the step obeys stands, and says so meanwhile.
	held func(ctx workflow.Context, step train.Step) error
	// met takes holds that an activity ran into at the last moment; nil: no step
	// of this workflow meets any.
	met func(ctx workflow.Context, holds []train.Hold)
	// interrupted says why what is awaited must be given up; nil: nothing interrupts.
	interrupted func() error
}

// pass waits until the step may be taken.
func (d *door) pass(ctx workflow.Context, step train.Step) error {
	for d.holds != nil && len(d.holds(step)) > 0 {
		if err := d.held(ctx, step); err != nil {
			return err
		}
	}
	if d.interrupted != nil {
		return d.interrupted()
	}
	return nil
}

// guarded is the result of a write that may have run into holds instead.
type guarded interface{ Met() []train.Hold }

// write takes an outside effect: one step, its attempt (from 1), the activity
// and its input, made with the step's idempotency key.
func write[In, Out any](ctx workflow.Context, d *door, step train.Step, attempt int, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), input func(key string) In,
) (Out, error) {
	for {
		if err := d.pass(ctx, step); err != nil {
			var none Out
			return none, err
		}
		out, err := call(ctx, d, opts, activity, input(train.Key(d.key, string(step), attempt)))
		g, ok := any(out).(guarded)
		if err != nil || !ok || len(g.Met()) == 0 || d.met == nil {
			return out, err
		}
		d.met(ctx, g.Met()) // nothing was done: wait at the door
	}
}

// call executes an activity and waits for it, unless it is interrupted first.
func call[In, Out any](ctx workflow.Context, d *door, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	return start(ctx, d, opts, activity, in).get(ctx)
}

// pending is an activity that has been started.
type pending[Out any] struct {
	future      workflow.Future
	stop        workflow.CancelFunc
	interrupted func() error
}

func start[In, Out any](ctx workflow.Context, d *door, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In,
) pending[Out] {
	// Temporal's own cancel is a command here, not the end of what is awaited.
	own, _ := workflow.NewDisconnectedContext(ctx)
	own, stop := workflow.WithCancel(own)
	p := pending[Out]{stop: stop, interrupted: d.interrupted}
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
	interrupted := func() error {
		if p.interrupted == nil {
			return nil
		}
		return p.interrupted()
	}
	if err := workflow.Await(awake, func() bool { return p.done() || interrupted() != nil }); err != nil {
		return out, err
	}
	if !p.done() {
		p.stop()
		return out, interrupted()
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
