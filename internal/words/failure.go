package words

import (
	"fmt"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// FailureMeans says what a reason of a failure means, as a clause.
func FailureMeans(reason rules.FailureReason) string {
	if means, known := failureMeanings()[reason]; known {
		return means
	}
	return fmt.Sprintf("%s says %q, which this version does not know", reason.Source, reason.Value)
}

func failureMeanings() map[rules.FailureReason]string {
	return map[rules.FailureReason]string{
		{Source: rules.FromJob, Value: "script_failure"}:        "the job's script failed",
		{Source: rules.FromJob, Value: "runner_system_failure"}: "the runner failed, not the script",
		{Source: rules.FromJob, Value: "runner_external_dependency_failure"}: "the runner could not get what it " +
			"needs, for example an image",
		{Source: rules.FromJob, Value: "runner_interrupted"}: "the runner was interrupted",
		{Source: rules.FromJob, Value: "api_failure"}:        "GitLab's API failed the runner",
		{Source: rules.FromJob, Value: "stuck_or_timeout_failure"}: "no runner took the job, or it " +
			"went silent",
		{Source: rules.FromJob, Value: "stuck_pending_with_matching_runners"}: "no runner had time for the job",
		{Source: rules.FromJob, Value: "stale_schedule"}: "the job waited too long for its " +
			"turn",
		{Source: rules.FromJob, Value: "scheduler_failure"}: "GitLab could not hand the job to " +
			"a runner",
		{Source: rules.FromJob, Value: "job_router_failure"}: "GitLab could not hand the job to " +
			"a runner",
		{Source: rules.FromJob, Value: "data_integrity_failure"}: "GitLab lost the job's data",
		{Source: rules.FromJob, Value: "reached_downstream_pipeline_trigger_rate_limit"}: "too many pipelines were started " +
			"in a minute",
		{Source: rules.FromJob, Value: "unknown_failure"}: "GitLab does not say why",
		{Source: rules.FromJob, Value: "no_updates_running"}: "the runner vanished in the " +
			"middle of the job",
		{Source: rules.FromJob, Value: "no_updates_canceling"}: "the runner vanished while the " +
			"job was being cancelled",
		{Source: rules.FromJob, Value: "job_execution_timeout"}: "the job ran into its time-out in " +
			"the middle",
		{Source: rules.FromJob, Value: "job_execution_server_timeout"}: "the job ran into GitLab's " +
			"time-out in the middle",
		{Source: rules.FromJob, Value: "server_timeout_running"}: "the job ran into GitLab's " +
			"time-out in the middle",
		{Source: rules.FromJob, Value: "server_timeout_canceling"}: "the job did not stop when it was " +
			"cancelled",
		{Source: rules.FromJob, Value: "trace_size_exceeded"}: "the job's log grew too long and " +
			"it was stopped in the middle",
		{Source: rules.FromJob, Value: "job_token_expired"}: "the job's token expired in the " +
			"middle",
		{Source: rules.FromJob, Value: rules.ReasonOutdated}: "GitLab refuses it because a " +
			"newer deployment exists",
		{Source: rules.FromJob, Value: rules.ReasonOutdatedLegacy}: "GitLab refuses it because a " +
			"newer deployment exists",
		{Source: rules.FromJob, Value: "missing_dependency_failure"}: "artifacts that the job needs are " +
			"gone",
		{Source: rules.FromJob, Value: "runner_unsupported"}: "the runner is too old for the job",
		{Source: rules.FromJob, Value: "runner_configuration_error"}: "the runner is not set up for the " +
			"job",
		{Source: rules.FromJob, Value: "no_matching_runner"}:                "no runner has the job's tags",
		{Source: rules.FromJob, Value: "stuck_pending_no_matching_runners"}: "no runner has the job's tags",
		{Source: rules.FromJob, Value: "archived_failure"}: "the job is archived: it is too " +
			"old to run",
		{Source: rules.FromJob, Value: "unmet_prerequisites"}: "GitLab could not prepare the " +
			"job's cluster",
		{Source: rules.FromJob, Value: "user_blocked"}: "the account that started it is " +
			"blocked",
		{Source: rules.FromJob, Value: "project_deleted"}:        "the project is being deleted",
		{Source: rules.FromJob, Value: "ci_quota_exceeded"}:      "the CI minutes are used up",
		{Source: rules.FromJob, Value: "pipeline_loop_detected"}: "the pipeline starts itself",
		{Source: rules.FromJob, Value: "builds_disabled"}:        "CI is switched off in the project",
		{Source: rules.FromJob, Value: "environment_creation_failure"}: "GitLab could not make the " +
			"environment: check its name",
		{Source: rules.FromJob, Value: "deployment_rejected"}: "somebody rejected the deployment " +
			"in GitLab",
		{Source: rules.FromJob, Value: "protected_environment_failure"}: "the environment is protected " +
			"against who started it",
		{Source: rules.FromJob, Value: "insufficient_bridge_permissions"}: "the downstream pipeline may not " +
			"be started",
		{Source: rules.FromJob, Value: "insufficient_upstream_permissions"}: "the upstream project may not be " +
			"read",
		{Source: rules.FromJob, Value: "downstream_bridge_project_not_found"}: "the downstream project does not " +
			"exist",
		{Source: rules.FromJob, Value: "upstream_bridge_project_not_found"}: "the upstream project does not " +
			"exist",
		{Source: rules.FromJob, Value: "invalid_bridge_trigger"}: "the trigger job is not valid",
		{Source: rules.FromJob, Value: "bridge_pipeline_is_child_pipeline"}: "a child pipeline may not start " +
			"another one",
		{Source: rules.FromJob, Value: "downstream_pipeline_creation_failed"}: "the downstream pipeline could " +
			"not be made",
		{Source: rules.FromJob, Value: "downstream_project_trigger_resolved_to_empty"}: "the trigger names no project",
		{Source: rules.FromJob, Value: "reached_max_descendant_pipelines_depth"}:       "pipelines are nested too deep",
		{Source: rules.FromJob, Value: "reached_max_pipeline_hierarchy_size"}:          "too many pipelines hang together",
		{Source: rules.FromJob, Value: "secrets_provider_not_found"}: "the job's secrets provider is " +
			"not set up",
		{Source: rules.FromJob, Value: "ip_restriction_failure"}: "the group's IP restriction " +
			"refuses the runner",
		{Source: rules.FromJob, Value: "duo_workflow_not_allowed"}: "the job may not run here",
		{Source: rules.FromJob, Value: "id_token_burned_project_path"}: "the project's path may not be " +
			"used for ID tokens",
		{Source: rules.FromStatus, Value: "canceled"}:  "somebody cancelled it in GitLab",
		{Source: rules.FromStatus, Value: "skipped"}:   "GitLab skipped it",
		{Source: rules.FromFlux, Value: "BuildFailed"}: "the manifests do not build",
		{Source: rules.FromFlux, Value: "HealthCheckFailed"}: "the workloads did not become " +
			"healthy",
		{Source: rules.FromFlux, Value: "PruneFailed"}:          "old objects could not be removed",
		{Source: rules.FromFlux, Value: "ReconciliationFailed"}: "the manifests could not be applied",
		{Source: rules.FromFlux, Value: "InvalidCELExpression"}: "a health check expression is wrong",
		{Source: rules.FromFlux, Value: "ArtifactFailed"}: "the source's artifact could not " +
			"be loaded",
		{Source: rules.FromFlux, Value: "DependencyNotReady"}: "something that it depends on is " +
			"not ready",
		{Source: rules.FromFlux, Value: "InstallFailed"}:     "Helm could not install it",
		{Source: rules.FromFlux, Value: "UpgradeFailed"}:     "Helm could not upgrade it",
		{Source: rules.FromFlux, Value: "TestFailed"}:        "the Helm tests failed",
		{Source: rules.FromFlux, Value: "RollbackSucceeded"}: "Helm has put the old version back",
		{Source: rules.FromFlux, Value: "RollbackFailed"}: "Helm could not put the old " +
			"version back",
		{Source: rules.FromFlux, Value: "UninstallSucceeded"}:   "Helm has removed it",
		{Source: rules.FromFlux, Value: "UninstallFailed"}:      "Helm could not remove it",
		{Source: rules.FromFlux, Value: "GitOperationFailed"}:   "Flux could not fetch it from git",
		{Source: rules.FromFlux, Value: "AuthenticationFailed"}: "Flux may not read the repository",
		{Source: rules.FromFlux, Value: train.FluxStalled}: "Flux has given up until its " +
			"specification changes",
		{Source: rules.FromFlux, Value: train.FluxSuspended}:             "Flux is told not to reconcile it",
		{Source: rules.FromRead, Value: string(train.FaultAuth)}:         "the token is not accepted",
		{Source: rules.FromRead, Value: string(train.FaultForbidden)}:    "the token may not do this",
		{Source: rules.FromRead, Value: string(train.FaultNotFound)}:     "it does not exist",
		{Source: rules.FromRead, Value: string(train.FaultInvalid)}:      "the request is wrong",
		{Source: rules.FromRead, Value: string(train.FaultConflict)}:     "it is in another state",
		{Source: rules.FromRead, Value: string(train.FaultRateLimited)}:  "too many calls were made",
		{Source: rules.FromRead, Value: string(train.FaultUnavailable)}:  "it does not answer",
		{Source: rules.FromWrite, Value: string(train.FaultAuth)}:        "the token is not accepted",
		{Source: rules.FromWrite, Value: string(train.FaultForbidden)}:   "the token may not do this",
		{Source: rules.FromWrite, Value: string(train.FaultNotFound)}:    "it does not exist",
		{Source: rules.FromWrite, Value: string(train.FaultInvalid)}:     "the request is wrong",
		{Source: rules.FromWrite, Value: string(train.FaultConflict)}:    "it is in another state",
		{Source: rules.FromWrite, Value: string(train.FaultRateLimited)}: "too many calls were made",
		{Source: rules.FromWrite, Value: string(train.FaultUnavailable)}: "it may have taken effect " +
			"although no answer came",
		{Source: rules.FromLimit, Value: "job"}:  "the job did not end in time",
		{Source: rules.FromLimit, Value: "flux"}: "Flux did not report in time",
		{Source: rules.FromLimit, Value: "smoke"}: "the smoke tests did not end in " +
			"time",
		{Source: rules.FromSmoke, Value: "script_failure"}: "the smoke tests are red",
	}
}
