package workflows

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

func TestATrainRunsOnWithNothingToRememberOnUnderTwentyActionsADay(t *testing.T) {
	s := newShed(t)
	actions := map[string]int{}
	count := func() { actions[s.env.Now().In(exampleTrain().Location()).Format(time.DateOnly)]++ }
	s.env.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { count() })
	s.env.SetOnTimerScheduledListener(func(string, time.Duration) { count() })
	late := s.update(10*24*time.Hour, train.Pause, ada("audit"))
	s.run()
	assert.Contains(t, late.said(), "Paused")
	assert.GreaterOrEqual(t, len(actions), 10)
	for day, n := range actions {
		assert.Less(t, n, 20, day)
	}
	assert.Equal(t, 1+10, s.reads, "at the start and on ten days")
}

func TestATrainReadsItsConfigurationEveryDayAndWhenItIsTold(t *testing.T) {
	s := newShed(t)
	forbid := func(who string) func() {
		return func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.config.Policy.Allow = []train.Allowed{{Command: train.Pause, People: []string{who}}}
		}
	}
	s.at(time.Hour, forbid("grace"))
	same := s.update(2*time.Hour, train.Pause, ada("audit"))
	tomorrow := s.update(24*time.Hour, train.Pause, ada("prices"))
	s.at(25*time.Hour, forbid("ada"))
	s.at(25*time.Hour+time.Second, func() { s.env.SignalWorkflow(train.SignalReadConfiguration, nil) })
	told := s.update(25*time.Hour+2*time.Second, train.Pause, ada("stock"))
	s.run()
	assert.NoError(t, same.err)
	assert.Contains(t, tomorrow.said(), "ada may not pause on this train: ask grace")
	assert.NoError(t, told.err)
}

func TestATrainThatIsConfiguredNoLongerEndsAndSaysSo(t *testing.T) {
	s := newShed(t)
	s.at(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone, s.unknown = true, `there is no train "api" in release.yaml`
	})
	result := s.ends(train.MemoryInput{Train: "api"})
	assert.Equal(t, `The train api ends, because it is not configured any more: there is no train "api" in release.yaml`,
		result.Why)
	assert.WithinDuration(t, newYork(24, 0, 11), s.env.Now(), time.Minute, "the day after, once it is sure")
}

func TestATrainThatIsConfiguredNoLongerKeepsItsHoldsUntilTheyAreLifted(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.Pause, ada("audit"))
	s.update(2*time.Second, train.HotfixFreeze, ada("checkout"))
	s.at(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone, s.unknown = true, `there is no train "api" in release.yaml`
	})
	more := s.update(40*time.Hour, train.Pause, ada("more"))
	resume := s.update(50*time.Hour, train.Resume, ada(""))
	lift := s.update(51*time.Hour, train.LiftHotfixFreeze, ada(""))
	s.ends(train.MemoryInput{Train: "api"})
	assert.Contains(t, more.said(), "there is no train")
	assert.Equal(t, "Resumed.", resume.said())
	assert.Contains(t, lift.said(), "Our GitLab freeze period is gone.")
	assert.Empty(t, s.freezes)
	assert.WithinDuration(t, s.start.Add(51*time.Hour), s.env.Now(), 11*time.Minute)
}

func TestAWorkerWithAnOlderFileDoesNotEndATrain(t *testing.T) {
	s := newShed(t)
	s.at(10*time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone, s.unknown = true, `there is no train "api" in release.yaml`
	})
	meanwhile := s.update(15*time.Hour+2*time.Minute, train.Pause, ada("audit"))
	s.at(15*time.Hour+5*time.Minute, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone, s.unknown = false, ""
	})
	resume := s.update(20*time.Hour, train.Resume, ada(""))
	s.run()
	assert.Contains(t, meanwhile.said(), "Paused", "one read is not enough to be sure")
	assert.Equal(t, "Resumed.", resume.said())
	assert.Equal(t, 3, s.reads)
}

func TestAFileThatCannotBeReadLeavesTheLastConfigurationInForce(t *testing.T) {
	s := newShed(t)
	s.at(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unknown = "cannot read the configuration release.yaml"
	})
	pause := s.update(40*time.Hour, train.Pause, ada("audit"))
	s.run()
	assert.Contains(t, pause.said(), "Paused")
	require.Len(t, s.said, 1, "also where it is told")
}

// beginsLate is a first workflow task that comes a minute after the start, as when no worker runs.
type beginsLate struct {
	interceptor.WorkerInterceptorBase
}

func (*beginsLate) InterceptWorkflow(_ workflow.Context,
	next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &begunLate{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type begunLate struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (b *begunLate) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	awake, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := workflow.Sleep(awake, time.Minute); err != nil {
		return nil, err
	}
	return b.Next.ExecuteWorkflow(ctx, in)
}

func TestWhatASignalSaysBeforeTheFirstTaskOfATrainIsObeyedWhenItIsReady(t *testing.T) {
	for name, in := range map[string]train.MemoryInput{
		"a first run":     {Train: "api"},
		"a continued run": {Train: "api", Config: func() *train.Train { c := exampleTrain(); return &c }()},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShed(t)
			s.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&beginsLate{}}})
			s.at(time.Second, func() { s.env.SignalWorkflow(string(train.Resume), ada("")) })
			s.at(2*time.Second, func() { s.env.SignalWorkflow(string(train.Pause), ada("audit")) })
			s.at(3*time.Second, func() { s.env.SignalWorkflow(string(train.Pause), 7) })
			s.at(4*time.Second, func() { s.env.SignalWorkflow("puase", ada("audit")) })
			s.at(5*time.Second, func() { s.env.SignalWorkflow(train.SignalReadConfiguration, nil) })
			s.at(6*time.Second, s.env.CancelWorkflow)
			var st train.MemoryStatus
			s.at(2*time.Minute, func() { st = s.status() })
			s.runFrom(in, time.Hour)
			require.Len(t, st.Record.Decisions, 4)
			assert.Empty(t, st.Memory.Holds, "of what came together the pause acts first and resume last")
			assert.Equal(t, 2, st.Record.Refused)
		})
	}
}

func TestATrainThatContinuesAsNewKeepsAllThatCounts(t *testing.T) {
	s := newShed(t)
	once := ada("audit")
	once.ID = "release-api-2026-11-24#1/1"
	refused := train.Command{By: "ada", ID: "release-api-2026-11-24#1/2", Of: "grace"}
	s.update(time.Second, train.Pause, once)
	s.update(2*time.Second, train.Resume, refused)
	s.update(3*time.Second, train.HotfixFreeze, train.Command{By: "bob", Reason: "checkout", Until: "4h"})
	next := s.run()
	assert.NotEmpty(t, next.Config)
	require.Len(t, next.Memory.Holds, 2)
	require.Len(t, next.Record.Decisions, 3)

	n := s.next()
	again := n.update(time.Second, train.Pause, once)
	again2 := n.update(2*time.Second, train.Resume, refused)
	sameUpdate := &answer{}
	n.at(3*time.Second, func() {
		n.env.UpdateWorkflow(string(train.HotfixFreeze), string(train.HotfixFreeze)+(3*time.Second).String(), sameUpdate,
			train.Command{By: "bob", Reason: "checkout", Until: "4h"})
	})
	resume := n.update(4*time.Second, train.Resume, ada(""))
	lift := n.update(5*time.Second, train.LiftHotfixFreeze, ada(""))
	n.runFrom(next, time.Hour)
	assert.Equal(t, "Done already.", again.said())
	assert.Contains(t, again2.said(), "no pause of grace stands", "as before")
	assert.Equal(t, "Done already.", sameUpdate.said(), "the server forgets update IDs at continue-as-new")
	assert.Equal(t, "Resumed.", resume.said())
	assert.Contains(t, lift.said(), "Our GitLab freeze period is gone.")
	assert.Empty(t, n.freezes)
	keys := slices.Concat(s.keys, n.keys)
	require.Len(t, keys, 4)
	slices.Sort(keys)
	assert.Len(t, slices.Compact(keys), 4, "no message has the key of another one: %v", keys)
	assert.NotEqual(t, s.asked[0].Key, n.asked[0].Key)
}

func TestATrainContinuesAsNewWhileGitLabRefusesAndGoesOnTrying(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.HotfixFreeze, ada("checkout"))
	s.at(time.Minute, func() { s.refuses = "GitLab: 401 Unauthorized" })
	s.update(2*time.Minute, train.LiftHotfixFreeze, ada(""))
	next := s.run()
	require.NotNil(t, next.Memory.Freeze)
	n := s.next()
	n.runFrom(next, time.Hour)
	assert.Equal(t, []string{"delete"}, n.steps)
	assert.Empty(t, n.freezes)
}

func TestALiftThatGitLabRefusesIsTriedAgainUntilGitLabSaysThatTheFreezeIsGone(t *testing.T) {
	unavailable := temporal.NewApplicationError("GitLab: could not delete freeze period 1: 502 Bad Gateway",
		string(train.FaultUnavailable))
	for name, fail := range map[string]func(s *shed){
		"401": func(s *shed) { s.refuses = "GitLab: could not delete freeze period 1: 401 Unauthorized" },
		"502": func(s *shed) { s.broken = unavailable },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShed(t)
			s.open = []string{releaseID}
			s.update(time.Second, train.HotfixFreeze, ada("checkout"))
			s.at(time.Minute, func() { s.mu.Lock(); fail(s); s.mu.Unlock() })
			lift := s.update(2*time.Minute, train.LiftHotfixFreeze, ada(""))
			var st train.MemoryStatus
			var told int
			s.at(4*time.Minute, func() { st = s.status(); told = len(s.told) })
			again := s.update(5*time.Minute, train.LiftHotfixFreeze, ada(""))
			s.at(52*time.Minute, func() { s.mu.Lock(); s.refuses, s.broken = "", nil; s.mu.Unlock() })
			none := s.update(time.Hour, train.LiftHotfixFreeze, ada(""))
			s.run()
			for _, a := range []*answer{lift, again} {
				assert.Contains(t, a.said(), "Our freeze period 1 still stands in GitLab: GitLab: could not delete")
				assert.Contains(t, a.said(), "Its deletion is tried again every five minutes, and at once by lift-hotfix-freeze.")
				assert.NotContains(t, a.said(), "gone")
			}
			assert.Empty(t, st.Memory.Holds)
			require.NotNil(t, st.Memory.Freeze, "the record stays until GitLab says that it is gone")
			assert.NotEmpty(t, st.Memory.Freeze.Problem)
			text := words.TrainStatusText(st, words.Plain)
			assert.Contains(t, text, "Our freeze period 1 still stands in GitLab")
			assert.Contains(t, text, "Its deletion is tried again Mon 23 Nov 09:07")
			assert.Contains(t, none.said(), "there is nothing to lift")
			assert.Empty(t, s.freezes)
			deletions := slices.DeleteFunc(slices.Clone(s.steps), func(step string) bool { return step != "delete" })
			assert.GreaterOrEqual(t, len(deletions), 11, "at 9:02, and every five minutes from 9:05 to 9:55")
			assert.LessOrEqual(t, len(s.told), told+4, "releases are told what changes, not of each try")
		})
	}
}

func TestAFreezeThatSomebodyElseDeletedCountsAsGoneAtTheLift(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.HotfixFreeze, ada("checkout"))
	s.at(time.Minute, func() { s.mu.Lock(); delete(s.freezes, 1); s.mu.Unlock() })
	lift := s.update(2*time.Minute, train.LiftHotfixFreeze, ada(""))
	s.run()
	assert.Contains(t, lift.said(), "Our GitLab freeze period is gone.")
}

func TestAFreezeWhoseCreationGotNoAnswerIsLookedForAtTheLift(t *testing.T) {
	s := newShed(t)
	s.lost = true
	freeze := s.update(time.Second, train.HotfixFreeze, ada("checkout"))
	lift := s.update(2*time.Minute, train.LiftHotfixFreeze, ada(""))
	s.run()
	assert.Contains(t, freeze.said(), "Held here; GitLab freeze refused: GitLab does not answer")
	assert.Contains(t, lift.said(), "Our GitLab freeze period is gone.")
	require.Equal(t, []string{"create", "delete"}, s.steps, "it may exist")
	assert.Zero(t, s.asked[1].Freeze.ID)
	assert.Equal(t, s.asked[0].Freeze.Until, s.asked[1].Freeze.Until, "its three values find it")
}

func TestAHotfixFreezeThatComesWhileTheOldOneIsDeletedHasAFreezePeriodOfItsOwn(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.HotfixFreeze, ada("checkout"))
	s.at(time.Minute, func() { s.mu.Lock(); s.refuses = "GitLab: 401"; s.mu.Unlock() })
	s.update(2*time.Minute, train.LiftHotfixFreeze, ada(""))
	anew := s.update(3*time.Minute, train.HotfixFreeze, train.Command{By: "ada", Reason: "prices", Until: "2h"})
	var st train.MemoryStatus
	s.at(30*time.Minute, func() { st = s.status() })
	s.run()
	assert.Contains(t, anew.said(), "It is GitLab freeze period 1.")
	assert.Equal(t, []string{"create", "delete", "change"}, s.steps)
	assert.Equal(t, "prices", st.Memory.Holds[0].Reason)
	assert.Len(t, s.freezes, 1)
}

func TestAFreezeThatGitLabDoesNotCreateDelaysNoPauseToOpenReleases(t *testing.T) {
	s := newShed(t)
	s.open = []string{releaseID}
	s.silent = 3 * time.Hour
	s.update(time.Second, train.HotfixFreeze, ada("checkout"))
	pause := s.update(11*time.Second, train.Pause, from("bob", train.Command{Reason: "audit"}))
	var told []train.MemoryUpdate
	s.at(13*time.Second, func() { s.mu.Lock(); told = slices.Clone(s.told); s.mu.Unlock() })
	s.run()
	assert.Contains(t, pause.said(), "Paused")
	require.NotEmpty(t, told)
	last := told[len(told)-1]
	assert.Len(t, last.Memory.Holds, 2)
	require.Len(t, last.Decisions, 1)
	assert.Equal(t, train.Pause, last.Decisions[0].Command)
}

func TestPausesOfSeveralPeopleStandBesideEachOtherAndEachIsEndedByItself(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.Pause, ada("checkout is down"))
	s.update(26*time.Second, train.Pause, from("bob", train.Command{Reason: "audit"}))
	s.update(27*time.Second, train.Pause, ada("checkout is down"))
	var both, one train.MemoryStatus
	s.at(30*time.Second, func() { both = s.status() })
	whose := s.update(time.Minute, train.Resume, ada(""))
	hers := s.update(2*time.Minute, train.Resume, train.Command{By: "ada", Of: "@Ada"})
	s.at(3*time.Minute, func() { one = s.status() })
	rest := s.update(4*time.Minute, train.Resume, from("bob", train.Command{}))
	s.run()
	require.Len(t, both.Memory.Holds, 2)
	assert.Equal(t, s.start.Add(time.Second).UTC(), train.FindSameHold(both.Memory.Holds,
		train.Hold{Kind: train.HoldPause, By: "ada", Reason: "checkout is down"}).Since)
	var lines []string
	for _, c := range both.Commands {
		if c.Name == train.Resume {
			lines = append(lines, c.Line)
		}
	}
	assert.ElementsMatch(t, []string{"starter resume --train api --of ada", "starter resume --train api --of bob",
		"starter resume --train api --all"}, lines)
	for _, line := range lines {
		assert.Contains(t, whose.said(), line)
	}
	assert.Contains(t, hers.said(), "The train is still held by the pause by bob (audit).")
	require.Len(t, one.Memory.Holds, 1)
	assert.Equal(t, "bob", one.Memory.Holds[0].By)
	assert.Equal(t, "Resumed.", rest.said(), "the only one needs no name")
}

func TestASecondHotfixFreezeAddsItsReasonAndNeverShortensTheFirstOne(t *testing.T) {
	s := newShed(t)
	s.update(time.Second, train.HotfixFreeze, train.Command{By: "ada", Reason: "checkout is down", Until: "4h"})
	second := s.update(time.Minute, train.HotfixFreeze, train.Command{By: "bob", Reason: "prices", Until: "1h"})
	var st train.MemoryStatus
	s.at(2*time.Minute, func() { st = s.status() })
	s.run()
	assert.Contains(t, second.said(), "lasts until Mon 23 Nov 13:01 EST")
	require.Len(t, st.Memory.Holds, 1)
	assert.Equal(t, "checkout is down; prices", st.Memory.Holds[0].Reason)
	assert.Equal(t, "ada, bob", st.Memory.Holds[0].By)
	assert.Equal(t, newYork(23, 13, 1).UTC(), st.Memory.Freeze.Until)
}

func TestAResumeThatTheTrainRefusesForSeveralPausesLiftsNoneOfThemHere(t *testing.T) {
	w := newWorld(t)
	w.update(newYork(24, 9, 0), train.Pause, ada("checkout is down"))
	w.at(newYork(24, 9, 1), func() { // the release has not been told of this one yet
		w.mu.Lock()
		defer w.mu.Unlock()
		w.holds.memory.Holds = append(w.holds.memory.Holds,
			train.Hold{Kind: train.HoldPause, By: "bob", Reason: "audit", Since: newYork(24, 9, 1)})
	})
	resume := w.update(newYork(24, 9, 2), train.Resume, ada(""))
	var st train.Status
	w.at(newYork(24, 9, 3), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	s := w.run()
	assert.Contains(t, resume.said(), "several pauses stand: the pause by ada (checkout is down), the pause by bob")
	require.NotEmpty(t, st.Holds)
	assert.Equal(t, train.EndMissed, s.End)
}
