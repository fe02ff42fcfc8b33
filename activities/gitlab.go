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
	RetryJob(ctx context.Context, project string, id int64) (gitlab.Job, error)
	CancelJob(ctx context.Context, project string, id int64) error
	CancelPipeline(ctx context.Context, project string, id int64) error
	Artifacts(ctx context.Context, project string, job int64) ([]byte, error)
	FreezePeriods(ctx context.Context, project string) ([]gitlab.FreezePeriod, error)
	CreateFreezePeriod(ctx context.Context, project string, f gitlab.FreezePeriod) (gitlab.FreezePeriod, error)
	UpdateFreezePeriod(ctx context.Context, project string, f gitlab.FreezePeriod) (gitlab.FreezePeriod, error)
	DeleteFreezePeriod(ctx context.Context, project string, id int64) error
	Trace(ctx context.Context, project string, job, limit int64) (string, error)
	TestReport(ctx context.Context, project string, pipeline int64) (gitlab.TestReport, error)
	File(ctx context.Context, project, ref, path string) ([]byte, error)
	Deployments(ctx context.Context, project, environment, status string, limit int) ([]gitlab.Deployment, error)
}

// GitLab are the activities on tags, pipelines and jobs.
type GitLab struct {
	API GitLabAPI
	// Holds reads again what must hold before a write.
	Holds *Holds
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
		chosen.Warning = fmt.Sprintf("The pipeline of the head of %s, %s, is not green but %s.", in.Branch,
			train.ShortSHA(head.SHA), status)
	}
	return chosen, nil
}

// newestGreen takes the newest commit with a green pipeline and names what is left behind.
func (g *GitLab) newestGreen(ctx context.Context, in train.ChooseCommitInput,
	head gitlab.Commit) (train.ChosenCommit, error) {
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
		System: "GitLab", Kind: train.FaultInvalid,
		Tried:  fmt.Sprintf("find a commit with a green pipeline on %s of %s", in.Branch, in.Project),
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
// tag's message. What an earlier try made is found before anything else is asked:
// holds that stand now do not undo it.
func (g *GitLab) CreateTag(ctx context.Context, in train.CreateTagInput) (train.CreatedTag, error) {
	ours, names, err := g.tagsOfDay(ctx, in)
	if err != nil {
		return train.CreatedTag{}, failure(err)
	}
	holds, ahead, err := g.Holds.standAndAhead(ctx, in.Guard, in.From, in.To)
	switch {
	case ours != nil:
		candidate, err := g.candidate(ctx, in.Project, *ours)
		return train.CreatedTag{Candidate: candidate, FreezeAhead: ahead}, err
	case err != nil || len(holds) > 0:
		return train.CreatedTag{Holds: holds}, failure(err)
	}
	candidate, err := g.createTag(ctx, in, names)
	return train.CreatedTag{Candidate: candidate, FreezeAhead: ahead}, err
}

// tagsOfDay are the names of the day's tags, and the one that an earlier try made; nil: none did.
func (g *GitLab) tagsOfDay(ctx context.Context, in train.CreateTagInput) (ours *gitlab.Tag, names []string, err error) {
	day := train.Tag{Prefix: in.Prefix, Day: in.Day}
	existing, err := g.API.Tags(ctx, in.Project, day.DayPattern())
	for _, t := range existing {
		if strings.HasSuffix(strings.TrimSpace(t.Message), in.Key) {
			ours = &t
		}
		names = append(names, t.Name)
	}
	return ours, names, err
}

func (g *GitLab) createTag(ctx context.Context, in train.CreateTagInput, names []string) (train.Candidate, error) {
	for range tagTries {
		name := train.NextTag(in.Prefix, in.Day, names).String()
		tag, err := g.API.CreateTag(ctx, in.Project, name, in.SHA, in.About+"\n\n"+in.Key)
		if err == nil {
			return g.candidate(ctx, in.Project, tag)
		}
		if !train.FaultIs(err, train.FaultConflict) {
			return train.Candidate{}, failure(err)
		}
		// somebody took this patch, or we did and the answer was lost: look again
		ours, taken, err := g.tagsOfDay(ctx, in)
		if err != nil {
			return train.Candidate{}, failure(err)
		}
		if ours != nil {
			return g.candidate(ctx, in.Project, *ours)
		}
		names = taken
	}
	return train.Candidate{}, failure(&train.Fault{
		System: "GitLab", Kind: train.FaultUnavailable, Tried: "create the next tag of " +
			in.Day.String() + " in " + in.Project,
		Answer: fmt.Sprintf("%d tags in a row were taken by somebody else", tagTries),
	})
}

// AdoptTag takes over a tag that somebody made by hand, after a last look that
// it still points where it did.
func (g *GitLab) AdoptTag(ctx context.Context, in train.AdoptTagInput) (train.CreatedTag, error) {
	holds, err := g.Holds.stand(ctx, in.Guard)
	if err != nil || len(holds) > 0 {
		return train.CreatedTag{Holds: holds}, failure(err)
	}
	tag, err := g.API.Tag(ctx, in.Project, in.Tag)
	if err != nil {
		return train.CreatedTag{}, failure(err)
	}
	if tag.SHA != in.SHA {
		return train.CreatedTag{}, failure(&train.Fault{
			System: "GitLab", Kind: train.FaultInvalid, Tried: "adopt the tag " + in.Tag,
			Answer: fmt.Sprintf("it points at %s now, not at %s", train.ShortSHA(tag.SHA), train.ShortSHA(in.SHA)),
			Advice: "Send cut-tag again",
		})
	}
	candidate, err := g.candidate(ctx, in.Project, tag)
	return train.CreatedTag{Candidate: candidate}, err
}

// differenceShown is how many commits of a difference are named.
const differenceShown = 5

// ResolveCut works out what a new candidate would be, and how it differs from
// the current one. What cannot be is a refusal, not an error.
func (g *GitLab) ResolveCut(ctx context.Context, in train.ResolveCutInput) (train.ResolvedCut, error) {
	cut, refused, err := g.resolveCut(ctx, in)
	if train.FaultIs(err, train.FaultNotFound) || train.FaultIs(err, train.FaultInvalid) {
		refused, err = err.Error(), nil
	}
	if err != nil || refused != "" {
		return train.ResolvedCut{Refused: refused}, failure(err)
	}
	return cut, nil
}

func (g *GitLab) resolveCut(ctx context.Context, in train.ResolveCutInput) (cut train.ResolvedCut,
	refused string, err error) {
	var target gitlab.Commit
	switch {
	case in.Tag != "":
		tag, err := g.API.Tag(ctx, in.Project, in.Tag)
		if err != nil {
			return cut, "", err
		}
		target.SHA = tag.SHA
	case in.SHA != "":
		target, err = g.API.Commit(ctx, in.Project, in.SHA)
	default:
		target, err = g.API.Head(ctx, in.Project, in.Branch)
	}
	if err != nil {
		return cut, "", err
	}
	cut.SHA = target.SHA
	beyond, err := g.API.Commits(ctx, in.Project, in.Branch+".."+cut.SHA, 1)
	if err != nil {
		return cut, "", err
	}
	if len(beyond) > 0 {
		return cut, fmt.Sprintf("%s is not on %s: only what is on it can be released", train.ShortSHA(cut.SHA), in.Branch),
			nil
	}
	if cut.SHA == in.Current.SHA && in.Tag == "" {
		return cut, fmt.Sprintf("%s is what %s points at already: there is nothing to cut",
			train.ShortSHA(cut.SHA), in.Current.Tag), nil
	}
	if cut.Adds, err = difference(ctx, g.API, in.Project, in.Current.SHA, cut.SHA); err != nil {
		return cut, "", err
	}
	cut.Drops, err = difference(ctx, g.API, in.Project, cut.SHA, in.Current.SHA)
	return cut, "", err
}

// difference are the commits that to has and from lacks.
func difference(ctx context.Context, api GitLabAPI, project, from, to string) (train.Difference, error) {
	commits, err := api.Commits(ctx, project, from+".."+to, 0)
	return train.Difference{Count: len(commits), Titles: titles(commits)}, err
}

// titles are those of the newest few commits.
func titles(commits []gitlab.Commit) (out []string) {
	for _, c := range commits[:min(len(commits), differenceShown)] {
		out = append(out, train.Clip(c.Title, titleShown))
	}
	return out
}

// titleShown bounds a commit's title where it is quoted.
const titleShown = 72

// CancelPipeline cancels a pipeline; one that has ended is left as it is.
func (g *GitLab) CancelPipeline(ctx context.Context, in train.CancelPipelineInput) (train.Done, error) {
	err := g.API.CancelPipeline(ctx, in.Project, in.PipelineID)
	if train.FaultIs(err, train.FaultNotFound) {
		err = nil
	}
	return train.Done{}, failure(err)
}

// badMark begins the note that marks a GitLab release as bad.
const badMark = "> **Marked bad**"

// MarkBad writes into the GitLab release of a tag that it must not be deployed.
func (g *GitLab) MarkBad(ctx context.Context, in train.MarkBadInput) (train.Done, error) {
	release, err := g.API.Release(ctx, in.Project, in.Tag)
	note := fmt.Sprintf("%s by %s: %s\n\n", badMark, in.By, in.Reason)
	switch {
	case train.FaultIs(err, train.FaultNotFound):
		_, err = g.API.CreateRelease(ctx, in.Project, gitlab.Release{Tag: in.Tag, Name: in.Tag, Description: note})
	case err == nil && !strings.HasPrefix(release.Description, badMark):
		release.Description = note + release.Description
		_, err = g.API.UpdateRelease(ctx, in.Project, release)
	}
	return train.Done{}, failure(err)
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
	started, err := g.findPipeline(ctx, in)
	if err != nil || started.ID != 0 {
		return started, failure(err)
	}
	return g.createPipeline(ctx, in)
}

// findPipeline is the pipeline that an earlier try started; zero: none did.
func (g *GitLab) findPipeline(ctx context.Context, in train.StartPipelineInput) (train.StartedPipeline, error) {
	earlier, err := g.API.Pipelines(ctx, in.Project, gitlab.PipelineQuery{Ref: in.Ref, Source: "api",
		UpdatedAfter: in.Since.Add(-time.Minute)})
	if err != nil {
		return train.StartedPipeline{}, err
	}
	for _, p := range earlier {
		variables, err := g.API.PipelineVariables(ctx, in.Project, p.ID)
		if err != nil && !train.FaultIs(err, train.FaultForbidden) { // somebody else's pipeline is not ours
			return train.StartedPipeline{}, err
		}
		if variables[train.RunVariable] == in.Key {
			return train.StartedPipeline{ID: p.ID, URL: p.WebURL}, nil
		}
	}
	return train.StartedPipeline{}, nil
}

func (g *GitLab) createPipeline(ctx context.Context, in train.StartPipelineInput) (train.StartedPipeline, error) {
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
	done, err := pollUntil(ctx, in.Poll, in.Until, func(ctx context.Context) (bool, error) {
		p, err := g.API.Pipeline(ctx, in.Project, in.PipelineID)
		if err != nil {
			return false, err
		}
		ended = train.EndedJob{Status: p.Status, Reason: p.YAMLErrors, URL: p.WebURL}
		if p.Status == "failed" && p.YAMLErrors == "" {
			if ended.Reason, err = g.whyFailed(ctx, in.Project, in.PipelineID); err != nil {
				return false, err
			}
		}
		return gitlab.PipelineDone(p.Status), nil
	})
	ended.TimedOut = !done
	return ended, err
}

// whyFailed is the reason of a failed pipeline: a failed script of any job says
// more than a runner that broke down.
func (g *GitLab) whyFailed(ctx context.Context, project string, pipeline int64) (string, error) {
	jobs, err := g.API.PipelineJobs(ctx, project, pipeline, false)
	var reason string
	for _, j := range jobs {
		if j.Status != "failed" || j.AllowFailure {
			continue
		}
		if reason == "" || j.FailureReason == "script_failure" {
			reason = j.FailureReason
		}
	}
	return reason, err
}
