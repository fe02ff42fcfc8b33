package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// commands are updates that are sent one after the other, a second apart.
type commands []struct {
	name    train.CommandName
	payload any
}

func (w *world) doesAll(at time.Time, all commands) {
	for i, c := range all {
		w.does(at.Add(time.Duration(i)*time.Second), c.name, c.payload)
	}
}

// malformed are payloads of the wrong shape for any door.
var malformed = commands{
	{train.Pause, nil},
	{train.Pause, "please"},
	{train.Pause, []int{1}},
	{train.Pause, 7},
	{train.Pause, []byte{0, 1, 2}},
	{train.Pause, map[string]any{"by": 7, "reason": "x"}},
	{train.Pause, map[string]any{"by": "ada", "reason": []string{"x"}}},
	{train.Pause, map[string]any{"by": "ada", "reasn": "x"}},
	{train.Pause, map[string]any{"by": "ada", "reason": "x", "tag": newTag}},
	{train.Pause, map[string]any{"reason": "x"}},
	{train.Pause, map[string]any{"by": "ada", "reason": " "}},
	{train.Pause, map[string]any{"by": strings.Repeat("a", 101), "reason": "x"}},
	{train.Pause, map[string]any{"by": "ada", "reason": strings.Repeat("x", 501)}},
	{train.Pause, map[string]any{"by": "ada", "reason": strings.Repeat("x", 17<<10)}},
	{train.Cancel, map[string]any{"by": "ada", "reason": "x", "force": "yes"}},
	{train.SkipDay, map[string]any{"by": "ada", "reason": "x", "day": "2026-13-45"}},
	{train.SkipDay, map[string]any{"by": "ada", "reason": "x"}},
	{train.ApproveDespiteE2E, map[string]any{"by": "ada", "reason": "x"}},
	{train.ApproveDespiteE2E, map[string]any{"by": "ada", "reason": "x", "tag": strings.Repeat("t", 201)}},
	{train.Acknowledge, map[string]any{"by": "ada", "reason": "x", "hold": "fog"}},
	{train.RetryDeploy, map[string]any{"by": "ada", "environment": "moon"}},
}

// from is a command of somebody else than ada.
func from(by string, c train.Command) train.Command {
	c.By = by
	return c
}

// anything is one fitting input of every command.
var anything = commands{
	{train.Resume, ada("")},
	{train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "x"})},
	{train.RevokeApproval, ada("x")},
	{train.LiftHotfixFreeze, ada("")},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldLate})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldDrift})},
	{train.RetryDeploy, cmd(train.Command{Environment: train.Staging})},
	{train.RetryDeploy, cmd(train.Command{Environment: train.Production})},
	{train.RerunE2E, ada("")},
	{train.CutTag, ada("x")},
	{train.RegenerateChangelog, cmd(train.Command{PreviousTag: newTag})},
	{train.PromoteNow, ada("x")},
	{train.MoveProduction, cmd(train.Command{Reason: "x", At: "2026-11-23T08:00:00-05:00"})},
	{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging})},
	{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Production})},
	{train.MarkBad, ada("x")},
	{train.Cancel, cmd(train.Command{Reason: "x", Force: true})},
}

// but leaves some commands out.
func (c commands) but(names ...train.CommandName) (out commands) {
	for _, one := range c {
		left := true
		for _, n := range names {
			left = left && one.name != n
		}
		if left {
			out = append(out, one)
		}
	}
	return out
}

// ofRefusals are the moments at which commands are refused.
var ofRefusals = []scenario{
	{"refusals-malformed", "Payloads of the wrong shape, as updates and as signals.", func(w *world, tr *transcript) {
		w.doesAll(newYork(24, 3, 0), malformed)
		for i, c := range malformed[:18] { // twenty are answered in Slack, then the record counts them
			w.tells(newYork(24, 4, i), c.name, c.payload)
		}
		w.tells(newYork(24, 4, 30), "puase", ada("x"))
		w.tells(newYork(24, 4, 31), train.Resume, ada(""))
		w.tells(newYork(24, 4, 32), train.Resume, ada(""))
		w.at(newYork(24, 4, 33), func() {
			tr.write(rankHappened, "signal pause", "nothing at all", false)
			w.env.SignalWorkflow("pause", nil)
		})
	}, train.EndReleased},
	{"refusals-before-the-cut", "Every command while a pause holds the tag.", func(w *world, _ *transcript) {
		w.holds.memory = train.Memory{Revision: 1,
			Holds: []train.Hold{{Kind: train.HoldPause, Reason: "audit", By: "grace", Since: newYork(23, 9, 0)}}}
		w.doesAll(newYork(23, 18, 0), anything.but(train.Resume))
		w.ofTrain(newYork(23, 19, 0), train.Resume, ada(""))
	}, train.EndReleased},
	{"refusals-while-staging-is-deployed", "Every command while the job runs on staging.", func(w *world, _ *transcript) {
		w.doesAll(newYork(23, 17, 2), anything.but(train.CutTag, train.MarkBad))
		w.does(newYork(23, 17, 3), train.CutTag, cmd(train.Command{Reason: "x", SHA: "abcdef0", Tag: "api/v2026.11.24.9"}))
	}, train.EndReleased},
	{"refusals-staging-failed", "Every command after staging has failed; the candidate is marked bad.",
		func(w *world, _ *transcript) {
			w.gitlab.jobs[stagingJob] = red
			w.doesAll(newYork(23, 18, 0), anything.but(train.RetryDeploy, train.CutTag, train.MarkBad, train.Rollback))
			w.does(newYork(23, 18, 30), train.RetryDeploy, cmd(train.Command{Environment: train.Production}))
			w.does(newYork(23, 18, 31), train.Pause, ada("look first"))
			w.does(newYork(23, 18, 32), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
			w.does(newYork(23, 18, 33), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
			w.does(newYork(23, 18, 40), train.Resume, ada(""))
			w.does(newYork(23, 19, 0), train.MarkBad, ada("loses bookings"))
			w.does(newYork(23, 19, 1), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
			w.does(newYork(23, 19, 2), train.MarkBad, ada("again"))
			w.does(newYork(23, 19, 3), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "x"}))
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"refusals-e2e-held", "Every command while a pause holds the start of E2E.", func(w *world, _ *transcript) {
		w.does(newYork(23, 17, 2), train.Pause, ada("look first"))
		w.doesAll(newYork(23, 18, 0), commands{
			{train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "x"})},
			{train.RerunE2E, ada("")},
			{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldPause})},
			{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldDrift})},
		})
		w.does(newYork(23, 19, 0), train.Resume, ada(""))
	}, train.EndReleased},
	{"refusals-while-e2e-runs", "Every command while E2E runs.", func(w *world, _ *transcript) {
		w.does(newYork(23, 19, 0), train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "22:00"}))
		w.does(newYork(23, 19, 30), train.LiftHotfixFreeze, ada(""))
		w.doesAll(newYork(23, 20, 0), anything.but(train.RerunE2E, train.CutTag, train.MarkBad, train.Rollback))
		w.doesAll(newYork(23, 20, 30), cuts)
		w.doesAll(newYork(23, 21, 0), rollbacks)
	}, train.EndReleased},
	{"refusals-at-the-gate", "What is refused at a red gate, at a green one and in the window.",
		func(w *world, _ *transcript) {
			w.e2e.ends, w.e2e.found.Report = failedJob(""), failingSpecs
			w.doesAll(newYork(24, 9, 0), commands{
				{train.ApproveDespiteE2E, cmd(train.Command{Tag: oldTag, Reason: "x"})},
				{train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "flake"})},
				{train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "flake"})},
				{train.RevokeApproval, ada("real bug")},
				{train.RevokeApproval, ada("real bug")},
				{train.Cancel, cmd(train.Command{Reason: "x", Force: true})},
				{train.PromoteNow, ada("support asked")},
				{train.PromoteNow, ada("support asked")},
				{train.MoveProduction, cmd(train.Command{Reason: "x", At: "noonish"})},
				{train.MoveProduction, cmd(train.Command{Reason: "x", At: "2026-11-24T08:00:00-05:00"})},
				{train.MoveProduction, cmd(train.Command{Reason: "x", At: "2026-11-24T17:30:00-05:00"})},
				{train.RetryDeploy, cmd(train.Command{Environment: train.Staging})},
				{train.RetryDeploy, cmd(train.Command{Environment: train.Production})},
			})
			w.does(newYork(24, 9, 30), train.Pause, ada("look first"))
			w.doesAll(newYork(24, 9, 31), commands{
				{train.RerunE2E, ada("")},
				{train.RerunE2E, ada("")},
				{train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "flake"})},
			})
			w.does(newYork(24, 9, 40), train.Resume, ada(""))
			w.does(newYork(24, 11, 30), train.PromoteNow, ada("x"))
			w.doesAll(newYork(24, 11, 40), holdWords)
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
	{"refusals-of-holds", "Acknowledging holds that end otherwise.", func(w *world, _ *transcript) {
		w.becomes(newYork(24, 9, 0), "a freeze begins, grace deploys to production, the tag is moved", func() {
			w.holds.freeze = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4", Since: newYork(24, 9, 0)}
			w.holds.busy = &train.Hold{Kind: train.HoldEnvironmentBusy, Reason: "grace deploys", Since: newYork(24, 9, 0)}
			w.holds.drift, w.holds.tagMoved = &train.Hold{Kind: train.HoldDrift, Reason: "the tag was moved", Moved: true,
				Since: newYork(24, 9, 0)}, true
		})
		w.does(newYork(24, 9, 30), train.Pause, ada("look first"))
		w.does(newYork(24, 9, 31), train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "yesterday"}))
		w.does(newYork(24, 9, 32), train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "-1h"}))
		w.does(newYork(24, 9, 33), train.HotfixFreeze, cmd(train.Command{Reason: "checkout", Until: "1000h"}))
		w.does(newYork(24, 9, 34), train.HotfixFreeze, cmd(train.Command{Reason: "checkout"}))
		w.doesAll(newYork(24, 9, 40), holdWords)
		w.departsNext(newYork(24, 17, 0))
	}, train.EndMissed},
	{"refusals-while-production-is-deployed", "Every command while the job runs in production.",
		func(w *world, _ *transcript) {
			w.doesAll(newYork(24, 11, 2), anything.but(train.Cancel))
			w.does(newYork(24, 11, 3), train.Cancel, ada("stop"))
			w.does(newYork(24, 11, 4), train.Cancel, ada("stop"))
			w.does(newYork(24, 11, 5), train.Pause, ada("look first"))
		}, train.EndReleased},
	{"refusals-in-production", "Every command after the release.", func(w *world, _ *transcript) {
		w.e2e.ends, w.e2e.found.Report = failedJob(""), failingSpecs
		w.does(newYork(24, 9, 0), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "flake"}))
		w.doesAll(newYork(24, 12, 0), anything.but(train.CutTag, train.MarkBad, train.Rollback))
		w.does(newYork(24, 12, 30), train.Cancel, ada("x"))
		w.doesAll(newYork(24, 12, 40), rollbacks)
		w.does(newYork(24, 13, 0), train.MarkBad, ada("loses bookings"))
		w.does(newYork(24, 13, 1), train.CutTag, cmd(train.Command{Reason: "x", Tag: newTag}))
	}, train.EndReleased},
	{"refusals-after-a-rollback", "What is refused while a rollback runs and after it.", func(w *world, _ *transcript) {
		w.does(newYork(24, 12, 0), train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Production}))
		w.doesAll(newYork(24, 12, 1), commands{
			{train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Staging})},
			{train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Production})},
			{train.CutTag, ada("x")},
			{train.RetryDeploy, cmd(train.Command{Environment: train.Production, Reason: "x"})},
		})
		w.doesAll(newYork(24, 13, 0), commands{
			{train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Production})},
			{train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Production, Tag: oldTag})},
			{train.RetryDeploy, cmd(train.Command{Environment: train.Production})},
			{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldRolledBack})},
			{train.PromoteNow, ada("x")},
		})
		w.does(newYork(24, 16, 30), train.RetryDeploy, cmd(train.Command{Environment: train.Production, Reason: "good now"}))
		w.departsNext(newYork(24, 17, 0))
	}, train.EndRolledBack},
	{"refusals-no-target", "A rollback whose target is not known, has no tag or was marked bad.",
		func(w *world, _ *transcript) {
			w.flux.running["staging"] = train.RunningVersion{Version: train.Version{SHA: sha}}
			w.flux.running["production"] = train.RunningVersion{}
			w.does(newYork(24, 9, 0), train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging}))
			w.does(newYork(24, 12, 0), train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Production}))
		}, train.EndReleased},
	{"refusals-of-bad-tags", "A bad tag is neither adopted nor a target.", func(w *world, _ *transcript) {
		w.does(newYork(23, 20, 0), train.MarkBad, ada("loses bookings"))
		w.does(newYork(23, 20, 30), train.CutTag, ada("takes the revert"))
		w.does(newYork(24, 6, 0), train.CutTag, cmd(train.Command{Reason: "x", Tag: newTag}))
		w.does(newYork(24, 12, 0), train.Rollback,
			cmd(train.Command{Reason: "x", Environment: train.Production, Tag: newTag}))
	}, train.EndReleased},
	{"refusals-slow-gitlab", "A cut that GitLab refuses, and one whose answer comes after the release has ended.",
		func(w *world, _ *transcript) {
			w.silently(newYork(24, 14, 0), "GitLab refuses",
				func() { w.gitlab.cutRefused = "there is no commit abcdef0 on main" })
			w.does(newYork(24, 14, 1), train.CutTag, cmd(train.Command{Reason: "x", SHA: "abcdef0"}))
			w.silently(newYork(24, 15, 0), "GitLab is slow",
				func() { w.gitlab.cutRefused, w.gitlab.resolveTakes = "", 9*time.Minute })
			w.does(newYork(24, 15, 55), train.CutTag, ada("too late"))
		}, train.EndReleased},
	{"refusals-ending", "What is refused while the release ends after a deploy.", func(w *world, _ *transcript) {
		w.gitlab.ends[smokeJob] = []train.EndedJob{red}
		w.does(newYork(24, 11, 3), train.Cancel, ada("stop"))
		w.doesAll(newYork(24, 11, 20), commands{
			{train.Cancel, ada("stop")},
			{train.Cancel, cmd(train.Command{Reason: "at once", Force: true})},
			{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Production})},
			{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging})},
		})
	}, train.EndRolledBack},
	{"refusals-at-a-green-gate", "What is refused while all is green, and when the window is skipped already.",
		func(w *world, _ *transcript) {
			w.does(newYork(24, 9, 0), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "x"}))
			w.does(newYork(24, 10, 25), train.Pause, ada("look first"))
			w.does(newYork(24, 10, 30), train.PromoteNow, ada("support asked"))
			w.does(newYork(24, 11, 10), train.PromoteNow, ada("support asked"))
			w.does(newYork(24, 11, 20), train.Resume, ada(""))
		}, train.EndReleased},
	{"refusals-while-staging-is-rolled-back", "What is refused while staging is rolled back after the release.",
		func(w *world, _ *transcript) {
			w.does(newYork(24, 12, 0), train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging}))
			w.doesAll(newYork(24, 12, 1), commands{
				{train.CutTag, ada("x")},
				{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Production})},
				{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging})},
				{train.RetryDeploy, cmd(train.Command{Environment: train.Staging})},
			})
			w.departsNext(newYork(24, 17, 0))
		}, train.EndReleased},
	{"refusals-soon-after", "Orders that arrive a second after the same order.", func(w *world, _ *transcript) {
		w.gitlab.ends[stagingJob] = []train.EndedJob{red}
		twice := func(at time.Time, name train.CommandName, c train.Command) {
			w.tells(at, name, c)
			w.tells(at.Add(time.Second), name, c)
		}
		twice(newYork(23, 18, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
		twice(newYork(23, 20, 0), train.RerunE2E, ada(""))
		twice(newYork(23, 21, 0), train.CutTag, ada("takes the revert"))
		twice(newYork(24, 12, 0), train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Staging}))
		twice(newYork(24, 13, 0), train.Rollback, cmd(train.Command{Reason: "errors", Environment: train.Production}))
		w.tells(newYork(24, 14, 0), train.RetryDeploy, cmd(train.Command{Environment: train.Staging}))
		w.tells(newYork(24, 14, 0).Add(time.Second), train.Rollback,
			cmd(train.Command{Reason: "errors", Environment: train.Staging, Tag: "api/v2026.11.19.1"}))
		w.tells(newYork(24, 14, 0).Add(2*time.Second), train.Cancel, ada("enough"))
	}, train.EndRolledBack},
	{"refusals-outages", "The train, GitLab and the changelog do not answer.", func(w *world, _ *transcript) {
		w.holds.trainErr, w.gitlab.cutErr = refusal(train.FaultForbidden), refusal(train.FaultForbidden)
		w.silently(newYork(24, 2, 0), "the changelog cannot be published any more",
			func() { w.gitlab.logErr = refusal(train.FaultForbidden) })
		w.doesAll(newYork(24, 3, 0), commands{
			{train.Pause, ada("look first")},
			{train.Resume, ada("")},
			{train.CutTag, ada("x")},
			{train.RegenerateChangelog, cmd(train.Command{PreviousTag: "api/v2026.11.19.1"})},
			{train.SkipDay, cmd(train.Command{Reason: "x", Day: calendar.Day{Year: 2026, Month: 12, Day: 1}})},
		})
		w.silently(newYork(24, 4, 0), "the train answers", func() { w.holds.trainErr = nil })
		w.does(newYork(24, 4, 1), train.Resume, ada(""))
	}, train.EndReleased},
	{"refusals-days", "Days that cannot be skipped or added.", func(w *world, _ *transcript) {
		w.doesAll(newYork(23, 20, 0), days)
	}, train.EndReleased},
	{"refusals-far-move", "Production cannot move further than a month.", func(w *world, _ *transcript) {
		w.in.Plan.NextCutAt = time.Time{}
		w.does(newYork(24, 9, 0), train.MoveProduction, cmd(train.Command{Reason: "x", At: "2027-01-24T08:00:00-05:00"}))
	}, train.EndReleased},
	{"refusals-policy-people", "The policy names people, and the cutter does not approve.", func(w *world, _ *transcript) {
		w.in.Train.Policy = train.Policy{Approver: train.ApproverNotCutter,
			Allow: []train.Allowed{{Command: train.Cancel, People: []string{"grace", "linus"}}}}
		w.e2e.ends, w.e2e.found.Report = failedJob(""), failingSpecs
		w.e2e.took = []time.Duration{8 * time.Hour, time.Hour}
		w.does(newYork(23, 20, 0), train.CutTag, ada("more"))
		w.does(newYork(24, 9, 0), train.ApproveDespiteE2E, cmd(train.Command{Tag: "api/v2026.11.24.2", Reason: "x"}))
		w.does(newYork(24, 9, 1), train.Cancel, ada("x"))
		w.does(newYork(24, 9, 2), train.ApproveDespiteE2E,
			from("grace", train.Command{Tag: "api/v2026.11.24.2", Reason: "x"}))
	}, train.EndReleased},
	{"refusals-policy-verified", "The policy takes commands from Slack only.", func(w *world, _ *transcript) {
		w.in.Train.Policy.Identity = train.IdentityVerified
		w.doesAll(newYork(24, 9, 0), commands{{train.Pause, ada("x")}, {train.Cancel, ada("x")}})
		w.tells(newYork(24, 9, 5), train.Pause, ada("x"))
	}, train.EndReleased},
	{"refusals-policy-authors", "An author in range does not approve; there may be too many to know.",
		func(w *world, _ *transcript) {
			w.in.Train.Policy.Approver = train.ApproverNotAuthor
			w.e2e.ends, w.e2e.found.Report = failedJob(""), failingSpecs
			w.gitlab.authors = train.ChangelogDigest{Contributors: []string{"ada"}, ManyContributors: true}
			w.does(newYork(24, 9, 0), train.ApproveDespiteE2E, cmd(train.Command{Tag: newTag, Reason: "x"}))
			w.does(newYork(24, 9, 1), train.ApproveDespiteE2E, from("grace", train.Command{Tag: newTag, Reason: "x"}))
			w.departsNext(newYork(24, 17, 0))
		}, train.EndMissed},
}

// cuts are cut-tag with fields that do not fit.
var cuts = commands{
	{train.CutTag, cmd(train.Command{Reason: "x", SHA: "abcdef0", Tag: "api/v2026.11.24.9"})},
	{train.CutTag, cmd(train.Command{Reason: "x", SHA: "head"})},
	{train.CutTag, cmd(train.Command{Reason: "x", Tag: newTag})},
	{train.CutTag, cmd(train.Command{Reason: "x", Tag: "web/v2026.11.24.1"})},
	{train.CutTag, cmd(train.Command{Reason: "x", Tag: "api/v2026.13.24.1"})},
	{train.CutTag, cmd(train.Command{Reason: "x", Tag: "api/v2026.11.24.0"})},
	{train.CutTag, cmd(train.Command{Reason: "x", Tag: "api/v2026.11.23.4"})},
}

// rollbacks are rollback with tags that are no target.
var rollbacks = commands{
	{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging, Tag: newTag})},
	{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging, Tag: "latest"})},
	{train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Production, Tag: newTag})},
}

// holdWords acknowledge each hold but those that are acknowledged.
var holdWords = commands{
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldPause})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldHotfix})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldFreeze})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldRolledBack})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldEnvironmentBusy})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldDrift})},
	{train.Acknowledge, cmd(train.Command{Reason: "x", Hold: train.HoldLate})},
}

// days are changes of the calendar, refused and accepted.
var days = commands{
	{train.SkipDay, cmd(train.Command{Reason: "x", Day: calendar.Day{Year: 2026, Month: 11, Day: 23}})},
	{train.SkipDay, cmd(train.Command{Reason: "x", Day: calendar.Day{Year: 2029, Month: 11, Day: 23}})},
	{train.SkipDay, cmd(train.Command{Reason: "meeting", Day: calendar.Day{Year: 2026, Month: 12, Day: 1}})},
	{train.SkipDay, cmd(train.Command{Reason: "meeting", Day: calendar.Day{Year: 2026, Month: 12, Day: 1}})},
	{train.AddDay, cmd(train.Command{Reason: "x", Day: calendar.Day{Year: 2026, Month: 11, Day: 20}})},
	{train.AddDay, cmd(train.Command{Reason: "after all", Day: calendar.Day{Year: 2026, Month: 12, Day: 1}})},
	{train.AddDay, cmd(train.Command{Reason: "before the holidays", Day: calendar.Day{Year: 2026, Month: 12, Day: 4}})},
}

// TestTranscriptsOfRefusals keeps the sentence with which each command is refused.
func TestTranscriptsOfRefusals(t *testing.T) { playAll(t, ofRefusals, true) }

// TestTranscriptsOfOrdersThatStand keeps what is refused because an order or an
// end stands that has not been carried out yet. The test environment gives each
// command a task of its own, in which such an order is taken up at once; so the
// state is asked here without a workflow.
func TestTranscriptsOfOrdersThatStand(t *testing.T) {
	in := exampleTrain()
	day := calendar.Day{Year: 2026, Month: 11, Day: 24}
	now := newYork(24, 12, 0)
	state := func() *train.State {
		ended := train.Deploy{Environment: train.Staging, Tag: newTag, Before: train.Version{Tag: oldTag},
			Run: train.Run{JobID: 2}, Outcome: train.DeploySucceeded, EndedAt: now.Add(-time.Hour)}
		return &train.State{
			Train: in, Plan: in.Timetable().PlanFor(day), Phase: train.AtGate, Candidate: train.Candidate{Tag: newTag, SHA: sha},
			Staging: &ended, E2E: &train.E2E{State: train.E2ERed, Run: 1, Tag: newTag},
		}
	}
	var lines []string
	ask := func(what string, name train.CommandName, c train.Command, change func(*train.State)) {
		s := state()
		change(s)
		lines = append(lines, "## "+what+" · "+string(name), "",
			indent(sent(c)+"\nrefused: "+words.Refusal(rules.Check(s, name, c, now), in.Location())), "")
	}
	ask("a retry stands", train.RetryDeploy, cmd(train.Command{Environment: train.Staging}), func(s *train.State) {
		s.Staging.Outcome, s.Orders.Retry = train.DeployFailed, train.Staging
	})
	ask("a new E2E run stands", train.RerunE2E, ada(""), func(s *train.State) { s.Orders.Rerun = true })
	ask("a cut stands", train.CutTag, ada("x"), func(s *train.State) { s.Orders.Cut = &train.CutOrder{SHA: sha} })
	ask("a rollback stands", train.CutTag, ada("x"), func(s *train.State) { s.Orders.Rollback = &train.RollbackOrder{} })
	ask("a rollback stands", train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging}),
		func(s *train.State) { s.Orders.Rollback = &train.RollbackOrder{} })
	ask("an end stands", train.Rollback, cmd(train.Command{Reason: "x", Environment: train.Staging}),
		func(s *train.State) {
			s.Ending = &train.Ending{End: train.EndCancelled, Why: "Cancelled by ada: enough"}
		})
	ask("an end stands", train.Cancel, ada("x"), func(s *train.State) {
		s.Ending = &train.Ending{End: train.EndCancelled, Why: "Cancelled by ada: enough"}
	})
	ask("the release has ended", train.Pause, ada("x"),
		func(s *train.State) { s.Phase, s.End = train.Ended, train.EndMissed })
	ask("any state", "puase", ada("x"), func(*train.State) {})
	_, refused := remember(&train.Memory{}, "puase", ada("x"), now, in.Location())
	said := words.Refusal(refused, in.Location())
	lines = append(lines, "## any memory · puase", "", indent(sent(ada("x"))+"\nrefused: "+said), "")
	compare(t, "refusals-orders-that-stand",
		heading("refusals-orders-that-stand", "What is refused while an order or an end stands.")+
			"\n"+strings.Join(lines, "\n"))
}
