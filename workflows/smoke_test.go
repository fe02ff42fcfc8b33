package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/release-train/release-train/internal/train"
)

const productionSmoke = "smoke-production"

func TestSmokeTestsThatBeganBeforeFluxWasReadyAreAwaitedAndRunAgain(t *testing.T) {
	for name, early := range map[string]train.EndedJob{"green": {Status: "success"}, "red": red} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gitlab.follow = map[string]bool{productionSmoke: true}
			w.gitlab.ends[productionSmoke] = []train.EndedJob{early}
			var st train.Status
			w.at(newYork(24, 11, 30), func() { st = w.status() })
			s := w.run()
			assert.Equal(t, train.EndReleased, s.End)
			assert.True(t, st.Production.Succeeded())
			assert.Nil(t, st.Production.Rollback, "a red result from before the rollout says nothing about the version")
			assert.Equal(t, []string{"deploy-staging Mon 17:01", "promote-production Tue 11:01",
				"smoke-production Tue 11:12"}, w.gitlab.played)
			assert.Equal(t, 17*time.Minute, st.Production.EndedAt.Sub(st.Production.StartedAt),
				"the job, the rollout, the early run, and the one that counts")
		})
	}
}

func TestSmokeTestsAreRunAgainOnceAndTheirResultThenCounts(t *testing.T) {
	w := newWorld(t)
	w.gitlab.follow = map[string]bool{productionSmoke: true}
	w.gitlab.ends[productionSmoke] = []train.EndedJob{{Status: "success"}, red}
	var st train.Status
	w.at(newYork(24, 12, 30), func() { st = w.status() })
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Equal(t, train.DeployRolledBack, st.Production.Outcome)
	assert.Equal(t, []string{"deploy-staging Mon 17:01", "promote-production Tue 11:01",
		"smoke-production Tue 11:12", "promote-production Tue 11:17 pipeline 50",
		"smoke-production Tue 11:28 pipeline 50"}, w.gitlab.played)
}

func TestAPlayThatIsHeldWithoutAHoldSaysThatItWasTooLate(t *testing.T) {
	for name, tt := range map[string]struct {
		held train.PlayedJob
		late bool
	}{
		"too late": {train.PlayedJob{Held: "the window closed at 16:00"}, true},
		"a hold": {train.PlayedJob{Held: "the hold freeze stands",
			Holds: []train.Hold{{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.gitlab.held["promote-production"] = tt.held
			w.env.ExecuteWorkflow(train.DeployWorkflow, train.DeployInput{
				Train: "api", Environment: train.Production, Config: w.in.Train.Production, Attempt: 1,
				Candidate: train.Candidate{Tag: newTag, SHA: sha}, Key: "key", Poll: w.in.Train.Poll,
			})
			var d train.Deploy
			assert.NoError(t, w.env.GetWorkflowResult(&d))
			assert.Equal(t, train.DeployHeld, d.Outcome)
			assert.Equal(t, tt.late, d.TooLate)
			assert.Equal(t, tt.held.Holds, d.Held)
		})
	}
}

func TestSmokeTestsThatBeganAfterFluxWasReadyCountAlthoughThatWasSeenLater(t *testing.T) {
	w := newWorld(t)
	w.gitlab.follow = map[string]bool{productionSmoke: true} // from 11:06
	w.flux.rollouts = []train.Rollout{{Done: true}, {Done: true, ReadyAt: newYork(24, 11, 5).UTC()}}
	s := w.run()
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, []string{"deploy-staging Mon 17:01", "promote-production Tue 11:01"}, w.gitlab.played)
}
