package activities

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// GitLabAPI is what the activities need of GitLab; gitlab.Client is it.
type GitLabAPI interface {
	CurrentUser(ctx context.Context) (gitlab.User, error)
	Head(ctx context.Context, project, branch string) (gitlab.Commit, error)
	Commit(ctx context.Context, project, ref string) (gitlab.Commit, error)
	Commits(ctx context.Context, project, revisions string, limit int) ([]gitlab.Commit, error)
	MergedRequests(ctx context.Context, project, branch string, updatedAfter time.Time) ([]gitlab.MergeRequest, error)
	MergeRequestsOfCommit(ctx context.Context, project, sha string) ([]gitlab.MergeRequest, error)
	Tags(ctx context.Context, project, prefix string) ([]gitlab.Tag, error)
	Tag(ctx context.Context, project, name string) (gitlab.Tag, error)
	CreateTag(ctx context.Context, project, name, sha, message string) (gitlab.Tag, error)
	Project(ctx context.Context, project string) (gitlab.Project, error)
	Release(ctx context.Context, project, tag string) (gitlab.Release, error)
	CreateRelease(ctx context.Context, project string, r gitlab.Release) (gitlab.Release, error)
	UpdateRelease(ctx context.Context, project string, r gitlab.Release) (gitlab.Release, error)
	Pipelines(ctx context.Context, project string, q gitlab.PipelineQuery) ([]gitlab.Pipeline, error)
	Pipeline(ctx context.Context, project string, id int64) (gitlab.Pipeline, error)
	PipelineVariables(ctx context.Context, project string, id int64) (map[string]string, error)
	PipelineJobs(ctx context.Context, project string, id int64, includeRetried bool) ([]gitlab.Job, error)
	CreatePipeline(ctx context.Context, project, ref string, variables map[string]string) (gitlab.Pipeline, error)
	PlayJob(ctx context.Context, project string, id int64, variables map[string]string) (gitlab.Job, error)
	Trace(ctx context.Context, project string, job, limit int64) (string, error)
	TestReport(ctx context.Context, project string, pipeline int64) (gitlab.TestReport, error)
	File(ctx context.Context, project, ref, path string) ([]byte, error)
	Deployments(ctx context.Context, project, environment, status string, limit int) ([]gitlab.Deployment, error)
}

// GitLab are the activities on tags, pipelines and jobs.
type GitLab struct {
	API GitLabAPI
	// Now is the clock that "not after" is judged by; nil: time.Now.
	Now func() time.Time
}

func (g *GitLab) now() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}

// greenLookback is how many commits back `cut.require: green` looks for a
// green pipeline.
const greenLookback = 50

// ChooseCommit finds the commit to be tagged, or that there is nothing new
// since the deployed version.
func (g *GitLab) ChooseCommit(ctx context.Context, in train.ChooseCommitInput) (train.ChosenCommit, error) {
	head, err := g.API.Head(ctx, in.Project, in.Branch)
	if err != nil {
		return train.ChosenCommit{}, failure(err)
	}
	if !in.Since.IsZero() {
		fresh, err := g.API.Commits(ctx, in.Project, in.Since.Ref()+".."+head.SHA, 1)
		if err != nil && !train.FaultIs(err, train.FaultNotFound) {
			return train.ChosenCommit{}, failure(err)
		}
		if err == nil && len(fresh) == 0 {
			return train.ChosenCommit{Nothing: true}, nil
		}
	}
	if in.Require == train.RequireGreen {
		return g.newestGreen(ctx, in, head)
	}
	return g.head(ctx, in, head)
}

// head takes the head of the branch and warns when its pipeline is not green.
func (g *GitLab) head(ctx context.Context, in train.ChooseCommitInput, head gitlab.Commit) (train.ChosenCommit, error) {
	chosen := train.ChosenCommit{SHA: head.SHA, Title: head.Title}
	status, err := g.pipelineStatus(ctx, in, head.SHA)
	switch {
	case err != nil:
		return train.ChosenCommit{}, failure(err)
	case status == "":
		chosen.Warning = fmt.Sprintf("The head of %s, %s, has no pipeline.", in.Branch, train.ShortSHA(head.SHA))
	case status != "success":
		chosen.Warning = fmt.Sprintf("The pipeline of the head of %s, %s, is not green but %s.", in.Branch, train.ShortSHA(head.SHA), status)
	}
	return chosen, nil
}

// newestGreen takes the newest commit with a green pipeline and names what is left behind.
func (g *GitLab) newestGreen(ctx context.Context, in train.ChooseCommitInput, head gitlab.Commit) (train.ChosenCommit, error) {
	revisions := head.SHA
	if !in.Since.IsZero() {
		revisions = in.Since.Ref() + ".." + head.SHA
	}
	commits, err := g.API.Commits(ctx, in.Project, revisions, greenLookback)
	if err != nil {
		return train.ChosenCommit{}, failure(err)
	}
	var left []string
	for _, c := range commits {
		status, err := g.pipelineStatus(ctx, in, c.SHA)
		if err != nil {
			return train.ChosenCommit{}, failure(err)
		}
		if status == "success" {
			chosen := train.ChosenCommit{SHA: c.SHA, Title: c.Title}
			if len(left) > 0 {
				chosen.Warning = fmt.Sprintf("Left behind, because not green: %s.", strings.Join(left, ", "))
			}
			return chosen, nil
		}
		left = append(left, train.ShortSHA(c.SHA)+" "+c.Title)
	}
	return train.ChosenCommit{}, failure(&train.Fault{
		System: "GitLab", Kind: train.FaultInvalid, Tried: fmt.Sprintf("find a commit with a green pipeline on %s of %s", in.Branch, in.Project),
		Answer: fmt.Sprintf("none of the newest %d commits since %s has one", len(commits), in.Since),
		Advice: "Make a pipeline of the branch green, or set cut.require to head",
	})
}

// pipelineStatus is the status of the newest pipeline of a commit on the branch; empty when it has none.
func (g *GitLab) pipelineStatus(ctx context.Context, in train.ChooseCommitInput, sha string) (string, error) {
	found, err := g.API.Pipelines(ctx, in.Project, gitlab.PipelineQuery{Ref: in.Branch, SHA: sha, Max: 1})
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].Status, nil
}

// tagTries bounds how often CreateTag steps aside for somebody who takes the next patch.
const tagTries = 5

// CreateTag creates the next tag of the day on a commit. The key stands in the
// tag's message, so a repeated call finds the tag that an earlier one made.
func (g *GitLab) CreateTag(ctx context.Context, in train.CreateTagInput) (train.Candidate, error) {
	day := train.Tag{Prefix: in.Prefix, Day: in.Day}
	for range tagTries {
		existing, err := g.API.Tags(ctx, in.Project, day.DayPattern())
		if err != nil {
			return train.Candidate{}, failure(err)
		}
		names := make([]string, 0, len(existing))
		for _, t := range existing {
			if t.SHA == in.SHA && strings.Contains(t.Message, in.Key) {
				return g.candidate(ctx, in.Project, t)
			}
			names = append(names, t.Name)
		}
		name := train.NextTag(in.Prefix, in.Day, names).String()
		tag, err := g.API.CreateTag(ctx, in.Project, name, in.SHA, in.About+"\n\n"+in.Key)
		if train.FaultIs(err, train.FaultConflict) {
			continue // somebody took this patch, or we did and the answer was lost: look again
		}
		if err != nil {
			return train.Candidate{}, failure(err)
		}
		return g.candidate(ctx, in.Project, tag)
	}
	return train.Candidate{}, failure(&train.Fault{
		System: "GitLab", Kind: train.FaultUnavailable, Tried: "create the next tag of " + in.Day.String() + " in " + in.Project,
		Answer: fmt.Sprintf("%d tags in a row were taken by somebody else", tagTries),
	})
}

func (g *GitLab) candidate(ctx context.Context, project string, tag gitlab.Tag) (train.Candidate, error) {
	p, err := g.API.Project(ctx, project)
	if err != nil {
		return train.Candidate{}, failure(err)
	}
	return train.Candidate{Tag: tag.Name, SHA: tag.SHA, URL: p.WebURL + "/-/tags/" + tag.Name}, nil
}

// StartPipeline starts a pipeline with variables. The key is one of them, so a
// repeated call finds the pipeline that an earlier one started.
func (g *GitLab) StartPipeline(ctx context.Context, in train.StartPipelineInput) (train.StartedPipeline, error) {
	earlier, err := g.API.Pipelines(ctx, in.Project, gitlab.PipelineQuery{Ref: in.Ref, Source: "api", UpdatedAfter: in.Since.Add(-time.Minute)})
	if err != nil {
		return train.StartedPipeline{}, failure(err)
	}
	for _, p := range earlier {
		variables, err := g.API.PipelineVariables(ctx, in.Project, p.ID)
		if err != nil && !train.FaultIs(err, train.FaultForbidden) { // somebody else's pipeline is not ours
			return train.StartedPipeline{}, failure(err)
		}
		if variables[train.RunVariable] == in.Key {
			return train.StartedPipeline{ID: p.ID, URL: p.WebURL}, nil
		}
	}
	variables := maps.Clone(in.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	variables[train.RunVariable] = in.Key
	p, err := g.API.CreatePipeline(ctx, in.Project, in.Ref, variables)
	if err != nil {
		return train.StartedPipeline{}, failure(err)
	}
	return train.StartedPipeline{ID: p.ID, URL: p.WebURL}, nil
}

// AwaitPipeline waits for the end of a pipeline.
func (g *GitLab) AwaitPipeline(ctx context.Context, in train.AwaitPipelineInput) (train.EndedJob, error) {
	var ended train.EndedJob
	done, err := watch(ctx, in.Poll, in.Until, func(ctx context.Context) (bool, error) {
		p, err := g.API.Pipeline(ctx, in.Project, in.PipelineID)
		if err != nil {
			return false, err
		}
		ended = train.EndedJob{Status: p.Status, Reason: p.YAMLErrors, URL: p.WebURL}
		return gitlab.PipelineDone(p.Status), nil
	})
	ended.TimedOut = !done
	return ended, err
}
