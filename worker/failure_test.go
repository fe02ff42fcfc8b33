package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// until waits until a release's status is as wanted.
func (p *place) until(id, what string, wanted func(train.Status) bool) train.Status {
	p.t.Helper()
	var st train.Status
	require.Eventually(p.t, func() bool {
		value, err := p.client.QueryWorkflow(p.ctx, id, "", train.QueryStatus)
		st = train.Status{}
		return err == nil && value.Get(&st) == nil && wanted(st)
	}, 2*time.Minute, 50*time.Millisecond, "never came: %s; the worker's log:\n%s", what, p.workerLog())
	return st
}

func TestADeployWhoseRunnerBreaksDownIsTriedAgainByItselfAndReleased(t *testing.T) {
	p := newPlace(t)
	for _, job := range []string{"deploy-staging", "promote-production", "smoke-production"} {
		p.sandbox.FailTimes(job, "runner_system_failure", 1)
	}
	p.startWorker()
	id := p.depart(10 * time.Second)
	s := p.released(id)
	assert.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, map[string]int{"failed": 1, "success": 1}, p.jobs(p.train.Project, "deploy-staging"))
	assert.Equal(t, map[string]int{"failed": 1, "success": 1}, p.jobs(p.train.Project, "promote-production"),
		"what is there is not deployed again for its smoke tests")
	assert.Equal(t, map[string]int{"failed": 1, "success": 1}, p.jobs(p.train.Project, "smoke-production"))
	assert.Len(t, p.sandbox.DORADeployments(), 2,
		"it ran in production when its smoke tests broke down, and was released with the next attempt")
	assert.Empty(t, p.sandbox.DORAFailures(), "a runner that breaks down is no failure of the change")
	p.record("flaky-deploy", id, s)
}

func TestARegressionIsRolledBackThroughALostAnswerDeployedAgainAndRolledBackAfterTheEnd(t *testing.T) {
	p := newPlace(t)
	p.sandbox.FailTimes("smoke-production", "script_failure", 1)
	p.sandbox.AddErrors(p.train.Datadog.Service, "production", "x", "panic: nil map", 90)
	p.startWorker()
	// The job that puts the old tag back is started, and the answer is lost.
	p.sandbox.AddFault(sandbox.Fault{System: "gitlab", Method: "POST", Path: "/retry", Times: 1})
	id := p.depart(10 * time.Second)
	st := p.until(id, "the rollback", func(st train.Status) bool {
		return st.Production != nil && st.Production.Outcome == train.DeployRolledBack
	})
	assert.Equal(t, train.MethodRetriedJob, st.Production.Rollback.Method)
	assert.Equal(t, train.RollbackSucceeded, st.Production.Rollback.Outcome, st.Production.Rollback.Cause)
	assert.Equal(t, p.before, p.sandbox.FluxVersion("production").Tag)
	assert.Len(t, p.sandbox.Requests("gitlab", "POST", "/retry"), 2, "the old deploy job and its smoke tests, once each")
	require.NotNil(t, st.Production.Evidence)
	assert.Equal(t, train.LooksRegression, st.Production.Evidence.Looks, st.Production.Evidence.Because)
	assert.True(t, slices.ContainsFunc(st.Holds, func(h train.Hold) bool { return h.Kind == train.HoldRolledBack }))

	retried := p.byTctl()(id, train.RetryDeploy, train.Command{By: "ada", Reason: "it was the database",
		Environment: train.Production})
	require.True(t, retried.Accepted, retried.Sentence)
	s := p.released(id)
	assert.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, s.Tag, p.sandbox.FluxVersion("production").Tag)
	require.Eventually(t, func() bool {
		return len(p.sandbox.DORADeployments()) == 2 &&
			len(p.sandbox.DORAFailures()) == 1
	}, time.Minute, 50*time.Millisecond)
	p.record("rolled-back-retried", id, s)

	// The release has ended. A rollback is one line all the same, under the same lock.
	starter := filepath.Join(built, "starter")
	out, err := exec.CommandContext(p.ctx, "go", "build", "-o", starter, "../starter").CombinedOutput()
	require.NoError(t, err, string(out))
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(p.ctx, starter,
			append([]string{"--config", example, "rollback", "--train", "api", "--environment", "production", "--by", "ada"},
				args...)...)
		cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+p.server.Address)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	said, err := run("--reason", "error rate doubled")
	require.Error(t, err)
	assert.Contains(t, said, "--tag is missing: no open release has deployed to production")
	said, err = run("--reason", "error rate doubled", "--tag", p.before)
	require.NoError(t, err, said)
	assert.Contains(t, said, "production goes back to "+p.before)
	assert.Contains(t, said, "Rolled back to "+p.before)
	assert.Equal(t, p.before, p.sandbox.FluxVersion("production").Tag)
	require.NoError(t, p.client.GetWorkflow(p.ctx, train.NotifyDeployID(p.train.Production.Lock), "").Get(p.ctx, nil))
	var texts []string
	for _, m := range p.sandbox.Channel(p.train.Slack.Production).Messages {
		texts = append(texts, m.Text)
	}
	assert.Contains(t, texts[len(texts)-1], "Rolled back to")
	p.record("rollback-after-the-end", train.NotifyDeployID(p.train.Production.Lock), s)
}

func TestAHotfixMakesTheJobOutdatedAndSomebodysRunningDeployIsWaitedFor(t *testing.T) {
	p := newPlace(t)
	p.startWorker()
	id := p.depart(10 * time.Second)
	p.reaches(id, train.AtGate)
	tag := p.status(id).Candidate.Tag

	// grace deploys a tag of her own, and takes her time.
	const hers = "api/v2026.11.19.7"
	p.sandbox.Hold("promote-production")
	require.NoError(t, p.sandbox.TagByHand(hers, "main"))
	require.Eventually(t, func() bool { return p.sandbox.PlayByHand(hers, "promote-production") == nil },
		time.Minute, 50*time.Millisecond)
	st := p.until(id, "environment-busy", func(st train.Status) bool {
		return slices.ContainsFunc(st.Holds, func(h train.Hold) bool { return h.Kind == train.HoldEnvironmentBusy })
	})
	assert.Contains(t, st.Waiting.What, "started by grace, deploys to production")
	p.sandbox.Release("promote-production")
	p.until(id, "drift", func(st train.Status) bool {
		return len(st.Holds) == 1 && st.Holds[0].Kind == train.HoldDrift
	})
	assert.Empty(t, p.jobs(p.train.Project, "nothing"))
	accepted := p.byUpdate()(id, train.Acknowledge,
		train.Command{By: "ada", Reason: "agreed with grace", Hold: train.HoldDrift})
	require.True(t, accepted.Accepted, accepted.Sentence)
	s := p.released(id)
	assert.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, tag, p.sandbox.FluxVersion("production").Tag)
	made := 0
	for _, pl := range p.sandbox.Pipelines(p.train.Project) {
		if pl.Ref == tag && pl.Source == "api" {
			made++
		}
	}
	assert.Equal(t, 1, made, "GitLab refuses the candidate's own job, one new pipeline on its tag deploys it")
	p.record("busy-drift-outdated", id, s)
}

func TestFluxThatGivesUpIsAskedAboutAndCancelWithForcePutsBackWhatRan(t *testing.T) {
	p := newPlace(t)
	p.sandbox.SetFlux("staging", "stalled")
	p.startWorker()
	id := p.depart(10 * time.Second)
	st := p.until(id, "the failed rollout", func(st train.Status) bool { return st.Staging.Failed() })
	assert.Contains(t, st.Staging.Cause, "Flux has given up on "+st.Candidate.Tag)
	p.sandbox.SetFlux("staging", "")
	update := p.byUpdate()
	d := update(id, train.RetryDeploy, train.Command{By: "ada", Environment: train.Staging})
	require.True(t, d.Accepted, d.Sentence)
	p.sandbox.Hold("promote-production")
	p.running(p.train.Project, "promote-production")
	p.until(id, "the job is followed", func(st train.Status) bool {
		return st.Production != nil &&
			st.Production.Step == train.DeployRunsJob
	})
	d = update(id, train.Cancel, train.Command{By: "ada", Reason: "wrong candidate", Force: true})
	require.True(t, d.Accepted, d.Sentence)
	require.Eventually(t, func() bool { return p.jobs(p.train.Project, "promote-production")["canceled"] == 1 },
		time.Minute, 20*time.Millisecond, "the job never ends by itself")
	p.sandbox.Release("promote-production") // what runs before comes back by a job of the same name
	s := p.summary(id)
	assert.Equal(t, train.EndRolledBack, s.End, s.Why)
	assert.Equal(t, map[string]int{"canceled": 1}, p.jobs(p.train.Project, "promote-production"))
	assert.Equal(t, p.before, p.sandbox.FluxVersion("production").Tag)
	p.record("flux-stalled-cancelled", id, s)
}
