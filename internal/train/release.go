package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// ReleaseInput is a release's configuration and its instants, fixed at departure.
type ReleaseInput struct {
	Train Train         `json:"train"`
	Plan  calendar.Plan `json:"plan"`
	// By is who started it by hand; empty for the Schedule.
	By string `json:"by,omitempty"`
	// Searchable says that the namespace knows our search attributes.
	Searchable bool `json:"searchable,omitempty"`
	// Continued is the state of the run before, when the history had grown long.
	Continued *ContinuedState `json:"resume,omitempty"`
}

// ContinuedState is all that a running release knows and its next run needs, when
// it continues as new.
type ContinuedState struct {
	State `json:"state"`
	Counters
}

// Counters number what a release does more than once; idempotency keys are made of them.
type Counters struct {
	// PassedToTrain counts commands that were passed on to the train.
	PassedToTrain int `json:"passed,omitempty"`
	// Changelogs counts changelogs that were published.
	Changelogs int `json:"changelogs,omitempty"`
	// Rollbacks counts rollbacks that somebody ordered.
	Rollbacks int `json:"rollbacks,omitempty"`
	// RefusalsAnnounced counts refused signals that were answered in Slack.
	RefusalsAnnounced int `json:"refusalsTold,omitempty"`
	// Announced counts announcements.
	Announced int `json:"told,omitempty"`
}

// Supersede tells an open release that the next one has departed.
type Supersede struct {
	// By is the workflow ID of the release that takes over.
	By string `json:"by"`
}

// Summary is a release's result, at most 20 KB; reports are made of it.
type Summary struct {
	Train     string       `json:"train"`
	Day       calendar.Day `json:"day"`
	End       End          `json:"end"`
	Why       string       `json:"why,omitempty"` // one sentence
	Tag       string       `json:"tag,omitempty"`
	SHA       string       `json:"sha,omitempty"`
	From      string       `json:"from,omitempty"` // what production ran before
	DepartAt  time.Time    `json:"departedAt,omitzero"`
	CutAt     time.Time    `json:"cutAt,omitzero"`
	StagedAt  time.Time    `json:"stagedAt,omitzero"`
	TestedAt  time.Time    `json:"testedAt,omitzero"`
	Released  time.Time    `json:"releasedAt,omitzero"`
	EndedAt   time.Time    `json:"endedAt,omitzero"`
	E2E       E2EState     `json:"e2e,omitempty"`
	Commits   int          `json:"commits,omitempty"`
	Requests  int          `json:"mergeRequests,omitempty"`
	FirstAt   time.Time    `json:"firstCommitAt,omitzero"`
	MedianAt  time.Time    `json:"medianCommitAt,omitzero"`
	Changelog string       `json:"changelogUrl,omitempty"`
	Compare   string       `json:"compareUrl,omitempty"`
	E2EURL    string       `json:"e2eUrl,omitempty"`
	CypressAt string       `json:"cypressUrl,omitempty"`
	Former    []string     `json:"formerCandidates,omitempty"`
	Approval  *Approval    `json:"approval,omitempty"`
	Record    Record       `json:"record,omitzero"`
	StagingAt string       `json:"stagingJobUrl,omitempty"`
	ProdAt    string       `json:"productionJobUrl,omitempty"`
}

// AwaitClosedInput waits until a workflow has ended.
type AwaitClosedInput struct {
	WorkflowID string            `json:"workflowId"`
	Poll       calendar.Duration `json:"poll"`
}

// CloseOlderInput asks that all other open releases of a train end.
type CloseOlderInput struct {
	Train string `json:"train"`
	// Self is the release that departs; it is left alone.
	Self string `json:"self"`
	Poll Poll   `json:"poll"`
}

// CloseOlderResult lists the releases that ended, and what the train remembers.
type CloseOlderResult struct {
	Closed []string `json:"closed,omitempty"`
	Memory *Memory  `json:"memory,omitempty"`
}
