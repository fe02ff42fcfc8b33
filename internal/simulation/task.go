package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/slack"
)

// task is one activity as a server sees it: its attempts, the waits between
// them, its time-outs. The test environment only learns its end; what a server
// and a worker do meanwhile happens here, in virtual time.
//
// The activity's code runs on a goroutine of its own, but never beside anything
// else: the environment's loop hands the turn to it and waits until it sleeps or
// ends. So whole days are deterministic.
type task struct {
	*world

	number   int
	name     string // the activity's type
	workflow string // the execution that asked for it
	options  workflow.ActivityOptions

	token []byte
	ctx   context.Context
	call  func(context.Context) (any, error)

	scheduled time.Time
	began     time.Time // the attempt
	attempt   int32
	requests  int // of this attempt
	details   []any
	slack     *slack.Client
	taken     bool // the environment waits for us
	cancelled bool
	turn      chan struct{} // the loop gives it
	yielded   chan struct{} // and gets it back
	done      bool
}

type taskKey struct{}

// taskOf is the task that a context belongs to; nil: none.
func taskOf(ctx context.Context) *task {
	t, _ := ctx.Value(taskKey{}).(*task)
	return t
}

// startDelay is how long after its scheduling an activity starts. Whatever is
// scheduled in one instant starts in the order of the schedule.
const startDelay = time.Millisecond

// take puts an activity that the environment has taken up in line.
func (w *world) take(
	ctx context.Context,
	next interceptor.ActivityInboundInterceptor,
	in *interceptor.ExecuteActivityInput,
) (any, error) {
	info := activity.GetInfo(ctx)
	w.mu.Lock()
	t := w.tasks[info.ActivityID]
	t.token, t.ctx = info.TaskToken, context.WithoutCancel(ctx)
	t.call = func(ctx context.Context) (any, error) { return next.ExecuteActivity(ctx, in) }
	w.ready = append(w.ready, t)
	w.mu.Unlock()
	w.env.RegisterDelayedCallback(w.startNext, startDelay)
	return nil, activity.ErrResultPending
}

// startNext starts the task that was scheduled first.
func (w *world) startNext() {
	w.mu.Lock()
	first := 0
	for i, t := range w.ready {
		if t.number < w.ready[first].number {
			first = i
		}
	}
	t := w.ready[first]
	w.ready = append(w.ready[:first], w.ready[first+1:]...)
	w.mu.Unlock()
	if w.stopping || t.cancelled {
		t.done = true
		return
	}
	t.scheduled = w.env.Now()
	w.live = append(w.live, t)
	go t.run()
	w.step(t)
}

// step gives a task the turn until it sleeps or ends.
func (w *world) step(t *task) {
	if t.done || w.stopping {
		return
	}
	t.turn <- struct{}{}
	<-t.yielded
	w.afterStep()
}

// run is the life of a task: attempts until one succeeds or no more is allowed.
func (t *task) run() {
	<-t.turn
	defer func() {
		t.done = true
		t.yielded <- struct{}{}
	}()
	for {
		result, err := t.try()
		if t.cancelled {
			return // nobody waits for it any more
		}
		wait, again := t.again(err)
		if !again {
			t.complete(result, err)
			return
		}
		if t.sleep(wait); t.cancelled {
			return
		}
	}
}

// abandoned ends an attempt where it stands, as the death of its worker or a
// time-out of the server does: nothing of the activity's code runs on.
type abandoned struct{ err error }

// try makes one attempt.
func (t *task) try() (result any, err error) {
	t.attempt++
	t.requests, t.began = 0, t.env.Now()
	ctx, cancel := context.WithCancel(context.WithValue(activities.WithClock(t.ctx, t), taskKey{}, t))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			a, ok := p.(abandoned)
			if !ok {
				a.err = temporal.NewApplicationError(fmt.Sprint("panic: ", p), "PanicError")
				t.fail(invariantPanic, "%s panicked: %v", t.name, p)
			}
			result, err = nil, a.err
		}
	}()
	result, err = t.call(ctx)
	if err == nil && t.faults.losesResult(t) {
		t.die("after its effect, the result was lost")
	}
	return result, err
}

// die is the death of the worker that runs the attempt: the server notices when
// no beat came for the heartbeat time-out.
func (t *task) die(when string) {
	t.say("worker", "the worker that runs %s dies %s", t.name, when)
	missed := t.options.HeartbeatTimeout
	if missed == 0 {
		missed = t.options.StartToCloseTimeout
	}
	t.sleep(missed)
	panic(abandoned{temporal.NewHeartbeatTimeoutError()})
}

// again says whether and when another attempt follows, as the server decides it.
func (t *task) again(err error) (time.Duration, bool) {
	if err == nil {
		return 0, false
	}
	p := t.options.RetryPolicy
	if p == nil {
		p = &temporal.RetryPolicy{}
	}
	initial, coefficient := p.InitialInterval, p.BackoffCoefficient
	if initial == 0 {
		initial = time.Second
	}
	if coefficient == 0 {
		coefficient = 2
	}
	longest := p.MaximumInterval
	if longest == 0 {
		longest = 100 * initial
	}
	wait := time.Duration(math.Min(float64(initial)*math.Pow(coefficient, float64(t.attempt-1)), float64(longest)))
	if app, ok := err.(*temporal.ApplicationError); ok { //nolint:errorlint // a wrapped one is retryable again: fact 8
		if app.NonRetryable() {
			return 0, false
		}
		if next := app.NextRetryDelay(); next > 0 {
			wait = next
		}
	}
	if p.MaximumAttempts > 0 && t.attempt >= p.MaximumAttempts {
		return 0, false
	}
	end := t.scheduled.Add(t.options.ScheduleToCloseTimeout)
	return wait, t.options.ScheduleToCloseTimeout == 0 || t.env.Now().Add(wait).Before(end)
}

// complete tells the workflow how the activity ended.
func (t *task) complete(result any, err error) {
	if e := t.executions[t.workflow]; e == nil || !e.open {
		return
	}
	t.dirty = true
	if err != nil && t.name == "Deliver" {
		t.fail(invariantMessages, "%s gave up: %v", t.name, err)
	}
	if err := t.env.CompleteActivity(t.token, result, err); err != nil {
		panic(err)
	}
	t.wake(t.workflow)
}

// Now is the simulated instant.
func (t *task) Now() time.Time { return t.env.Now() }

// Sleep waits in virtual time, as an activity of ours does.
func (t *task) Sleep(ctx context.Context, d time.Duration) error {
	if end, err := t.deadline(); t.env.Now().Add(d).After(end) {
		t.sleep(end.Sub(t.env.Now()))
		panic(abandoned{err})
	}
	if t.sleep(d); t.cancelled {
		return temporal.NewCanceledError()
	}
	return ctx.Err()
}

// deadline is when the server gives the attempt up, and how it says so.
func (t *task) deadline() (time.Time, error) {
	end := t.began.Add(t.options.StartToCloseTimeout)
	kind := enumspb.TIMEOUT_TYPE_START_TO_CLOSE
	if whole := t.scheduled.Add(t.options.ScheduleToCloseTimeout); t.options.ScheduleToCloseTimeout > 0 &&
		!whole.After(end) {
		end, kind = whole, enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE
	}
	return end, temporal.NewTimeoutError(kind, errors.New("no answer in time"))
}

// sleep gives the turn back for a while.
func (t *task) sleep(d time.Duration) {
	t.env.RegisterDelayedCallback(func() { t.step(t) }, max(d, time.Microsecond))
	t.yielded <- struct{}{}
	<-t.turn
	if t.closing {
		runtime.Goexit()
	}
}

// tasksOf are a worker's interceptors on the activity's side.
type tasksOf struct {
	interceptor.ActivityInboundInterceptorBase
	world *world
}

func (i *tasksOf) Init(out interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&taskInfo{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: out}})
}

func (i *tasksOf) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	return i.world.take(ctx, i.Next, in)
}

// taskInfo tells an activity about its attempt and keeps its heartbeats.
type taskInfo struct {
	interceptor.ActivityOutboundInterceptorBase
}

func (i *taskInfo) GetInfo(ctx context.Context) activity.Info {
	info := i.Next.GetInfo(ctx)
	if t := taskOf(ctx); t != nil {
		info.Attempt, info.ScheduledTime, info.StartedTime = t.attempt, t.scheduled, t.began
	}
	return info
}

func (i *taskInfo) RecordHeartbeat(ctx context.Context, details ...any) {
	if t := taskOf(ctx); t != nil && len(details) > 0 {
		t.details = details
	}
}

func (i *taskInfo) HasHeartbeatDetails(ctx context.Context) bool {
	t := taskOf(ctx)
	return t != nil && len(t.details) > 0
}

func (i *taskInfo) GetHeartbeatDetails(ctx context.Context, into ...any) error {
	return copyValues(taskOf(ctx).details, into)
}
