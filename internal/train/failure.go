package train

import (
	"fmt"
	"strings"
)

// FailureKind decides what happens after a failure. PRODUCT.md section 8.
type FailureKind string

// Kinds of failures.
const (
	// FailureTransient: the machinery failed, not what it ran. Tried again by
	// itself, bounded, with backoff, production only inside the window.
	FailureTransient FailureKind = "transient"
	// FailureDefinitive: it would fail again. Stop; roll back where smoke tests failed; ask people.
	FailureDefinitive FailureKind = "definitive"
	// FailureUnknown: it may have taken effect. Find out first, never deploy blind.
	FailureUnknown FailureKind = "unknown"
	// FailureHeld: nothing was done, because what must hold did not.
	FailureHeld FailureKind = "held"
)

// FailureSource is who says that something failed.
type FailureSource string

// Sources of failures.
const (
	FromJob    FailureSource = "GitLab job"        // its failure_reason
	FromStatus FailureSource = "GitLab job status" // how it ended without having failed
	FromFlux   FailureSource = "Flux"              // the reason of a condition
	FromRead   FailureSource = "answer to a read"  // an adapter's fault
	FromWrite  FailureSource = "answer to a write" // an adapter's fault
	FromLimit  FailureSource = "limit"             // a step's time is over
	FromSmoke  FailureSource = "smoke tests"       // how they ended
)

// Failure is one line of the table: what a source says, what kind that is, and
// what it means, as a clause for people.
type Failure struct {
	Source FailureSource
	Value  string
	Kind   FailureKind
	Means  string
}

// Failures is the one table that decides. Sources: GitLab's enum of failure
// reasons (app/models/concerns/enums/ci/commit_status.rb, GitLab 19), the
// condition reasons of kustomize-controller/api/v1, helm-controller/api/v2 and
// source-controller/api/v1. What is not in it is unknown.
var Failures = []Failure{
	{FromJob, "script_failure", FailureDefinitive, "the job's script failed"},
	{FromJob, "runner_system_failure", FailureTransient, "the runner failed, not the script"},
	{FromJob, "runner_external_dependency_failure", FailureTransient, "the runner could not get what it needs, for example an image"},
	{FromJob, "runner_interrupted", FailureTransient, "the runner was interrupted"},
	{FromJob, "api_failure", FailureTransient, "GitLab's API failed the runner"},
	{FromJob, "stuck_or_timeout_failure", FailureTransient, "no runner took the job, or it went silent"},
	{FromJob, "stuck_pending_with_matching_runners", FailureTransient, "no runner had time for the job"},
	{FromJob, "stale_schedule", FailureTransient, "the job waited too long for its turn"},
	{FromJob, "scheduler_failure", FailureTransient, "GitLab could not hand the job to a runner"},
	{FromJob, "job_router_failure", FailureTransient, "GitLab could not hand the job to a runner"},
	{FromJob, "data_integrity_failure", FailureTransient, "GitLab lost the job's data"},
	{FromJob, "reached_downstream_pipeline_trigger_rate_limit", FailureTransient, "too many pipelines were started in a minute"},
	{FromJob, "unknown_failure", FailureUnknown, "GitLab does not say why"},
	{FromJob, "no_updates_running", FailureUnknown, "the runner vanished in the middle of the job"},
	{FromJob, "no_updates_canceling", FailureUnknown, "the runner vanished while the job was being cancelled"},
	{FromJob, "job_execution_timeout", FailureUnknown, "the job ran into its time-out in the middle"},
	{FromJob, "job_execution_server_timeout", FailureUnknown, "the job ran into GitLab's time-out in the middle"},
	{FromJob, "server_timeout_running", FailureUnknown, "the job ran into GitLab's time-out in the middle"},
	{FromJob, "server_timeout_canceling", FailureUnknown, "the job did not stop when it was cancelled"},
	{FromJob, "trace_size_exceeded", FailureUnknown, "the job's log grew too long and it was stopped in the middle"},
	{FromJob, "job_token_expired", FailureUnknown, "the job's token expired in the middle"},
	{FromJob, ReasonOutdated, FailureDefinitive, "GitLab refuses it because a newer deployment exists"},
	{FromJob, reasonOutdatedLegacy, FailureDefinitive, "GitLab refuses it because a newer deployment exists"},
	{FromJob, "missing_dependency_failure", FailureDefinitive, "artifacts that the job needs are gone"},
	{FromJob, "runner_unsupported", FailureDefinitive, "the runner is too old for the job"},
	{FromJob, "runner_configuration_error", FailureDefinitive, "the runner is not set up for the job"},
	{FromJob, "no_matching_runner", FailureDefinitive, "no runner has the job's tags"},
	{FromJob, "stuck_pending_no_matching_runners", FailureDefinitive, "no runner has the job's tags"},
	{FromJob, "archived_failure", FailureDefinitive, "the job is archived: it is too old to run"},
	{FromJob, "unmet_prerequisites", FailureDefinitive, "GitLab could not prepare the job's cluster"},
	{FromJob, "user_blocked", FailureDefinitive, "the account that started it is blocked"},
	{FromJob, "project_deleted", FailureDefinitive, "the project is being deleted"},
	{FromJob, "ci_quota_exceeded", FailureDefinitive, "the CI minutes are used up"},
	{FromJob, "pipeline_loop_detected", FailureDefinitive, "the pipeline starts itself"},
	{FromJob, "builds_disabled", FailureDefinitive, "CI is switched off in the project"},
	{FromJob, "environment_creation_failure", FailureDefinitive, "GitLab could not make the environment: check its name"},
	{FromJob, "deployment_rejected", FailureDefinitive, "somebody rejected the deployment in GitLab"},
	{FromJob, "protected_environment_failure", FailureDefinitive, "the environment is protected against who started it"},
	{FromJob, "insufficient_bridge_permissions", FailureDefinitive, "the downstream pipeline may not be started"},
	{FromJob, "insufficient_upstream_permissions", FailureDefinitive, "the upstream project may not be read"},
	{FromJob, "downstream_bridge_project_not_found", FailureDefinitive, "the downstream project does not exist"},
	{FromJob, "upstream_bridge_project_not_found", FailureDefinitive, "the upstream project does not exist"},
	{FromJob, "invalid_bridge_trigger", FailureDefinitive, "the trigger job is not valid"},
	{FromJob, "bridge_pipeline_is_child_pipeline", FailureDefinitive, "a child pipeline may not start another one"},
	{FromJob, "downstream_pipeline_creation_failed", FailureDefinitive, "the downstream pipeline could not be made"},
	{FromJob, "downstream_project_trigger_resolved_to_empty", FailureDefinitive, "the trigger names no project"},
	{FromJob, "reached_max_descendant_pipelines_depth", FailureDefinitive, "pipelines are nested too deep"},
	{FromJob, "reached_max_pipeline_hierarchy_size", FailureDefinitive, "too many pipelines hang together"},
	{FromJob, "secrets_provider_not_found", FailureDefinitive, "the job's secrets provider is not set up"},
	{FromJob, "ip_restriction_failure", FailureDefinitive, "the group's IP restriction refuses the runner"},
	{FromJob, "duo_workflow_not_allowed", FailureDefinitive, "the job may not run here"},
	{FromJob, "id_token_burned_project_path", FailureDefinitive, "the project's path may not be used for ID tokens"},

	{FromStatus, "canceled", FailureDefinitive, "somebody cancelled it in GitLab"},
	{FromStatus, "skipped", FailureDefinitive, "GitLab skipped it"},

	{FromFlux, "BuildFailed", FailureDefinitive, "the manifests do not build"},
	{FromFlux, "HealthCheckFailed", FailureDefinitive, "the workloads did not become healthy"},
	{FromFlux, "PruneFailed", FailureDefinitive, "old objects could not be removed"},
	{FromFlux, "ReconciliationFailed", FailureDefinitive, "the manifests could not be applied"},
	{FromFlux, "InvalidCELExpression", FailureDefinitive, "a health check expression is wrong"},
	{FromFlux, "ArtifactFailed", FailureTransient, "the source's artifact could not be loaded"},
	{FromFlux, "DependencyNotReady", FailureTransient, "something that it depends on is not ready"},
	{FromFlux, "InstallFailed", FailureDefinitive, "Helm could not install it"},
	{FromFlux, "UpgradeFailed", FailureDefinitive, "Helm could not upgrade it"},
	{FromFlux, "TestFailed", FailureDefinitive, "the Helm tests failed"},
	{FromFlux, "RollbackSucceeded", FailureDefinitive, "Helm has put the old version back"},
	{FromFlux, "RollbackFailed", FailureDefinitive, "Helm could not put the old version back"},
	{FromFlux, "UninstallSucceeded", FailureDefinitive, "Helm has removed it"},
	{FromFlux, "UninstallFailed", FailureDefinitive, "Helm could not remove it"},
	{FromFlux, "GitOperationFailed", FailureDefinitive, "Flux could not fetch it from git"},
	{FromFlux, "AuthenticationFailed", FailureDefinitive, "Flux may not read the repository"},
	{FromFlux, FluxStalled, FailureDefinitive, "Flux has given up until its specification changes"},
	{FromFlux, FluxSuspended, FailureDefinitive, "Flux is told not to reconcile it"},

	{FromRead, string(FaultAuth), FailureDefinitive, "the token is not accepted"},
	{FromRead, string(FaultForbidden), FailureDefinitive, "the token may not do this"},
	{FromRead, string(FaultNotFound), FailureDefinitive, "it does not exist"},
	{FromRead, string(FaultInvalid), FailureDefinitive, "the request is wrong"},
	{FromRead, string(FaultConflict), FailureDefinitive, "it is in another state"},
	{FromRead, string(FaultRateLimited), FailureTransient, "too many calls were made"},
	{FromRead, string(FaultUnavailable), FailureTransient, "it does not answer"},
	{FromWrite, string(FaultAuth), FailureDefinitive, "the token is not accepted"},
	{FromWrite, string(FaultForbidden), FailureDefinitive, "the token may not do this"},
	{FromWrite, string(FaultNotFound), FailureDefinitive, "it does not exist"},
	{FromWrite, string(FaultInvalid), FailureDefinitive, "the request is wrong"},
	{FromWrite, string(FaultConflict), FailureDefinitive, "it is in another state"},
	{FromWrite, string(FaultRateLimited), FailureTransient, "too many calls were made"},
	{FromWrite, string(FaultUnavailable), FailureUnknown, "it may have taken effect although no answer came"},

	{FromLimit, "job", FailureUnknown, "the job did not end in time"},
	{FromLimit, "flux", FailureUnknown, "Flux did not report in time"},
	{FromLimit, "smoke", FailureUnknown, "the smoke tests did not end in time"},

	{FromSmoke, "script_failure", FailureDefinitive, "the smoke tests are red"},
}

// Reasons that are compared.
const (
	// ReasonOutdated is GitLab's for a job that a newer deployment has made outdated.
	ReasonOutdated       = "failed_outdated_deployment_job"
	reasonOutdatedLegacy = "forward_deployment_failure"
	// FluxStalled and FluxSuspended stand for conditions that are no reason of Ready.
	FluxStalled   = "Stalled"
	FluxSuspended = "Suspended"
)

// Judge is the kind of what a source says, and what it means; both for a value
// that the table does not know are "unknown".
func Judge(source FailureSource, value string) (kind FailureKind, means string) {
	for _, f := range Failures {
		if f.Source == source && f.Value == value {
			return f.Kind, f.Means
		}
	}
	return FailureUnknown, fmt.Sprintf("%s says %q, which this version does not know", source, value)
}

// Outdated says whether GitLab failed the job because of a newer deployment.
func (e EndedJob) Outdated() bool {
	return e.Status == "failed" && (e.Reason == ReasonOutdated || e.Reason == reasonOutdatedLegacy)
}

// Failure judges a job that has ended without success.
func (e EndedJob) Failure() (kind FailureKind, means string) {
	switch {
	case e.Status != "failed":
		return Judge(FromStatus, e.Status)
	case e.Reason == "":
		return Judge(FromJob, "unknown_failure")
	}
	return Judge(FromJob, e.Reason)
}

// Reds says whether smoke tests that ended like this found something: their
// script failed. Anything else says nothing about the version.
func (e EndedJob) Reds() bool {
	return e.Status == "failed" && (e.Reason == "script_failure" || e.Reason == "")
}

// FailuresDoc is the page that lists the table for people.
func FailuresDoc() string {
	var b strings.Builder
	b.WriteString(`# What a failure means

<!-- Made from internal/train/failure.go: UPDATE_DOCS=1 go test ./internal/train -run TheDocsOnFailures -->

| kind | what happens |
|---|---|
| transient | the machinery failed: tried again by itself, at most ` + "`retry.attempts`" + ` times in a row, waiting longer each time; each attempt passes all holds, production only inside the window |
| definitive | it would fail again: people are asked; where smoke tests failed, what ran before is put back first |
| unknown | it may have taken effect: job and Flux are read, people are told what was found and asked |
| held | nothing was done; it goes on by itself when the hold ends |

Before any further attempt the job, the deployment and Flux are read: what runs is followed, what is there already is only smoke-tested.

| who says so | what | kind | means |
|---|---|---|---|
`)
	for _, f := range Failures {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", f.Source, f.Value, f.Kind, f.Means)
	}
	b.WriteString("| anyone | anything else | unknown | it is not in this table |\n")
	return b.String()
}
