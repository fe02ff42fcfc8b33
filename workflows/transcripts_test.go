package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

// scenario is a release day whose transcript is kept.
type scenario struct {
	name, about string
	play        func(w *world, tr *transcript)
	end         train.End
}

// cmd is a command of ada.
func cmd(c train.Command) train.Command {
	c.By = "ada"
	return c
}

// does sends a command as an update at an instant.
func (w *world) does(at time.Time, name train.CommandName, payload any) {
	w.at(at, func() { w.transcript.update(name, payload) })
}

// tells sends a command as a signal at an instant.
func (w *world) tells(at time.Time, name train.CommandName, payload any) {
	w.at(at, func() { w.transcript.signal(name, payload) })
}

// becomes changes the outside world at an instant, and the watch notices.
func (w *world) becomes(at time.Time, what string, f func()) {
	w.change(at, func() { w.transcript.happened(what); f() })
}

// silently changes the outside world at an instant, and no watch looks.
func (w *world) silently(at time.Time, what string, f func()) {
	w.at(at, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.transcript.happened(what)
		f()
	})
}

// next is the departure that ends this release.
func (w *world) departsNext(at time.Time) {
	w.at(at, func() { w.transcript.happened("the next release departs") })
	w.supersede(at)
}

var failingSpecs = train.E2EReport{
	Tests: 4, Failed: 2, CypressURL: "https://cloud.cypress.io/projects/p/runs/1", MoreSpecs: 1,
	Specs: []train.FailingSpec{
		{Spec: "cypress/e2e/login.cy.ts", Test: "signs in", Owners: []string{"@maven/pods/login"},
			Groups: []string{"@pod-login"}, Recent: 3},
		{Spec: "cypress/e2e/slots.cy.ts", Owners: []string{"@maven/pods/booking"}},
		{Spec: "cypress/e2e/old.cy.ts"},
	},
}

var withDatadog = &train.DatadogConfig{Service: "api", Team: "eng-exp"}

// ofRelease are the days of a release.
var ofRelease = []scenario{
	{"normal-day", "A day on which all goes well.", func(w *world, _ *transcript) {
		w.in.Train.Datadog = withDatadog
	}, train.EndReleased},
	{"red-e2e-approved", "E2E is red, people are reminded, and somebody approves; an approval is taken back and given " +
		"again.", func(w *world, _ *transcript) {
		w.e2e.ends, w.e2e.found.Report = failedJob(""), failingSpecs
		w.does(newYork(24, 9, 0), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "known flake"}))
		w.does(newYork(24, 9, 10), train.RevokeApproval, ada("it is a real bug"))
		w.does(newYork(24, 9, 20), train.RerunE2E, ada(""))
		w.e2e.took = []time.Duration{8 * time.Hour, 20 * time.Minute}
		w.does(newYork(24, 11, 30), train.ApproveDespiteE2E,
			cmd(train.Command{Tag: newTag, Reason: "the booking pod looked at it"}))
	}, train.EndReleased},
	{"e2e-overdue", "E2E does not end by its deadline; it is approved, and ends green while production is deployed.",
		func(w *world, _ *transcript) {
			w.e2e.takes = 18 * time.Hour
			w.does(newYork(24, 10, 30), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "slow runners"}))
		}, train.EndReleased},
	{"e2e-void-then-could-not-run", "Staging shows another tag when E2E begins, then GitLab starts no pipeline.",
		func(w *world, _ *transcript) {
			w.e2e.void = []string{"staging runs api/v2026.11.20.1, not " + newTag}
			w.silently(newYork(23, 17, 10), "GitLab starts no pipelines", func() { w.e2e.err = refusal(train.FaultForbidden) })
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"staging-failed-retried", "The job fails on staging: first its runner, then its script; a person retries it.",
		func(w *world, _ *transcript) {
			w.in.Train.Datadog = withDatadog
			w.datadog.evidence = train.Evidence{Errors: 3, Before: 4, LogsURL: "https://app.datadoghq.com/logs"}
			w.gitlab.ends[stagingJob] = []train.EndedJob{broken, red}
			w.does(newYork(23, 18, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
		}, train.EndReleased},
	{"production-smoke-red-rolled-back",
		"Smoke tests are red in production, what ran before is put back, and a person deploys it again with a reason.",
		func(w *world, _ *transcript) {
			w.in.Train.Datadog = withDatadog
			w.datadog.evidence = train.Evidence{
				Errors: 120, Before: 4, Samples: []string{"panic: nil map"}, LogsURL: "https://app.datadoghq.com/logs",
				EventsURL: "https://app.datadoghq.com/events",
				Monitors:  []train.Link{{Text: "checkout errors", URL: "https://app.datadoghq.com/monitors/1"}},
			}
			w.gitlab.ends[smokeJob] = []train.EndedJob{red}
			w.does(newYork(24, 12, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Production}))
			w.does(newYork(24, 12, 1), train.RetryDeploy,
				cmd(train.Command{Environment: train.Production, Reason: "it was the database"}))
		}, train.EndReleased},
	{"no-way-back", "Smoke tests are red in production and no rung of the ladder can be taken.",
		func(w *world, _ *transcript) {
			w.gitlab.ends[smokeJob] = []train.EndedJob{red}
			w.gitlab.refuse[50], w.gitlab.startErr = refusal(train.FaultForbidden), refusal(train.FaultInvalid)
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"rollback-ordered", "A person rolls production back after the release.", func(w *world, _ *transcript) {
		w.in.Train.Datadog = withDatadog
		w.does(newYork(24, 12, 0), train.Rollback,
			cmd(train.Command{Reason: "error rate doubled", Environment: train.Production}))
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"staging-rolled-back", "A person rolls staging back at the gate: what E2E found is void; it is deployed again.",
		func(w *world, _ *transcript) {
			w.does(newYork(24, 9, 0), train.Rollback,
				cmd(train.Command{Reason: "it breaks the tests of others", Environment: train.Staging}))
			w.does(newYork(24, 10, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
			w.e2e.takes = 30 * time.Minute
		}, train.EndReleased},
	{"flux-stuck-cancelled-by-force", "Flux does not report production ready; a person cancels by force.",
		func(w *world, _ *transcript) {
			w.silently(newYork(24, 11, 5), "Flux hangs on production", func() { w.flux.rolloutTakes = 29 * time.Minute })
			w.does(newYork(24, 11, 15), train.Cancel, cmd(train.Command{Reason: "wrong candidate"}))
			w.silently(newYork(24, 11, 16), "Flux works again", func() { w.flux.rolloutTakes = time.Minute })
			w.does(newYork(24, 11, 17), train.Cancel, cmd(train.Command{Reason: "at once", Force: true}))
		}, train.EndRolledBack},
	{"flux-timed-out", "Flux does not report staging ready within its limit.", func(w *world, _ *transcript) {
		w.flux.rollout = train.Rollout{TimedOut: true, Why: "Flux has not fetched the tag"}
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"drift", "A hotfix reaches production after the cut. A person takes it out again, once its commits are named.",
		func(w *world, _ *transcript) {
			w.becomes(newYork(24, 9, 0), "somebody deploys a hotfix to production", func() {
				w.holds.drift = &train.Hold{Kind: train.HoldDrift, Removes: 2,
					Reason: "production has 2 commits this candidate lacks: fix checkout; fix prices"}
				w.holds.runs = train.Version{Tag: "api/v2026.11.23.2"}
				w.holds.lacks = train.Difference{Count: 2, Titles: []string{"fix checkout", "fix prices"}}
			})
			w.does(newYork(24, 12, 0), train.Acknowledge, cmd(train.Command{Reason: "fine", Hold: train.HoldDrift}))
			w.does(newYork(24, 12, 10), train.Acknowledge, cmd(train.Command{Reason: "fine", Hold: train.HoldDrift,
				Removes: 3}))
			w.silently(newYork(24, 13, 0), "the next look finds what was acknowledged", func() { w.holds.drift = nil })
			w.does(newYork(24, 13, 0), train.Acknowledge, cmd(train.Command{Reason: "they are to go", Hold: train.HoldDrift,
				Removes: 2}))
		}, train.EndReleased},
	{"tag-moved", "Somebody moves the tag: only a new candidate helps.", func(w *world, _ *transcript) {
		w.becomes(newYork(24, 9, 0), "somebody moves the tag", func() {
			w.holds.drift, w.holds.tagMoved = &train.Hold{Kind: train.HoldDrift, Reason: "the tag was moved", Moved: true}, true
		})
		w.does(newYork(24, 9, 30), train.Acknowledge, cmd(train.Command{Reason: "fine", Hold: train.HoldDrift}))
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"freeze", "A GitLab freeze covers the window: it is told at the cut, begins, and is deleted by hand. Then GitLab " +
		"cannot be asked.", func(w *world, _ *transcript) {
		f := &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4", Since: newYork(24, 10, 0),
			Until: newYork(24, 12, 0), Link: "https://gitlab/freezes"}
		w.holds.ahead = f
		w.becomes(newYork(24, 10, 0), "the freeze begins", func() { w.holds.freeze = f })
		w.becomes(newYork(24, 11, 30), "somebody deletes the freeze in GitLab; GitLab does not answer", func() {
			w.holds.freeze = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab could not be asked", Since: newYork(24, 11, 30)}
		})
		w.becomes(newYork(24, 11, 40), "GitLab answers", func() { w.holds.freeze = nil })
	}, train.EndReleased},
	{"busy", "Somebody else's deploy runs at eleven.", func(w *world, _ *transcript) {
		w.becomes(newYork(24, 10, 55), "grace deploys to production", func() {
			w.holds.busy = &train.Hold{Kind: train.HoldEnvironmentBusy,
				Reason: "the job promote-production of api/v2026.11.23.9, started by grace, deploys to production"}
		})
		w.becomes(newYork(24, 11, 20), "grace's deploy ends", func() { w.holds.busy = nil })
	}, train.EndReleased},
	{"adopted-job", "Somebody starts the production job in GitLab.", func(w *world, _ *transcript) {
		w.becomes(newYork(24, 9, 0), "somebody starts the production job", func() {
			w.holds.started = &train.PipelineJob{JobURL: "https://gitlab/jobs/9", Status: "running"}
		})
	}, train.EndReleased},
	{"outdated-job", "GitLab refuses the tag's job as outdated: a new pipeline on the same tag deploys it.",
		func(w *world, _ *transcript) {
			w.silently(newYork(24, 9, 0), "a hotfix is deployed by another pipeline", func() { w.gitlab.outdated = 1 })
		}, train.EndReleased},
	{"hotfix", "A hotfix freeze is ordered at the release and lifted.", func(w *world, _ *transcript) {
		w.does(newYork(24, 9, 0), train.HotfixFreeze, cmd(train.Command{Reason: "checkout is down", Until: "4h"}))
		w.does(newYork(24, 11, 30), train.LiftHotfixFreeze, ada(""))
	}, train.EndReleased},
	{"paused", "A pause at the release and its end; the train pauses too.", func(w *world, _ *transcript) {
		w.does(newYork(23, 17, 3), train.Pause, ada("look first"))
		w.does(newYork(23, 20, 0), train.Resume, ada(""))
		w.ofTrain(newYork(24, 10, 0), train.Pause, train.Command{By: "grace", Reason: "audit"})
		w.ofTrain(newYork(24, 11, 15), train.Resume, train.Command{By: "grace"})
	}, train.EndReleased},
	{"paused-before-the-cut", "The train is paused when the release departs, past midnight.",
		func(w *world, _ *transcript) {
			w.holds.memory = train.Memory{Revision: 1,
				Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", By: "grace", Since: newYork(23, 9, 0)}}}
			w.ofTrain(newYork(24, 1, 0), train.Resume, ada(""))
			w.does(newYork(24, 3, 0), train.Acknowledge, cmd(train.Command{Reason: "go", Hold: train.HoldLate}))
			w.e2e.takes = time.Hour
		}, train.EndReleased},
	{"window-passed", "A pause outlasts the window, and the next departure ends the release as missed.",
		func(w *world, _ *transcript) {
			w.does(newYork(24, 10, 59), train.Pause, ada("payments are down"))
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"superseded", "The next departure comes before the window.", func(w *world, _ *transcript) {
		w.departsNext(newYork(24, 10, 0))
	}, train.EndSuperseded},
	{"nothing-to-release", "Nothing on main since production.", func(w *world, _ *transcript) {
		w.gitlab.chosen = train.ChosenCommit{Nothing: true}
	}, train.EndNothing},
	{"late", "The departure is six hours late and waits for a person.", func(w *world, _ *transcript) {
		w.startAt(newYork(23, 23, 0))
		w.does(newYork(23, 23, 40), train.Acknowledge, cmd(train.Command{Reason: "go", Hold: train.HoldLate}))
	}, train.EndReleased},
	{"recut-and-adopt", "A new candidate is cut while E2E runs, then a tag that was made by hand is adopted.",
		func(w *world, _ *transcript) {
			const made = "api/v2026.11.24.5"
			w.gitlab.drops = train.Difference{Count: 5, Titles: []string{"Show free slots", "Sort slots"}}
			w.does(newYork(23, 20, 0), train.CutTag, ada("takes the revert"))
			w.becomes(newYork(24, 3, 0), "somebody makes a tag by hand", func() { w.holds.handMade = []string{made} })
			w.does(newYork(24, 4, 0), train.CutTag, cmd(train.Command{Reason: "adopt it", Tag: made}))
			w.does(newYork(24, 4, 30), train.RegenerateChangelog, cmd(train.Command{PreviousTag: "api/v2026.11.19.1"}))
			w.e2e.took = []time.Duration{8 * time.Hour, 8 * time.Hour, 2 * time.Hour}
		}, train.EndReleased},
	{"moved-production", "Production moves to the afternoon.", func(w *world, _ *transcript) {
		w.does(newYork(24, 9, 0), train.MoveProduction, cmd(train.Command{Reason: "marketing", At: "14:00"}))
	}, train.EndReleased},
	{"promote-now", "Production goes ahead of the window.", func(w *world, _ *transcript) {
		w.does(newYork(24, 6, 0), train.PromoteNow, ada("support asked"))
	}, train.EndReleased},
	{"mark-bad", "The candidate is marked bad; a new one is cut and released.", func(w *world, _ *transcript) {
		w.does(newYork(24, 2, 0), train.MarkBad, ada("loses bookings"))
		w.does(newYork(24, 2, 30), train.CutTag, ada("takes the revert"))
	}, train.EndReleased},
	{"stuck", "GitLab forbids the tag: a person is asked.", func(w *world, _ *transcript) {
		w.gitlab.tagErr = errForbidden
		w.does(newYork(23, 18, 0), train.Cancel, ada("no rights"))
	}, train.EndCancelled},
	{"cancelled-in-temporal", "Temporal's own cancel.", func(w *world, tr *transcript) {
		w.at(newYork(24, 3, 0), func() { tr.happened("cancelled in Temporal"); w.env.CancelWorkflow() })
	}, train.EndCancelled},
	{"slack-down", "Slack does not answer until the afternoon.", func(w *world, _ *transcript) {
		w.slack.back = newYork(24, 15, 0)
	}, train.EndReleased},
}

// TestTranscriptsOfReleaseDays keeps everything that people see, so that a
// change of the code that should change no word can be told from one that does.
func TestTranscriptsOfReleaseDays(t *testing.T) { playAll(t, ofRelease, false) }

// playAll plays days and compares what was seen; brief: without the status.
func playAll(t *testing.T, all []scenario, brief bool) {
	t.Helper()
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tr := w.write(s.about)
			tr.brief = brief
			s.play(w, tr)
			end := w.run()
			require.Equal(t, s.end, end.End, end.Why)
			tr.golden(s.name)
		})
	}
}
