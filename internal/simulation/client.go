package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// temporalClient is the Temporal client that activities have: it reaches the
// workflows of the same environment. What activities do not call panics.
type temporalClient struct {
	client.Client
	world *world
}

// ask lets a fault of Temporal itself strike.
func (c temporalClient) ask(ctx context.Context, method string) error {
	t := taskOf(ctx)
	if t == nil {
		return nil
	}
	return t.faults.temporal(t, method)
}

func (c temporalClient) DescribeWorkflowExecution(
	ctx context.Context,
	id, _ string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if err := c.ask(ctx, "describe"); err != nil {
		return nil, err
	}
	e := c.world.executions[id]
	if e == nil {
		return nil, serviceerror.NewNotFound("no execution " + id)
	}
	status := enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	if e.open {
		status = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id}, Status: status,
	}}, nil
}

func (c temporalClient) QueryWorkflow(
	ctx context.Context,
	id, _, kind string,
	args ...any,
) (converter.EncodedValue, error) {
	if err := c.ask(ctx, "query"); err != nil {
		return nil, err
	}
	return c.world.env.QueryWorkflowByID(id, kind, args...)
}

func (c temporalClient) SignalWorkflow(ctx context.Context, id, _, name string, arg any) error {
	if err := c.ask(ctx, "signal"); err != nil {
		return err
	}
	if e := c.world.executions[id]; e == nil || !e.open {
		return serviceerror.NewNotFound("no open execution " + id)
	}
	return c.world.env.SignalWorkflowByID(id, name, arg)
}

var startsWith = regexp.MustCompile(`STARTS_WITH '([^']*)'`)

func (c temporalClient) ListWorkflow(
	ctx context.Context,
	r *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	if err := c.ask(ctx, "list"); err != nil {
		return nil, err
	}
	prefix := startsWith.FindStringSubmatch(r.GetQuery())
	if prefix == nil {
		return nil, serviceerror.NewInvalidArgument("the simulation does not know this query: " + r.GetQuery())
	}
	out := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, id := range c.world.openIDs() {
		if strings.HasPrefix(id, prefix[1]) {
			out.Executions = append(
				out.Executions,
				&workflowpb.WorkflowExecutionInfo{Execution: &commonpb.WorkflowExecution{WorkflowId: id}},
			)
		}
	}
	return out, nil
}

// startOperation is what is to be started with an update.
type startOperation struct {
	client.WithStartWorkflowOperation
	options client.StartWorkflowOptions
	kind    string
	input   any
}

func (c temporalClient) NewWithStartWorkflowOperation(
	o client.StartWorkflowOptions,
	kind any,
	args ...any,
) client.WithStartWorkflowOperation {
	return startOperation{options: o, kind: kind.(string), input: args[0]}
}

// start starts what does not run and waits until it does.
func (c temporalClient) start(ctx context.Context, start startOperation) error {
	w, id := c.world, start.options.ID
	if e := w.executions[id]; e != nil && e.open {
		return nil
	}
	w.startWorkflow(id, start.kind, start.input, time.Time{})
	for e := w.executions[id]; e == nil || !e.open; e = w.executions[id] {
		if err := taskOf(ctx).Sleep(ctx, startDelay); err != nil {
			return err
		}
	}
	return nil
}

func (c temporalClient) ExecuteWorkflow(
	ctx context.Context,
	o client.StartWorkflowOptions,
	kind any,
	args ...any,
) (client.WorkflowRun, error) {
	if err := c.ask(ctx, "start"); err != nil {
		return nil, err
	}
	return nil, c.start(ctx, startOperation{options: o, kind: kind.(string), input: args[0]})
}

// lookAgain is how often a task looks whether an update was answered.
const lookAgain = 100 * time.Millisecond

func (c temporalClient) UpdateWithStartWorkflow(
	ctx context.Context,
	o client.UpdateWithStartWorkflowOptions,
) (client.WorkflowUpdateHandle, error) {
	if err := c.ask(ctx, "update"); err != nil {
		return nil, err
	}
	t, w := taskOf(ctx), c.world
	start := o.StartWorkflowOperation.(startOperation)
	id := start.options.ID
	if err := c.start(ctx, start); err != nil {
		return nil, err
	}
	a := &answer{}
	u := o.UpdateOptions
	if err := w.env.UpdateWorkflowByID(id, u.UpdateName, u.UpdateID, a, u.Args...); err != nil {
		return nil, err
	}
	for !a.done {
		if !w.executions[id].open {
			return nil, serviceerror.NewNotFound(id + " ended before it answered")
		}
		if err := t.Sleep(ctx, lookAgain); err != nil {
			return nil, err
		}
	}
	return updateHandle{answer: a}, nil
}

type updateHandle struct {
	client.WorkflowUpdateHandle
	answer *answer
}

func (h updateHandle) Get(_ context.Context, into any) error {
	if h.answer.err != nil {
		return h.answer.err
	}
	return copyValue(h.answer.result, into)
}

// answer is what an update was answered.
type answer struct {
	done   bool
	result any
	err    error
	then   func(*answer)
}

// Accept is told that the validator has let the update in.
func (a *answer) Accept() {}

// Reject is told that the validator has refused it.
func (a *answer) Reject(err error) { a.Complete(nil, err) }

// Complete is told how it was answered.
func (a *answer) Complete(result any, err error) {
	a.done, a.result, a.err = true, result, err
	if a.then != nil {
		a.then(a)
	}
}

// copyValue hands a value over as payloads do.
func copyValue(from, into any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("encode a value: %w", err)
	}
	return json.Unmarshal(raw, into)
}

func copyValues(from, into []any) error {
	if len(from) < len(into) {
		return errors.New("too few values")
	}
	for i := range into {
		if err := copyValue(from[i], into[i]); err != nil {
			return err
		}
	}
	return nil
}

// openIDs are the open executions, in a fixed order.
func (w *world) openIDs() (ids []string) {
	for id, e := range w.executions {
		if e.open {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
