package activities

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/release-train/release-train/internal/changelog"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// Changelog makes changelogs and publishes them as GitLab releases.
type Changelog struct {
	API GitLabAPI
}

// PublishChangelog makes the changelog between what production ran and the
// candidate and publishes it as the GitLab release of the tag, which it creates
// or updates. Only the link, counts and a short author list are returned.
func (c *Changelog) PublishChangelog(ctx context.Context,
	in train.PublishChangelogInput) (train.ChangelogDigest, error) {
	project, err := c.API.Project(ctx, in.Project)
	if err != nil {
		return train.ChangelogDigest{}, failure(err)
	}
	source, err := c.source(ctx, in, project)
	if err != nil {
		return train.ChangelogDigest{}, failure(err)
	}
	log, err := changelog.Build(ctx, source, func(ctx context.Context, sha string) ([]gitlab.MergeRequest, error) {
		return c.API.MergeRequestsOfCommit(ctx, in.Project, sha)
	})
	if err != nil {
		return train.ChangelogDigest{}, failure(err)
	}
	release, err := c.publish(ctx, in.Project, gitlab.Release{
		Tag: in.Candidate.Tag, Name: in.Candidate.Tag, Description: log.Markdown(in.Key),
	})
	if err != nil {
		return train.ChangelogDigest{}, failure(err)
	}
	digest := log.Digest()
	if in.WithContributors {
		digest.Contributors, digest.ManyContributors = log.Accounts()
	}
	digest.URL, digest.CompareURL = release.URL, source.CompareURL
	return digest, nil
}

// source reads the commits and merge requests between the two versions.
func (c *Changelog) source(ctx context.Context, in train.PublishChangelogInput,
	project gitlab.Project) (changelog.Source, error) {
	s := changelog.Source{From: in.From.Version, FromFallback: in.From.Fallback, To: in.Candidate, IssueURL: in.IssueURL}
	revisions := in.Candidate.SHA
	if !in.From.Version.IsZero() {
		revisions = in.From.Version.Ref() + ".." + in.Candidate.SHA
		from := in.From.Version.Ref()
		if in.From.Version.Tag != "" {
			from = in.From.Version.Tag
		}
		s.CompareURL = fmt.Sprintf("%s/-/compare/%s...%s", project.WebURL, url.PathEscape(from),
			url.PathEscape(in.Candidate.Tag))
	}
	var err error
	if s.Removed, err = c.removed(ctx, in); err != nil {
		return s, err
	}
	if s.Commits, err = c.API.Commits(ctx, in.Project, revisions, 0); err != nil || len(s.Commits) == 0 {
		return s, err
	}
	// A merge request is updated when it is merged, so none of the range was
	// updated before the oldest commit on the branch; a day allows for clocks.
	oldest := s.Commits[0].CommittedAt
	for _, commit := range s.Commits {
		if commit.CommittedAt.Before(oldest) {
			oldest = commit.CommittedAt
		}
	}
	s.Requests, err = c.API.MergedRequests(ctx, in.Project, in.Branch, oldest.Add(-24*time.Hour))
	return s, err
}

// removed are the commits of what production runs that the candidate lacks. Where
// the changelog begins elsewhere nothing is known about that.
func (c *Changelog) removed(ctx context.Context, in train.PublishChangelogInput) ([]gitlab.Commit, error) {
	if in.From.Version.IsZero() || in.From.Fallback != "" {
		return nil, nil
	}
	return c.API.Commits(ctx, in.Project, in.Candidate.SHA+".."+in.From.Version.Ref(), 0)
}

// publish creates the GitLab release of a tag, or brings the existing one up to date.
func (c *Changelog) publish(ctx context.Context, project string, r gitlab.Release) (gitlab.Release, error) {
	_, err := c.API.Release(ctx, project, r.Tag)
	if train.FaultIs(err, train.FaultNotFound) {
		created, err := c.API.CreateRelease(ctx, project, r)
		if !train.FaultIs(err, train.FaultConflict) {
			return created, err
		}
	} else if err != nil {
		return gitlab.Release{}, err
	}
	return c.API.UpdateRelease(ctx, project, r)
}
