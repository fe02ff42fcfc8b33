package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/internal/train"
)

func TestAGreenDayIsReleasedAtElevenAndEndsWhenTheWindowCloses(t *testing.T) {
	w := newWorld(t)
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, newTag, s.Tag)
	assert.Equal(t, oldTag, s.From)
	assert.Equal(t, []string{"deploy-staging Mon 17:01", "promote-production Tue 11:01"}, w.gitlab.played)
	assert.Equal(t, 1, w.gitlab.tags)
	assert.Equal(t, 1, w.e2e.started)
	assert.True(t, newYork(24, 16, 0).Equal(w.completedAt), "ended %s", w.completedAt)
}

func TestAllFourChannelsHearOfAGreenDay(t *testing.T) {
	w := newWorld(t)
	w.run()
	assert.Contains(t, w.said("#mono-release-coordination"), "Tagged "+newTag)
	assert.Contains(t, w.said("#mono-release-coordination"), "Release 2026-11-24: "+newTag+
		", changelog https://gitlab/releases/1")
	assert.Contains(t, w.said("#mono-release-coordination"), newTag+" is in production")
	assert.Contains(t, w.said("#staging-e2e-web-alerts"), "E2E of "+newTag+": green")
	assert.Contains(t, w.said("#deploy-staging"), "Deploy of "+newTag+" to staging: deployed and smoke-tested")
	assert.Contains(t, w.said("#deploy-maven"), "Deploy of "+newTag+" to production: deployed and smoke-tested")
}

func TestNothingNewOnMainEndsTheDayAndSaysSo(t *testing.T) {
	w := newWorld(t)
	w.gitlab.chosen = train.ChosenCommit{Nothing: true}
	s := w.run()
	assert.Equal(t, train.EndNothing, s.End)
	assert.Zero(t, w.gitlab.tags)
	assert.Contains(t, w.said("#mono-release-coordination"), "main holds nothing since "+oldTag)
}

func TestARedE2ERunKeepsProductionClosedAndAsksAPerson(t *testing.T) {
	w := newWorld(t)
	w.e2e.ends = train.EndedJob{Status: "failed"}
	w.e2e.found.Report = train.E2EReport{Tests: 4, Failed: 1,
		Specs: []train.FailingSpec{{Spec: "cypress/e2e/login.cy.ts", Owners: []string{"@maven/pods/login"}}}}
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Equal(t, []string{"deploy-staging Mon 17:01"}, w.gitlab.played)
	assert.Equal(t, train.AtGate, st.Phase)
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "E2E is red: 1 test of 4 failed")
	assert.Contains(t, w.said("#staging-e2e-web-alerts"), "`cypress/e2e/login.cy.ts`, owned by @maven/pods/login")
}

func TestARedGateRemindsAnHourAndAQuarterBeforeTheWindow(t *testing.T) {
	w := newWorld(t)
	w.e2e.ends = train.EndedJob{Status: "failed"}
	w.e2e.found.Report = train.E2EReport{Tests: 4, Failed: 1}
	w.supersede(newYork(24, 17, 0))
	w.run()
	said := w.said("#mono-release-coordination")
	assert.Contains(t, said, "1h 0m before production opens, "+newTag+" is not ready")
	assert.Contains(t, said, "15m 0s before production opens")
	assert.Contains(t, said, "The window has closed and "+newTag+" was not deployed to production")
}

func TestARunThatPassesItsDeadlineIsOverdueAndStillCountsWhenItTurnsGreenInTheWindow(t *testing.T) {
	w := newWorld(t)
	w.e2e.takes = 18*time.Hour + 30*time.Minute // about 11:50
	var at1030 train.Status
	w.at(newYork(24, 10, 30), func() { at1030 = w.status() })
	s := w.run()
	assert.Equal(t, train.E2EOverdue, at1030.E2E.State)
	assert.Equal(t, train.EndReleased, s.End)
	require.Len(t, w.gitlab.played, 2)
	assert.Equal(t, "promote-production Tue 11:43", w.gitlab.played[1])
}

func TestARunThatEndsAfterTheWindowDeploysNothing(t *testing.T) {
	w := newWorld(t)
	w.e2e.takes = 24 * time.Hour
	w.supersede(newYork(24, 18, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Len(t, w.gitlab.played, 1)
}

func TestE2EThatCouldNotBeStartedIsNotGreen(t *testing.T) {
	w := newWorld(t)
	w.e2e.err = temporal.NewNonRetryableApplicationError("GitLab: could not start a pipeline: 403",
		string(train.FaultForbidden), nil)
	var st train.Status
	w.at(newYork(24, 9, 0), func() { st = w.status() })
	w.supersede(newYork(24, 10, 0))
	s := w.run()
	assert.Equal(t, train.E2ECouldNotRun, st.E2E.State)
	assert.Equal(t, train.EndSuperseded, s.End)
	assert.Len(t, w.gitlab.played, 1)
}

func TestAVoidRunIsRepeatedOnceStagingRunsTheCandidateAgain(t *testing.T) {
	w := newWorld(t)
	w.e2e.void = []string{"staging runs api/v2026.11.20.1, not " + newTag}
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, 1, w.e2e.started)
	assert.Contains(t, w.said("#staging-e2e-web-alerts"), "void")
}

func TestAFailedStagingDeployWaitsForAPersonWithCauseLogAndOwner(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs["deploy-staging"] = train.EndedJob{Status: "failed", Reason: "script_failure"}
	var st train.Status
	w.at(newYork(23, 20, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "the job deploy-staging ended failed (script_failure)")
	said := w.said("#deploy-staging")
	assert.Contains(t, said, "Cause: the job deploy-staging ended failed (script_failure)")
	assert.Contains(t, said, "https://gitlab/jobs/deploy-staging")
	assert.Contains(t, said, "@eng-exp-on-call")
	assert.Zero(t, w.e2e.started, "E2E must not run on what is not deployed")
}

func TestRedSmokeTestsInProductionAreNoSuccess(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs["smoke-production"] = train.EndedJob{Status: "failed", Reason: "script_failure"}
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndRolledBack, s.End)
	assert.Equal(t, train.DeployRolledBack, st.Production.Outcome)
	assert.Equal(t, []string{
		"deploy-staging Mon 17:01", "promote-production Tue 11:01", "promote-production Tue 11:12 pipeline 50",
		"smoke-production Tue 11:23 pipeline 50",
	}, w.gitlab.played, "what ran before is put back, nothing is deployed again by itself")
}

func TestFluxThatNeverGetsReadyIsAnUnknownOutcome(t *testing.T) {
	w := newWorld(t)
	w.flux.rollout = train.Rollout{TimedOut: true, Why: "Flux has not fetched the tag"}
	var st train.Status
	w.at(newYork(23, 20, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Equal(t, train.DeployUnknown, st.Staging.Outcome)
	assert.Contains(t, st.Staging.Cause, "Flux did not report "+newTag+" ready within 30m: Flux has not fetched the tag")
}

func TestAMovedTagHoldsProductionAsDriftThatOnlyANewCandidateEnds(t *testing.T) {
	w := newWorld(t)
	w.change(newYork(24, 9, 0), func() {
		w.holds.drift, w.holds.tagMoved = &train.Hold{Kind: train.HoldDrift, Reason: "the tag was moved"}, true
	})
	refused := w.update(newYork(24, 12, 0), train.Acknowledge,
		train.Command{By: "ada", Reason: "fine", Hold: train.HoldDrift})
	var st train.Status
	w.at(newYork(24, 12, 1), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	require.Len(t, st.Holds, 1)
	assert.Equal(t, train.HoldDrift, st.Holds[0].Kind)
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, refused.said(), "the tag was moved: only a new candidate helps")
}

func TestADepartureMoreThanHalfAnHourLateHoldsTheCut(t *testing.T) {
	w := newWorld(t)
	w.startAt(newYork(23, 23, 0))
	var st train.Status
	w.at(newYork(23, 23, 30), func() { st = w.status() })
	w.supersede(newYork(24, 10, 0))
	s := w.run()
	assert.Equal(t, train.EndSuperseded, s.End)
	assert.Zero(t, w.gitlab.tags)
	require.Len(t, st.Holds, 1)
	assert.Equal(t, train.HoldLate, st.Holds[0].Kind)
}

func TestATagThatGitLabForbidsAsksAPersonAndIsNotLost(t *testing.T) {
	w := newWorld(t)
	w.gitlab.tagErr = errForbidden
	var st train.Status
	w.at(newYork(23, 18, 0), func() { st = w.status() })
	w.supersede(newYork(24, 10, 0))
	w.run()
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "403 Forbidden")
	assert.Contains(t, w.said("#mono-release-coordination"), "is stuck while tagging 11111111")
}

func TestSlackBeingDownNeitherHoldsNorSlowsARelease(t *testing.T) {
	w := newWorld(t)
	w.slack.back = newYork(24, 15, 0)
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{"deploy-staging Mon 17:01", "promote-production Tue 11:01"}, w.gitlab.played)
	assert.Contains(t, w.said("#mono-release-coordination"), "is in production", "messages arrive later")
}

func TestCancelInTemporalEndsTheReleaseAsCancelled(t *testing.T) {
	w := newWorld(t)
	w.at(newYork(24, 3, 0), w.env.CancelWorkflow)
	s := w.run()
	assert.Equal(t, train.EndCancelled, s.End)
	assert.Len(t, w.gitlab.played, 1)
}

func TestCancelDuringProductionLetsTheDeployEndFirst(t *testing.T) {
	w := newWorld(t)
	w.at(newYork(24, 11, 3), w.env.CancelWorkflow)
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.False(t, s.Released.IsZero())
}

func TestTheNextDepartureDuringProductionWaitsForTheDeploy(t *testing.T) {
	w := newWorld(t)
	w.supersede(newYork(24, 11, 3))
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.True(t, w.completedAt.After(newYork(24, 11, 7)))
}

func TestInNoMomentOfTheDayDoesTheStatusOnlySayRunning(t *testing.T) {
	w := newWorld(t)
	for at := w.in.Plan.CutAt.Add(30 * time.Second); at.Before(w.in.Plan.WindowCloses); at = at.Add(7 * time.Minute) {
		w.at(at, func() {
			st := w.status()
			assert.NotEmpty(t, st.Waiting.What)
			assert.NotEmpty(t, st.Waiting.Next)
			assert.False(t, st.Waiting.Since.IsZero())
			assert.NotContains(t, st.Waiting.What, "running")
		})
	}
	w.run()
}
