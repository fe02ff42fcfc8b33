package train

import (
	"fmt"
	"strings"
)

// FailureMeans says what a reason of a failure means, as a clause.
func FailureMeans(reason FailureReason) string {
	if means, known := failureMeanings()[reason]; known {
		return means
	}
	return fmt.Sprintf("%s says %q, which this version does not know", reason.Source, reason.Value)
}

func failureMeanings() map[FailureReason]string {
	return map[FailureReason]string{
		{FromJob, "script_failure"}:                                 "the job's script failed",
		{FromJob, "runner_system_failure"}:                          "the runner failed, not the script",
		{FromJob, "runner_external_dependency_failure"}:             "the runner could not get what it needs, for example an image",
		{FromJob, "runner_interrupted"}:                             "the runner was interrupted",
		{FromJob, "api_failure"}:                                    "GitLab's API failed the runner",
		{FromJob, "stuck_or_timeout_failure"}:                       "no runner took the job, or it went silent",
		{FromJob, "stuck_pending_with_matching_runners"}:            "no runner had time for the job",
		{FromJob, "stale_schedule"}:                                 "the job waited too long for its turn",
		{FromJob, "scheduler_failure"}:                              "GitLab could not hand the job to a runner",
		{FromJob, "job_router_failure"}:                             "GitLab could not hand the job to a runner",
		{FromJob, "data_integrity_failure"}:                         "GitLab lost the job's data",
		{FromJob, "reached_downstream_pipeline_trigger_rate_limit"}: "too many pipelines were started in a minute",
		{FromJob, "unknown_failure"}:                                "GitLab does not say why",
		{FromJob, "no_updates_running"}:                             "the runner vanished in the middle of the job",
		{FromJob, "no_updates_canceling"}:                           "the runner vanished while the job was being cancelled",
		{FromJob, "job_execution_timeout"}:                          "the job ran into its time-out in the middle",
		{FromJob, "job_execution_server_timeout"}:                   "the job ran into GitLab's time-out in the middle",
		{FromJob, "server_timeout_running"}:                         "the job ran into GitLab's time-out in the middle",
		{FromJob, "server_timeout_canceling"}:                       "the job did not stop when it was cancelled",
		{FromJob, "trace_size_exceeded"}:                            "the job's log grew too long and it was stopped in the middle",
		{FromJob, "job_token_expired"}:                              "the job's token expired in the middle",
		{FromJob, ReasonOutdated}:                                   "GitLab refuses it because a newer deployment exists",
		{FromJob, reasonOutdatedLegacy}:                             "GitLab refuses it because a newer deployment exists",
		{FromJob, "missing_dependency_failure"}:                     "artifacts that the job needs are gone",
		{FromJob, "runner_unsupported"}:                             "the runner is too old for the job",
		{FromJob, "runner_configuration_error"}:                     "the runner is not set up for the job",
		{FromJob, "no_matching_runner"}:                             "no runner has the job's tags",
		{FromJob, "stuck_pending_no_matching_runners"}:              "no runner has the job's tags",
		{FromJob, "archived_failure"}:                               "the job is archived: it is too old to run",
		{FromJob, "unmet_prerequisites"}:                            "GitLab could not prepare the job's cluster",
		{FromJob, "user_blocked"}:                                   "the account that started it is blocked",
		{FromJob, "project_deleted"}:                                "the project is being deleted",
		{FromJob, "ci_quota_exceeded"}:                              "the CI minutes are used up",
		{FromJob, "pipeline_loop_detected"}:                         "the pipeline starts itself",
		{FromJob, "builds_disabled"}:                                "CI is switched off in the project",
		{FromJob, "environment_creation_failure"}:                   "GitLab could not make the environment: check its name",
		{FromJob, "deployment_rejected"}:                            "somebody rejected the deployment in GitLab",
		{FromJob, "protected_environment_failure"}:                  "the environment is protected against who started it",
		{FromJob, "insufficient_bridge_permissions"}:                "the downstream pipeline may not be started",
		{FromJob, "insufficient_upstream_permissions"}:              "the upstream project may not be read",
		{FromJob, "downstream_bridge_project_not_found"}:            "the downstream project does not exist",
		{FromJob, "upstream_bridge_project_not_found"}:              "the upstream project does not exist",
		{FromJob, "invalid_bridge_trigger"}:                         "the trigger job is not valid",
		{FromJob, "bridge_pipeline_is_child_pipeline"}:              "a child pipeline may not start another one",
		{FromJob, "downstream_pipeline_creation_failed"}:            "the downstream pipeline could not be made",
		{FromJob, "downstream_project_trigger_resolved_to_empty"}:   "the trigger names no project",
		{FromJob, "reached_max_descendant_pipelines_depth"}:         "pipelines are nested too deep",
		{FromJob, "reached_max_pipeline_hierarchy_size"}:            "too many pipelines hang together",
		{FromJob, "secrets_provider_not_found"}:                     "the job's secrets provider is not set up",
		{FromJob, "ip_restriction_failure"}:                         "the group's IP restriction refuses the runner",
		{FromJob, "duo_workflow_not_allowed"}:                       "the job may not run here",
		{FromJob, "id_token_burned_project_path"}:                   "the project's path may not be used for ID tokens",
		{FromStatus, "canceled"}:                                    "somebody cancelled it in GitLab",
		{FromStatus, "skipped"}:                                     "GitLab skipped it",
		{FromFlux, "BuildFailed"}:                                   "the manifests do not build",
		{FromFlux, "HealthCheckFailed"}:                             "the workloads did not become healthy",
		{FromFlux, "PruneFailed"}:                                   "old objects could not be removed",
		{FromFlux, "ReconciliationFailed"}:                          "the manifests could not be applied",
		{FromFlux, "InvalidCELExpression"}:                          "a health check expression is wrong",
		{FromFlux, "ArtifactFailed"}:                                "the source's artifact could not be loaded",
		{FromFlux, "DependencyNotReady"}:                            "something that it depends on is not ready",
		{FromFlux, "InstallFailed"}:                                 "Helm could not install it",
		{FromFlux, "UpgradeFailed"}:                                 "Helm could not upgrade it",
		{FromFlux, "TestFailed"}:                                    "the Helm tests failed",
		{FromFlux, "RollbackSucceeded"}:                             "Helm has put the old version back",
		{FromFlux, "RollbackFailed"}:                                "Helm could not put the old version back",
		{FromFlux, "UninstallSucceeded"}:                            "Helm has removed it",
		{FromFlux, "UninstallFailed"}:                               "Helm could not remove it",
		{FromFlux, "GitOperationFailed"}:                            "Flux could not fetch it from git",
		{FromFlux, "AuthenticationFailed"}:                          "Flux may not read the repository",
		{FromFlux, FluxStalled}:                                     "Flux has given up until its specification changes",
		{FromFlux, FluxSuspended}:                                   "Flux is told not to reconcile it",
		{FromRead, string(FaultAuth)}:                               "the token is not accepted",
		{FromRead, string(FaultForbidden)}:                          "the token may not do this",
		{FromRead, string(FaultNotFound)}:                           "it does not exist",
		{FromRead, string(FaultInvalid)}:                            "the request is wrong",
		{FromRead, string(FaultConflict)}:                           "it is in another state",
		{FromRead, string(FaultRateLimited)}:                        "too many calls were made",
		{FromRead, string(FaultUnavailable)}:                        "it does not answer",
		{FromWrite, string(FaultAuth)}:                              "the token is not accepted",
		{FromWrite, string(FaultForbidden)}:                         "the token may not do this",
		{FromWrite, string(FaultNotFound)}:                          "it does not exist",
		{FromWrite, string(FaultInvalid)}:                           "the request is wrong",
		{FromWrite, string(FaultConflict)}:                          "it is in another state",
		{FromWrite, string(FaultRateLimited)}:                       "too many calls were made",
		{FromWrite, string(FaultUnavailable)}:                       "it may have taken effect although no answer came",
		{FromLimit, "job"}:                                          "the job did not end in time",
		{FromLimit, "flux"}:                                         "Flux did not report in time",
		{FromLimit, "smoke"}:                                        "the smoke tests did not end in time",
		{FromSmoke, "script_failure"}:                               "the smoke tests are red",
	}
}

// FailuresDoc is the page that lists the table for people.
func FailuresDoc() string {
	var b strings.Builder
	b.WriteString(`# What a failure means

<!-- Made from internal/rules/failure.go: UPDATE_DOCS=1 go test ./internal/words -run TheDocsOnFailures -->

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
	for _, f := range Failures() {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", f.Source, f.Value, f.Kind, FailureMeans(f.FailureReason))
	}
	b.WriteString("| anyone | anything else | unknown | it is not in this table |\n")
	return b.String()
}
