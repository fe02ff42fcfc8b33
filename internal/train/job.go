package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// CancelPipelineInput cancels a pipeline.
type CancelPipelineInput struct {
	Project    string `json:"project"`
	PipelineID int64  `json:"pipelineId"`
}

// AwaitPipelineJobInput waits until a tag's pipeline offers a job.
type AwaitPipelineJobInput struct {
	Project   string    `json:"project"`
	Candidate Candidate `json:"candidate"`
	// PipelineID is looked at in place of the pipeline that the tag's push made; 0: that one.
	PipelineID int64             `json:"pipelineId,omitempty"`
	Job        string            `json:"job"`
	Until      time.Time         `json:"until"`
	Poll       calendar.Duration `json:"poll"`
}

// PipelineJob is a job in a tag's pipeline.
type PipelineJob struct {
	PipelineID  int64  `json:"pipelineId,omitempty"`
	PipelineURL string `json:"pipelineUrl,omitempty"`
	JobID       int64  `json:"jobId,omitempty"`
	JobURL      string `json:"jobUrl,omitempty"`
	// Status is GitLab's, e.g. manual, running, success.
	Status string `json:"status,omitempty"`
	// Problem says why the job will not come; empty when it did.
	Problem string `json:"problem,omitempty"`
	// TimedOut says that Until passed first; Problem then says what was missing.
	TimedOut bool `json:"timedOut,omitempty"`
	// SmokeJobID is the smoke tests' newest job in that pipeline; 0: it has none.
	SmokeJobID int64 `json:"smokeJobId,omitempty"`
}

// PlayJobInput plays a manual job after a last look at what must hold.
type PlayJobInput struct {
	Project    string    `json:"project"`
	PipelineID int64     `json:"pipelineId"`
	Job        string    `json:"job"`
	Candidate  Candidate `json:"candidate"`
	// Guard is re-read before the play; zero: only the tag is.
	Guard    Guard     `json:"guard,omitzero"`
	NotAfter time.Time `json:"notAfter,omitzero"`
	// After is the job with which the attempt before this one ended: it is run
	// once more. 0: this is the first attempt.
	After int64 `json:"after,omitempty"`
	// Follow says that the pipeline starts the job itself: it is only looked at.
	Follow bool `json:"follow,omitempty"`
	// Variables are handed to the job.
	Variables map[string]string `json:"variables,omitempty"`
	Key       string            `json:"key"`
}

// PlayedJob is a job that runs or ran, or why it was not played.
type PlayedJob struct {
	// Held says why nothing was played; empty when the job was played or adopted.
	Held string `json:"held,omitempty"`
	// Holds are those that stood; none: it was too late.
	Holds  []Hold `json:"holds,omitempty"`
	JobID  int64  `json:"jobId,omitempty"`
	JobURL string `json:"jobUrl,omitempty"`
	// Adopted says that somebody else had started it.
	Adopted bool `json:"adopted,omitempty"`
	// Outdated says that GitLab refuses the job because of a newer deployment.
	Outdated string `json:"outdated,omitempty"`
}

// CancelJobInput cancels a job.
type CancelJobInput struct {
	Project    string `json:"project"`
	PipelineID int64  `json:"pipelineId"`
	Job        string `json:"job"`
}

// AwaitJobInput waits until the newest job of a name in a pipeline has ended,
// or waits to be played.
type AwaitJobInput struct {
	Project    string `json:"project"`
	PipelineID int64  `json:"pipelineId"`
	Job        string `json:"job"`
	// Played says that somebody plays it: "manual" is then only an answer of the past.
	Played bool              `json:"played,omitempty"`
	Until  time.Time         `json:"until"`
	Poll   calendar.Duration `json:"poll"`
}

// EndedJob is how a job or pipeline ended.
type EndedJob struct {
	// Status is GitLab's final one; the last seen one when TimedOut.
	Status   string `json:"status"`
	TimedOut bool   `json:"timedOut,omitempty"`
	// Reason is GitLab's failure_reason, e.g. script_failure.
	Reason string `json:"reason,omitempty"`
	URL    string `json:"url,omitempty"`
	// ID is the job's; 0 for a pipeline.
	ID int64 `json:"id,omitempty"`
	// StartedAt is when the job began, by GitLab's clock; zero: it did not, or for a pipeline.
	StartedAt time.Time `json:"startedAt,omitzero"`
}

// Playable says that the job has not run but waits for somebody to play it.
func (e EndedJob) Playable() bool { return e.Status == "manual" || e.Status == "scheduled" }

// Succeeded says whether it ended with success.
func (e EndedJob) Succeeded() bool { return e.Status == "success" && !e.TimedOut }

// StartPipelineInput starts a pipeline with variables.
type StartPipelineInput struct {
	Project   string            `json:"project"`
	Ref       string            `json:"ref"`
	Variables map[string]string `json:"variables,omitempty"`
	// Since bounds the search for a pipeline that an earlier call started.
	Since time.Time `json:"since"`
	Key   string    `json:"key"`
}

// StartedPipeline is a pipeline that was started.
type StartedPipeline struct {
	ID  int64  `json:"id"`
	URL string `json:"url"`
}

// AwaitPipelineInput waits for the end of a pipeline.
type AwaitPipelineInput struct {
	Project    string            `json:"project"`
	PipelineID int64             `json:"pipelineId"`
	Until      time.Time         `json:"until"`
	Poll       calendar.Duration `json:"poll"`
}

// Done is the result of an activity that has nothing to tell.
type Done struct{}
