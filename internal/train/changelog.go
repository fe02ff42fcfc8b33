package train

import (
	"time"
)

// ChangelogDigest is what workflow history keeps of a changelog: the link,
// counts and a short author list. The whole of it is the GitLab release.
type ChangelogDigest struct {
	// URL is the GitLab release, CompareURL the comparison of the two tags.
	URL        string `json:"url,omitempty"`
	CompareURL string `json:"compareUrl,omitempty"`
	// From is the version it starts after; empty: the first release.
	From string `json:"from,omitempty"`
	// Commits and Requests count commits and merge requests.
	Commits  int `json:"commits,omitempty"`
	Requests int `json:"mergeRequests,omitempty"`
	// Authors are at most 10; MoreAuthors counts the rest.
	Authors     []string `json:"authors,omitempty"`
	MoreAuthors int      `json:"moreAuthors,omitempty"`
	// Contributors are all of them, by name and by account, for who may approve;
	// ManyContributors says that some had to be left out.
	Contributors     []string `json:"contributors,omitempty"`
	ManyContributors bool     `json:"manyContributors,omitempty"`
	// FirstCommitAt and MedianCommitAt are commit times, for lead times.
	FirstCommitAt  time.Time `json:"firstCommitAt,omitzero"`
	MedianCommitAt time.Time `json:"medianCommitAt,omitzero"`
	// Fallback says why the start is not what Flux reports; empty: it is.
	Fallback string `json:"fallback,omitempty"`
}

// PublishChangelogInput makes the changelog and publishes it as the GitLab release of the tag.
type PublishChangelogInput struct {
	Project   string         `json:"project"`
	Branch    string         `json:"branch"`
	IssueURL  string         `json:"issueUrl,omitempty"`
	From      RunningVersion `json:"from"`
	Candidate Candidate      `json:"candidate"`
	// WithContributors asks for all who have commits in it: the policy needs them.
	WithContributors bool   `json:"withContributors,omitempty"`
	Key              string `json:"key"`
}
