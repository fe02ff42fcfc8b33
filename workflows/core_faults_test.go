package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

// What real use broke in the core; each was played before it was mended.

func TestAPauseThatTheTrainDoesNotKnowYetIsNotEndedByWhatIsReadOfTheTrain(t *testing.T) {
	w := newWorld(t)
	w.holds.memory.Revision = 1
	w.holds.trainErr = errForbidden
	w.signal(newYork(24, 10, 0), train.Pause, ada("checkout is down"))
	w.change(newYork(24, 10, 10), func() { w.holds.handMade = []string{"api/v2026.11.24.2"} })
	var st train.Status
	w.at(newYork(24, 11, 5), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	require.Len(t, st.Holds, 1, "the watch has read the train meanwhile")
	assert.Equal(t, train.HoldPause, st.Holds[0].Kind)
	assert.NotContains(t, strings.Join(w.gitlab.played, " "), "promote-production")
}

func TestACutThatWaitsForAPauseOutlivesARollback(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 9, 0), train.Pause, ada("look first"))
	w.update(newYork(24, 9, 5), train.CutTag, ada("takes the revert"))
	w.update(newYork(24, 9, 10), train.Rollback, train.Command{By: "ada", Reason: "broken", Environment: train.Staging})
	w.signal(newYork(24, 9, 40), train.Resume, train.Command{By: "ada"})
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, 2, w.gitlab.tags, "the order was accepted, so it is carried out")
	assert.Equal(t, "api/v2026.11.24.2", s.Tag)
}

func TestARerunThatWaitsForAPauseIsCarriedOutOnce(t *testing.T) {
	w := newWorld(t)
	w.signal(newYork(24, 9, 0), train.Pause, ada("look first"))
	first := w.update(newYork(24, 9, 5), train.RerunE2E, ada(""))
	second := w.update(newYork(24, 9, 6), train.RerunE2E, ada(""))
	w.e2e.took = []time.Duration{8 * time.Hour, 30 * time.Minute}
	w.signal(newYork(24, 9, 40), train.Resume, train.Command{By: "ada"})
	w.run()
	assert.NoError(t, first.err)
	assert.ErrorContains(t, second.err, "a new run is about to start")
	assert.Equal(t, 2, w.e2e.started)
}

func TestAStepThatFailsIsTriedAgainByItselfAndAtOnceByTryAgain(t *testing.T) {
	w := newWorld(t)
	w.gitlab.logErr = errForbidden
	var stuck, after train.Status
	w.at(newYork(23, 17, 30), func() { stuck = w.status() })
	w.at(newYork(23, 17, 31), func() { w.gitlab.logErr = nil })
	answered := w.update(newYork(23, 17, 31).Add(time.Second), train.TryAgain, ada(""))
	w.at(newYork(23, 17, 32), func() { after = w.status() })
	s := w.run()
	assert.Equal(t, train.WaitPerson, stuck.Waiting.For)
	assert.Contains(t, stuck.Waiting.Next, "tried again by itself")
	assert.False(t, stuck.Waiting.NextAt.IsZero())
	names := []train.CommandName{}
	for _, c := range stuck.Commands {
		names = append(names, c.Name)
	}
	assert.Contains(t, names, train.TryAgain)
	assert.Contains(t, names, train.CutTag, "a candidate stands although its changelog is missing")
	assert.NoError(t, answered.err)
	assert.NotEqual(t, train.WaitPerson, after.Waiting.For)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, 1, strings.Count(w.said("#mono-release-coordination"), "is stuck while"), "one problem is said once")
}

func TestAStepThatIsMendedGoesOnWithoutAnybody(t *testing.T) {
	w := newWorld(t)
	w.gitlab.tagErr = errForbidden
	w.at(newYork(23, 17, 58), func() { w.gitlab.tagErr = nil })
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
}

func TestVoidE2ERunsAreRepeatedThreeTimesAndThenPeopleAreAsked(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		w.e2e.void = append(w.e2e.void, "staging runs another tag")
	}
	var st train.Status
	w.at(newYork(24, 9, 0), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Equal(t, train.EndMissed, s.End)
	assert.Equal(t, 3, w.e2e.asked)
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.Contains(t, st.Waiting.What, "E2E is void")
}

func TestADeployThatIsHeldForNoKnownReasonIsNotTriedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.gitlab.held["promote-production"] = train.PlayedJob{Held: "the window closed, by the worker's clock"}
	w.supersede(newYork(24, 17, 0))
	w.run()
	attempts := strings.Count(w.said("#deploy-maven"), "not deployed: held")
	assert.Less(t, attempts, 45, "every quarter of an hour in five hours, told twice")
}

func TestWhatHangsAtGitLabNeitherBlocksOtherCommandsNorKeepsTheReleaseOpen(t *testing.T) {
	w := newWorld(t)
	w.gitlab.resolveTakes = 11 * time.Hour
	var answers []*answer
	for i := range 12 {
		answers = append(answers, w.update(newYork(24, 9, i), train.CutTag, ada("takes the revert")))
	}
	cancelled := w.update(newYork(24, 9, 20), train.Cancel, ada("no release today"))
	s := w.run()
	for _, a := range answers {
		assert.ErrorContains(t, a.err, "GitLab did not say what would be cut")
	}
	assert.NoError(t, cancelled.err)
	assert.Equal(t, train.EndCancelled, s.End)
	assert.Less(t, w.completedAt.Sub(newYork(24, 9, 20)), 15*time.Minute)
}

func TestTemporalsOwnCancelIsRefusedAloudWhereThePolicyRestrictsIt(t *testing.T) {
	w := newWorld(t)
	w.in.Train.Policy.Allow = []train.Allowed{{Command: train.Cancel, People: []string{"grace"}}}
	w.at(newYork(24, 3, 0), w.env.CancelWorkflow)
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Contains(t, w.said("#mono-release-coordination"), "may not cancel on this train: ask grace")
}

func TestATagThatIsMadeAfterTheReleaseWasCancelledIsNotForgotten(t *testing.T) {
	w := newWorld(t)
	w.gitlab.tagTakes = 5 * time.Minute
	w.signal(newYork(23, 17, 2), train.Cancel, ada("no release today"))
	s := w.run()
	assert.Equal(t, train.EndCancelled, s.End)
	assert.Equal(t, 1, w.gitlab.tags)
	assert.Equal(t, []string{newTag}, s.Former)
	assert.Contains(t, w.said("#mono-release-coordination"), "was made all the same")
}

func TestAnE2ERunThatStartsAfterItsCandidateWasReplacedIsCancelledAndIsNoEvidence(t *testing.T) {
	w := newWorld(t)
	w.e2e.startTakes = []time.Duration{10 * time.Minute}
	w.signal(newYork(23, 17, 20), train.CutTag, ada("takes the revert"))
	w.run()
	assert.Len(t, w.gitlab.cancelled, 1)
	assert.Equal(t, int64(3), w.gitlab.cancelled[0], "the run of the first candidate")
	require.Len(t, w.e2e.keys, 2)
	assert.Contains(t, w.e2e.keys[0], newTag+"/")
	assert.Contains(t, w.e2e.keys[1], "api/v2026.11.24.2/")
}
