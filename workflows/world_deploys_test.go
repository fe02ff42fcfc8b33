package workflows

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// deploysWorld is what a deploy reads before it acts: what is there already, and
// how it could be rolled back.
type deploysWorld struct {
	present   bool                      // a further attempt finds the tag there
	foundOut  string                    // what became of an outcome that nobody knows
	plan      func(*train.RollbackPlan) // changes how a rollback can go
	freeTakes time.Duration             // how long a rollback waits for another deploy
	stillBusy bool                      // that one does not end
}

func newDeploysWorld() deploysWorld {
	return deploysWorld{foundOut: "the job is running; Flux runs " + oldTag}
}

func (w *world) answerDeploys() {
	on(w, deploys.PlayDeploy, func(in train.PlayDeployInput) (train.PlayedDeploy, error) {
		before := in.Before
		if before.IsZero() {
			before = w.flux.running[in.Flux.Context].Version
		}
		if w.deploys.present && in.Job.After != 0 {
			return train.PlayedDeploy{PlayedJob: train.PlayedJob{JobID: in.Job.After}, Before: before, Present: true}, nil
		}
		if w.gitlab.outdated > 0 && in.Job.PipelineID == 1 {
			w.gitlab.outdated--
			return train.PlayedDeploy{PlayedJob: train.PlayedJob{Outdated: "GitLab refuses the job as outdated: a hotfix was " +
				"deployed after it"}, Before: before}, nil
		}
		played, err := w.play(in.Job)
		if err == nil && in.Start != nil {
			w.transcript.datadog(*in.Start, nil, nil)
		}
		return train.PlayedDeploy{PlayedJob: played, Before: before}, err
	})
	on(w, deploys.FindOut, func(train.FindOutInput) (train.DeployFindings, error) {
		return train.DeployFindings{Sentence: w.deploys.foundOut}, nil
	})
	on(w, deploys.PlanRollback, func(in train.PlanRollbackInput) (train.RollbackPlan, error) {
		plan := train.RollbackPlan{
			To:         train.Candidate{Tag: in.To.Tag, SHA: in.To.SHA},
			Retry:      train.PipelineJob{PipelineID: 50, JobID: 500, SmokeJobID: 501},
			NoRollback: "no rollback job is configured",
		}
		if in.Config.RollbackJob != "" {
			plan.NoRollback, plan.Rollback = "", train.PipelineJob{PipelineID: in.PipelineID}
		}
		if slices.Contains(in.Bad, in.To.Tag) {
			plan.Problem = in.To.Tag + " was marked bad"
		}
		if in.Config.Smoke != nil {
			w.gitlab.ended[jobKey(50, in.Config.Smoke.Job)] = train.EndedJob{ID: 501, Status: "success"}
		}
		if w.deploys.plan != nil {
			w.deploys.plan(&plan)
		}
		return plan, nil
	})
	on(w, deploys.AwaitFree, func(train.AwaitFreeInput) (train.EnvironmentFree, error) {
		if w.holds.busy != nil && w.deploys.stillBusy {
			return train.EnvironmentFree{Busy: w.holds.busy.Reason}, nil
		}
		return train.EnvironmentFree{}, nil
	}, func() time.Duration { return w.deploys.freeTakes })
}
