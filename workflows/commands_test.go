package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

func ada(reason string) train.Command { return train.Command{By: "ada", Reason: reason} }

func TestAPauseBeforeTheCutHoldsTheTagUntilResume(t *testing.T) {
	w := newWorld(t)
	w.holds.memory = train.Memory{Revision: 1,
		Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", By: "grace", Since: newYork(23, 9, 0)}}}
	var st train.Status
	w.at(newYork(23, 18, 0), func() { st = w.status() })
	w.ofTrain(newYork(23, 19, 0), train.Resume, ada(""))
	s := w.run()
	assert.Equal(t, train.Cutting, st.Phase)
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "the hold pause to end: audit")
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "deploy-staging Mon 19:01", w.gitlab.played[0])
}

func TestAPauseDuringStagingLetsTheDeployEndAndHoldsE2E(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(23, 17, 3), train.Pause, ada("look first"))
	w.signal(newYork(23, 20, 0), train.Resume, ada(""))
	var st train.Status
	w.at(newYork(23, 18, 0), func() { st = w.status(); assert.Zero(t, w.e2e.started) })
	s := w.run()
	assert.True(t, st.Staging.Succeeded())
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, 1, w.e2e.started)
}

func TestAPauseASecondBeforeElevenKeepsProductionClosed(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 11, 0).Add(-time.Second), train.Pause, ada("payments are down"))
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Len(t, w.gitlab.played, 1)
	assert.Equal(t, train.AtGate, st.Phase)
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	require.Len(t, s.Record.Decisions, 1)
	assert.Equal(t, train.Decision{
		At: newYork(24, 11, 0).Add(-time.Second).UTC(), Command: train.Pause, By: "ada", Identity: train.IdentityClaimed,
		Source: train.SourceSignal,
		Reason: "payments are down", Tag: newTag, Accepted: true, Sentence: s.Record.Decisions[0].Sentence,
	}, s.Record.Decisions[0])
}

func TestAPauseDuringProductionLetsItEnd(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 11, 3), train.Pause, ada("wait"))
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Len(t, w.gitlab.played, 2)
}

func TestResumeASecondBeforeTheWindowClosesDeploysAndAtItsCloseDoesNot(t *testing.T) {
	for name, tt := range map[string]struct {
		at     time.Time
		played int
		end    train.End
	}{
		"15:59": {newYork(24, 15, 58), 2, train.EndReleased},
		"16:00": {newYork(24, 16, 0), 1, train.EndMissed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.signal(newYork(24, 10, 0), train.Pause, ada("wait"))
			w.signal(tt.at, train.Resume, ada(""))
			w.supersede(newYork(24, 17, 0))
			s := w.run()
			assert.Equal(t, tt.end, s.End)
			assert.Len(t, w.gitlab.played, tt.played)
		})
	}
}

func TestTheAnswerToResumeSaysWhatRunsNextAndWhen(t *testing.T) {
	w := newWorld(t)
	pause := w.update(newYork(24, 9, 0), train.Pause, ada("wait"))
	resume := w.update(newYork(24, 9, 30), train.Resume, ada(""))
	again := w.update(newYork(24, 9, 31), train.Resume, ada(""))
	w.run()
	assert.Contains(t, pause.said(), "Paused: no tag, no deploy and no E2E start until resume.")
	assert.Contains(t, resume.said(), "Next: "+newTag+" goes to production, Tue 24 Nov 11:00 EST (16:00 UTC).")
	assert.Contains(t, again.said(), "the train is not paused")
	assert.Error(t, again.err)
}

func TestAFreezeThatBeginsBeforeTheProductionJobIsPlayedKeepsItFromBeingPlayed(t *testing.T) {
	w := newWorld(t)
	freeze := &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4", Since: newYork(24, 11, 0)}
	// Nobody watches any more: the door has been passed, the pipeline exists.
	w.at(newYork(24, 11, 0).Add(30*time.Second), func() { w.mu.Lock(); w.holds.freeze = freeze; w.mu.Unlock() })
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.change(newYork(24, 13, 0), func() { w.holds.freeze = nil })
	s := w.run()
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "GitLab freeze period 4")
	assert.Equal(t, train.EndReleased, s.End, "deleted in GitLab by hand: noticed")
	require.Len(t, w.gitlab.played, 2)
	assert.Equal(t, "promote-production Tue 13:01", w.gitlab.played[1])
}

func TestAFreezeThatCannotBeReadIsAHold(t *testing.T) {
	w := newWorld(t)
	w.change(newYork(24, 10, 0), func() {
		w.holds.freeze = &train.Hold{Kind: train.HoldFreeze,
			Reason: "GitLab could not be asked"}
	})
	w.change(newYork(24, 11, 30), func() { w.holds.freeze = nil })
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "promote-production Tue 11:31", w.gitlab.played[1])
	assert.Contains(t, w.said("#mono-release-coordination"), "Hold freeze begins")
	for _, d := range w.slack.delivered {
		if len(d.Events) > 0 && strings.Contains(d.Events[0].Message.Title, "Hold freeze begins") {
			require.NotNil(t, d.Card)
			assert.Contains(t, d.Card.Body, "Waiting for the hold freeze to end: GitLab could not be asked",
				"the card says so with the event")
		}
	}
	assert.Contains(t, w.said("#mono-release-coordination"), "Hold freeze has ended")
}

func TestAFreezeOverTheWindowIsAnnouncedAtTheCut(t *testing.T) {
	w := newWorld(t)
	w.holds.ahead = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4",
		Since: newYork(24, 10, 0), Until: newYork(24, 12, 0)}
	w.run()
	assert.Contains(t, w.said("#mono-release-coordination"), "A freeze will cover the production window of 2026-11-24")
}

func TestAnApprovalForAnOldTagIsRefused(t *testing.T) {
	w := redWorld(t)
	old := w.update(newYork(24, 9, 0), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: oldTag})
	good := w.update(newYork(24, 9, 1), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: newTag})
	s := w.run()
	assert.Contains(t, old.said(), "the candidate is "+newTag)
	assert.Contains(t, good.said(), newTag+" is approved despite E2E run 1, which is red.")
	assert.Equal(t, train.EndReleased, s.End)
	require.NotNil(t, s.Approval)
	assert.True(t, s.Approval.Used)
}

// redWorld is a day whose E2E run is red.
func redWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.e2e.ends = train.EndedJob{Status: "failed"}
	w.e2e.found.Report = train.E2EReport{Tests: 4, Failed: 1}
	return w
}

func TestARerunThatIsRedAfterGreenClosesTheGate(t *testing.T) {
	w := newWorld(t)
	w.e2e.ended = []train.EndedJob{{Status: "success"}, {Status: "failed"}}
	w.e2e.found.Report = train.E2EReport{Tests: 4, Failed: 1}
	w.e2e.took = []time.Duration{8 * time.Hour, time.Hour}
	w.signal(newYork(24, 7, 0), train.RerunE2E, ada(""))
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, 2, w.e2e.started)
	assert.Equal(t, train.EndMissed, s.End)
	assert.Len(t, w.gitlab.played, 1)
	assert.Equal(t, train.E2ERed, s.E2E)
}

func TestARerunWhileTheReportIsReadRunsAgain(t *testing.T) {
	w := newWorld(t)
	w.e2e.reportTakes = 10 * time.Minute
	w.e2e.took = []time.Duration{8 * time.Hour, time.Hour}
	w.signal(newYork(24, 1, 17), train.RerunE2E, ada("")) // the run has ended, its report is being read
	s := w.run()
	assert.Equal(t, 2, w.e2e.started)
	assert.Equal(t, train.EndReleased, s.End)
}

func TestAnApprovalIsVoidWhenE2ERunsAgain(t *testing.T) {
	w := redWorld(t)
	w.signal(newYork(24, 8, 0), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: newTag})
	w.signal(newYork(24, 8, 1), train.RerunE2E, ada(""))
	w.e2e.took = []time.Duration{8 * time.Hour, time.Hour}
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Nil(t, s.Approval)
}

func TestARecutAfterAnApprovalStartsWithNoEvidence(t *testing.T) {
	w := redWorld(t)
	w.signal(newYork(24, 3, 0), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: newTag})
	recut := w.update(newYork(24, 4, 0), train.CutTag, ada("takes the revert"))
	var st train.Status
	w.at(newYork(24, 4, 1), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.e2e.took = []time.Duration{8 * time.Hour, 4 * time.Hour}
	s := w.run()
	assert.Contains(t, recut.said(), "Against "+newTag+" it adds 1 commit (Revert slots) and drops nothing.")
	assert.Equal(t, "api/v2026.11.24.2", st.Candidate.Tag)
	assert.Nil(t, st.Approval)
	assert.Nil(t, st.E2E)
	assert.Equal(t, train.EndMissed, s.End)
	assert.Equal(t, []string{newTag}, s.Former)
	assert.Equal(t, []string{"deploy-staging Mon 17:01", "deploy-staging Tue 04:01"}, w.gitlab.played)
	require.Len(t, w.gitlab.logs, 2, "the changelog is made again")
}

func TestARecutWhileE2ERunsCancelsThatRun(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(23, 20, 0), train.CutTag, ada("more"))
	s := w.run()
	assert.Equal(t, []int64{3}, w.gitlab.cancelled)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "api/v2026.11.24.2", s.Tag)
}

func TestATagMadeByHandIsAnnouncedAndAdoptedOnlyWhenAsked(t *testing.T) {
	w := newWorld(t)
	const made = "api/v2026.11.24.5"
	w.change(newYork(24, 3, 0), func() { w.holds.handMade = []string{made} })
	var st train.Status
	w.at(newYork(24, 3, 30), func() { st = w.status() })
	w.signal(newYork(24, 4, 0), train.CutTag, train.Command{By: "ada", Reason: "adopt it", Tag: made})
	w.e2e.took = []time.Duration{8 * time.Hour, 2 * time.Hour}
	s := w.run()
	assert.Equal(t, newTag, st.Candidate.Tag)
	assert.Contains(t, w.said("#mono-release-coordination"),
		"To adopt it: `starter cut-tag --train api --day 2026-11-24 --tag "+made)
	assert.Equal(t, made, s.Tag)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, 1, w.gitlab.tags, "nothing is tagged for an adopted one")
}

func TestAProductionJobThatSomebodyStartedInGitLabIsAdoptedAloud(t *testing.T) {
	w := redWorld(t)
	w.change(newYork(24, 9, 0), func() {
		w.holds.started = &train.PipelineJob{JobURL: "https://gitlab/jobs/9",
			Status: "running"}
	})
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Len(t, w.gitlab.played, 1, "it is not played again")
	assert.Contains(t, w.said("#mono-release-coordination"), "Somebody started promote-production of "+newTag+" in GitLab")
}

func TestMarkBadKeepsTheCandidateFromProductionForEver(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 9, 0), train.MarkBad, ada("loses bookings"))
	refused := w.update(newYork(24, 9, 1), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "x", Tag: newTag})
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Equal(t, []string{newTag}, w.gitlab.marked)
	assert.Contains(t, st.Waiting.What, newTag+" was marked bad: loses bookings")
	assert.Contains(t, refused.said(), "was marked bad")
}

func TestPromoteNowSkipsOnlyTheWindow(t *testing.T) {
	w := redWorld(t)
	w.signal(newYork(24, 6, 0), train.PromoteNow, ada("support asked"))
	w.signal(newYork(24, 6, 10), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: newTag})
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "promote-production Tue 06:11", w.gitlab.played[1], "evidence stays")
}

func TestPromoteNowAfterTheWindowDeploys(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 10, 0), train.Pause, ada("wait"))
	w.signal(newYork(24, 16, 10), train.Resume, ada(""))
	w.signal(newYork(24, 16, 20), train.PromoteNow, ada("agreed"))
	w.supersede(newYork(24, 18, 0))
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "promote-production Tue 16:21", w.gitlab.played[1])
}

func TestAPromotionIsForgottenAfterAnHour(t *testing.T) {
	w := redWorld(t)
	w.signal(newYork(24, 6, 0), train.PromoteNow, ada("support asked"))
	w.signal(newYork(24, 7, 10), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: newTag})
	w.run()
	assert.Equal(t, "promote-production Tue 11:01", w.gitlab.played[1])
}

func TestMoveProductionMovesTheWindowWithItsReminders(t *testing.T) {
	w := redWorld(t)
	moved := w.update(newYork(24, 9, 0), train.MoveProduction, train.Command{By: "ada", Reason: "marketing", At: "14:00"})
	late := w.update(newYork(24, 9, 1), train.MoveProduction,
		train.Command{By: "ada", Reason: "x", At: "2026-11-24T17:30:00-05:00"})
	past := w.update(newYork(24, 9, 2), train.MoveProduction,
		train.Command{By: "ada", Reason: "x", At: "2026-11-24T08:00:00-05:00"})
	w.signal(newYork(24, 13, 30), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: newTag})
	var reminded bool
	w.at(newYork(24, 13, 5), func() {
		reminded = strings.Contains(w.said("#mono-release-coordination"), "1h 0m before production opens")
	})
	s := w.run()
	assert.Contains(t, moved.said(),
		"Production opens Tue 24 Nov 14:00 EST (19:00 UTC) and closes Tue 24 Nov 17:00 EST (22:00 UTC)",
		"before the next departure")
	assert.Contains(t, late.said(), "the next departure is")
	assert.Contains(t, past.said(), "has passed")
	assert.True(t, reminded)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "promote-production Tue 14:01", w.gitlab.played[1])
}

func TestE2EThatRunsAtItsDeadlineIsOverdueAndMayBeApproved(t *testing.T) {
	w := newWorld(t)
	w.e2e.takes = 30 * time.Hour
	w.signal(newYork(24, 10, 30), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "slow runners", Tag: newTag})
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "promote-production Tue 11:01", w.gitlab.played[1])
}

func TestAnApprovalOfAnOverdueRunIsVoidWhenItTurnsRed(t *testing.T) {
	w := redWorld(t)
	w.e2e.takes = 17*time.Hour + 40*time.Minute // after its deadline, before eleven
	w.signal(newYork(24, 10, 10), train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "slow runners", Tag: newTag})
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Len(t, w.gitlab.played, 1)
}

func TestCancelEndsTheReleaseInEachPhase(t *testing.T) {
	for phase, at := range map[train.Phase]time.Time{
		train.OnStaging: newYork(23, 17, 3), train.Testing: newYork(23, 20, 0), train.AtGate: newYork(24, 9, 0),
		train.Producing: newYork(24, 11, 3),
	} {
		t.Run(string(phase), func(t *testing.T) {
			w := newWorld(t)
			var st train.Status
			w.at(at.Add(-time.Second), func() { st = w.status() })
			w.signal(at, train.Cancel, ada("no release today"))
			s := w.run()
			assert.Equal(t, phase, st.Phase)
			if phase == train.Producing {
				assert.Equal(t, train.EndReleased, s.End, "a production deploy ends first")
				return
			}
			assert.Equal(t, train.EndCancelled, s.End)
			assert.Equal(t, "Cancelled by ada: no release today", s.Why)
		})
	}
}

func TestAHotfixThatReachesProductionAfterTheCutIsDriftNotARevert(t *testing.T) {
	w := newWorld(t)
	const hotfix = "api/v2026.11.23.2"
	w.change(newYork(24, 9, 0), func() {
		w.holds.drift = &train.Hold{Kind: train.HoldDrift,
			Reason: "production has 2 commits this candidate lacks: fix checkout; fix prices"}
		w.holds.runs = train.Version{Tag: hotfix}
	})
	var st train.Status
	w.at(newYork(24, 12, 0), func() { st = w.status() })
	// acknowledged: the next look finds none
	w.at(newYork(24, 13, 0), func() { w.mu.Lock(); w.holds.drift = nil; w.mu.Unlock() })
	ack := w.update(newYork(24, 13, 0), train.Acknowledge,
		train.Command{By: "ada", Reason: "in main too", Hold: train.HoldDrift})
	s := w.run()
	assert.Equal(t, train.WaitHold, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "production has 2 commits this candidate lacks")
	assert.Contains(t, ack.said(), hotfix+" counts as what production runs")
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, hotfix, w.gitlab.logs[len(w.gitlab.logs)-1].From.Version.Tag, "the changelog is re-based")
}

func TestTwoCommandsInOneTaskActInTheSafeOrder(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 9, 0), train.Pause, ada("before"))
	w.at(newYork(24, 10, 0), func() {
		w.env.SignalWorkflow(string(train.Resume), ada(""))
		w.env.SignalWorkflow(string(train.Cancel), ada("stop"))
	})
	s := w.run()
	require.GreaterOrEqual(t, len(s.Record.Decisions), 2)
	assert.Equal(t, train.Cancel, s.Record.Decisions[1].Command, "cancel acts before resume, whatever came first")
	assert.Equal(t, train.EndCancelled, s.End)
}

func TestACutHeldPastMidnightIsLateUntilSomebodyAcknowledgesIt(t *testing.T) {
	w := newWorld(t)
	w.holds.memory = train.Memory{Revision: 1,
		Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", Since: newYork(23, 9, 0)}}}
	w.ofTrain(newYork(24, 1, 0), train.Resume, ada(""))
	var st train.Status
	w.at(newYork(24, 2, 0), func() { st = w.status() })
	w.signal(newYork(24, 3, 0), train.Acknowledge, train.Command{By: "ada", Reason: "go", Hold: train.HoldLate})
	w.e2e.takes = time.Hour
	s := w.run()
	require.Len(t, st.Holds, 1)
	assert.Equal(t, train.HoldLate, st.Holds[0].Kind)
	assert.Contains(t, st.Holds[0].Reason, "held past midnight")
	assert.Equal(t, train.EndReleased, s.End)
}

func TestADepartureSixHoursLateWaitsForAPersonAndThenGoesOn(t *testing.T) {
	w := newWorld(t)
	w.startAt(newYork(23, 23, 0))
	w.signal(newYork(23, 23, 40), train.Acknowledge, train.Command{By: "ada", Reason: "go", Hold: train.HoldLate})
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, "deploy-staging Mon 23:41", w.gitlab.played[0])
}

func TestADaySkippedOrMadeAHolidayAfterTheDepartureHoldsTheCutAsLate(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"skipped": func(w *world) {
			w.ofTrain(newYork(23, 18, 0), train.SkipDay, train.Command{By: "ada", Reason: "company meeting", Day: w.in.Plan.Day})
		},
		"holiday": func(w *world) { w.holds.dayGone = "2026-11-24 is no longer a release day: holiday: flood" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.holds.memory = train.Memory{Revision: 1,
				Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", Since: newYork(23, 9, 0)}}}
			prepare(w)
			w.ofTrain(newYork(23, 19, 0), train.Resume, ada(""))
			var st train.Status
			w.at(newYork(23, 20, 0), func() { st = w.status() })
			w.signal(newYork(23, 21, 0), train.Cancel, ada("right"))
			s := w.run()
			require.Len(t, st.Holds, 1)
			assert.Equal(t, train.HoldLate, st.Holds[0].Kind)
			assert.Contains(t, st.Holds[0].Reason, "no longer a release day")
			assert.Zero(t, w.gitlab.tags)
			assert.Equal(t, train.EndCancelled, s.End)
		})
	}
}

func TestRetryDeployDeploysStagingAgain(t *testing.T) {
	w := newWorld(t)
	w.gitlab.jobs["deploy-staging"] = train.EndedJob{Status: "failed", Reason: "script_failure"}
	w.at(newYork(23, 18, 0), func() { w.mu.Lock(); delete(w.gitlab.jobs, "deploy-staging"); w.mu.Unlock() })
	retry := w.update(newYork(23, 18, 1), train.RetryDeploy, train.Command{By: "ada", Environment: train.Staging})
	s := w.run()
	assert.Contains(t, retry.said(), "attempt 2")
	assert.Equal(t, train.EndReleased, s.End)
}

func TestMalformedSignalsAreRefusedWithASentenceAndChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.at(newYork(24, 3, 0), func() {
		w.env.SignalWorkflow("pause", nil)
		w.env.SignalWorkflow("pause", "please")
		w.env.SignalWorkflow("pause", map[string]any{"by": 7, "reason": "x"})
		w.env.SignalWorkflow("pause", map[string]any{"by": "ada", "reasn": "x"})
		w.env.SignalWorkflow("pause", map[string]any{"by": "ada"})
		w.env.SignalWorkflow("pause", map[string]any{"by": "ada", "reason": strings.Repeat("x", 20<<10)})
		w.env.SignalWorkflow("puase", map[string]any{"by": "ada", "reason": "x"})
		w.env.SignalWorkflow("pause", []byte{0, 1, 2})
	})
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	require.Len(t, s.Record.Decisions, 8)
	var said []string
	for _, d := range s.Record.Decisions {
		assert.False(t, d.Accepted)
		said = append(said, d.Sentence)
	}
	all := strings.Join(said, "\n")
	for _, part := range []string{
		"the input is not a JSON object", `the field "by" is a number: write a string`,
		`there is no field "reasn" in pause: its fields are by, reason`,
		`the field "reason" is missing: send for example {"by":"ada","reason":"checkout is down"}`,
		"was not read: send at most 16384", `there is no command "puase"`, "not JSON but binary/plain",
	} {
		assert.Contains(t, all, part)
	}
	assert.Contains(t, w.said("#mono-release-coordination"), "pause was refused")
}
