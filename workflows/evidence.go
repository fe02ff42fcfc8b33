package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// askForEvidence asks what a failed deploy did to its service, beside what else has
// to be done about it; nil: Datadog is not used, or nothing was deployed.
func (d *deployAttempt) askForEvidence(ctx workflow.Context) *pendingActivity[train.Evidence] {
	if d.in.Datadog == nil || d.JobID == 0 {
		return nil
	}
	p := startActivity(ctx, d.uninterruptible, bestEffortActivity(words.WhatDatadogSays(d.Tag, d.Environment)),
		datadog.Evidence,
		train.EvidenceInput{
			Service: d.in.Datadog.Service, Environment: d.Environment, Tag: d.Tag, From: d.StartedAt,
		})
	return &p
}

// takeEvidence records what Datadog said, and what the failure looks like.
func (d *deployAttempt) takeEvidence(ctx workflow.Context, pending *pendingActivity[train.Evidence]) {
	if pending == nil {
		return
	}
	e, err := pending.get(ctx)
	if err != nil {
		e = train.Evidence{Problem: errorSentence(err)}
	}
	verdict := rules.JudgeEvidence(e, d.Deploy)
	e.Looks, e.Because = verdict.Looks, words.Because(verdict, e, d.Deploy)
	d.Evidence = &e
}

// bestEffortActivity are the options of an activity that nothing may wait for: Datadog
// being down never holds a release.
func bestEffortActivity(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clipSummary(summary),
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second,
			BackoffCoefficient: 2, MaximumAttempts: 3},
	}
}
