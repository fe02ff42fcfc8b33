package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/workflows"
)

// Signals of the simulation itself; workflows never see them.
const (
	signalStart = "simulation-start" // to the driver: start a workflow
	signalWake  = "simulation-wake"  // an activity has ended
	signalEnd   = "simulation-end"   // the day is over for the simulation
	driverID    = "simulation"
)

// execution is a workflow that was started.
type execution struct {
	id, kind string
	open     bool
	runs     int
	result   any
	err      error
	started  time.Time
	ended    time.Time
}

// begin asks the driver to start a workflow of its own.
type begin struct {
	ID    string          `json:"id"`
	Type  string          `json:"type"`
	Input json.RawMessage `json:"input"`
	At    time.Time       `json:"at,omitzero"` // the Schedule's time
	Stop  bool            `json:"stop,omitempty"`
}

// drive is the root workflow: all others are its children, abandoned, so that
// they live in one environment and one time.
func drive(ctx workflow.Context) error {
	starts := workflow.GetSignalChannel(ctx, signalStart)
	for {
		var b begin
		starts.Receive(ctx, &b)
		if b.Stop {
			return nil
		}
		options := workflow.ChildWorkflowOptions{
			WorkflowID: b.ID, TaskQueue: train.TaskQueue, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		}
		if !b.At.IsZero() {
			options.TypedSearchAttributes = temporal.NewSearchAttributes(
				temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(b.At))
		}
		workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), b.Type, b.Input)
	}
}

// newEnvironment is virtual time with all our workflows and activities.
func (w *world) newEnvironment(start time.Time) {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetStartTime(start)
	w.env.SetTestTimeout(time.Minute)
	w.env.SetDetachedChildWait(false)
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: driverID, TaskQueue: train.TaskQueue})
	w.env.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&intercepts{world: w}},
		DeadlockDetectionTimeout: time.Minute,
	})
	w.env.RegisterWorkflowWithOptions(drive, workflow.RegisterOptions{Name: driverID})
	workflows.Register(w.env)
	w.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(errors.New("there is no such workflow"))
	w.env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, err error) {
		if errors.Is(err, activity.ErrResultPending) {
			w.taken(info.ActivityID)
		}
	})
	w.env.SetOnActivityCanceledListener(func(info *activity.Info) { w.cancelled(info.ActivityID) })
}

// startWorkflow starts a workflow from outside.
func (w *world) startWorkflow(id, kind string, input any, at time.Time) {
	raw, err := json.Marshal(input)
	if err != nil {
		panic(err)
	}
	w.env.SignalWorkflow(signalStart, begin{ID: id, Type: kind, Input: raw, At: at})
}

// wake makes an execution look at what has changed.
func (w *world) wake(id string) { _ = w.env.SignalWorkflowByID(id, signalWake, nil) }

// cancelled notes that a workflow does not wait for an activity any more.
func (w *world) cancelled(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.tasks[id]; t != nil {
		t.cancelled = true
	}
}

// taken notes that the environment has handed an activity over to us.
func (w *world) taken(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.tasks[id]; t != nil {
		t.taken = true
	}
}

// stall keeps the time from passing until something is done that a goroutine of
// the environment does. Without it the next timer fires by the machine's time,
// and a busy machine plays another day.
func (w *world) stall(done func() bool) { w.stallUntil(done, time.Now().Add(stalledAtMost)) }

const stalledAtMost = 20 * time.Second

func (w *world) stallUntil(done func() bool, end time.Time) {
	w.env.RegisterDelayedCallback(func() {
		switch {
		case done() || w.stopping:
		case time.Now().After(end):
			w.fail(invariantPanic, "the environment did not start something within %s", stalledAtMost)
		default:
			runtime.Gosched()
			w.stallUntil(done, end)
		}
	}, 0)
}

// intercepts stands between the workflows and the test environment.
type intercepts struct {
	interceptor.WorkerInterceptorBase
	world *world
}

func (i *intercepts) InterceptActivity(
	_ context.Context,
	next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &tasksOf{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, world: i.world}
}

func (i *intercepts) InterceptWorkflow(
	_ workflow.Context,
	next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &workflowIn{
		WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next},
		world:                          i.world,
	}
}

type workflowIn struct {
	interceptor.WorkflowInboundInterceptorBase
	world *world
	ended bool
}

func (i *workflowIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(
		&workflowOut{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: out}, world: i.world},
	)
}

// HandleSignal keeps the simulation's own signals from the workflow.
func (i *workflowIn) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	switch in.SignalName {
	case signalWake:
		return nil
	case signalEnd:
		i.ended = true
		return nil
	}
	return i.Next.HandleSignal(ctx, in)
}

var errDayOver = errors.New("the simulated day is over")

// ExecuteWorkflow keeps the book of executions. The workflow runs beside the
// root coroutine, so that the simulation can end it.
func (i *workflowIn) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	info := workflow.GetInfo(ctx)
	if info.WorkflowExecution.ID == driverID {
		return i.Next.ExecuteWorkflow(ctx, in)
	}
	e := i.world.opened(info.WorkflowExecution.ID, info.WorkflowType.Name)
	var result any
	var err error
	done := false
	workflow.Go(ctx, func(ctx workflow.Context) {
		result, err = i.Next.ExecuteWorkflow(ctx, in)
		done = true
	})
	awake, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if problem := workflow.Await(awake, func() bool { return done || i.ended }); problem != nil {
		return nil, problem
	}
	if !done {
		return nil, errDayOver
	}
	i.world.closed(e, result, err)
	return result, err
}

type workflowOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	world *world
}

// GetInfo gives each execution a first run of its own; the environment has none.
func (o *workflowOut) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *o.Next.GetInfo(ctx)
	if info.FirstRunID == "" {
		info.FirstRunID = info.WorkflowExecution.RunID
	}
	return &info
}

// ExecuteActivity takes the options over: the environment's own time-outs run by
// the machine's time and its retries end after ten (facts 20 and 27).
func (o *workflowOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	t := o.world.schedule(name, workflow.GetInfo(ctx).WorkflowExecution.ID, options)
	options.ActivityID = fmt.Sprint(t.number)
	options.StartToCloseTimeout, options.ScheduleToCloseTimeout = 100*24*time.Hour, 100*24*time.Hour
	options.HeartbeatTimeout, options.RetryPolicy = 0, &temporal.RetryPolicy{MaximumAttempts: 1}
	future := o.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), name, args...)
	o.world.stall(func() bool {
		o.world.mu.Lock()
		defer o.world.mu.Unlock()
		return t.taken || t.cancelled
	})
	return future
}

// ExecuteChildWorkflow says "already started" as a server does.
func (o *workflowOut) ExecuteChildWorkflow(
	ctx workflow.Context,
	kind string,
	args ...any,
) workflow.ChildWorkflowFuture {
	child := o.Next.ExecuteChildWorkflow(ctx, kind, args...)
	o.world.stall(child.GetChildWorkflowExecution().IsReady)
	return childFuture{child}
}

type childFuture struct{ workflow.ChildWorkflowFuture }

func (f childFuture) GetChildWorkflowExecution() workflow.Future {
	return startFuture{f.ChildWorkflowFuture.GetChildWorkflowExecution()}
}

type startFuture struct{ workflow.Future }

func (f startFuture) Get(ctx workflow.Context, into any) error {
	err := f.Future.Get(ctx, into)
	var exists *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &exists) {
		return &temporal.ChildWorkflowExecutionAlreadyStartedError{}
	}
	return err
}
