package activities

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// site is the real clients over a sandbox, with a candidate whose pipeline has
// got to its deploy jobs.
type site struct {
	t       *testing.T
	s       *sandbox.Sandbox
	train   train.Train
	deploys *Deploys
	git     *gitlab.Client
	c       train.Candidate
	before  train.Version
}

func newSite(t *testing.T, change ...func(*train.Train)) *site {
	t.Helper()
	f, err := config.Load("../release.yaml")
	require.NoError(t, err)
	for _, c := range change {
		c(&f.Trains[0])
	}
	pace := 2 * time.Millisecond
	s, err := sandbox.Start(t.Context(), sandbox.Options{
		Trains: f.Trains, Repo: smallRepository(t), Pace: sandbox.Pace{Build: pace, Deploy: pace,
			Flux: pace, Smoke: pace, E2E: pace},
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	git, err := gitlab.New(gitlab.Options{URL: s.GitLabURL(), Token: sandbox.GitLabToken})
	require.NoError(t, err)
	clusters, err := flux.New(flux.Options{Kubeconfig: s.Kubeconfig()})
	require.NoError(t, err)
	dog := &Datadog{API: datadog.New(datadog.Options{URL: s.DatadogURL(), APIKey: sandbox.DatadogAPIKey,
		AppKey: sandbox.DatadogAppKey})}
	holds := &Holds{GitLab: git, Flux: clusters, Trains: noMemory{}}
	p := &site{
		t: t, s: s, train: f.Trains[0], git: git, before: s.FluxVersion("production"),
		deploys: &Deploys{GitLab: &GitLab{API: git, Holds: holds}, Flux: clusters, Datadog: dog},
	}
	p.c = p.tag("api/v2026.11.24.1")
	return p
}

// smallRepository is a git repository with a few commits.
func smallRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"}, {"commit", "--quiet", "--allow-empty", "-m", "Begin"},
		{"commit", "--quiet", "--allow-empty", "-m", "More"},
		{"commit", "--quiet", "--allow-empty", "-m", "Most"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada",
			"GIT_COMMITTER_EMAIL=ada@example.com", "GIT_CONFIG_GLOBAL=/dev/null")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return dir
}

// tag makes a candidate of the head of main and waits for its pipeline.
func (p *site) tag(name string) train.Candidate {
	p.t.Helper()
	head, err := p.git.Head(p.t.Context(), p.train.Project, "main")
	require.NoError(p.t, err)
	_, err = p.git.CreateTag(p.t.Context(), p.train.Project, name, head.SHA, "Release")
	require.NoError(p.t, err)
	c := train.Candidate{Tag: name, SHA: head.SHA}
	require.Eventually(p.t, func() bool { return p.job(c.Tag, p.train.Production.Job).Status == "manual" },
		5*time.Second, 5*time.Millisecond)
	return c
}

// job is the newest job of a name in the newest pipeline of a tag.
func (p *site) job(tag, name string) (newest sandbox.Job) {
	for _, pl := range p.s.Pipelines(p.train.Project) {
		for _, j := range pl.Jobs {
			if pl.Ref == tag && j.Name == name {
				newest = j
			}
		}
	}
	return newest
}

func (p *site) pipeline(tag string) (id int64) {
	for _, pl := range p.s.Pipelines(p.train.Project) {
		if pl.Ref == tag {
			id = int64(pl.ID)
		}
	}
	return id
}

func (p *site) input(after int64) train.PlayDeployInput {
	return train.PlayDeployInput{
		Flux: p.train.Production.Flux,
		Job: train.PlayJobInput{
			Project: p.train.Project, PipelineID: p.pipeline(p.c.Tag), Job: p.train.Production.Job,
			Candidate: p.c, After: after, Key: "k",
			Guard: train.Guard{Train: "api", Project: p.train.Project, Obeys: rules.Obeyed(train.StepDeployProduction),
				Environment: p.train.Production.GitLabEnvironment},
		},
		Start: &train.DatadogEvent{Title: "started", Alert: "info", Key: "release:" + p.c.Tag},
	}
}

func (p *site) play(in train.PlayDeployInput) train.PlayedDeploy {
	p.t.Helper()
	out, err := execute(p.t, p.deploys.PlayDeploy, in)
	require.NoError(p.t, err)
	return out
}

func (p *site) ended(tag, status string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.job(tag, p.train.Production.Job).Status == status }, 5*time.Second,
		5*time.Millisecond, "the job of %s is %s", tag, status)
}

func TestAPlayNotesWhatRanBeforeAndTellsDatadog(t *testing.T) {
	p := newSite(t)
	played := p.play(p.input(0))
	assert.Equal(t, p.before, played.Before)
	assert.Empty(t, played.Held)
	require.Len(t, p.s.DatadogEvents(), 1)
	assert.Equal(t, "started", p.s.DatadogEvents()[0].Title)
}

func TestADeployJobThatFinishedWhileTheAnswerWasLostIsNotPlayedAgain(t *testing.T) {
	p := newSite(t)
	// the effect happens, the answer is lost
	p.s.AddFault(sandbox.Fault{System: "gitlab", Method: "POST", Path: "/play", Times: 1})
	_, err := execute(t, p.deploys.PlayDeploy, p.input(0))
	require.Error(t, err, "the activity is retried by Temporal")
	p.ended(p.c.Tag, "success")
	played := p.play(p.input(0))
	assert.Equal(t, int64(p.job(p.c.Tag, p.train.Production.Job).ID), played.JobID)
	assert.Len(t, p.s.Requests("gitlab", "POST", "/play"), 1, "one deploy")
}

func TestAFurtherAttemptRunsTheFailedJobAgainOrLeavesWhatIsThere(t *testing.T) {
	p := newSite(t)
	p.s.FailTimes(p.train.Production.Job, "runner_system_failure", 1)
	first := p.play(p.input(0))
	p.ended(p.c.Tag, "failed")
	second := p.play(p.input(first.JobID))
	assert.NotEqual(t, first.JobID, second.JobID)
	assert.False(t, second.Present)
	p.ended(p.c.Tag, "success")
	require.Eventually(t, func() bool { return p.s.FluxVersion("production").Tag == p.c.Tag },
		5*time.Second, 5*time.Millisecond)
	third := p.play(p.input(second.JobID))
	assert.True(t, third.Present, "it is there already")
	assert.Len(t, p.s.Requests("gitlab", "POST", "/retry"), 1)
}

func TestAJobThatANewerDeploymentHasMadeOutdatedIsAnAnswer(t *testing.T) {
	p := newSite(t)
	newer := p.tag("api/v2026.11.24.2")
	require.NoError(t, p.s.PlayByHand(newer.Tag, p.train.Production.Job))
	p.ended(newer.Tag, "success")
	in := p.input(0)
	played := p.play(in)
	assert.Contains(t, played.Outdated,
		"GitLab refuses the job promote-production of api/v2026.11.24.1 as outdated: api/v2026.11.24.2 was deployed after it")
	// A new pipeline on the same tag takes it.
	started, err := execute(t, p.deploys.GitLab.StartPipeline, train.StartPipelineInput{Project: p.train.Project,
		Ref: p.c.Tag, Since: time.Now(), Key: "k2"})
	require.NoError(t, err)
	again, err := execute(t, p.deploys.GitLab.StartPipeline, train.StartPipelineInput{Project: p.train.Project,
		Ref: p.c.Tag, Since: time.Now(), Key: "k2"})
	require.NoError(t, err)
	assert.Equal(t, started.ID, again.ID, "once")
	offered, err := execute(t, p.deploys.GitLab.AwaitPipelineJob, train.AwaitPipelineJobInput{
		Project: p.train.Project, Candidate: p.c, PipelineID: started.ID, Job: p.train.Production.Job,
		Until: time.Now().Add(5 * time.Second), Poll: calendar.Duration(5 * time.Millisecond),
	})
	require.NoError(t, err)
	require.Empty(t, offered.Problem)
	in.Job.PipelineID = started.ID
	assert.Empty(t, p.play(in).Outdated)
}

func TestSomebodyElsesRunningDeployJobHolds(t *testing.T) {
	p := newSite(t)
	other := p.tag("api/v2026.11.24.2")
	p.s.Hold(p.train.Production.Job)
	require.NoError(t, p.s.PlayByHand(other.Tag, p.train.Production.Job))
	played := p.play(p.input(0))
	require.Len(t, played.Holds, 1)
	assert.Equal(t, train.HoldEnvironmentBusy, played.Holds[0].Kind)
	assert.Contains(t, played.Held,
		"the job promote-production of api/v2026.11.24.2, started by grace, deploys to production")
	p.s.Release(p.train.Production.Job)
	in := p.input(0)
	_, err := execute(t, p.deploys.AwaitFree,
		train.AwaitFreeInput{Guard: in.Job.Guard, Until: time.Now().Add(5 * time.Second),
			Poll: calendar.Duration(5 * time.Millisecond)})
	require.NoError(t, err)
	p.ended(other.Tag, "success")
}

func TestARollbackIsPlannedFromWhatGitLabHas(t *testing.T) {
	rollback := func(tr *train.Train) { tr.Production.RollbackJob = "rollback-production" }
	p := newSite(t, rollback)
	plan := func(to train.Version, bad ...string) train.RollbackPlan {
		out, err := execute(t, p.deploys.PlanRollback, train.PlanRollbackInput{
			Project: p.train.Project, Config: p.train.Production, To: to, Bad: bad, PipelineID: p.pipeline(p.c.Tag),
		})
		require.NoError(t, err)
		return out
	}
	found := plan(p.before)
	assert.Empty(t, found.Problem)
	assert.True(t, found.Present, "it runs")
	assert.Equal(t, int64(p.job(p.before.Tag, p.train.Production.Job).ID), found.Retry.JobID)
	assert.Equal(t, int64(p.job(p.before.Tag, p.train.Production.Smoke.Job).ID), found.Retry.SmokeJobID)
	assert.Equal(t, p.pipeline(p.c.Tag), found.Rollback.PipelineID)
	assert.Contains(t, plan(train.Version{Tag: "api/v2020.01.01.1"}).Problem, "does not exist any more")
	assert.Contains(t, plan(train.Version{Tag: p.before.Tag, SHA: p.c.SHA}).Problem, "was moved")
	assert.Contains(t, plan(p.before, p.before.Tag).Problem, "was marked bad")
	assert.Contains(t, plan(train.Version{Tag: p.c.Tag}).NoRetry, "did not succeed, it is manual")
	_, err := execute(t, p.deploys.GitLab.MarkBad, train.MarkBadInput{Project: p.train.Project, Tag: p.before.Tag,
		By: "ada", Reason: "loses bookings"})
	require.NoError(t, err)
	assert.Contains(t, plan(p.before).Problem, "was marked bad",
		"its GitLab release says so, also without the release that marked it")
}

func TestTheRollbackJobPutsBackTheTagThatItsVariableNames(t *testing.T) {
	p := newSite(t, func(tr *train.Train) { tr.Production.RollbackJob = "rollback-production" })
	p.play(p.input(0))
	require.Eventually(t, func() bool { return p.s.FluxVersion("production").Tag == p.c.Tag },
		5*time.Second, 5*time.Millisecond)
	_, err := execute(t, p.deploys.GitLab.PlayJob, train.PlayJobInput{
		Project: p.train.Project, PipelineID: p.pipeline(p.c.Tag), Job: "rollback-production",
		Candidate: train.Candidate{Tag: p.before.Tag, SHA: p.before.SHA},
		Variables: map[string]string{train.RollbackVariable: p.before.Tag}, Key: "k",
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.s.FluxVersion("production") == p.before },
		2*time.Second, 5*time.Millisecond)
}

func TestWhatBecameOfADeployIsSaidAsFarAsItCanBeRead(t *testing.T) {
	p := newSite(t)
	in := train.FindOutInput{Project: p.train.Project, PipelineID: p.pipeline(p.c.Tag), Job: p.train.Production.Job,
		Candidate: p.c, Flux: p.train.Production.Flux}
	found, err := execute(t, p.deploys.FindOut, in)
	require.NoError(t, err)
	assert.Contains(t, found.Sentence, "the job promote-production is manual; Flux runs "+p.before.Tag)
	p.s.AddFault(sandbox.Fault{System: "kubernetes", Times: 10, Status: 500})
	found, err = execute(t, p.deploys.FindOut, in)
	require.NoError(t, err)
	assert.Contains(t, found.Sentence, "Flux could not be read")
}

func TestEvidenceHoldsTheWindowAgainstTheWindowBefore(t *testing.T) {
	p := newSite(t)
	p.s.AddErrors("api", "production", p.c.Tag, "panic: nil map", 120)
	p.s.AddErrors("other", "production", p.c.Tag, "not ours", 500)
	p.s.SetMonitor("checkout error rate", "api", "production", "Alert")
	e, err := execute(t, p.deploys.Datadog.Evidence, train.EvidenceInput{Service: "api", Environment: train.Production,
		Tag: p.c.Tag, From: time.Now().Add(-10 * time.Minute)})
	require.NoError(t, err)
	assert.Empty(t, e.Problem)
	assert.Equal(t, 120, e.Errors)
	assert.Zero(t, e.Before)
	require.Len(t, e.Monitors, 1)
	assert.Equal(t, "checkout error rate", e.Monitors[0].Text)
	assert.Contains(t, e.LogsURL, "/logs?query=service%3Aapi%20env%3Aproduction%20status%3Aerror")
	assert.Contains(t, e.VersionURL, "version%3Aapi%2Fv2026.11.24.1")
	p.s.AddFault(sandbox.Fault{System: "datadog", Times: 10, Status: 503})
	e, err = execute(t, p.deploys.Datadog.Evidence,
		train.EvidenceInput{Service: "api", Environment: train.Production, From: time.Now()})
	require.NoError(t, err, "Datadog being down is no failure")
	assert.Contains(t, e.Problem, "503")
	assert.NotEmpty(t, e.LogsURL, "the link is there all the same")
}

func TestDORARecordsAreStoredOnceHoweverOftenTheyAreSent(t *testing.T) {
	p := newSite(t)
	r := train.DORARecord{ID: []string{"api", p.c.Tag, "production", "1"}, Service: "api", Env: "production",
		Version: p.c.Tag, StartedAt: time.Now().Add(-time.Minute), FinishedAt: time.Now()}
	failed := r
	failed.ID, failed.Name = append([]string{"failure"}, r.ID...), "smoke tests red"
	in := train.DatadogRecord{Event: train.DatadogEvent{Title: "Deploy", Alert: "success", Key: "release:x",
		At: time.Now()}, Deployment: &r, Failure: &failed}
	// stored, the answer is lost
	p.s.AddFault(sandbox.Fault{System: "datadog", Method: "POST", Path: "/dora/deployment", Times: 1})
	for range 3 {
		_, _ = execute(t, p.deploys.Datadog.Record, in)
	}
	assert.Len(t, p.s.DORADeployments(), 1)
	assert.Len(t, p.s.DORAFailures(), 1)
}
