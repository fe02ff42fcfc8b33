package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// Deploys are the activities on deploys, for which GitLab plays and Flux tells.
type Deploys struct {
	GitLab *GitLab
	Flux   FluxAPI
	// Datadog is told that a job was played; nil: nobody is.
	Datadog *Datadog
}

// PlayDeploy plays a deploy job, after a last look at what must hold and at
// what runs. What ran before is kept in the heartbeat, so that a repeated try
// after a lost answer does not take the new version for the old one. A further
// attempt at what runs there already plays nothing.
func (d *Deploys) PlayDeploy(ctx context.Context, in train.PlayDeployInput) (train.PlayedDeploy, error) {
	out := train.PlayedDeploy{Before: in.Before}
	state, err := d.Flux.State(ctx, in.Flux)
	if err != nil {
		return out, failure(err)
	}
	if in.Before.IsZero() && (!activity.HasHeartbeatDetails(ctx) ||
		activity.GetHeartbeatDetails(ctx, &out.Before) != nil) {
		if out.Before = state.Running; out.Before.Is(in.Job.Candidate) {
			out.Before = in.Expected
		}
		activity.RecordHeartbeat(ctx, out.Before)
	}
	job, again, err := d.GitLab.playable(ctx, in.Job)
	if err != nil {
		return out, failure(err)
	}
	if again && state.Progress(in.Job.Candidate, rules.FluxReasonFails).Phase == flux.RolledOut {
		out.Present, out.JobID, out.JobURL = true, job.ID, job.WebURL
		return out, nil
	}
	if out.PlayedJob, err = d.GitLab.play(ctx, in.Job, job, again); err == nil && out.Held == "" &&
		out.Outdated == "" && in.Start != nil {
		d.Datadog.post(ctx, *in.Start)
	}
	return out, err
}

// FindOut reads what became of a deploy whose outcome is not known. What cannot
// be read is said, never an error: people are asked next.
func (d *Deploys) FindOut(ctx context.Context, in train.FindOutInput) (train.DeployFindings, error) {
	var out train.DeployFindings
	var said []string
	if in.PipelineID != 0 {
		job, err := d.GitLab.newest(ctx, in.Project, in.PipelineID, in.Job)
		if err == nil {
			out.JobID = job.ID
			said = append(said, fmt.Sprintf("the job %s is %s", in.Job,
				words.EndedWords(train.EndedJob{Status: job.Status, Reason: job.FailureReason})))
		} else {
			said = append(said, "the job could not be read: "+err.Error())
		}
	}
	state, err := d.Flux.State(ctx, in.Flux)
	switch {
	case err != nil:
		said = append(said, "Flux could not be read: "+err.Error())
	case state.Progress(in.Candidate, rules.FluxReasonFails).Phase == flux.RolledOut:
		said = append(said, fmt.Sprintf("Flux reports %s ready", in.Candidate.Tag))
	default:
		said = append(said, fmt.Sprintf("Flux runs %s: %s", state.Running,
			state.Progress(in.Candidate, rules.FluxReasonFails).Why))
	}
	out.Sentence = strings.Join(said, "; ")
	return out, nil
}

// PlanRollback finds out how a rollback can go: the target's tag and its job
// that succeeded, and the rollback job of the pipeline that deployed.
func (d *Deploys) PlanRollback(ctx context.Context, in train.PlanRollbackInput) (train.RollbackPlan, error) {
	var plan train.RollbackPlan
	tag, err := d.GitLab.API.Tag(ctx, in.Project, in.To.Tag)
	switch {
	case train.FaultIs(err, train.FaultNotFound):
		plan.Problem = fmt.Sprintf("the tag %s does not exist any more", in.To.Tag)
		return plan, nil
	case err != nil:
		return plan, failure(err)
	case in.To.SHA != "" && !strings.HasPrefix(tag.SHA, in.To.SHA):
		plan.Problem = fmt.Sprintf("the tag %s was moved from %s to %s", in.To.Tag,
			train.ShortSHA(in.To.SHA), train.ShortSHA(tag.SHA))
		return plan, nil
	}
	plan.To = train.Candidate{Tag: tag.Name, SHA: tag.SHA}
	if bad, err := d.markedBad(ctx, in); err != nil || bad {
		plan.Problem = in.To.Tag + " was marked bad"
		return plan, failure(err)
	}
	state, err := d.Flux.State(ctx, in.Config.Flux)
	if err != nil {
		return plan, failure(err)
	}
	plan.Present = state.Progress(plan.To, rules.FluxReasonFails).Phase == flux.RolledOut
	if plan.Retry, plan.NoRetry, err = d.succeeded(ctx, in); err != nil {
		return plan, failure(err)
	}
	plan.Rollback, plan.NoRollback, err = d.rollbackJob(ctx, in, state.Running)
	return plan, failure(err)
}

// markedBad says whether the target is marked bad, by this release or in its GitLab release.
func (d *Deploys) markedBad(ctx context.Context, in train.PlanRollbackInput) (bool, error) {
	if slices.Contains(in.Bad, in.To.Tag) {
		return true, nil
	}
	release, err := d.GitLab.API.Release(ctx, in.Project, in.To.Tag)
	if train.FaultIs(err, train.FaultNotFound) {
		return false, nil
	}
	return strings.HasPrefix(release.Description, badMark), err
}

// succeeded is the deploy job of the target that succeeded last. GitLab runs
// only the newest job of a name in its pipeline again.
func (d *Deploys) succeeded(ctx context.Context, in train.PlanRollbackInput) (found train.PipelineJob, why string,
	err error) {
	pipelines, err := d.GitLab.API.Pipelines(ctx, in.Project, gitlab.PipelineQuery{Ref: in.To.Tag, Max: 10})
	if err != nil {
		return found, "", err
	}
	why = fmt.Sprintf("no pipeline of %s has the job %s", in.To.Tag, in.Config.Job)
	for _, p := range pipelines {
		jobs, err := d.GitLab.API.PipelineJobs(ctx, in.Project, p.ID, false)
		if err != nil {
			return found, "", err
		}
		for _, j := range jobs {
			switch {
			case j.Name != in.Config.Job:
			case j.Status == "success" && j.ID > found.JobID:
				found = train.PipelineJob{PipelineID: p.ID, PipelineURL: p.WebURL, JobID: j.ID, JobURL: j.WebURL, Status: j.Status}
			case j.Status != "success" && found.JobID == 0:
				why = fmt.Sprintf("the job %s of %s did not succeed, it is %s", in.Config.Job, in.To.Tag, j.Status)
			}
		}
		if found.PipelineID == p.ID && in.Config.Smoke != nil {
			found.SmokeJobID = newestOf(jobs, in.Config.Smoke.Job).ID
		}
	}
	if found.JobID != 0 {
		why = ""
	}
	return found, why, nil
}

// rollbackJob is the job that the configuration names, in the pipeline that
// deployed; where that is not known, in the pipeline of what runs.
func (d *Deploys) rollbackJob(ctx context.Context, in train.PlanRollbackInput,
	running train.Version) (found train.PipelineJob, why string, err error) {
	name := in.Config.RollbackJob
	if name == "" {
		return found, "no rollback job is configured", nil
	}
	pipeline := in.PipelineID
	if pipeline == 0 {
		p, ok, err := d.GitLab.tagPipeline(ctx, in.Project, train.Candidate{Tag: running.Tag, SHA: running.SHA})
		if err != nil || !ok {
			return found, fmt.Sprintf("%s, which runs, has no pipeline with the job %s", running, name), err
		}
		pipeline = p.ID
	}
	jobs, err := d.GitLab.API.PipelineJobs(ctx, in.Project, pipeline, false)
	if err != nil {
		return found, "", err
	}
	job := newestOf(jobs, name)
	if job.ID == 0 {
		return found, fmt.Sprintf("pipeline %d has no job %s", pipeline, name), nil
	}
	return train.PipelineJob{PipelineID: pipeline, JobID: job.ID, JobURL: job.WebURL, Status: job.Status}, "", nil
}

// newestOf is the newest job of a name; zero when there is none.
func newestOf(jobs []gitlab.Job, name string) gitlab.Job {
	var newest gitlab.Job
	for _, j := range jobs {
		if j.Name == name && j.ID > newest.ID {
			newest = j
		}
	}
	return newest
}

// AwaitFree waits until no other deploy job of an environment runs in GitLab, and
// says what still runs when its time is over.
func (d *Deploys) AwaitFree(ctx context.Context, in train.AwaitFreeInput) (train.EnvironmentFree, error) {
	var out train.EnvironmentFree
	_, err := pollUntil(ctx, in.Poll, in.Until, func(ctx context.Context) (bool, error) {
		busy, err := d.GitLab.Holds.busy(ctx, in.Guard)
		if out.Busy = ""; busy != nil {
			out.Busy = busy.Reason
		}
		return busy == nil, err
	})
	return out, err
}

// jobWords names a job that somebody runs.
func jobWords(d gitlab.Deployment) string {
	return fmt.Sprintf("the job %s of %s, started by %s", cmp.Or(d.Job.Name, "deploy"), d.Ref,
		cmp.Or(d.Job.User, "somebody"))
}
