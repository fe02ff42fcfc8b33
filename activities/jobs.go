package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// AwaitPipelineJob waits until the tag's pipeline exists and offers a job: it
// can be played, or it has started. GitLab makes the pipeline a while after the
// tag, and a manual job is "created" until the stages before it are done.
func (g *GitLab) AwaitPipelineJob(ctx context.Context, in train.AwaitPipelineJobInput) (train.PipelineJob, error) {
	var found train.PipelineJob
	var missing string
	done, err := pollUntil(ctx, in.Poll, in.Until, func(ctx context.Context) (done bool, err error) {
		found, missing, done, err = g.offered(ctx, in)
		return done, err
	})
	if err == nil && !done {
		found.TimedOut, found.Problem = true, missing
	}
	return found, err
}

// offered looks for the job once: what was found, what is still missing, and
// whether the answer is final.
func (g *GitLab) offered(ctx context.Context, in train.AwaitPipelineJobInput) (found train.PipelineJob,
	missing string, done bool, err error) {
	pipeline, ok, err := g.pipelineOf(ctx, in)
	if err != nil {
		return found, "", false, err
	}
	if !ok {
		return found, fmt.Sprintf("GitLab has made no pipeline for the tag %s; check the workflow rules of .gitlab-ci.yml",
			in.Candidate.Tag), false, nil
	}
	found = train.PipelineJob{PipelineID: pipeline.ID, PipelineURL: pipeline.WebURL}
	jobs, err := g.API.PipelineJobs(ctx, in.Project, pipeline.ID, false)
	if err != nil {
		return found, "", false, err
	}
	i := slices.IndexFunc(jobs, func(j gitlab.Job) bool { return j.Name == in.Job })
	if i < 0 {
		if gitlab.PipelineDone(pipeline.Status) || pipeline.Status == "manual" {
			found.Problem = fmt.Sprintf("the pipeline of %s has no job %q, it has %s", in.Candidate.Tag, in.Job, jobNames(jobs))
			return found, "", true, nil
		}
		return found, fmt.Sprintf("the pipeline of %s has no job %q yet", in.Candidate.Tag, in.Job), false, nil
	}
	job := jobs[i]
	found.JobID, found.JobURL, found.Status = job.ID, job.WebURL, job.Status
	switch job.Status {
	case "skipped":
		found.Problem = fmt.Sprintf("GitLab skipped the job %s%s", in.Job, blame(jobs))
		return found, "", true, nil
	case "created":
		if pipeline.Status == "failed" || pipeline.Status == "canceled" {
			found.Problem = fmt.Sprintf("the pipeline of %s is %s before the job %s%s", in.Candidate.Tag,
				pipeline.Status, in.Job, blame(jobs))
			return found, "", true, nil
		}
		return found, fmt.Sprintf("the stages before the job %s have not ended", in.Job), false, nil
	}
	return found, "", true, nil
}

// pipelineOf is the pipeline that is asked for, else the tag's own.
func (g *GitLab) pipelineOf(ctx context.Context, in train.AwaitPipelineJobInput) (gitlab.Pipeline, bool, error) {
	if in.PipelineID == 0 {
		return g.tagPipeline(ctx, in.Project, in.Candidate)
	}
	p, err := g.API.Pipeline(ctx, in.Project, in.PipelineID)
	return p, err == nil, err
}

// tagPipeline is the pipeline that pushing the tag made.
func (g *GitLab) tagPipeline(ctx context.Context, project string, c train.Candidate) (gitlab.Pipeline, bool, error) {
	found, err := g.API.Pipelines(ctx, project, gitlab.PipelineQuery{Ref: c.Tag, SHA: c.SHA})
	if err != nil {
		return gitlab.Pipeline{}, false, err
	}
	for _, p := range slices.Backward(found) { // newest first: the lowest ID is the push
		if p.Source == "push" {
			return p, true, nil
		}
	}
	return gitlab.Pipeline{}, false, nil
}

func jobNames(jobs []gitlab.Job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, j.Name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// blame names the failed jobs of a pipeline.
func blame(jobs []gitlab.Job) string {
	var failed []gitlab.Job
	for _, j := range jobs {
		if j.Status == "failed" && !j.AllowFailure {
			failed = append(failed, j)
		}
	}
	if len(failed) == 0 {
		return ""
	}
	return fmt.Sprintf(", because %s failed: %s", jobNames(failed), failed[0].WebURL)
}

// PlayJob plays a manual job, after a last look at what must hold: no hold of
// its step stands, the tag still points at the tested commit, and it is not too
// late. GitLab's play of a job that has ended would silently run it again, so
// only a job that waits to be played is played; one that runs or ran already is
// adopted, unless it is the one that the attempt before this one ended with.
func (g *GitLab) PlayJob(ctx context.Context, in train.PlayJobInput) (train.PlayedJob, error) {
	job, again, err := g.playable(ctx, in)
	if err != nil {
		return train.PlayedJob{}, failure(err)
	}
	return g.play(ctx, in, job, again)
}

// playable is the newest job of a name, and whether it is the one to run once more.
func (g *GitLab) playable(ctx context.Context, in train.PlayJobInput) (job gitlab.Job, again bool, err error) {
	job, err = g.newest(ctx, in.Project, in.PipelineID, in.Job)
	return job, in.After == job.ID && gitlab.JobDone(job.Status), err
}

func (g *GitLab) play(ctx context.Context, in train.PlayJobInput, job gitlab.Job, again bool) (train.PlayedJob, error) {
	switch {
	case in.Follow && !again: // its pipeline starts it
		return train.PlayedJob{JobID: job.ID, JobURL: job.WebURL}, nil
	case !gitlab.JobPlayable(job.Status) && !again:
		return g.adopt(ctx, job)
	}
	if held, err := g.mustNotPlay(ctx, in); err != nil || held.Held != "" {
		return held, failure(err)
	}
	played := train.PlayedJob{JobID: job.ID, JobURL: job.WebURL}
	if again {
		// A job that is run again is a new one, so a later try sees that it was.
		retried, err := g.API.RetryJob(ctx, in.Project, job.ID)
		if err == nil {
			played.JobID, played.JobURL = retried.ID, retried.WebURL
		}
		return g.refused(ctx, in, job, played, err)
	}
	variables := map[string]string{train.RunVariable: in.Key}
	maps.Copy(variables, in.Variables)
	_, err := g.API.PlayJob(ctx, in.Project, job.ID, variables)
	if train.FaultIs(err, train.FaultConflict) {
		// A lost answer is found out by the next try, which looks first.
		err = nil
	}
	return g.refused(ctx, in, job, played, err)
}

// refused is the answer to a play. Where GitLab forbids a job because a newer
// deployment has made it outdated, that is an answer, not a failure.
func (g *GitLab) refused(ctx context.Context, in train.PlayJobInput, job gitlab.Job, played train.PlayedJob,
	err error) (train.PlayedJob, error) {
	if !train.FaultIs(err, train.FaultForbidden) || in.Guard.Environment == "" {
		return played, failure(err)
	}
	newer, lookErr := g.newerDeployment(ctx, in, job)
	if lookErr != nil {
		return train.PlayedJob{}, failure(lookErr)
	}
	if newer == "" {
		return train.PlayedJob{}, failure(err)
	}
	played.Outdated = fmt.Sprintf("GitLab refuses the job %s of %s as outdated: %s was deployed after it",
		in.Job, in.Candidate.Tag, newer)
	return played, nil
}

// newerDeployment is what was deployed after a job was made; empty: nothing, or
// the project does not mind.
func (g *GitLab) newerDeployment(ctx context.Context, in train.PlayJobInput, job gitlab.Job) (string, error) {
	project, err := g.API.Project(ctx, in.Project)
	if err != nil || !project.ForwardDeployment {
		return "", err
	}
	deployments, err := g.API.Deployments(ctx, in.Project, in.Guard.Environment, "", 20)
	if err != nil {
		return "", err
	}
	for _, d := range deployments {
		if d.Job.ID > job.ID {
			return d.Ref, nil
		}
	}
	return "", nil
}

// mustNotPlay re-checks, at the last moment, what must hold for a play.
func (g *GitLab) mustNotPlay(ctx context.Context, in train.PlayJobInput) (train.PlayedJob, error) {
	guard := in.Guard
	guard.Candidate, guard.Project = in.Candidate, in.Project
	holds, err := g.Holds.stand(ctx, guard)
	if err != nil {
		return train.PlayedJob{}, err
	}
	if len(holds) > 0 {
		var why []string
		for _, h := range holds {
			why = append(why, fmt.Sprintf("the hold %s stands: %s", h.Kind, h.Reason))
		}
		return train.PlayedJob{Holds: holds, Held: strings.Join(why, "; ")}, nil
	}
	if !in.NotAfter.IsZero() && !g.now().Before(in.NotAfter) {
		return train.PlayedJob{Held: fmt.Sprintf("the window closed at %s", in.NotAfter.UTC().Format(time.RFC3339))}, nil
	}
	return train.PlayedJob{}, nil
}

// adopt takes over a job that runs or ran already, and says whether it was
// somebody else who started it.
func (g *GitLab) adopt(ctx context.Context, job gitlab.Job) (train.PlayedJob, error) {
	played := train.PlayedJob{JobID: job.ID, JobURL: job.WebURL}
	us, err := g.API.CurrentUser(ctx)
	if err != nil {
		return train.PlayedJob{}, failure(err)
	}
	played.Adopted = job.User != "" && job.User != us.Username
	return played, nil
}

// AwaitJob waits until the newest job of a name has ended, or waits to be
// played: a retried job is another job of the same name with a higher ID.
func (g *GitLab) AwaitJob(ctx context.Context, in train.AwaitJobInput) (train.EndedJob, error) {
	var ended train.EndedJob
	done, err := pollUntil(ctx, in.Poll, in.Until, func(ctx context.Context) (bool, error) {
		job, err := g.newest(ctx, in.Project, in.PipelineID, in.Job)
		if err != nil {
			return false, err
		}
		ended = train.EndedJob{ID: job.ID, Status: job.Status, Reason: job.FailureReason, URL: job.WebURL,
			StartedAt: job.StartedAt}
		return gitlab.JobDone(job.Status) || !in.Played && gitlab.JobPlayable(job.Status), nil
	})
	ended.TimedOut = !done
	return ended, err
}

// CancelJob cancels the newest job of a name, unless it has ended.
func (g *GitLab) CancelJob(ctx context.Context, in train.CancelJobInput) (train.Done, error) {
	job, err := g.newest(ctx, in.Project, in.PipelineID, in.Job)
	if err != nil || gitlab.JobDone(job.Status) || gitlab.JobPlayable(job.Status) {
		return train.Done{}, failure(err)
	}
	return train.Done{}, failure(g.API.CancelJob(ctx, in.Project, job.ID))
}

// newest is the newest job of a name in a pipeline.
func (g *GitLab) newest(ctx context.Context, project string, pipeline int64, name string) (gitlab.Job, error) {
	jobs, err := g.API.PipelineJobs(ctx, project, pipeline, false)
	if err != nil {
		return gitlab.Job{}, err
	}
	newest := newestOf(jobs, name)
	if newest.ID == 0 {
		return gitlab.Job{}, &train.Fault{
			System: "GitLab", Kind: train.FaultNotFound,
			Tried:  fmt.Sprintf("find the job %s in pipeline %d of %s", name, pipeline, project),
			Answer: "it has " + jobNames(jobs), Advice: "Check the job's name in release.yaml",
		}
	}
	return newest, nil
}
