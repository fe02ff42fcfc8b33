package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// PlayDeployInput plays a deploy job; what runs before it is read at the same moment.
type PlayDeployInput struct {
	Job  PlayJobInput `json:"job"`
	Flux FluxObject   `json:"flux"`
	// Before is what ran when an earlier attempt began; zero: it is read.
	Before Version `json:"before,omitzero"`
	// Expected is taken for it where the candidate runs already.
	Expected Version `json:"expected,omitzero"`
	// Start is the event that Datadog is told when the job was played; nil: none.
	Start *DatadogEvent `json:"start,omitempty"`
}

// PlayedDeploy is the played job and what ran before it.
type PlayedDeploy struct {
	PlayedJob
	// Before is where a rollback would go; zero when it is not known.
	Before Version `json:"before,omitzero"`
	// Present says that the tag runs there already, so that nothing was played.
	Present bool `json:"present,omitempty"`
}

// FindOutInput asks what became of a deploy whose outcome is not known.
type FindOutInput struct {
	Project    string     `json:"project"`
	PipelineID int64      `json:"pipelineId,omitempty"`
	Job        string     `json:"job"`
	Candidate  Candidate  `json:"candidate"`
	Flux       FluxObject `json:"flux"`
}

// DeployFindings is a sentence on what was found.
type DeployFindings struct {
	Sentence string `json:"sentence"`
	// JobID is the newest job; 0: it was not found.
	JobID int64 `json:"jobId,omitempty"`
}

// PlanRollbackInput asks how a rollback can go.
type PlanRollbackInput struct {
	Project string      `json:"project"`
	Config  Environment `json:"config"`
	// To is where it goes; Bad are tags that it must not.
	To  Version  `json:"to"`
	Bad []string `json:"bad,omitempty"`
	// PipelineID is the pipeline that deployed, for its rollback job; 0: that of what runs.
	PipelineID int64 `json:"pipelineId,omitempty"`
}

// RollbackPlan is how a rollback can go.
type RollbackPlan struct {
	// Problem says why it cannot; empty when it can.
	Problem string `json:"problem,omitempty"`
	// To is the target with its commit.
	To Candidate `json:"to,omitzero"`
	// Present says that it runs already.
	Present bool `json:"present,omitempty"`
	// Retry is the job of the target that succeeded, NoRetry why there is none.
	Retry   PipelineJob `json:"retry,omitzero"`
	NoRetry string      `json:"noRetry,omitempty"`
	// Rollback is the rollback job, NoRollback why there is none.
	Rollback   PipelineJob `json:"rollback,omitzero"`
	NoRollback string      `json:"noRollback,omitempty"`
}

// AwaitRolloutInput waits until Flux reports a candidate rolled out.
type AwaitRolloutInput struct {
	Flux      FluxObject        `json:"flux"`
	Candidate Candidate         `json:"candidate"`
	Until     time.Time         `json:"until"`
	Poll      calendar.Duration `json:"poll"`
}

// Rollout is what Flux reports.
type Rollout struct {
	Done     bool    `json:"done,omitempty"`
	TimedOut bool    `json:"timedOut,omitempty"`
	Running  Version `json:"running,omitzero"`
	// ReadyAt is since when it is, by Flux' clock; zero: that is not known.
	ReadyAt time.Time `json:"readyAt,omitzero"`
	// Why says what is missing or failed; empty when done.
	Why string `json:"why,omitempty"`
	// Reason is Flux' own word for it, which the table of failures knows; may be empty.
	Reason string `json:"reason,omitempty"`
}
