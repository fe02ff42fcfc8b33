package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// The jobs of the example train.
const (
	stagingJob    = "deploy-staging"
	productionJob = "promote-production"
	smokeJob      = "smoke-production"
)

func failedJob(reason string) train.EndedJob { return train.EndedJob{Status: "failed", Reason: reason} }

var (
	broken = failedJob("runner_system_failure")
	red    = failedJob("script_failure")
)

func refusal(kind train.FaultKind) error {
	return temporal.NewNonRetryableApplicationError("GitLab: could not do it: 403 Forbidden", string(kind), nil)
}

func TestEveryFailureReasonOfAGitLabJobEndsAsItsKindSays(t *testing.T) {
	for _, f := range rules.Failures() {
		if f.Source != rules.FromJob {
			continue
		}
		t.Run(f.Value, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.gitlab.ends[stagingJob] = []train.EndedJob{failedJob(f.Value)}
			var st train.Status
			w.at(newYork(23, 17, 30), func() { st = w.status() })
			w.supersede(newYork(24, 17, 0))
			s := w.run()
			outdated := rules.Outdated(failedJob(f.Value))
			switch {
			case outdated:
				assert.Equal(t, train.EndReleased, s.End, "a new pipeline on the same tag deploys it")
				assert.Equal(t, []string{newTag}, w.gitlab.newPipelines)
			case f.Kind == train.FailureTransient:
				assert.Equal(t, train.EndReleased, s.End, "it is tried again by itself")
				assert.Equal(t, []string{"deploy-staging Mon 17:01", "deploy-staging Mon 17:08"}, w.gitlab.played[:2])
			case f.Kind == train.FailureUnknown:
				assert.Equal(t, train.DeployUnknown, st.Staging.Outcome)
				assert.Contains(t, st.Staging.Cause, "Found: the job is running; Flux runs "+oldTag)
				fallthrough
			default:
				assert.Equal(t, train.WaitPerson, st.Waiting.For)
				assert.Contains(t, st.Waiting.What, words.FailureMeans(f.FailureReason))
				assert.Len(t, w.gitlab.played, 1, "nothing is deployed again by itself")
			}
		})
	}
}

func TestATransientFailureIsTriedAgainThreeTimesInARowAtMost(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs[stagingJob] = broken
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Equal(t, []string{"deploy-staging Mon 17:01", "deploy-staging Mon 17:08", "deploy-staging Mon 17:16"},
		w.gitlab.played, "it waits longer each time")
	said := w.said("#deploy-staging")
	assert.Contains(t, said, "Next: it is tried again by itself Mon 23 Nov 17:07 EST (22:07 UTC), attempt 2")
	assert.Contains(t, said, "If it was no fault of the code: `starter retry-deploy --train api --day 2026-11-24 --environment staging`")
}

func TestARetryThatAPersonOrdersBeginsTheCountAnew(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs[stagingJob] = broken
	w.signal(newYork(23, 18, 0), train.RetryDeploy, train.Command{By: "ada", Environment: train.Staging})
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Len(t, w.gitlab.played, 6)
}

func TestProductionThatFailsAtTwoMinutesToFourIsNotTriedAgainByItself(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 10, 0), train.Pause, ada("wait"))
	w.signal(newYork(24, 15, 52), train.Resume, ada(""))
	w.gitlab.ends[productionJob] = []train.EndedJob{broken} // it ends at 15:58
	w.in.Train.Retry.Wait = calendar.Duration(5 * time.Minute)
	var st train.Status
	w.at(newYork(24, 16, 30), func() { st = w.status() })
	retry := w.update(newYork(24, 16, 31), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production})
	promote := w.update(newYork(24, 16, 32), train.PromoteNow, ada("agreed with support"))
	s := w.run()
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "the runner failed, not the script")
	assert.Contains(t, retry.said(), "the window is not open")
	assert.True(t, promote.accepted, promote.said())
	assert.Equal(t, train.EndReleased, s.End, "a person may still deploy it")
	assert.Equal(t, "promote-production Tue 16:33", w.gitlab.played[2])
}

func TestAPauseDuringTheReattemptsHoldsTheNextOne(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[productionJob] = []train.EndedJob{broken}
	w.signal(newYork(24, 11, 6).Add(30*time.Second), train.Pause, ada("what happens there?"))
	var st train.Status
	w.at(newYork(24, 11, 30), func() { st = w.status() })
	w.signal(newYork(24, 12, 0), train.Resume, ada(""))
	s := w.run()
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "the hold pause")
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{"promote-production Tue 11:01", "promote-production Tue 12:01"}, w.gitlab.played[1:])
}

func TestAHoldThatKeepsAReattemptFromBeingPlayedForgetsNeitherItsJobNorItsCount(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs[productionJob] = broken
	w.at(newYork(24, 11, 7).Add(30*time.Second), func() { // the door has been passed, the job not been played
		w.mu.Lock()
		w.holds.freeze = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4"}
		w.mu.Unlock()
	})
	w.change(newYork(24, 12, 0), func() { w.holds.freeze = nil })
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Len(t, w.gitlab.played, 1+3, "%v", w.gitlab.played)
}

func TestRedSmokeTestsPutBackWhatRanBeforeByTheOldTagsJob(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[smokeJob] = []train.EndedJob{red}
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndRolledBack, s.End)
	assert.Contains(t, s.Why, newTag+" was rolled back to "+oldTag+" in production.")
	require.NotNil(t, st.Production.Rollback)
	assert.Equal(t, train.RollbackSucceeded, st.Production.Rollback.Outcome)
	assert.Equal(t, train.MethodRetriedJob, st.Production.Rollback.Method)
	assert.Equal(t, oldTag, w.flux.running["production"].Version.Tag)
	require.Len(t, st.Holds, 1)
	assert.Equal(t, train.HoldRolledBack, st.Holds[0].Kind)
	assert.Equal(t, train.E2EGreen, st.E2E.State, "what was tested on staging stays")
	said := w.said("#deploy-maven")
	assert.Contains(t, said, "Rolling production back from "+newTag+" to "+oldTag)
	assert.Contains(t, said, "api/v2026.11.23.1> (by that tag's own job, run again), smoke tests green")
}

func TestARungThatIsRefusedIsFollowedByTheNext(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		way    train.RollbackMethod
		end    train.RollbackOutcome
		said   string
	}{
		"the first: a new pipeline on the old tag": {func(w *world) { w.gitlab.refuse[50] = refusal(train.FaultForbidden) },
			train.MethodNewPipeline, train.RollbackSucceeded, "retried-job: GitLab: could not do it: 403"},
		"the first is not there": {func(w *world) {
			w.deploys.plan = func(p *train.RollbackPlan) {
				p.Retry, p.NoRetry = train.PipelineJob{},
					"no pipeline of it has the job"
			}
		}, train.MethodNewPipeline, train.RollbackSucceeded, "retried-job: no pipeline of it has the job"},
		"the first and the second: the rollback job": {func(w *world) {
			w.in.Train.Production.RollbackJob = "rollback-production"
			w.gitlab.refuse[50], w.gitlab.startErr = refusal(train.FaultForbidden), refusal(train.FaultInvalid)
		}, train.MethodRollbackJob, train.RollbackSucceeded, "new-pipeline: GitLab: could not do it"},
		"the second's job": {func(w *world) {
			w.in.Train.Production.RollbackJob = "rollback-production"
			w.gitlab.refuse[50], w.gitlab.refuse[60] = refusal(train.FaultForbidden), refusal(train.FaultForbidden)
		}, train.MethodRollbackJob, train.RollbackSucceeded, "new-pipeline: GitLab: could not do it"},
		"all of them": {func(w *world) {
			w.gitlab.refuse[50], w.gitlab.startErr = refusal(train.FaultForbidden), refusal(train.FaultInvalid)
		}, "", train.RollbackFailed, "rollback-job: no rollback job is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gitlab.ends[smokeJob] = []train.EndedJob{red}
			tt.change(w)
			var st train.Status
			w.at(newYork(24, 14, 0), func() { st = w.status() })
			w.supersede(newYork(24, 17, 0))
			w.run()
			r := st.Production.Rollback
			require.NotNil(t, r)
			assert.Equal(t, tt.way, r.Method)
			assert.Equal(t, tt.end, r.Outcome, r.Cause)
			assert.Contains(t, fmt.Sprint(r.Refused), tt.said)
			assert.Equal(t, train.WaitPerson, st.Waiting.For)
		})
	}
}

func TestARollbackWithoutATargetIsNoneAndPeopleAreAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		why    string
	}{
		"nothing ran before": {func(w *world) { w.flux.running["production"] = train.RunningVersion{} },
			"it is not known what ran before"},
		"its tag is gone": {func(w *world) {
			w.deploys.plan = func(p *train.RollbackPlan) { p.Problem = "the tag " + oldTag + " does not exist any more" }
		}, "does not exist any more"},
		"what ran before has no tag": {func(w *world) {
			untagged := train.Version{SHA: "3333333333333333333333333333333333333333"}
			w.flux.running["production"] = train.RunningVersion{Version: untagged}
		}, "33333333, has no tag"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gitlab.ends[smokeJob] = []train.EndedJob{red}
			tt.change(w)
			var st train.Status
			w.at(newYork(24, 14, 0), func() { st = w.status() })
			w.supersede(newYork(24, 17, 0))
			s := w.run()
			assert.Equal(t, train.EndMissed, s.End)
			assert.Equal(t, train.DeploySmokeRed, st.Production.Outcome)
			assert.Equal(t, train.RollbackNone, st.Production.Rollback.Outcome)
			assert.Contains(t, st.Production.Rollback.Cause, tt.why)
			assert.Equal(t, train.WaitPerson, st.Waiting.For)
			assert.Len(t, w.gitlab.played, 2)
		})
	}
}

func TestSmokeTestsThatAreRedOnTheRollbackTooAreSaidAndNothingIsRolledBackAgain(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs[smokeJob] = red
	var st train.Status
	w.at(newYork(24, 14, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndRolledBack, s.End)
	assert.Equal(t, train.RollbackSmokeRed, st.Production.Rollback.Outcome)
	assert.Len(t, w.gitlab.played, 4, "deploy, deploy, back, smoke tests of what is back: %v", w.gitlab.played)
	assert.Contains(t, w.said("#deploy-maven"), "but its smoke tests are red too")
}

func TestSmokeTestsWhoseRunnerBreaksDownRollNothingBackAndRunAgain(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[smokeJob] = []train.EndedJob{broken}
	w.deploys.present = true
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{"promote-production Tue 11:01", "smoke-production Tue 11:20"}, w.gitlab.played[1:],
		"what is there is not deployed again")
}

func TestTheEnvironmentsThatRollBackByThemselvesOrNotAtAll(t *testing.T) {
	t.Run("by their pipeline: Flux is waited for", func(t *testing.T) {
		w := newWorld(t)
		w.in.Train.Production.Rollback = train.RollbackPipeline
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.supersede(newYork(24, 17, 0))
		s := w.run()
		assert.Equal(t, train.EndRolledBack, s.End)
		assert.Len(t, w.gitlab.played, 2, "nothing is played by us: %v", w.gitlab.played)
	})
	t.Run("nobody: people are asked", func(t *testing.T) {
		w := newWorld(t)
		w.in.Train.Production.Rollback = train.RollbackNobody
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		back := w.update(newYork(24, 12, 0), train.Rollback,
			train.Command{By: "ada", Reason: "errors", Environment: train.Production})
		w.supersede(newYork(24, 17, 0))
		s := w.run()
		assert.Contains(t, w.said("#deploy-maven"),
			"To put back what ran before: `starter rollback --train api --day 2026-11-24 --environment production --reason")
		assert.Contains(t, back.said(), "production goes back from "+newTag+" to "+oldTag)
		assert.Equal(t, train.EndRolledBack, s.End)
	})
	t.Run("a job that the pipeline starts itself is only followed", func(t *testing.T) {
		w := newWorld(t)
		w.in.Train.Staging.Start = train.StartAutomatic
		assert.Equal(t, train.EndReleased, w.run().End)
	})
}

func TestAReleasedCandidateIsRolledBackByCommandAndDeployedAgainWithAReason(t *testing.T) {
	w := newWorld(t)
	back := w.update(newYork(24, 12, 0), train.Rollback, train.Command{By: "ada", Reason: "error rate doubled",
		Environment: train.Production})
	var held train.Status
	w.at(newYork(24, 12, 30), func() { held = w.status() })
	bare := w.update(newYork(24, 12, 31), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production})
	again := w.update(newYork(24, 12, 32), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production,
		Reason: "it was the database"})
	s := w.run()
	assert.Contains(t, back.said(), newTag+" is held as rolled-back then.")
	assert.Equal(t, train.DeployRolledBack, held.Production.Outcome)
	assert.Contains(t, held.Holds[0].Reason, "error rate doubled")
	assert.Contains(t, bare.said(), `say in the field "reason" why it is good now`)
	assert.True(t, again.accepted, again.said())
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{
		"deploy-staging Mon 17:01", "promote-production Tue 11:01", "promote-production Tue 12:00 pipeline 50",
		"smoke-production Tue 12:11 pipeline 50",
		"promote-production Tue 12:33", "smoke-production Tue 12:44",
	}, w.gitlab.played)
}

func TestARollbackOfStagingVoidsItsEvidence(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 9, 0), train.Rollback, train.Command{By: "ada", Reason: "it breaks the tests of others",
		Environment: train.Staging})
	var st train.Status
	w.at(newYork(24, 10, 0), func() { st = w.status() })
	w.signal(newYork(24, 10, 1), train.RetryDeploy, train.Command{By: "ada", Environment: train.Staging})
	w.e2e.takes = 30 * time.Minute
	s := w.run()
	assert.Equal(t, train.DeployRolledBack, st.Staging.Outcome)
	assert.Equal(t, train.E2EVoid, st.E2E.State)
	assert.Empty(t, st.Holds, "only production is held")
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.Equal(t, 2, w.e2e.started)
	assert.Equal(t, train.EndReleased, s.End)
}

func TestACandidateWhoseJobIsOutdatedIsDeployedByANewPipelineOnItsTagOnce(t *testing.T) {
	w := newWorld(t)
	w.at(newYork(24, 9, 0), func() { w.mu.Lock(); w.gitlab.outdated = 1; w.mu.Unlock() })
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{newTag}, w.gitlab.newPipelines)
	assert.Equal(t, "promote-production Tue 11:02 pipeline 60", w.gitlab.played[1])
	assert.Contains(t, w.said("#deploy-maven"), "a new pipeline on the same tag deploys it")
}

func TestAHotfixBeforeARetryMakesTheJobOutdatedAndAnAcknowledgedDriftLetsItGo(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[productionJob] = []train.EndedJob{red}
	w.change(newYork(24, 12, 0), func() { // the hotfix: production runs it, and GitLab takes our job for outdated
		w.holds.drift, w.holds.runs = &train.Hold{Kind: train.HoldDrift,
			Reason: "production has 1 commit this candidate lacks"}, train.Version{Tag: "api/v2026.11.23.9"}
		w.gitlab.outdated = 1
	})
	w.signal(newYork(24, 12, 30), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production})
	var st train.Status
	w.at(newYork(24, 12, 40), func() { st = w.status() })
	w.signal(newYork(24, 13, 0), train.Acknowledge,
		train.Command{By: "ada", Reason: "main has it too", Hold: train.HoldDrift})
	w.change(newYork(24, 13, 0).Add(-time.Second), func() { w.holds.drift = nil })
	s := w.run()
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{newTag}, w.gitlab.newPipelines)
}

func TestARetryBeforeAHotfixUsesTheTagsOwnJob(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[productionJob] = []train.EndedJob{red}
	w.signal(newYork(24, 11, 30), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production})
	w.change(newYork(24, 12, 0), func() { w.gitlab.outdated = 1 })
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Empty(t, w.gitlab.newPipelines)
	assert.Len(t, w.gitlab.played, 3)
}

func TestAnAttemptAfterOneInANewPipelineStaysInIt(t *testing.T) {
	w := newWorld(t)
	w.at(newYork(24, 9, 0), func() { w.mu.Lock(); w.gitlab.outdated = 1; w.mu.Unlock() })
	w.gitlab.ends[productionJob] = []train.EndedJob{broken}
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{newTag}, w.gitlab.newPipelines)
	assert.Equal(t, []string{"promote-production Tue 11:02 pipeline 60", "promote-production Tue 11:09 pipeline 60"},
		w.gitlab.played[1:])
}

func TestARetryAfterProductionWasPartlyDeployedOnlyRunsTheSmokeTests(t *testing.T) {
	w := newWorld(t)
	// it had told Flux before its runner vanished
	w.gitlab.ends[productionJob] = []train.EndedJob{failedJob("no_updates_running")}
	w.deploys.foundOut = "the job promote-production is failed (no_updates_running); Flux reports " + newTag + " ready"
	w.deploys.present = true
	var st train.Status
	w.at(newYork(24, 11, 30), func() { st = w.status() })
	w.signal(newYork(24, 12, 0), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production})
	s := w.run()
	assert.Equal(t, train.DeployUnknown, st.Production.Outcome)
	assert.Contains(t, st.Production.Cause, "Flux reports "+newTag+" ready")
	assert.Equal(t, train.EndReleased, s.End)
	assert.Len(t, w.gitlab.played, 2, "one deploy: %v", w.gitlab.played)
}

func TestCancelWithForceStopsTheProductionJobAndPutsBackWhatRanBefore(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs[productionJob] = train.EndedJob{Status: "success"}
	cancel := w.update(newYork(24, 11, 3), train.Cancel, train.Command{By: "ada", Reason: "wrong candidate", Force: true})
	s := w.run()
	assert.Contains(t, cancel.said(), "The production job is cancelled in GitLab")
	assert.Equal(t, []string{productionJob}, w.gitlab.stopped)
	assert.Equal(t, train.EndRolledBack, s.End)
	assert.Contains(t, s.Why, "Cancelled by ada: wrong candidate")
	assert.Equal(t, "promote-production Tue 11:03 pipeline 50", w.gitlab.played[2])
}

func TestCancelWithForceWithoutADeployInProductionIsRefused(t *testing.T) {
	w := newWorld(t)
	cancel := w.update(newYork(24, 9, 0), train.Cancel, train.Command{By: "ada", Reason: "no", Force: true})
	w.run()
	assert.Contains(t, cancel.said(), `the field "force" is for a production deploy that runs`)
}

func TestARollbackWaitsForAnotherDeployJobOfTheEnvironmentAndGoesOnByItself(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[smokeJob] = []train.EndedJob{red}
	busy := &train.Hold{Kind: train.HoldEnvironmentBusy,
		Reason: "the job promote-production of api/v2026.11.23.9, started by grace, deploys to production"}
	w.deploys.freeTakes = 20 * time.Minute
	w.at(newYork(24, 11, 2), func() { w.mu.Lock(); w.holds.busy = busy; w.mu.Unlock() })
	w.at(newYork(24, 11, 20), func() { w.mu.Lock(); w.holds.busy = nil; w.mu.Unlock() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndRolledBack, s.End)
	assert.Equal(t, "promote-production Tue 11:32 pipeline 50", w.gitlab.played[2])
}

func TestSomebodyElsesDeployJobHoldsProductionAsEnvironmentBusyUntilItEnds(t *testing.T) {
	w := newWorld(t)
	busy := &train.Hold{Kind: train.HoldEnvironmentBusy,
		Reason: "the job promote-production of api/v2026.11.23.9, started by grace, deploys to production"}
	w.change(newYork(24, 10, 55), func() { w.holds.busy = busy })
	w.change(newYork(24, 11, 20), func() { w.holds.busy = nil })
	var st train.Status
	w.at(newYork(24, 11, 10), func() { st = w.status() })
	s := w.run()
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, st.Waiting.What,
		"the hold environment-busy to end: the job promote-production of api/v2026.11.23.9, started by grace")
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "promote-production Tue 11:21", w.gitlab.played[1])
}

func TestDatadogBeingDownHoldsNothingAndIsSaid(t *testing.T) {
	w := newWorld(t)
	w.datadog.err = temporal.NewApplicationError("Datadog: could not count logs: 503", string(train.FaultUnavailable))
	w.gitlab.ends[smokeJob] = []train.EndedJob{red}
	w.in.Train.Datadog = &train.DatadogConfig{Service: "api"}
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndRolledBack, s.End)
	require.NotNil(t, st.Production.Evidence)
	assert.Contains(t, st.Production.Evidence.Problem, "503")
	assert.Equal(t, train.LooksUnclear, st.Production.Evidence.Looks)
}

func TestDatadogHearsOfDeploysAndDORAOfProductionOnly(t *testing.T) {
	w := newWorld(t)
	w.in.Train.Datadog = &train.DatadogConfig{Service: "api", Team: "eng-exp"}
	w.run()
	require.Len(t, w.datadog.recorded, 2)
	assert.Nil(t, w.datadog.recorded[0].Deployment, "staging is no deployment")
	require.NotNil(t, w.datadog.recorded[1].Deployment)
	assert.Equal(t, []string{"api", newTag, "production", "1"}, w.datadog.recorded[1].Deployment.ID)
	assert.Nil(t, w.datadog.recorded[1].Failure)
}

func TestAFailureMessageHasCauseStatementLogOwnerAndOneLineToPaste(t *testing.T) {
	w := newWorld(t)
	w.in.Train.Datadog = &train.DatadogConfig{Service: "api"}
	w.datadog.evidence = train.Evidence{
		Errors: 120, Before: 4, Samples: []string{"panic: nil map"}, LogsURL: "https://app.datadoghq.com/logs?query=x",
		EventsURL: "https://app.datadoghq.com/events",
		Monitors:  []train.Link{{Text: "checkout errors", URL: "https://app.datadoghq.com/monitors/1"}},
	}
	w.gitlab.ends[productionJob] = []train.EndedJob{red}
	var st train.Status
	w.at(newYork(24, 11, 30), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.run()
	said := w.said("#deploy-maven")
	for _, part := range []string{
		"Cause: the job promote-production ended failed (script_failure): the job's script failed",
		"It looks like a regression, because error logs rose from 4 to 120 and the monitor checkout errors fires.",
		"<https://app.datadoghq.com/logs?query=x|120 error logs> since it began, 4 in as much time before.",
		"panic: nil map", "<https://app.datadoghq.com/monitors/1|checkout errors>",
		"Log: <https://gitlab/jobs/promote-production|open it>",
		"Authors in range: Ada, Grace",
		"Next: nothing is deployed again by itself. To put back what ran before: `starter rollback --train api --day 2026-11-24 --environment production --reason \"…\"`",
		"@eng-exp-on-call",
	} {
		assert.Contains(t, said, part)
	}
	text := words.StatusText(st, words.Plain)
	assert.Contains(t, text, "the job promote-production ended failed (script_failure)")
	assert.Contains(t, text, "It looks like a regression, because")
	assert.Contains(t, text, "https://gitlab/jobs/promote-production")
	assert.Contains(t, text, "starter retry-deploy --train api --day 2026-11-24 --environment production")
	assert.Contains(t, text, "starter rollback --train api --day 2026-11-24 --environment production")
}

func TestOurOwnFailedJobIsNoJobThatSomebodyElseStarted(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[productionJob] = []train.EndedJob{broken}
	w.at(newYork(24, 11, 7).Add(30*time.Second), func() { // the second attempt is held at its play
		w.mu.Lock()
		w.holds.freeze = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4"}
		w.holds.started = &train.PipelineJob{JobID: 101, Status: "failed"} // what the watch would see of our own job
		w.mu.Unlock()
	})
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Len(t, w.gitlab.played, 2, "nothing is played in the freeze or after the window: %v", w.gitlab.played)
	assert.NotContains(t, w.said("#mono-release-coordination"), "Somebody started")
}

func TestATagThatIsMovedBeforeE2EHoldsAndDoesNotSpin(t *testing.T) {
	w := newWorld(t)
	w.at(newYork(23, 17, 10), func() {
		w.mu.Lock()
		w.holds.drift, w.holds.tagMoved = &train.Hold{Kind: train.HoldDrift, Reason: "the tag was moved", Moved: true}, true
		w.holds.movedHolds = true
		w.mu.Unlock()
	})
	var st train.Status
	w.at(newYork(24, 9, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "the tag was moved")
	assert.Zero(t, w.e2e.started)
	assert.LessOrEqual(t, w.e2e.asked, 2, "it is asked once and waits")
}

func TestARollbackBehindAJobThatNeverEndsSaysSoInsteadOfWaitingForEver(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[smokeJob] = []train.EndedJob{red}
	w.deploys.stillBusy, w.deploys.freeTakes = true, time.Hour
	w.at(newYork(24, 11, 2), func() {
		w.mu.Lock()
		w.holds.busy = &train.Hold{Kind: train.HoldEnvironmentBusy,
			Reason: "the job promote-production of api/v2026.11.23.9, started by grace, deploys to production"}
		w.mu.Unlock()
	})
	var during, after train.Status
	w.at(newYork(24, 11, 30), func() { during = w.status() })
	w.at(newYork(24, 13, 0), func() { after = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Contains(t, during.Waiting.What, "which waits:")
	assert.Equal(t, train.RollbackFailed, after.Production.Rollback.Outcome)
	assert.Contains(t, after.Production.Rollback.Cause,
		"started by grace, deploys to production still runs: cancel it in GitLab, then roll back again")
	assert.Equal(t, train.WaitPerson, after.Waiting.For)
}

func TestACancelWithForceAfterAPlainCancelStillStopsTheJob(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 11, 2), train.Cancel, train.Command{By: "ada", Reason: "wrong candidate"})
	force := w.update(newYork(24, 11, 3), train.Cancel, train.Command{By: "ada", Reason: "at once", Force: true})
	w.run()
	assert.True(t, force.accepted, force.said())
	assert.Equal(t, []string{productionJob}, w.gitlab.stopped)
}

func TestACutTagDoesNotDropARollbackThatWaits(t *testing.T) {
	w := newWorld(t)
	rollback := w.update(newYork(24, 12, 0), train.Rollback,
		train.Command{By: "ada", Reason: "errors", Environment: train.Production})
	cut := w.update(newYork(24, 12, 1), train.CutTag, ada("takes the revert"))
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.True(t, rollback.accepted, rollback.said())
	assert.Error(t, cut.err)
	assert.Equal(t, train.EndRolledBack, s.End)
}
