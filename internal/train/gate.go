package train

import (
	"fmt"
	"strings"
	"time"
)

// LateAfter is how long after its cut time a departure counts as late.
const LateAfter = 30 * time.Minute

// Reminders are how long before the window opens a gate that is not green
// reminds people.
var Reminders = []time.Duration{time.Hour, 15 * time.Minute}

// Gate is what stands between a candidate and production at one instant.
type Gate struct {
	// Open says that production may be deployed now.
	Open bool
	// Blocked are sentences that say what is not as it must be; empty when only time is missing.
	Blocked []string
	// Closed says that the window is over: nothing deploys by itself any more.
	Closed bool
	// Wake is the next instant at which the answer changes by itself; zero: never.
	Wake time.Time
	// Reminds says that at Wake people are reminded of what is Blocked.
	Reminds bool
}

// Gate decides whether the candidate may go to production now: evidence green,
// inside the window. Holds are the door's matter. PRODUCT.md section 3, step 6.
func (s *State) Gate(now time.Time) Gate {
	var g Gate
	if !s.Staging.Succeeded() {
		g.Blocked = append(g.Blocked, fmt.Sprintf("%s is not on staging", s.Candidate.Tag))
	}
	if problem := s.E2E.Problem(); problem != "" {
		g.Blocked = append(g.Blocked, problem)
	}
	switch {
	case now.Before(s.Plan.WindowOpens):
		g.Wake = s.Plan.WindowOpens
		if next := s.Plan.nextReminder(now); len(g.Blocked) > 0 && !next.IsZero() {
			g.Wake, g.Reminds = next, true
		}
	case now.Before(s.Plan.WindowCloses):
		g.Wake = s.Plan.WindowCloses
		g.Open = len(g.Blocked) == 0
	default:
		g.Closed = true
	}
	return g
}

// nextReminder is the next instant after now at which a blocked gate reminds
// people; zero when none is left.
func (p Plan) nextReminder(now time.Time) time.Time {
	for _, before := range Reminders {
		if at := p.WindowOpens.Add(-before); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// GateWaiting says what is waited for at the gate.
func (s *State) GateWaiting(now time.Time) Waiting {
	gate := s.Gate(now)
	w := Waiting{Since: now}
	if s.Phase == AtGate {
		w.Since = s.Waiting.Since
	}
	switch {
	case gate.Closed:
		w.For, w.What = WaitPerson, "a person: the window has closed and nothing deploys by itself"
		w.Next, w.NextAt = "the release ends as missed when the next one departs", s.Plan.NextCutAt
	case len(gate.Blocked) == 0:
		w.For, w.What = WaitTime, "the production window"
		w.Next, w.NextAt = s.Candidate.Tag+" goes to production", s.Plan.WindowOpens
	case now.Before(s.Plan.WindowOpens):
		w.For, w.What = WaitPerson, "a person to decide: "+strings.Join(gate.Blocked, "; ")
		w.Next, w.NextAt = "the window opens, and nothing goes to production while this stands", s.Plan.WindowOpens
	default:
		w.For, w.What = WaitPerson, "a person to decide: "+strings.Join(gate.Blocked, "; ")
		w.Next, w.NextAt = "the window closes", s.Plan.WindowCloses
	}
	return w
}

// DeployWaiting says what a running deploy waits for.
func (s *State) DeployWaiting(env EnvironmentName) Waiting {
	d, config := s.DeployOf(env), s.Train.Environment(env)
	w := Waiting{For: WaitPipeline, NextAt: d.StepUntil, URL: d.LogURL(), Next: "past its limit the outcome counts as unknown and people are asked"}
	switch d.Step {
	case DeployWaitsForPipeline, "":
		w.What = fmt.Sprintf("the pipeline of %s to offer the job %s", d.Tag, config.Job)
	case DeployPlaysJob:
		w.What = fmt.Sprintf("GitLab to play the job %s", config.Job)
	case DeployRunsJob:
		w.What = fmt.Sprintf("the job %s to deploy %s to %s", config.Job, d.Tag, env)
	case DeployRollsOut:
		w.What = fmt.Sprintf("Flux to report %s ready on %s", d.Tag, env)
	case DeploySmokeTests:
		w.What = fmt.Sprintf("the smoke tests of %s on %s", d.Tag, env)
	case DeployDone:
		w.What = fmt.Sprintf("the deploy to %s to end", env)
	}
	if w.NextAt.IsZero() {
		w.Next = "the job " + config.Job + " deploys " + d.Tag
	}
	return w
}

// JudgeE2E decides what the end of an E2E pipeline means.
func JudgeE2E(ended EndedJob, found E2EFound) (E2EState, string) {
	switch {
	case found.Void != "":
		return E2EVoid, found.Void
	case ended.TimedOut:
		return E2EOverdue, "it had not ended when the window closed"
	case ended.Succeeded():
		return E2EGreen, ""
	case ended.Status == "failed" && found.Report.Failed > 0:
		return E2ERed, fmt.Sprintf("%s of %d failed", Plural(found.Report.Failed, "test"), found.Report.Tests)
	case ended.Status == "failed" && found.Report.Tests > 0:
		return E2ERed, "no test failed, but the pipeline did"
	default:
		return E2ECouldNotRun, fmt.Sprintf("its pipeline ended %s and reported no tests", ended.Status)
	}
}

// Problem says why E2E does not open the gate; empty when it is green.
func (e *E2E) Problem() string {
	if e == nil {
		return "E2E has not run"
	}
	switch e.State {
	case E2EGreen:
		return ""
	case E2ERed:
		return "E2E is red: " + strings.TrimSuffix(e.Why, ".")
	case E2EOverdue:
		return "E2E is overdue: it had not ended by its deadline"
	case E2ECouldNotRun:
		return "E2E could not run: " + strings.TrimSuffix(e.Why, ".")
	case E2EVoid:
		return "E2E is void: " + strings.TrimSuffix(e.Why, ".")
	case E2ERunning:
		return "E2E is still running"
	}
	return "E2E has not run"
}
