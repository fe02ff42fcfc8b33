package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// rollback sends a rollback to the open release that deployed there. Where none
// did, it starts the rollback itself, under the same lock, and follows it.
func (a *app) rollback(ctx context.Context, t train.Train, e rules.Definition, day string, in train.Command) error {
	c, namespace, err := a.temporal(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if in.Environment == "" {
		in.Environment = train.Production
	}
	ofRelease, err := releaseDeployed(ctx, c, namespace, t, day, in.Environment)
	if err != nil {
		return err
	}
	if ofRelease {
		answer, err := a.send(ctx, t, e, day, in)
		if err == nil {
			a.printf("%s\n", answer.Sentence)
		}
		return err
	}
	order, err := rollbackOrder(t, in)
	if err != nil {
		return err
	}
	return a.startRollback(ctx, c, t, order)
}

// releaseDeployed says whether an open release has deployed to an environment.
// A release that is named must be open.
func releaseDeployed(ctx context.Context, c client.Client, namespace string, t train.Train, day string,
	env train.EnvironmentName) (bool, error) {
	id, err := findRelease(ctx, c, namespace, t.Name, day)
	if err != nil {
		if day != "" {
			return false, err
		}
		return false, nil // none is open
	}
	st, err := status(ctx, c, id)
	if err != nil {
		return false, err
	}
	d := st.Staging
	if env == train.Production {
		d = st.Production
	}
	return st.End == "" && d != nil && d.Outcome != train.DeployHeld, nil
}

// rollbackOrder checks what the release would check.
func rollbackOrder(t train.Train, in train.Command) (train.RollbackOrder, error) {
	order := train.RollbackOrder{Environment: in.Environment, To: train.Version{Tag: in.Tag}, By: in.By, Reason: in.Reason}
	switch {
	case in.Environment != train.Staging && in.Environment != train.Production:
		return order, fmt.Errorf("--environment %s is none: write staging or production", in.Environment)
	case in.Tag == "":
		return order, fmt.Errorf("--tag is missing: no open release has deployed to %s, so name the tag to go back to",
			in.Environment)
	case in.Reason == "":
		return order, errors.New("--reason is missing: say why")
	case in.By == "":
		return order, errors.New("--by is missing: say who asks")
	}
	if _, err := train.ParseTag(t.TagPrefix, in.Tag); err != nil {
		return order, fmt.Errorf("--tag: %w", err)
	}
	if refusal := rules.PolicyRefuses(t.Policy, train.Rollback, in); refusal != nil {
		return order, errors.New(words.Refusal(refusal, t.Location()))
	}
	return order, nil
}

// startRollback starts the rollback and follows it to its end.
func (a *app) startRollback(ctx context.Context, c client.Client, t train.Train, order train.RollbackOrder) error {
	config := t.Environment(order.Environment)
	id := train.DeployID(config.Lock)
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: train.TaskQueue,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary: fmt.Sprintf("Roll %s back to %s, by %s",
			order.Environment, order.To, order.By),
	}, train.DeployWorkflow, train.DeployInput{
		Train: t.Name, Project: t.Project, Environment: order.Environment, Config: config, Attempt: 1, Rollback: &order,
		Datadog: t.Datadog, Announce: &t.Slack, Zone: t.Zone, Poll: t.Poll,
		Key: fmt.Sprintf("%s-rollback-%d", id, time.Now().Unix()),
	})
	var busy *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &busy) {
		return fmt.Errorf("%s is under way, and only one deploy or rollback of %s runs at a time: send it again when that "+
			"has ended", id, order.Environment)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", id, err)
	}
	a.printf("%s goes back to %s. It is %s in Temporal and goes on without this program.\n",
		order.Environment, order.To, id)
	var d train.Deploy
	if err := run.Get(ctx, &d); err != nil {
		if ctx.Err() != nil {
			return errors.New("not followed any further; it goes on by itself")
		}
		return err
	}
	a.printf("%s\n", words.RollbackLine(d.Rollback, words.Plain))
	for _, r := range d.Rollback.Refused {
		a.printf("  %s\n", r)
	}
	if !d.Rollback.Restored() {
		return errors.New("the rollback did not succeed")
	}
	return nil
}
