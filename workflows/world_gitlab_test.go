package workflows

import (
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

// gitlabWorld is GitLab: commits, tags, pipelines with their jobs, and the
// changelog that is published as a release there.
type gitlabWorld struct {
	// The cut.
	chosen       train.ChosenCommit
	tagErr       error
	tagTakes     time.Duration
	tags         int           // made by us
	resolveTakes time.Duration // how long it works out what would be cut
	cutRefused   string
	cutErr       error
	drops        train.Difference
	marked       []string // bad

	// The changelog.
	logs    []train.PublishChangelogInput
	logErr  error
	authors train.ChangelogDigest // who has commits in range

	// Jobs: how each run of one ends, else how all of them do; success when left out.
	ends     map[string][]train.EndedJob // by job name, one for each run; then jobs
	jobs     map[string]train.EndedJob   // by job name
	jobTakes time.Duration
	held     map[string]train.PlayedJob // by job name
	problem  map[string]string          // by job name: it is never offered
	refuse   map[int64]error            // plays in a pipeline
	outdated int                        // plays that are refused as outdated
	// follow are jobs that begin with the end of the deploy job, before Flux has the version.
	follow map[string]bool

	// What became of them.
	played  []string                  // job@time
	ended   map[string]train.EndedJob // by pipeline and job: how it ended last
	jobIDs  map[string]int64          // by pipeline and job: the newest one
	lastID  int64
	stopped []string // jobs that were cancelled

	// Pipelines.
	startErr     error    // new ones on tags
	newPipelines []string // new ones on tags
	cancelled    []int64
}

func newGitLabWorld() gitlabWorld {
	return gitlabWorld{
		chosen: train.ChosenCommit{SHA: sha, Title: "Show free slots"},
		ends:   map[string][]train.EndedJob{}, jobs: map[string]train.EndedJob{}, jobTakes: 5 * time.Minute,
		held: map[string]train.PlayedJob{}, problem: map[string]string{}, refuse: map[int64]error{},
		ended: map[string]train.EndedJob{}, jobIDs: map[string]int64{}, lastID: 100,
	}
}

// next is how the next run of a job ends.
func (g *gitlabWorld) next(job string) train.EndedJob {
	if queue := g.ends[job]; len(queue) > 0 {
		g.ends[job] = queue[1:]
		return queue[0]
	}
	if e, ok := g.jobs[job]; ok {
		return e
	}
	return train.EndedJob{Status: "success"}
}

func jobKey(pipeline int64, job string) string { return fmt.Sprint(pipeline, "/", job) }

// began is a new run of a job.
func (g *gitlabWorld) began(pipeline int64, job string) int64 {
	g.lastID++
	g.jobIDs[jobKey(pipeline, job)] = g.lastID
	delete(g.ended, jobKey(pipeline, job))
	return g.lastID
}

// answerGitLab answers for commits, tags and the changelog.
func (w *world) answerGitLab() {
	on(w, gitlab.ResolveCut, func(train.ResolveCutInput) (train.ResolvedCut, error) {
		if w.gitlab.cutErr != nil {
			return train.ResolvedCut{}, w.gitlab.cutErr
		}
		if w.gitlab.cutRefused != "" {
			return train.ResolvedCut{Refused: w.gitlab.cutRefused}, nil
		}
		return train.ResolvedCut{SHA: "2222222222222222222222222222222222222222",
			Adds: train.Difference{Count: 1, Titles: []string{"Revert slots"}}, Drops: w.gitlab.drops}, nil
	}, func() time.Duration { return w.gitlab.resolveTakes })
	on(w, gitlab.ChooseCommit, func(train.ChooseCommitInput) (train.ChosenCommit, error) { return w.gitlab.chosen, nil })
	on(w, gitlab.CreateTag, func(in train.CreateTagInput) (train.CreatedTag, error) {
		if w.gitlab.tagErr != nil {
			return train.CreatedTag{}, w.gitlab.tagErr
		}
		if held := w.stands(in.Guard); len(held) > 0 {
			return train.CreatedTag{Holds: held}, nil
		}
		w.written("tag")
		w.gitlab.tags++
		require.Contains(w.t, in.Key, releaseID)
		tag := train.Tag{Prefix: in.Prefix, Day: in.Day, Patch: w.gitlab.tags}
		return train.CreatedTag{Candidate: train.Candidate{Tag: tag.String(), SHA: in.SHA}, FreezeAhead: w.holds.ahead}, nil
	}, func() time.Duration { return w.gitlab.tagTakes })
	on(w, gitlab.AdoptTag, func(in train.AdoptTagInput) (train.CreatedTag, error) {
		return train.CreatedTag{Candidate: train.Candidate{Tag: in.Tag, SHA: in.SHA}}, nil
	})
	on(w, gitlab.MarkBad, func(in train.MarkBadInput) (train.Done, error) {
		w.gitlab.marked = append(w.gitlab.marked, in.Tag)
		return train.Done{}, nil
	})
	on(w, changelog.PublishChangelog, func(in train.PublishChangelogInput) (train.ChangelogDigest, error) {
		if w.gitlab.logErr != nil {
			return train.ChangelogDigest{}, w.gitlab.logErr
		}
		w.gitlab.logs = append(w.gitlab.logs, in)
		return train.ChangelogDigest{URL: "https://gitlab/releases/1", From: in.From.Version.String(), Commits: 3,
			Requests: 2, Authors: []string{"Ada", "Grace"},
			Contributors: w.gitlab.authors.Contributors, ManyContributors: w.gitlab.authors.ManyContributors,
			MoreAuthors: w.gitlab.authors.MoreAuthors, Fallback: w.gitlab.authors.Fallback,
			CompareURL: w.gitlab.authors.CompareURL,
		}, nil
	})
	w.answerJobs()
}

// answerJobs answers for pipelines and their jobs.
func (w *world) answerJobs() {
	on(w, gitlab.AwaitPipelineJob, func(in train.AwaitPipelineJobInput) (train.PipelineJob, error) {
		pipeline := int64(1)
		if in.PipelineID != 0 {
			pipeline = in.PipelineID
		}
		return train.PipelineJob{PipelineID: pipeline, JobID: 2, JobURL: "https://gitlab/jobs/" + in.Job, Status: "manual",
			Problem: w.gitlab.problem[in.Job]}, nil
	}, func() time.Duration { return time.Minute })
	on(w, gitlab.PlayJob, w.play)
	on(w, gitlab.AwaitJob, func(in train.AwaitJobInput) (train.EndedJob, error) {
		key := jobKey(in.PipelineID, in.Job)
		if ended, ok := w.gitlab.ended[key]; ok && !in.Played {
			return ended, nil
		}
		ended := w.gitlab.next(in.Job)
		if w.gitlab.jobIDs[key] == 0 {
			w.gitlab.began(in.PipelineID, in.Job)
			if w.gitlab.follow[in.Job] {
				ended.StartedAt = w.env.Now().Add(-w.gitlab.jobTakes - w.flux.rolloutTakes)
			}
		}
		ended.ID, ended.URL = w.gitlab.jobIDs[key], "https://gitlab/jobs/"+in.Job
		w.gitlab.ended[key] = ended
		return ended, nil
	}, func() time.Duration { return w.gitlab.jobTakes })
	on(w, gitlab.CancelJob, func(in train.CancelJobInput) (train.Done, error) {
		w.gitlab.stopped = append(w.gitlab.stopped, in.Job)
		return train.Done{}, nil
	})
	on(w, gitlab.StartPipeline, func(in train.StartPipelineInput) (train.StartedPipeline, error) {
		if w.gitlab.startErr != nil {
			return train.StartedPipeline{}, w.gitlab.startErr
		}
		w.gitlab.newPipelines = append(w.gitlab.newPipelines, in.Ref)
		return train.StartedPipeline{ID: int64(59 + len(w.gitlab.newPipelines)), URL: "https://gitlab/pipelines/60"}, nil
	})
	on(w, gitlab.CancelPipeline, func(in train.CancelPipelineInput) (train.Done, error) {
		w.gitlab.cancelled = append(w.gitlab.cancelled, in.PipelineID)
		return train.Done{}, nil
	})
}

// play plays a job, unless something that it obeys stands.
func (w *world) play(in train.PlayJobInput) (train.PlayedJob, error) {
	if held, ok := w.gitlab.held[in.Job]; ok {
		return held, nil
	}
	if w.holds.started != nil && in.Job == w.in.Train.Production.Job {
		return train.PlayedJob{JobID: 9, JobURL: "https://gitlab/jobs/" + in.Job, Adopted: true}, nil
	}
	if held := w.stands(in.Guard); len(held) > 0 {
		return train.PlayedJob{Holds: held, Held: "held"}, nil
	}
	if !in.NotAfter.IsZero() && !w.env.Now().Before(in.NotAfter) {
		return train.PlayedJob{Held: "the window closed"}, nil
	}
	rollback := !slices.Contains(in.Guard.Obeys, train.HoldPause) // it obeys no hold but that another deploy runs
	switch {
	case rollback:
	case in.Job == w.in.Train.Production.Job:
		var drift []train.HoldKind
		if w.driftOf(in.Guard) != nil {
			drift = append(drift, train.HoldDrift)
		}
		w.written(in.Job, drift...)
	case in.Job == w.in.Train.Staging.Job:
		w.written(in.Job)
	}
	if err := w.gitlab.refuse[in.PipelineID]; err != nil {
		return train.PlayedJob{}, err
	}
	played := in.Job + " " + w.env.Now().In(w.in.Train.Location()).Format("Mon 15:04")
	if in.PipelineID != 1 {
		played += fmt.Sprint(" pipeline ", in.PipelineID)
	}
	w.gitlab.played = append(w.gitlab.played, played)
	return train.PlayedJob{JobID: w.gitlab.began(in.PipelineID, in.Job), JobURL: "https://gitlab/jobs/" + in.Job}, nil
}
