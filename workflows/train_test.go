package workflows

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// shed is the world of a TrainWorkflow in virtual time.
type shed struct {
	t       *testing.T
	mu      sync.Mutex
	env     *testsuite.TestWorkflowEnvironment
	start   time.Time
	freezes map[int64]train.OwnFreeze
	lastID  int64
	refuse  string
	silent  time.Duration // how long GitLab takes
	open    []string      // open releases
	told    []train.MemoryUpdate
	said    []string
	unknown string
	gone    bool   // the train is in release.yaml no longer
	reads   int    // of the configuration
	refuses string // GitLab deletes nothing, and says why
	broken  error  // GitLab deletes nothing, and fails
	lost    bool   // GitLab's answer to a creation is lost
	steps   []string
	asked   []train.FreezeInput
	keys    []string      // of messages
	last    time.Duration // when the last thing is planned to happen

	config     train.Train
	transcript *transcript // nil: nobody writes it down
}

func newShed(t *testing.T) *shed {
	t.Helper()
	return newShedAt(t, newYork(23, 9, 0))
}

func newShedAt(t *testing.T, start time.Time) *shed {
	t.Helper()
	s := &shed{t: t, freezes: map[int64]train.OwnFreeze{}, start: start, config: exampleTrain()}
	s.env = newEnvironment(train.MemoryID("api"))
	s.env.SetStartTime(s.start)
	any := mock.Anything
	s.env.OnActivity(departures.ReadTrain, any,
		any).Return(lockedIn(&s.mu, func(train.ReadTrainInput) (train.ReadTrainResult, error) {
		s.reads++
		if s.unknown != "" {
			return train.ReadTrainResult{Refused: s.unknown, Gone: s.gone}, nil
		}
		return train.ReadTrainResult{Train: s.config}, nil
	}))
	s.env.OnActivity(trains.TellReleases, any,
		any).Return(lockedIn(&s.mu, func(in train.TellReleasesInput) (train.ToldReleases, error) {
		s.told = append(s.told, in.Update)
		return train.ToldReleases{IDs: s.open}, nil
	}))
	slow := func() time.Duration { return s.silent }
	s.env.OnActivity(gitlab.CreateFreeze, any,
		any).Return(lockedIn(&s.mu, func(in train.FreezeInput) (train.FreezeResult, error) {
		s.steps, s.asked = append(s.steps, "create"), append(s.asked, in)
		if s.lost {
			return train.FreezeResult{}, temporal.NewNonRetryableApplicationError("GitLab does not answer", "", nil)
		}
		if s.refuse != "" {
			return train.FreezeResult{Refused: s.refuse}, nil
		}
		s.lastID++
		s.freezes[s.lastID] = in.Freeze
		return train.FreezeResult{ID: s.lastID}, nil
	})).AfterFn(slow)
	s.env.OnActivity(gitlab.ChangeFreeze, any,
		any).Return(lockedIn(&s.mu, func(in train.FreezeInput) (train.FreezeResult, error) {
		s.steps = append(s.steps, "change")
		if _, ok := s.freezes[in.Freeze.ID]; !ok {
			return train.FreezeResult{Gone: true}, nil
		}
		s.freezes[in.Freeze.ID] = in.Freeze
		return train.FreezeResult{ID: in.Freeze.ID}, nil
	}))
	s.env.OnActivity(gitlab.DeleteFreeze, any,
		any).Return(lockedIn(&s.mu, func(in train.FreezeInput) (train.FreezeResult, error) {
		s.steps, s.asked = append(s.steps, "delete"), append(s.asked, in)
		if s.broken != nil {
			return train.FreezeResult{}, s.broken
		}
		if s.refuses != "" {
			return train.FreezeResult{Refused: s.refuses}, nil
		}
		delete(s.freezes, in.Freeze.ID)
		return train.FreezeResult{}, nil
	}))
	s.env.OnActivity(slack.Deliver, any, any).Return(lockedIn(&s.mu, func(in train.DeliverInput) (train.Delivered, error) {
		s.keys = append(s.keys, in.Key)
		s.said = append(s.said, in.Card.Title+"\n"+in.Card.Body)
		s.transcript.slack(in)
		return train.Delivered{}, nil
	}))
	return s
}

func (s *shed) at(after time.Duration, f func()) {
	s.last = max(s.last, after)
	s.env.RegisterDelayedCallback(func() {
		f()
		s.transcript.look()
	}, after)
}

func (s *shed) update(after time.Duration, name train.CommandName, c train.Command) *answer {
	a := &answer{}
	s.at(after, func() { s.env.UpdateWorkflow(string(name), string(name)+after.String(), a, c) })
	return a
}

func (s *shed) status() (st train.MemoryStatus) {
	value, err := s.env.QueryWorkflow(train.QueryStatus)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&st))
	return st
}

// run runs the train until an hour after the last thing that happens, when its history is long: it goes on in a new
// run, whose input this is.
func (s *shed) run() train.MemoryInput {
	s.t.Helper()
	return s.runFrom(train.MemoryInput{Train: "api"}, time.Hour)
}

// runFrom runs it from what an earlier run handed over.
func (s *shed) runFrom(in train.MemoryInput, longer time.Duration) (next train.MemoryInput) {
	s.t.Helper()
	s.env.RegisterDelayedCallback(func() {
		s.env.SetContinueAsNewSuggested(true)
	}, s.last+longer)
	s.env.ExecuteWorkflow(train.TrainWorkflow, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	var again *workflow.ContinueAsNewError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &again)
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	return next
}

// ends runs a train to its end.
func (s *shed) ends(in train.MemoryInput) (result train.MemoryResult) {
	s.t.Helper()
	s.env.ExecuteWorkflow(train.TrainWorkflow, in)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	require.NoError(s.t, s.env.GetWorkflowResult(&result))
	return result
}

// next is the same world for the train's next run, which begins an hour later.
func (s *shed) next() *shed {
	n := newShedAt(s.t, s.env.Now().Add(time.Hour))
	n.freezes, n.lastID, n.config = s.freezes, s.lastID, s.config
	return n
}

func TestATrainRemembersAPauseUntilResume(t *testing.T) {
	s := newShed(t)
	pause := s.update(time.Second, train.Pause, ada("audit"))
	var st train.MemoryStatus
	s.at(40*time.Hour, func() { st = s.status() })
	s.update(48*time.Hour, train.Resume, ada(""))
	s.run()
	assert.Contains(t, pause.said(), "Paused")
	require.Len(t, st.Memory.Holds, 1)
	assert.Equal(t, train.WaitPerson, st.Waiting.For)
	assert.NotEmpty(t, st.Commands)
	require.Len(t, s.said, 2, "no release is open, so the train says it itself")
	assert.Contains(t, s.said[0], "pause by ada")
}

func TestATrainTellsItsOpenReleaseAtOnceAndLeavesTheTalkingToIt(t *testing.T) {
	s := newShed(t)
	s.open = []string{releaseID}
	s.update(time.Second, train.Pause, ada("audit"))
	s.update(time.Hour, train.Resume, ada(""))
	s.run()
	assert.Empty(t, s.said)
	require.Len(t, s.told, 2)
	assert.Len(t, s.told[0].Memory.Holds, 1)
	require.Len(t, s.told[0].Decisions, 1)
	assert.Empty(t, s.told[1].Memory.Holds)
	assert.Greater(t, s.told[1].Memory.Revision, s.told[0].Memory.Revision)
}

func TestAHotfixFreezeCreatesAGitLabFreezeAndTheLiftRemovesExactlyOurs(t *testing.T) {
	s := newShed(t)
	s.freezes[99] = train.OwnFreeze{}
	s.lastID = 100
	freeze := s.update(time.Second, train.HotfixFreeze, ada("hotfix for checkout"))
	lift := s.update(2*time.Hour, train.LiftHotfixFreeze, ada(""))
	again := s.update(2*time.Hour+10*time.Second, train.LiftHotfixFreeze, ada(""))
	var during map[int64]train.OwnFreeze
	s.at(time.Hour, func() { s.mu.Lock(); during = map[int64]train.OwnFreeze{101: s.freezes[101]}; s.mu.Unlock() })
	s.run()
	assert.Contains(t, freeze.said(), "It is GitLab freeze period 101.")
	assert.Equal(t, newYork(23, 9, 0).UTC(), during[101].From)
	assert.Equal(t, newYork(24, 9, 1).UTC(), during[101].Until)
	assert.Contains(t, lift.said(), "Our GitLab freeze period is gone.")
	assert.Contains(t, again.said(), "there is nothing to lift")
	assert.Len(t, s.freezes, 1)
	assert.Contains(t, s.freezes, int64(99))
}

func TestAHotfixFreezeIsExtendedHalfAnHourBeforeItsEndWhileTheHoldStands(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.HotfixFreeze, train.Command{By: "ada", Reason: "fix", Until: "4h"})
	var until time.Time
	s.at(3*time.Hour+40*time.Minute, func() { s.mu.Lock(); until = s.freezes[1].Until; s.mu.Unlock() })
	s.update(5*time.Hour, train.LiftHotfixFreeze, ada(""))
	s.run()
	assert.Equal(t, newYork(24, 13, 1).UTC(), until)
	assert.Equal(t, []string{"create", "change", "delete"}, s.steps)
}

func TestAFreezeThatSomebodyDeletedInGitLabIsCreatedAnewWhenItIsExtended(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.HotfixFreeze, train.Command{By: "ada", Reason: "fix", Until: "4h"})
	s.at(time.Hour, func() { s.mu.Lock(); delete(s.freezes, 1); s.mu.Unlock() })
	s.update(5*time.Hour, train.LiftHotfixFreeze, ada(""))
	s.run()
	assert.Equal(t, []string{"create", "change", "create", "delete"}, s.steps)
	assert.Empty(t, s.freezes)
}

func TestAFreezeThatGitLabRefusesStillHoldsHere(t *testing.T) {
	s := newShed(t)
	s.refuse = "GitLab: could not create a freeze period: 403 Forbidden"
	freeze := s.update(time.Second, train.HotfixFreeze, ada("fix"))
	var st train.MemoryStatus
	s.at(time.Hour, func() { st = s.status() })
	s.update(2*time.Hour, train.LiftHotfixFreeze, ada(""))
	s.run()
	assert.Contains(t, freeze.said(),
		"Held here; GitLab freeze refused: GitLab: could not create a freeze period: 403 Forbidden")
	require.Len(t, st.Memory.Holds, 1)
	assert.Equal(t, train.HoldHotfix, st.Memory.Holds[0].Kind)
	assert.Equal(t, []string{"create"}, s.steps, "neither hammered nor deleted")
}

func TestALiftWhileGitLabDoesNotAnswerStillLeavesNoFreezeBehind(t *testing.T) {
	s := newShed(t)
	s.silent = time.Hour
	freeze := s.update(time.Second, train.HotfixFreeze, ada("fix"))
	lift := s.update(10*time.Minute, train.LiftHotfixFreeze, ada(""))
	s.run()
	assert.Contains(t, freeze.said(), "GitLab has not answered yet")
	assert.Contains(t, lift.said(), "our freeze period is deleted as soon as it does")
	assert.Equal(t, []string{"create", "delete"}, s.steps)
	assert.Empty(t, s.freezes)
}

func TestSkippedDaysAreForgottenWhenTheyHavePassed(t *testing.T) {
	s := newShed(t)
	skip := s.update(time.Second, train.SkipDay, train.Command{By: "ada", Reason: "meeting",
		Day: calendar.Day{Year: 2026, Month: 11, Day: 25}})
	var before, after train.MemoryStatus
	s.at(48*time.Hour, func() { before = s.status() })
	s.at(72*time.Hour, func() { after = s.status() })
	past := s.update(2*time.Second, train.SkipDay, train.Command{By: "ada", Reason: "meeting",
		Day: calendar.Day{Year: 2026, Month: 11, Day: 20}})
	s.run()
	assert.Contains(t, skip.said(), "Nothing is released on 2026-11-25.")
	assert.Contains(t, past.said(), "name a day ahead")
	assert.Len(t, before.Memory.Skipped, 1)
	assert.Empty(t, after.Memory.Skipped)
}

func TestATrainThatReleaseYamlDoesNotKnowRefusesAndEnds(t *testing.T) {
	s := newShed(t)
	s.gone, s.unknown = true, "there is no train \"apy\" in release.yaml; it has api"
	a := s.update(time.Second, train.Pause, ada("x"))
	b := s.update(2*time.Second, train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "x", Tag: newTag})
	result := s.ends(train.MemoryInput{Train: "apy"})
	assert.Contains(t, a.said(), `there is no train "apy"`)
	assert.Error(t, b.err)
	assert.Contains(t, result.Why, `The train apy ends, because it is not configured any more: there is no train "apy"`)
	assert.Equal(t, 2, s.reads, "a worker with an older file may have been asked: it looks twice")
}

func TestWhatBelongsToAReleaseIsRefusedByTheTrain(t *testing.T) {
	s := newShed(t)
	a := s.update(time.Second, train.RerunE2E, ada(""))
	s.run()
	assert.Contains(t, a.said(), "rerun-e2e belongs to a release, not to the train")
}

func TestACommandThatARetryRepeatsIsActedOnOnce(t *testing.T) {
	s := newShed(t)
	c := ada("audit")
	c.ID = "release-api-2026-11-24#1/1"
	s.update(time.Second, train.Pause, c)
	s.update(time.Minute, train.Resume, ada(""))
	late := s.update(time.Minute+time.Second, train.Pause, c)
	s.run()
	assert.Equal(t, "Done already.", late.said())
	assert.Len(t, s.told, 2)
}

func TestNoDepartureRaisesAnAlarmAndARecordedReasonDoesNot(t *testing.T) {
	for name, tt := range map[string]struct {
		found train.ExpectedRelease
		alarm bool
	}{
		"departed": {train.ExpectedRelease{Sentence: "release-api-2026-11-24 departed"}, false},
		"skipped":  {train.ExpectedRelease{Sentence: "2026-11-24 was skipped: meeting (ada)"}, false},
		"missing": {train.ExpectedRelease{Alarm: true, Day: calendar.Day{Year: 2026, Month: 11, Day: 24},
			Sentence: "release-api-2026-11-24 should have departed"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShed(t)
			var asked train.ExpectReleaseInput
			s.env.OnActivity(departures.ExpectRelease, mock.Anything,
				mock.Anything).Return(lockedIn(&s.mu, func(in train.ExpectReleaseInput) (train.ExpectedRelease, error) {
				asked = in
				tt.found.Train = exampleTrain()
				return tt.found, nil
			}))
			require.NoError(t, s.env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
				temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(newYork(23, 17, 30)))))
			s.env.ExecuteWorkflow(train.WatchdogWorkflow, train.WatchdogInput{Train: "api"})
			require.NoError(t, s.env.GetWorkflowError())
			assert.True(t, newYork(23, 17, 0).Equal(asked.CutAt), asked.CutAt)
			assert.Equal(t, tt.alarm, len(s.said) == 1)
			if tt.alarm {
				assert.Contains(t, s.said[0], "No departure of api for 2026-11-24")
				assert.Contains(t, s.said[0], "starter start --train api --day 2026-11-24")
			}
		})
	}
}
