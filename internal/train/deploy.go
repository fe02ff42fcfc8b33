package train

import "time"

// A deploy: its input, its progress and its result.

// DeployInput is one attempt to bring a candidate to an environment.
type DeployInput struct {
	Train       string          `json:"train"`
	Project     string          `json:"project"`
	Environment EnvironmentName `json:"environment"`
	Config      Environment     `json:"config"`
	Candidate   Candidate       `json:"candidate"`
	// Attempt counts the attempts of this candidate at this environment from 1.
	Attempt int `json:"attempt"`
	// NotAfter is the instant from which the job must not be played any more; zero: any time.
	NotAfter time.Time `json:"notAfter,omitzero"`
	// Guard is what must still hold when the job is played.
	Guard Guard `json:"guard,omitzero"`
	// ByItself counts the attempts in a row that nobody asked for.
	ByItself int `json:"byItself,omitempty"`
	// After is the attempt before this one; zero: this is the first one.
	Earlier EarlierAttempt `json:"after,omitzero"`
	// Expected is what should run when it begins, where Flux shows the candidate already.
	Expected Version `json:"expected,omitzero"`
	// Bad are tags that were marked bad: no rollback goes to them.
	Bad []string `json:"bad,omitempty"`
	// Rollback, when set, is all that is done: nothing is deployed.
	Rollback *RollbackOrder `json:"rollback,omitempty"`
	// Datadog says what the service is called there; nil: it is not asked.
	Datadog *DatadogConfig `json:"datadog,omitempty"`
	// Announce, when set, is where people are told, because no release does it.
	Announce *SlackConfig `json:"announce,omitempty"`
	// Zone is the train's, for those messages.
	Zone string `json:"zone,omitempty"`
	// ReleaseID is told about progress; empty: nobody.
	ReleaseID string `json:"releaseId,omitempty"`
	// Key is the idempotency key of this attempt.
	Key  string `json:"key"`
	Poll Poll   `json:"poll"`
}

// EarlierAttempt is what an attempt knows of those before it.
type EarlierAttempt struct {
	// Run is where the last one ended: its jobs are run again, and a pipeline
	// that was made in place of the tag's own is used again.
	Run
	// Before is what ran when the first of them began.
	Before Version `json:"before,omitzero"`
}

// Pipeline is a pipeline that was made in place of the tag's own; 0: the tag's own.
func (e EarlierAttempt) Pipeline() int64 {
	if e.Replaced {
		return e.PipelineID
	}
	return 0
}

// RollbackOrder puts back what ran before.
type RollbackOrder struct {
	Environment EnvironmentName `json:"environment"`
	To          Version         `json:"to"`
	By          string          `json:"by,omitempty"`
	Reason      string          `json:"reason,omitempty"`
}

// StopDeploy tells a deploy to cancel its job and put back what ran before.
type StopDeploy struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// DeployOutcome is how one attempt ended.
type DeployOutcome string

// Outcomes of a deploy.
const (
	// DeploySucceeded: Flux reports the tag ready and smoke tests are green.
	DeploySucceeded DeployOutcome = "succeeded"
	// DeployHeld: nothing was played, because what must hold before the play did not.
	DeployHeld DeployOutcome = "held"
	// DeployFailed: the job or the rollout failed before smoke tests.
	DeployFailed DeployOutcome = "failed"
	// DeploySmokeRed: the version runs, its smoke tests failed.
	DeploySmokeRed DeployOutcome = "smoke-red"
	// DeployRolledBack: what ran before was put back.
	DeployRolledBack DeployOutcome = "rolled-back"
	// DeployUnknown: a limit passed or contact was lost; look before anything else.
	DeployUnknown DeployOutcome = "unknown"
)

// DeployStep is where a deploy is.
type DeployStep string

// Steps of a deploy, in order.
const (
	DeployWaitsForPipeline DeployStep = "pipeline"
	DeployPlaysJob         DeployStep = "play"
	DeployRunsJob          DeployStep = "job"
	DeployRollsOut         DeployStep = "rollout"
	DeploySmokeTests       DeployStep = "smoke"
	DeployRollsBack        DeployStep = "rollback"
	DeployDone             DeployStep = "done"
)

// Deploy is one attempt at an environment: progress while it runs, result at its end.
type Deploy struct {
	Environment EnvironmentName `json:"environment"`
	Tag         string          `json:"tag"`
	Attempt     int             `json:"attempt"`
	Step        DeployStep      `json:"step"`
	// StepUntil is when the limit of the step ends.
	StepUntil time.Time `json:"stepUntil,omitzero"`
	// Outcome is empty while the deploy runs.
	Outcome DeployOutcome `json:"outcome,omitempty"`
	// Cause says why the outcome is not succeeded, in one sentence; Kind decides what follows.
	Cause string      `json:"cause,omitempty"`
	Kind  FailureKind `json:"kind,omitempty"`
	// Held are the holds that kept the job from being played; none: it was too late.
	Held []Hold `json:"held,omitempty"`
	// TooLate says that no hold did: by the worker's clock the window had closed.
	TooLate bool `json:"tooLate,omitempty"`
	// Before is what ran when the deploy began.
	Before Version `json:"before,omitzero"`
	// Adopted says that the job had been started by somebody else, Present that
	// the tag was there already, so that no job ran.
	Adopted bool `json:"adopted,omitempty"`
	Present bool `json:"present,omitempty"`
	// ByItself counts the attempts in a row that nobody asked for.
	ByItself int `json:"byItself,omitempty"`
	Run
	// Rollback is what put back what ran before; nil: nothing did.
	Rollback *RollbackRecord `json:"rollback,omitempty"`
	// Evidence is what Datadog says about a failure; nil: it was not asked.
	Evidence  *Evidence `json:"evidence,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
}

// Run is where a version was brought to an environment: a pipeline, its deploy
// job, and the smoke tests after it.
type Run struct {
	PipelineID  int64  `json:"pipelineId,omitempty"`
	PipelineURL string `json:"pipelineUrl,omitempty"`
	// Replaced says that the pipeline was made in place of the tag's own, whose job was outdated.
	Replaced   bool   `json:"replaced,omitempty"`
	JobID      int64  `json:"jobId,omitempty"`
	JobURL     string `json:"jobUrl,omitempty"`
	SmokeJobID int64  `json:"smokeJobId,omitempty"`
	SmokeURL   string `json:"smokeUrl,omitempty"`
}

// RollbackRecord is one rollback: progress while it runs, result at its end.
type RollbackRecord struct {
	RollbackOrder
	// Way is the rung of the ladder that took it; empty before one did.
	Method RollbackMethod `json:"way,omitempty"`
	// Refused are the rungs that were refused, a sentence each.
	Refused []string        `json:"refused,omitempty"`
	Outcome RollbackOutcome `json:"outcome,omitempty"`
	// Cause says why the outcome is not succeeded.
	Cause string `json:"cause,omitempty"`
	Run
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
}

// RollbackMethod is a rung of the ladder. docs/architecture.md, Deploys.
type RollbackMethod string

// Ways back, in the order in which they are tried.
const (
	MethodRetriedJob   RollbackMethod = "retried-job"  // the old tag's job that succeeded
	MethodNewPipeline  RollbackMethod = "new-pipeline" // on the old tag
	MethodRollbackJob  RollbackMethod = "rollback-job" // of the pipeline that deployed
	MethodByPipeline   RollbackMethod = "by-pipeline"  // the deploy job puts it back itself
	MethodAlreadyThere RollbackMethod = "already-there"
)

// RollbackOutcome is how a rollback ended.
type RollbackOutcome string

// Outcomes of a rollback; empty while it runs.
const (
	// RollbackSucceeded: Flux reports the target ready and its smoke tests are green.
	RollbackSucceeded RollbackOutcome = "succeeded"
	// RollbackSmokeRed: the target runs, its smoke tests are red too.
	RollbackSmokeRed RollbackOutcome = "smoke-red"
	// RollbackNone: there is nothing to go back to, and nothing was done.
	RollbackNone RollbackOutcome = "none"
	// RollbackFailed: every way was refused or failed.
	RollbackFailed RollbackOutcome = "failed"
	// RollbackUnknown: a limit passed or contact was lost.
	RollbackUnknown RollbackOutcome = "unknown"
)

// Restored says whether the target runs again.
func (r *RollbackRecord) Restored() bool {
	return r != nil && (r.Outcome == RollbackSucceeded || r.Outcome == RollbackSmokeRed)
}

// Running says whether the deploy has not ended.
func (d *Deploy) Running() bool { return d != nil && d.Outcome == "" }

// Succeeded says whether the environment was brought to the tag and tested.
func (d *Deploy) Succeeded() bool { return d != nil && d.Outcome == DeploySucceeded }

// Failed says whether the deploy ended without success after it had been played
// or could not be: people decide. One that was held did nothing.
func (d *Deploy) Failed() bool {
	return d != nil && d.Outcome != "" && d.Outcome != DeploySucceeded && d.Outcome != DeployHeld
}

// LogURL is the page that shows most about the last thing that happened.
func (d *Deploy) LogURL() string {
	switch {
	case d.SmokeURL != "" && (d.Step == DeploySmokeTests || d.Step == DeployRollsBack || d.Outcome == DeploySmokeRed ||
		d.Outcome == DeployRolledBack):
		return d.SmokeURL
	case d.JobURL != "":
		return d.JobURL
	default:
		return d.PipelineURL
	}
}
