package workflows

import (
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// ofFailures are days on which something goes wrong in a way that has words of its own.
var ofFailures = []scenario{
	{"by-hand", "Somebody starts the day by hand; main's pipeline is not green, Flux could not be read, and the authors " +
		"are many.", func(w *world, _ *transcript) {
		w.in.Plan.Manual, w.in.By = true, "grace"
		w.gitlab.chosen.Warning = "the pipeline of 11111111 is running"
		w.flux.running["production"] = train.RunningVersion{Version: train.Version{Tag: oldTag},
			Fallback: "Flux could not be read; this is the last release of ours."}
		w.gitlab.authors = train.ChangelogDigest{MoreAuthors: 12, Fallback: "Flux could not be read",
			CompareURL: "https://gitlab/compare"}
		w.gitlab.ends[stagingJob] = []train.EndedJob{red}
		w.does(newYork(23, 18, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
	}, train.EndReleased},
	{"hand-made-tag", "Somebody makes a tag by hand while the gate waits.", func(w *world, _ *transcript) {
		w.becomes(newYork(24, 3, 0), "somebody makes a tag by hand",
			func() { w.holds.handMade = []string{"api/v2026.11.24.5"} })
	}, train.EndReleased},
	{"hotfix-by-the-train", "The train is frozen for a hotfix before the release departs.", func(w *world, _ *transcript) {
		w.holds.memory = train.Memory{Revision: 1,
			Holds: []train.Hold{{Kind: train.HoldHotfix, Reason: "checkout is down", By: "grace", Since: newYork(23, 9, 0)}}}
		w.ofTrain(newYork(23, 18, 0), train.LiftHotfixFreeze, ada(""))
	}, train.EndReleased},
	{"day-became-a-holiday", "The day is made a holiday while a pause holds the cut.", func(w *world, _ *transcript) {
		w.holds.memory = train.Memory{Revision: 1,
			Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", By: "grace", Since: newYork(23, 9, 0)}}}
		w.holds.dayGone = "2026-11-24 is no longer a release day: holiday: flood"
		w.ofTrain(newYork(23, 18, 0), train.Resume, ada(""))
		w.does(newYork(23, 21, 0), train.Cancel, ada("right"))
	}, train.EndCancelled},
	{"day-skipped", "The day is skipped while a pause holds the cut.", func(w *world, _ *transcript) {
		w.holds.memory = train.Memory{Revision: 1,
			Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", By: "grace", Since: newYork(23, 9, 0)}}}
		w.ofTrain(newYork(23, 18, 0), train.SkipDay, cmd(train.Command{Reason: "company meeting", Day: w.in.Plan.Day}))
		w.ofTrain(newYork(23, 19, 0), train.Resume, ada(""))
		w.does(newYork(23, 21, 0), train.Cancel, ada("right"))
	}, train.EndCancelled},
	{"approval-void", "An approval is void when E2E runs again.", func(w *world, _ *transcript) {
		w.e2e.ends, w.e2e.found.Report = failedJob(""), failingSpecs
		w.e2e.found.Report.Specs = append(w.e2e.found.Report.Specs[:0:0],
			train.FailingSpec{Spec: "cypress/e2e/once.cy.ts", Recent: 1})
		w.e2e.took = []time.Duration{8 * time.Hour, time.Hour}
		w.does(newYork(24, 8, 0), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "flake"}))
		w.does(newYork(24, 8, 1), train.RerunE2E, ada(""))
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"two-bad-candidates", "Two candidates are marked bad, one after the other.", func(w *world, _ *transcript) {
		w.does(newYork(23, 20, 0), train.MarkBad, ada("loses bookings"))
		w.does(newYork(23, 20, 10), train.CutTag, ada("takes the revert"))
		w.does(newYork(24, 6, 0), train.MarkBad, ada("loses payments"))
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"e2e-red-without-a-failed-test", "The pipeline fails and no test does.", func(w *world, _ *transcript) {
		w.e2e.ends, w.e2e.found.Report = failedJob(""), train.E2EReport{Tests: 4}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"e2e-reported-no-tests", "The pipeline is canceled and reports no tests.", func(w *world, _ *transcript) {
		w.e2e.ends, w.e2e.found.Report = train.EndedJob{Status: "canceled"}, train.E2EReport{}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"e2e-void-at-its-end", "Staging showed another tag when the first run ended.", func(w *world, _ *transcript) {
		w.e2e.found.Void = "staging ran api/v2026.11.20.1 at its end"
		w.silently(newYork(24, 1, 30), "staging runs the candidate again", func() { w.e2e.found.Void = "" })
	}, train.EndReleased},
	{"e2e-overdue-for-good", "E2E has not ended when the window closes.", func(w *world, _ *transcript) {
		w.e2e.ends, w.e2e.takes = train.EndedJob{TimedOut: true}, 22*time.Hour+48*time.Minute
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"unknown-outcome", "Nobody knows how the production job ended, until a person retries it.",
		func(w *world, _ *transcript) {
			w.in.Train.Datadog = withDatadog
			w.datadog.err = temporal.NewNonRetryableApplicationError("Datadog: could not count logs: 503",
				string(train.FaultUnavailable), nil)
			w.gitlab.ends[productionJob] = []train.EndedJob{failedJob("no_updates_running")}
			w.deploys.present = true
			w.deploys.foundOut = "the job promote-production is failed (no_updates_running); Flux reports " + newTag + " ready"
			w.does(newYork(24, 12, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Production}))
		}, train.EndReleased},
	{"unknown-outcome-of-staging", "Nobody knows how the staging job ended; Datadog answers.",
		func(w *world, _ *transcript) {
			w.in.Train.Datadog = withDatadog
			w.datadog.evidence = train.Evidence{Errors: 4, Before: 4, LogsURL: "https://app.datadoghq.com/logs"}
			w.gitlab.ends[stagingJob] = []train.EndedJob{failedJob("no_updates_running")}
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"production-failed-looks-like-a-regression",
		"Production fails, Datadog shows a regression, the job's status is strange.", func(w *world, _ *transcript) {
			w.in.Train.Datadog = withDatadog
			w.datadog.evidence = train.Evidence{
				Errors: 120, Before: 4, LogsURL: "https://app.datadoghq.com/logs", EventsURL: "https://app.datadoghq.com/events",
				VersionURL: "https://app.datadoghq.com/version",
				Monitors: []train.Link{{Text: "checkout errors", URL: "https://app.datadoghq.com/monitors/1"},
					{Text: "slow prices"}},
				Events: []train.Link{{Text: "pod restarted", URL: "https://app.datadoghq.com/events/1"}},
			}
			w.gitlab.ends[productionJob] = []train.EndedJob{red}
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"production-runner-broke", "The runner breaks down in production and it is tried again by itself; a hold keeps the " +
		"third attempt.", func(w *world, _ *transcript) {
		w.in.Train.Datadog = withDatadog
		w.gitlab.ends[productionJob] = []train.EndedJob{broken, broken}
		w.silently(newYork(24, 11, 15), "a freeze begins",
			func() { w.holds.freeze = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4"} })
		w.becomes(newYork(24, 12, 0), "the freeze ends", func() { w.holds.freeze = nil })
	}, train.EndReleased},
	{"production-failed-after-the-window", "Production fails at two minutes to four.", func(w *world, _ *transcript) {
		w.in.Train.Retry.Wait = calendar.Duration(5 * time.Minute)
		w.does(newYork(24, 10, 0), train.Pause, ada("wait"))
		w.does(newYork(24, 15, 52), train.Resume, ada(""))
		w.gitlab.ends[productionJob] = []train.EndedJob{broken}
		w.does(newYork(24, 16, 32), train.PromoteNow, ada("agreed with support"))
		w.departsNext(newYork(24, 18, 0))
	}, train.EndReleased},
	{"smoke-runner-broke", "The runner of the smoke tests breaks down: only they run again.",
		func(w *world, _ *transcript) {
			w.gitlab.ends[smokeJob], w.deploys.present = []train.EndedJob{broken}, true
		}, train.EndReleased},
	{"rolled-back-by-a-new-pipeline", "The old tag's job cannot be run again.", func(w *world, _ *transcript) {
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.deploys.plan = func(p *train.RollbackPlan) {
			p.Retry, p.NoRetry = train.PipelineJob{},
				"no pipeline of it has the job"
		}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"rolled-back-by-the-rollback-job", "Only the rollback job is left.", func(w *world, _ *transcript) {
		w.in.Train.Production.RollbackJob = "rollback-production"
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.gitlab.refuse[50], w.gitlab.startErr = refusal(train.FaultForbidden), refusal(train.FaultInvalid)
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"rolled-back-by-the-pipeline", "The pipeline rolls back by itself.", func(w *world, _ *transcript) {
		w.in.Train.Production.Rollback = train.RollbackPipeline
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"rolled-back-by-nobody", "Nobody rolls back by itself.", func(w *world, _ *transcript) {
		w.in.Train.Production.Rollback = train.RollbackNobody
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"rolled-back-already-there", "What is to be put back never left.", func(w *world, _ *transcript) {
		w.does(newYork(24, 12, 0), train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Production}))
		w.deploys.plan = func(p *train.RollbackPlan) { p.Present = true }
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"rollback-without-a-target", "Nobody knows what ran before.", func(w *world, _ *transcript) {
		w.flux.running["production"] = train.RunningVersion{}
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"rollback-of-unknown-outcome", "Flux does not report what was put back.", func(w *world, _ *transcript) {
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.silently(newYork(24, 11, 10), "Flux hangs",
			func() { w.flux.rollout = train.Rollout{TimedOut: true, Why: "Flux has not fetched the tag"} })
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"rollback-smoke-red-too", "The smoke tests are red on what was put back as well.", func(w *world, _ *transcript) {
		w.gitlab.jobs[smokeJob] = red
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"rollback-behind-another-deploy", "Somebody else's job runs when production is to be rolled back, and does not end.",
		func(w *world, _ *transcript) {
			w.gitlab.ends[smokeJob] = []train.EndedJob{red}
			w.deploys.stillBusy, w.deploys.freeTakes = true, time.Hour
			w.silently(newYork(24, 11, 2), "grace deploys to production", func() {
				w.holds.busy = &train.Hold{Kind: train.HoldEnvironmentBusy,
					Reason: "the job promote-production of api/v2026.11.23.9, started by grace, deploys to production"}
			})
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"staging-gone-at-the-gate", "Staging is rolled back at the gate and nobody deploys it again.",
		func(w *world, _ *transcript) {
			w.does(newYork(24, 9, 0), train.Rollback,
				cmd(train.Command{Reason: "it breaks the tests of others", Environment: train.Staging}))
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
}

// TestTranscriptsOfFailures keeps what people see of days on which something fails.
func TestTranscriptsOfFailures(t *testing.T) { playAll(t, ofFailures, false) }
