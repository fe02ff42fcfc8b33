package gitlab

import "time"

// User is a GitLab account.
type User struct {
	ID       int64
	Username string
	Name     string
}

// Project is a GitLab project and the settings that deploys depend on.
type Project struct {
	ID            int64
	Path          string
	WebURL        string
	DefaultBranch string
	// ForwardDeployment is "prevent outdated deployment jobs"; with
	// ForwardDeploymentRollback finished older jobs may still be retried.
	ForwardDeployment         bool
	ForwardDeploymentRollback bool
	// PipelineVariablesRole is the least role that may set pipeline variables.
	PipelineVariablesRole string
}

// Commit of a repository.
type Commit struct {
	SHA         string
	Title       string
	Message     string
	AuthorName  string
	AuthorEmail string
	CommittedAt time.Time
	Parents     []string
	WebURL      string
}

// Tag of a repository. SHA is the commit, also for annotated tags.
type Tag struct {
	Name    string
	SHA     string
	Message string // of an annotated tag
}

// MergeRequest that was merged.
type MergeRequest struct {
	IID             int64
	Title           string
	WebURL          string
	Author          string // username
	AuthorName      string
	Labels          []string
	MergedAt        time.Time
	SHA             string // head of the source branch
	MergeCommitSHA  string
	SquashCommitSHA string
}

// Release is GitLab's release object of a tag.
type Release struct {
	Tag         string
	Name        string
	Description string // Markdown
	URL         string // its page
}

// Pipeline of a project. Status is GitLab's word; unknown ones are in progress.
type Pipeline struct {
	ID         int64
	Status     string
	Source     string // push, api, schedule, …
	Ref        string
	SHA        string
	WebURL     string
	YAMLErrors string
	CreatedAt  time.Time
}

// PipelineQuery narrows a listing of pipelines; zero fields do not.
type PipelineQuery struct {
	Ref, SHA, Source string
	UpdatedAfter     time.Time
	Max              int // 0: all
}

// Job of a pipeline. Status is GitLab's word; unknown ones are in progress.
type Job struct {
	ID            int64
	Name          string
	Stage         string
	Status        string
	FailureReason string
	AllowFailure  bool
	WebURL        string
	PipelineID    int64
	User          string // username of who started it
	StartedAt     time.Time
	FinishedAt    time.Time
}

// Deployment to an environment as GitLab knows it.
type Deployment struct {
	ID     int64
	Ref    string
	SHA    string
	Status string
	// Job deploys it; zero when it was made without one.
	Job Job
}

// Environment as GitLab knows it.
type Environment struct {
	ID   int64
	Name string
}

// FreezePeriod is a deploy freeze; start and end are cron expressions in a zone.
type FreezePeriod struct {
	ID    int64
	Start string
	End   string
	Zone  string
}

// TestReport is what a pipeline's JUnit reports say.
type TestReport struct {
	Suites []TestSuite
}

// TestSuite holds the tests of one CI job; Name is the job's.
type TestSuite struct {
	Name  string
	Cases []TestCase
}

// TestCase is one test. Status is success, failed, error or skipped.
type TestCase struct {
	Status    string
	Name      string
	ClassName string
	File      string // often empty: Cypress' reporter leaves it out
	Output    string
	// Recent is how often it failed lately on the default branch; 0: not known.
	Recent int
}

// JobDone says whether a job of this status has ended. "manual" and "skipped" have not run.
func JobDone(status string) bool {
	return status == "success" || status == "failed" || status == "canceled" || status == "skipped"
}

// JobPlayable says whether a job of this status waits to be played.
func JobPlayable(status string) bool { return status == "manual" || status == "scheduled" }

// PipelineDone says whether a pipeline of this status has ended by itself; a
// pipeline that waits for a manual job has not.
func PipelineDone(status string) bool { return JobDone(status) }
