package gitlab

import (
	"context"
	"fmt"
	"strings"
	"time"

	lib "github.com/xanzy/go-gitlab"
)

// CurrentUser is who the token belongs to.
func (c *Client) CurrentUser(ctx context.Context) (User, error) {
	u, err := one(ctx, "read who the token belongs to",
		func(opts ...lib.RequestOptionFunc) (*lib.User, *lib.Response, error) {
			return c.api.Users.CurrentUser(opts...)
		})
	if err != nil {
		return User{}, err
	}
	return User{ID: int64(u.ID), Username: u.Username, Name: u.Name}, nil
}

// Project by its full path.
func (c *Client) Project(ctx context.Context, project string) (Project, error) {
	p, err := one(ctx, "read the project "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Project, *lib.Response, error) {
			return c.api.Projects.GetProject(project, nil, opts...)
		})
	if err != nil {
		return Project{}, err
	}
	return Project{
		ID: int64(p.ID), Path: p.PathWithNamespace, WebURL: p.WebURL, DefaultBranch: p.DefaultBranch,
		ForwardDeployment: p.CIForwardDeploymentEnabled, ForwardDeploymentRollback: p.CIForwardDeploymentRollbackAllowed,
		PipelineVariablesRole: p.CIPipelineVariablesMinimumOverrideRole,
	}, nil
}

// Head is the newest commit of a branch.
func (c *Client) Head(ctx context.Context, project, branch string) (Commit, error) {
	b, err := one(ctx, "read the branch "+branch+" of "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Branch, *lib.Response, error) {
			return c.api.Branches.GetBranch(project, branch, opts...)
		})
	if err != nil {
		return Commit{}, err
	}
	return commit(b.Commit), nil
}

// Commit that a ref or SHA names.
func (c *Client) Commit(ctx context.Context, project, ref string) (Commit, error) {
	v, err := one(ctx, "read the commit "+ref+" of "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Commit, *lib.Response, error) {
			return c.api.Commits.GetCommit(project, ref, nil, opts...)
		})
	if err != nil {
		return Commit{}, err
	}
	return commit(v), nil
}

// Commits of a ref or a range "from..to", newest first, at most limit (0: all).
func (c *Client) Commits(ctx context.Context, project, revisions string, limit int) ([]Commit, error) {
	return pages(ctx, "list the commits "+revisions+" of "+project, limit, commit,
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.Commit, *lib.Response, error) {
			return c.api.Commits.ListCommits(project, &lib.ListCommitsOptions{ListOptions: l, RefName: &revisions}, opts...)
		})
}

func commit(c *lib.Commit) Commit {
	if c == nil {
		return Commit{}
	}
	return Commit{
		SHA: c.ID, Title: c.Title, Message: c.Message, AuthorName: c.AuthorName, AuthorEmail: c.AuthorEmail,
		CommittedAt: at(c.CommittedDate), Parents: c.ParentIDs, WebURL: c.WebURL,
	}
}

// MergeRequest by its number in the project.
func (c *Client) MergeRequest(ctx context.Context, project string, iid int64) (MergeRequest, error) {
	r, err := one(ctx, fmt.Sprintf("read the merge request !%d of %s", iid, project),
		func(opts ...lib.RequestOptionFunc) (*lib.MergeRequest, *lib.Response, error) {
			return c.api.MergeRequests.GetMergeRequest(project, int(iid), nil, opts...)
		})
	if err != nil {
		return MergeRequest{}, err
	}
	return mergeRequest(r), nil
}

// MergedRequests are the merge requests merged into a branch and updated after an instant.
func (c *Client) MergedRequests(ctx context.Context, project, branch string,
	updatedAfter time.Time) ([]MergeRequest, error) {
	return pages(ctx, "list the merge requests of "+project, 0, mergeRequest,
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.MergeRequest, *lib.Response, error) {
			return c.api.MergeRequests.ListProjectMergeRequests(project, &lib.ListProjectMergeRequestsOptions{
				ListOptions: l, State: lib.Ptr("merged"), TargetBranch: &branch, UpdatedAfter: &updatedAfter,
			}, opts...)
		})
}

// MergeRequestsOfCommit are the merge requests that brought a commit in.
func (c *Client) MergeRequestsOfCommit(ctx context.Context, project, sha string) ([]MergeRequest, error) {
	found, err := one(ctx, "list the merge requests of commit "+sha+" of "+project,
		func(opts ...lib.RequestOptionFunc) ([]*lib.MergeRequest, *lib.Response, error) {
			return c.api.Commits.ListMergeRequestsByCommit(project, sha, opts...)
		})
	out := make([]MergeRequest, 0, len(found))
	for _, m := range found {
		out = append(out, mergeRequest(m))
	}
	return out, err
}

func mergeRequest(m *lib.MergeRequest) MergeRequest {
	out := MergeRequest{
		IID: int64(m.IID), Title: m.Title, WebURL: m.WebURL, Labels: m.Labels, MergedAt: at(m.MergedAt),
		SHA: m.SHA, MergeCommitSHA: m.MergeCommitSHA, SquashCommitSHA: m.SquashCommitSHA,
	}
	if m.Author != nil {
		out.Author, out.AuthorName = m.Author.Username, m.Author.Name
	}
	return out
}

// Tags whose names begin with a prefix.
func (c *Client) Tags(ctx context.Context, project, prefix string) ([]Tag, error) {
	search := "^" + prefix
	return pages(ctx, "list the tags "+prefix+"* of "+project, 0, tag,
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.Tag, *lib.Response, error) {
			return c.api.Tags.ListTags(project, &lib.ListTagsOptions{ListOptions: l, Search: &search}, opts...)
		})
}

// Tag by its name; train.FaultNotFound when there is none.
func (c *Client) Tag(ctx context.Context, project, name string) (Tag, error) {
	t, err := one(ctx, "read the tag "+name+" of "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Tag, *lib.Response, error) {
			return c.api.Tags.GetTag(project, name, opts...)
		})
	if err != nil {
		return Tag{}, err
	}
	return tag(t), nil
}

// CreateTag creates an annotated tag on a commit; train.FaultConflict when the
// name is taken. Not safe to repeat blindly: look for the tag first.
func (c *Client) CreateTag(ctx context.Context, project, name, sha, message string) (Tag, error) {
	t, err := one(ctx, "create the tag "+name+" in "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Tag, *lib.Response, error) {
			return c.api.Tags.CreateTag(project, &lib.CreateTagOptions{TagName: &name, Ref: &sha, Message: &message}, opts...)
		})
	if err != nil {
		return Tag{}, err
	}
	return tag(t), nil
}

func tag(t *lib.Tag) Tag {
	out := Tag{Name: t.Name, Message: t.Message}
	if t.Commit != nil {
		out.SHA = t.Commit.ID
	}
	return out
}

// Release of a tag; train.FaultNotFound when there is none.
func (c *Client) Release(ctx context.Context, project, tag string) (Release, error) {
	r, err := one(ctx, "read the release "+tag+" of "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Release, *lib.Response, error) {
			return c.api.Releases.GetRelease(project, tag, opts...)
		})
	if err != nil {
		return Release{}, err
	}
	return release(r), nil
}

// CreateRelease makes a release of an existing tag; train.FaultConflict when there is one.
func (c *Client) CreateRelease(ctx context.Context, project string, r Release) (Release, error) {
	made, err := one(ctx, "create the release "+r.Tag+" in "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Release, *lib.Response, error) {
			// Without a ref a missing tag is an error, not a new tag.
			return c.api.Releases.CreateRelease(project, &lib.CreateReleaseOptions{TagName: &r.Tag, Name: &r.Name,
				Description: &r.Description}, opts...)
		})
	if err != nil {
		return Release{}, err
	}
	return release(made), nil
}

// UpdateRelease replaces name and description of a release.
func (c *Client) UpdateRelease(ctx context.Context, project string, r Release) (Release, error) {
	made, err := one(ctx, "update the release "+r.Tag+" of "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Release, *lib.Response, error) {
			return c.api.Releases.UpdateRelease(project, r.Tag,
				&lib.UpdateReleaseOptions{Name: &r.Name, Description: &r.Description}, opts...)
		})
	if err != nil {
		return Release{}, err
	}
	return release(made), nil
}

func release(r *lib.Release) Release {
	return Release{Tag: r.TagName, Name: r.Name, Description: r.Description, URL: r.Links.Self}
}

// File is the raw content of a file at a ref.
func (c *Client) File(ctx context.Context, project, ref, path string) ([]byte, error) {
	return one(ctx, "read "+path+" of "+project, func(opts ...lib.RequestOptionFunc) ([]byte, *lib.Response, error) {
		return c.api.RepositoryFiles.GetRawFile(project, path, &lib.GetRawFileOptions{Ref: &ref}, opts...)
	})
}

// at is the instant of an optional time; zero for none.
func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// tail is the last part of a text that is longer than limit bytes.
func tail(s string, limit int64) string {
	if int64(len(s)) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[int64(len(s))-limit:], "")
}
