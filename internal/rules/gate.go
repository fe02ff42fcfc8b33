package rules

import (
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// LateAfter is how long after its cut time a departure counts as late.
const LateAfter = 30 * time.Minute

// reminders are how long before the window opens a gate that is not green
// reminds people.
func reminders() []time.Duration { return []time.Duration{time.Hour, 15 * time.Minute} }

// Gate is what stands between a candidate and production at one instant.
type Gate struct {
	// Open says that production may be deployed now, until NotAfter.
	Open     bool
	NotAfter time.Time
	// Blocked is what is not as it must be, Held the holds that stand; both empty
	// when only time is missing.
	Blocked []Blocker
	Held    []train.Hold
	// Closed says that the window is over: nothing deploys by itself any more.
	Closed bool
	// Wake is the next instant at which the answer changes by itself; zero: never.
	Wake time.Time
	// Reminds says that at Wake people are reminded of what is missing.
	Reminds bool
}

// Blocker is one thing that keeps the gate closed until a person decides.
type Blocker struct {
	Code BlockerCode
	// Tag is the candidate, where it is about that.
	Tag string
	// Why says more, where there is more to say.
	Why string
}

// BlockerCode says what keeps the gate closed.
type BlockerCode string

// What keeps the gate closed.
const (
	BlockedMarkedBad      BlockerCode = "marked-bad"
	BlockedNotOnStaging   BlockerCode = "not-on-staging"
	BlockedE2ENotRun      BlockerCode = "e2e-not-run"
	BlockedE2ERed         BlockerCode = "e2e-red"
	BlockedE2EOverdue     BlockerCode = "e2e-overdue"
	BlockedE2ECouldNotRun BlockerCode = "e2e-could-not-run"
	BlockedE2EVoid        BlockerCode = "e2e-void"
	BlockedE2ERunning     BlockerCode = "e2e-running"
)

// OfE2E says that it is about E2E, whose own channel has said it.
func (b Blocker) OfE2E() bool { return b.Code != BlockedMarkedBad && b.Code != BlockedNotOnStaging }

// DecideGate decides whether the candidate may go to production now: evidence
// green or approved, inside the window, no holds. docs/architecture.md, The gate.
func DecideGate(s *train.State, now time.Time) Gate {
	g := Gate{Held: Blocking(s, train.StepDeployProduction)}
	if why := s.Bad[s.Candidate.Tag]; why != "" {
		g.Blocked = append(g.Blocked, Blocker{Code: BlockedMarkedBad, Tag: s.Candidate.Tag, Why: why})
	}
	if !s.Staging.Succeeded() {
		g.Blocked = append(g.Blocked, Blocker{Code: BlockedNotOnStaging, Tag: s.Candidate.Tag})
	}
	if blocker, blocks := e2eBlocks(s.E2E); blocks && !approved(s) {
		g.Blocked = append(g.Blocked, blocker)
	}
	switch {
	case WindowOpen(s, now):
		g.NotAfter = s.Plan.WindowCloses
	case Promoted(s, now):
		g.NotAfter = s.Promotion.Until
	case now.Before(s.Plan.WindowOpens):
		g.Wake = s.Plan.WindowOpens
		if next := nextReminder(s.Plan, now); len(g.Blocked)+len(g.Held) > 0 && !next.IsZero() {
			g.Wake, g.Reminds = next, true
		}
		return g
	default:
		g.Closed = true
		return g
	}
	g.Wake = g.NotAfter
	g.Open = len(g.Blocked)+len(g.Held) == 0
	return g
}

// nextReminder is the next instant after now at which a blocked gate reminds
// people; zero when none is left.
func nextReminder(p calendar.Plan, now time.Time) time.Time {
	for _, before := range reminders() {
		if at := p.WindowOpens.Add(-before); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// WaitsFor classifies what a closed gate waits for.
func (g Gate) WaitsFor(now, opens time.Time) train.WaitingFor {
	switch {
	case g.Closed, len(g.Blocked) > 0:
		return train.WaitPerson
	case len(g.Held) > 0:
		return train.WaitHold
	case now.Before(opens):
		return train.WaitTime
	}
	return train.WaitNothing
}

// e2eBlocks says what of E2E keeps the gate closed; false when it is green.
func e2eBlocks(e *train.E2E) (Blocker, bool) {
	if e == nil {
		return Blocker{Code: BlockedE2ENotRun}, true
	}
	why := strings.TrimSuffix(e.Why, ".")
	switch e.State {
	case train.E2EGreen:
		return Blocker{}, false
	case train.E2ERed:
		return Blocker{Code: BlockedE2ERed, Why: why}, true
	case train.E2EOverdue:
		return Blocker{Code: BlockedE2EOverdue}, true
	case train.E2ECouldNotRun:
		return Blocker{Code: BlockedE2ECouldNotRun, Why: why}, true
	case train.E2EVoid:
		return Blocker{Code: BlockedE2EVoid, Why: why}, true
	case train.E2ERunning:
		return Blocker{Code: BlockedE2ERunning}, true
	}
	return Blocker{Code: BlockedE2ENotRun}, true
}

// E2ECause is why the end of an E2E pipeline means what it means.
type E2ECause struct {
	Code E2ECauseCode
	// Failed of Tests failed.
	Failed, Tests int
	// Detail is what Flux or GitLab said.
	Detail string
}

// E2ECauseCode says why the end of an E2E pipeline means what it means.
type E2ECauseCode string

// Why E2E is not green.
const (
	E2EOtherVersion    E2ECauseCode = "other-version"
	E2EStillRunning    E2ECauseCode = "still-running"
	E2ETestsFailed     E2ECauseCode = "tests-failed"
	E2EPipelineFailed  E2ECauseCode = "pipeline-failed"
	E2EReportedNoTests E2ECauseCode = "reported-no-tests"
)

// JudgeE2E decides what the end of an E2E pipeline means; the cause is zero when it is green.
func JudgeE2E(ended train.EndedJob, found train.E2EFound) (train.E2EState, E2ECause) {
	report := found.Report
	switch {
	case found.Void != "":
		return train.E2EVoid, E2ECause{Code: E2EOtherVersion, Detail: found.Void}
	case ended.TimedOut:
		return train.E2EOverdue, E2ECause{Code: E2EStillRunning}
	case ended.Succeeded():
		return train.E2EGreen, E2ECause{}
	case ended.Status == "failed" && report.Failed > 0:
		return train.E2ERed, E2ECause{Code: E2ETestsFailed, Failed: report.Failed, Tests: report.Tests}
	case ended.Status == "failed" && report.Tests > 0:
		return train.E2ERed, E2ECause{Code: E2EPipelineFailed}
	default:
		return train.E2ECouldNotRun, E2ECause{Code: E2EReportedNoTests, Detail: ended.Status}
	}
}
