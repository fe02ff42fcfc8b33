package rules

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/train"
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

// FailureReason is what a source says about a failure.
type FailureReason struct {
	Source FailureSource
	Value  string
}

// FailureRule is one line of the table: a reason, and what kind of failure it is.
type FailureRule struct {
	FailureReason
	Kind train.FailureKind
}

// Failures is the one table that decides. Sources: GitLab's enum of failure
// reasons (app/models/concerns/enums/ci/commit_status.rb, GitLab 19), the
// condition reasons of kustomize-controller/api/v1, helm-controller/api/v2 and
// source-controller/api/v1. What is not in it is unknown.
func Failures() []FailureRule {
	return []FailureRule{
		{FailureReason{FromJob, "script_failure"}, train.FailureDefinitive},
		{FailureReason{FromJob, "runner_system_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "runner_external_dependency_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "runner_interrupted"}, train.FailureTransient},
		{FailureReason{FromJob, "api_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "stuck_or_timeout_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "stuck_pending_with_matching_runners"}, train.FailureTransient},
		{FailureReason{FromJob, "stale_schedule"}, train.FailureTransient},
		{FailureReason{FromJob, "scheduler_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "job_router_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "data_integrity_failure"}, train.FailureTransient},
		{FailureReason{FromJob, "reached_downstream_pipeline_trigger_rate_limit"}, train.FailureTransient},
		{FailureReason{FromJob, "unknown_failure"}, train.FailureUnknown},
		{FailureReason{FromJob, "no_updates_running"}, train.FailureUnknown},
		{FailureReason{FromJob, "no_updates_canceling"}, train.FailureUnknown},
		{FailureReason{FromJob, "job_execution_timeout"}, train.FailureUnknown},
		{FailureReason{FromJob, "job_execution_server_timeout"}, train.FailureUnknown},
		{FailureReason{FromJob, "server_timeout_running"}, train.FailureUnknown},
		{FailureReason{FromJob, "server_timeout_canceling"}, train.FailureUnknown},
		{FailureReason{FromJob, "trace_size_exceeded"}, train.FailureUnknown},
		{FailureReason{FromJob, "job_token_expired"}, train.FailureUnknown},
		{FailureReason{FromJob, ReasonOutdated}, train.FailureDefinitive},
		{FailureReason{FromJob, ReasonOutdatedLegacy}, train.FailureDefinitive},
		{FailureReason{FromJob, "missing_dependency_failure"}, train.FailureDefinitive},
		{FailureReason{FromJob, "runner_unsupported"}, train.FailureDefinitive},
		{FailureReason{FromJob, "runner_configuration_error"}, train.FailureDefinitive},
		{FailureReason{FromJob, "no_matching_runner"}, train.FailureDefinitive},
		{FailureReason{FromJob, "stuck_pending_no_matching_runners"}, train.FailureDefinitive},
		{FailureReason{FromJob, "archived_failure"}, train.FailureDefinitive},
		{FailureReason{FromJob, "unmet_prerequisites"}, train.FailureDefinitive},
		{FailureReason{FromJob, "user_blocked"}, train.FailureDefinitive},
		{FailureReason{FromJob, "project_deleted"}, train.FailureDefinitive},
		{FailureReason{FromJob, "ci_quota_exceeded"}, train.FailureDefinitive},
		{FailureReason{FromJob, "pipeline_loop_detected"}, train.FailureDefinitive},
		{FailureReason{FromJob, "builds_disabled"}, train.FailureDefinitive},
		{FailureReason{FromJob, "environment_creation_failure"}, train.FailureDefinitive},
		{FailureReason{FromJob, "deployment_rejected"}, train.FailureDefinitive},
		{FailureReason{FromJob, "protected_environment_failure"}, train.FailureDefinitive},
		{FailureReason{FromJob, "insufficient_bridge_permissions"}, train.FailureDefinitive},
		{FailureReason{FromJob, "insufficient_upstream_permissions"}, train.FailureDefinitive},
		{FailureReason{FromJob, "downstream_bridge_project_not_found"}, train.FailureDefinitive},
		{FailureReason{FromJob, "upstream_bridge_project_not_found"}, train.FailureDefinitive},
		{FailureReason{FromJob, "invalid_bridge_trigger"}, train.FailureDefinitive},
		{FailureReason{FromJob, "bridge_pipeline_is_child_pipeline"}, train.FailureDefinitive},
		{FailureReason{FromJob, "downstream_pipeline_creation_failed"}, train.FailureDefinitive},
		{FailureReason{FromJob, "downstream_project_trigger_resolved_to_empty"}, train.FailureDefinitive},
		{FailureReason{FromJob, "reached_max_descendant_pipelines_depth"}, train.FailureDefinitive},
		{FailureReason{FromJob, "reached_max_pipeline_hierarchy_size"}, train.FailureDefinitive},
		{FailureReason{FromJob, "secrets_provider_not_found"}, train.FailureDefinitive},
		{FailureReason{FromJob, "ip_restriction_failure"}, train.FailureDefinitive},
		{FailureReason{FromJob, "duo_workflow_not_allowed"}, train.FailureDefinitive},
		{FailureReason{FromJob, "id_token_burned_project_path"}, train.FailureDefinitive},

		{FailureReason{FromStatus, "canceled"}, train.FailureDefinitive},
		{FailureReason{FromStatus, "skipped"}, train.FailureDefinitive},

		{FailureReason{FromFlux, "BuildFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "HealthCheckFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "PruneFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "ReconciliationFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "InvalidCELExpression"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "ArtifactFailed"}, train.FailureTransient},
		{FailureReason{FromFlux, "DependencyNotReady"}, train.FailureTransient},
		{FailureReason{FromFlux, "InstallFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "UpgradeFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "TestFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "RollbackSucceeded"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "RollbackFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "UninstallSucceeded"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "UninstallFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "GitOperationFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, "AuthenticationFailed"}, train.FailureDefinitive},
		{FailureReason{FromFlux, train.FluxStalled}, train.FailureDefinitive},
		{FailureReason{FromFlux, train.FluxSuspended}, train.FailureDefinitive},

		{FailureReason{FromRead, string(train.FaultAuth)}, train.FailureDefinitive},
		{FailureReason{FromRead, string(train.FaultForbidden)}, train.FailureDefinitive},
		{FailureReason{FromRead, string(train.FaultNotFound)}, train.FailureDefinitive},
		{FailureReason{FromRead, string(train.FaultInvalid)}, train.FailureDefinitive},
		{FailureReason{FromRead, string(train.FaultConflict)}, train.FailureDefinitive},
		{FailureReason{FromRead, string(train.FaultRateLimited)}, train.FailureTransient},
		{FailureReason{FromRead, string(train.FaultUnavailable)}, train.FailureTransient},
		{FailureReason{FromWrite, string(train.FaultAuth)}, train.FailureDefinitive},
		{FailureReason{FromWrite, string(train.FaultForbidden)}, train.FailureDefinitive},
		{FailureReason{FromWrite, string(train.FaultNotFound)}, train.FailureDefinitive},
		{FailureReason{FromWrite, string(train.FaultInvalid)}, train.FailureDefinitive},
		{FailureReason{FromWrite, string(train.FaultConflict)}, train.FailureDefinitive},
		{FailureReason{FromWrite, string(train.FaultRateLimited)}, train.FailureTransient},
		{FailureReason{FromWrite, string(train.FaultUnavailable)}, train.FailureUnknown},

		{FailureReason{FromLimit, "job"}, train.FailureUnknown},
		{FailureReason{FromLimit, "flux"}, train.FailureUnknown},
		{FailureReason{FromLimit, "smoke"}, train.FailureUnknown},

		{FailureReason{FromSmoke, "script_failure"}, train.FailureDefinitive},
	}
}

// Reasons that are compared.
const (
	// ReasonOutdated is GitLab's for a job that a newer deployment has made outdated.
	ReasonOutdated       = "failed_outdated_deployment_job"
	ReasonOutdatedLegacy = "forward_deployment_failure"
)

// KindOf is the kind of a failure; one that the table does not have is unknown.
func KindOf(reason FailureReason) train.FailureKind {
	for _, f := range Failures() {
		if f.FailureReason == reason {
			return f.Kind
		}
	}
	return train.FailureUnknown
}

// FluxReasonFails says whether a reason of Ready=False means that a revision failed.
func FluxReasonFails(reason string) bool {
	return slices.ContainsFunc(Failures(),
		func(f FailureRule) bool { return f.FailureReason == FailureReason{FromFlux, reason} })
}

// Outdated says whether GitLab failed the job because of a newer deployment.
func Outdated(e train.EndedJob) bool {
	return e.Status == "failed" && (e.Reason == ReasonOutdated || e.Reason == ReasonOutdatedLegacy)
}

// JobFailure is why a job ended without success.
func JobFailure(e train.EndedJob) FailureReason {
	switch {
	case e.Status != "failed":
		return FailureReason{FromStatus, e.Status}
	case e.Reason == "":
		return FailureReason{FromJob, "unknown_failure"}
	}
	return FailureReason{FromJob, e.Reason}
}

// ReadyAt is when a rollout was ready: as Flux says, where that lies between the
// play of its job (zero: nothing was played) and the instant at which it was seen
// ready, else that instant. Flux' clock shows whole seconds.
func ReadyAt(r train.Rollout, played, seen time.Time) time.Time {
	if played.IsZero() || r.ReadyAt.Before(played.Truncate(time.Second)) || r.ReadyAt.After(seen) {
		return seen
	}
	return r.ReadyAt
}

// BeganBefore says whether a job began before an instant: smoke tests that began
// before Flux reported a version ready may have tested another one.
func BeganBefore(e train.EndedJob, instant time.Time) bool {
	return !e.StartedAt.IsZero() && e.StartedAt.Before(instant)
}

// FoundFailures says whether smoke tests that ended like this found something:
// their script failed. Anything else says nothing about the version.
func FoundFailures(e train.EndedJob) bool {
	return e.Status == "failed" && (e.Reason == "script_failure" || e.Reason == "")
}
