package train

import "slices"

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
	Kind FailureKind
}

// Failures is the one table that decides. Sources: GitLab's enum of failure
// reasons (app/models/concerns/enums/ci/commit_status.rb, GitLab 19), the
// condition reasons of kustomize-controller/api/v1, helm-controller/api/v2 and
// source-controller/api/v1. What is not in it is unknown.
func Failures() []FailureRule {
	return []FailureRule{
		{FailureReason{FromJob, "script_failure"}, FailureDefinitive},
		{FailureReason{FromJob, "runner_system_failure"}, FailureTransient},
		{FailureReason{FromJob, "runner_external_dependency_failure"}, FailureTransient},
		{FailureReason{FromJob, "runner_interrupted"}, FailureTransient},
		{FailureReason{FromJob, "api_failure"}, FailureTransient},
		{FailureReason{FromJob, "stuck_or_timeout_failure"}, FailureTransient},
		{FailureReason{FromJob, "stuck_pending_with_matching_runners"}, FailureTransient},
		{FailureReason{FromJob, "stale_schedule"}, FailureTransient},
		{FailureReason{FromJob, "scheduler_failure"}, FailureTransient},
		{FailureReason{FromJob, "job_router_failure"}, FailureTransient},
		{FailureReason{FromJob, "data_integrity_failure"}, FailureTransient},
		{FailureReason{FromJob, "reached_downstream_pipeline_trigger_rate_limit"}, FailureTransient},
		{FailureReason{FromJob, "unknown_failure"}, FailureUnknown},
		{FailureReason{FromJob, "no_updates_running"}, FailureUnknown},
		{FailureReason{FromJob, "no_updates_canceling"}, FailureUnknown},
		{FailureReason{FromJob, "job_execution_timeout"}, FailureUnknown},
		{FailureReason{FromJob, "job_execution_server_timeout"}, FailureUnknown},
		{FailureReason{FromJob, "server_timeout_running"}, FailureUnknown},
		{FailureReason{FromJob, "server_timeout_canceling"}, FailureUnknown},
		{FailureReason{FromJob, "trace_size_exceeded"}, FailureUnknown},
		{FailureReason{FromJob, "job_token_expired"}, FailureUnknown},
		{FailureReason{FromJob, ReasonOutdated}, FailureDefinitive},
		{FailureReason{FromJob, reasonOutdatedLegacy}, FailureDefinitive},
		{FailureReason{FromJob, "missing_dependency_failure"}, FailureDefinitive},
		{FailureReason{FromJob, "runner_unsupported"}, FailureDefinitive},
		{FailureReason{FromJob, "runner_configuration_error"}, FailureDefinitive},
		{FailureReason{FromJob, "no_matching_runner"}, FailureDefinitive},
		{FailureReason{FromJob, "stuck_pending_no_matching_runners"}, FailureDefinitive},
		{FailureReason{FromJob, "archived_failure"}, FailureDefinitive},
		{FailureReason{FromJob, "unmet_prerequisites"}, FailureDefinitive},
		{FailureReason{FromJob, "user_blocked"}, FailureDefinitive},
		{FailureReason{FromJob, "project_deleted"}, FailureDefinitive},
		{FailureReason{FromJob, "ci_quota_exceeded"}, FailureDefinitive},
		{FailureReason{FromJob, "pipeline_loop_detected"}, FailureDefinitive},
		{FailureReason{FromJob, "builds_disabled"}, FailureDefinitive},
		{FailureReason{FromJob, "environment_creation_failure"}, FailureDefinitive},
		{FailureReason{FromJob, "deployment_rejected"}, FailureDefinitive},
		{FailureReason{FromJob, "protected_environment_failure"}, FailureDefinitive},
		{FailureReason{FromJob, "insufficient_bridge_permissions"}, FailureDefinitive},
		{FailureReason{FromJob, "insufficient_upstream_permissions"}, FailureDefinitive},
		{FailureReason{FromJob, "downstream_bridge_project_not_found"}, FailureDefinitive},
		{FailureReason{FromJob, "upstream_bridge_project_not_found"}, FailureDefinitive},
		{FailureReason{FromJob, "invalid_bridge_trigger"}, FailureDefinitive},
		{FailureReason{FromJob, "bridge_pipeline_is_child_pipeline"}, FailureDefinitive},
		{FailureReason{FromJob, "downstream_pipeline_creation_failed"}, FailureDefinitive},
		{FailureReason{FromJob, "downstream_project_trigger_resolved_to_empty"}, FailureDefinitive},
		{FailureReason{FromJob, "reached_max_descendant_pipelines_depth"}, FailureDefinitive},
		{FailureReason{FromJob, "reached_max_pipeline_hierarchy_size"}, FailureDefinitive},
		{FailureReason{FromJob, "secrets_provider_not_found"}, FailureDefinitive},
		{FailureReason{FromJob, "ip_restriction_failure"}, FailureDefinitive},
		{FailureReason{FromJob, "duo_workflow_not_allowed"}, FailureDefinitive},
		{FailureReason{FromJob, "id_token_burned_project_path"}, FailureDefinitive},

		{FailureReason{FromStatus, "canceled"}, FailureDefinitive},
		{FailureReason{FromStatus, "skipped"}, FailureDefinitive},

		{FailureReason{FromFlux, "BuildFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "HealthCheckFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "PruneFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "ReconciliationFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "InvalidCELExpression"}, FailureDefinitive},
		{FailureReason{FromFlux, "ArtifactFailed"}, FailureTransient},
		{FailureReason{FromFlux, "DependencyNotReady"}, FailureTransient},
		{FailureReason{FromFlux, "InstallFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "UpgradeFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "TestFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "RollbackSucceeded"}, FailureDefinitive},
		{FailureReason{FromFlux, "RollbackFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "UninstallSucceeded"}, FailureDefinitive},
		{FailureReason{FromFlux, "UninstallFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "GitOperationFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, "AuthenticationFailed"}, FailureDefinitive},
		{FailureReason{FromFlux, FluxStalled}, FailureDefinitive},
		{FailureReason{FromFlux, FluxSuspended}, FailureDefinitive},

		{FailureReason{FromRead, string(FaultAuth)}, FailureDefinitive},
		{FailureReason{FromRead, string(FaultForbidden)}, FailureDefinitive},
		{FailureReason{FromRead, string(FaultNotFound)}, FailureDefinitive},
		{FailureReason{FromRead, string(FaultInvalid)}, FailureDefinitive},
		{FailureReason{FromRead, string(FaultConflict)}, FailureDefinitive},
		{FailureReason{FromRead, string(FaultRateLimited)}, FailureTransient},
		{FailureReason{FromRead, string(FaultUnavailable)}, FailureTransient},
		{FailureReason{FromWrite, string(FaultAuth)}, FailureDefinitive},
		{FailureReason{FromWrite, string(FaultForbidden)}, FailureDefinitive},
		{FailureReason{FromWrite, string(FaultNotFound)}, FailureDefinitive},
		{FailureReason{FromWrite, string(FaultInvalid)}, FailureDefinitive},
		{FailureReason{FromWrite, string(FaultConflict)}, FailureDefinitive},
		{FailureReason{FromWrite, string(FaultRateLimited)}, FailureTransient},
		{FailureReason{FromWrite, string(FaultUnavailable)}, FailureUnknown},

		{FailureReason{FromLimit, "job"}, FailureUnknown},
		{FailureReason{FromLimit, "flux"}, FailureUnknown},
		{FailureReason{FromLimit, "smoke"}, FailureUnknown},

		{FailureReason{FromSmoke, "script_failure"}, FailureDefinitive},
	}
}

// Reasons that are compared.
const (
	// ReasonOutdated is GitLab's for a job that a newer deployment has made outdated.
	ReasonOutdated       = "failed_outdated_deployment_job"
	reasonOutdatedLegacy = "forward_deployment_failure"
)

// KindOf is the kind of a failure; one that the table does not have is unknown.
func KindOf(reason FailureReason) FailureKind {
	for _, f := range Failures() {
		if f.FailureReason == reason {
			return f.Kind
		}
	}
	return FailureUnknown
}

// FluxReasonFails says whether a reason of Ready=False means that a revision failed.
func FluxReasonFails(reason string) bool {
	return slices.ContainsFunc(Failures(), func(f FailureRule) bool { return f.FailureReason == FailureReason{FromFlux, reason} })
}

// Outdated says whether GitLab failed the job because of a newer deployment.
func Outdated(e EndedJob) bool {
	return e.Status == "failed" && (e.Reason == ReasonOutdated || e.Reason == reasonOutdatedLegacy)
}

// JobFailure is why a job ended without success.
func JobFailure(e EndedJob) FailureReason {
	switch {
	case e.Status != "failed":
		return FailureReason{FromStatus, e.Status}
	case e.Reason == "":
		return FailureReason{FromJob, "unknown_failure"}
	}
	return FailureReason{FromJob, e.Reason}
}

// FoundFailures says whether smoke tests that ended like this found something:
// their script failed. Anything else says nothing about the version.
func FoundFailures(e EndedJob) bool {
	return e.Status == "failed" && (e.Reason == "script_failure" || e.Reason == "")
}
