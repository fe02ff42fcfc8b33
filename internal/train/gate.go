package train

import (
	"fmt"
	"slices"
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
	// Open says that production may be deployed now, until NotAfter.
	Open     bool
	NotAfter time.Time
	// Blocked are sentences that say what is not as it must be, Held the holds
	// that stand; both empty when only time is missing.
	Blocked []string
	Held    []Hold
	// Closed says that the window is over: nothing deploys by itself any more.
	Closed bool
	// Wake is the next instant at which the answer changes by itself; zero: never.
	Wake time.Time
	// Reminds says that at Wake people are reminded of what is missing.
	Reminds bool
}

// Missing are sentences on all that keeps the gate closed but time.
func (g Gate) Missing(zone *time.Location) []string {
	out := slices.Clone(g.Blocked)
	for _, h := range g.Held {
		out = append(out, fmt.Sprintf("the hold %s stands: %s", h.Kind, h.line(Plain, zone)))
	}
	return out
}

// Gate decides whether the candidate may go to production now: evidence green
// or approved, inside the window, no holds. PRODUCT.md section 3, step 6.
func (s *State) Gate(now time.Time) Gate {
	g := Gate{Held: s.Blocking(StepDeployProduction)}
	if why := s.Bad[s.Candidate.Tag]; why != "" {
		g.Blocked = append(g.Blocked, fmt.Sprintf("%s was marked bad: %s", s.Candidate.Tag, why))
	}
	if !s.Staging.Succeeded() {
		g.Blocked = append(g.Blocked, fmt.Sprintf("%s is not on staging", s.Candidate.Tag))
	}
	if problem := s.E2E.Problem(); problem != "" && !s.approved() {
		g.Blocked = append(g.Blocked, problem)
	}
	switch {
	case s.windowOpen(now):
		g.NotAfter = s.Plan.WindowCloses
	case s.promoted(now):
		g.NotAfter = s.Promotion.Until
	case now.Before(s.Plan.WindowOpens):
		g.Wake = s.Plan.WindowOpens
		if next := s.Plan.nextReminder(now); len(g.Blocked)+len(g.Held) > 0 && !next.IsZero() {
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
	w := Waiting{}
	var missing []string
	if len(gate.Held) > 0 {
		w.For = WaitHold
		missing = append(missing, fmt.Sprintf("the hold %s to end: %s", gate.Held[0].Kind, gate.Held[0].Reason))
	}
	if len(gate.Blocked) > 0 {
		w.For = WaitPerson
		missing = append(missing, "a person to decide: "+strings.Join(gate.Blocked, "; "))
	}
	w.What = strings.Join(missing, ", and for ")
	before := now.Before(s.Plan.WindowOpens)
	switch {
	case gate.Closed:
		w.For, w.What = WaitPerson, "a person: the window has closed and nothing deploys by itself"
		if len(missing) > 0 {
			w.What += "; besides it waits for " + strings.Join(missing, ", and for ")
		}
		w.Next, w.NextAt = "promote-now or move-production deploys it; else the release ends as missed when the next one departs", s.Plan.NextCutAt
	case len(missing) == 0 && before:
		w.For, w.What = WaitTime, "the production window"
		w.Next, w.NextAt = s.Candidate.Tag+" goes to production", s.Plan.WindowOpens
	case len(missing) == 0:
		w.For, w.What = WaitNothing, "production to be deployed"
		w.Next, w.NextAt = s.Candidate.Tag+" goes to production", now
	case before:
		w.Next, w.NextAt = "the window opens, and nothing goes to production while this stands", s.Plan.WindowOpens
	default:
		w.Next, w.NextAt = "the window closes", gate.NotAfter
	}
	w.Since = now
	if s.Phase == AtGate && s.Waiting.What == w.What && !s.Waiting.Since.IsZero() {
		w.Since = s.Waiting.Since
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
		w.What = fmt.Sprintf("the job %s to deploy %s to %s, and Flux to report it ready", config.Job, d.Tag, env)
	case DeployRollsOut:
		w.What = fmt.Sprintf("Flux to report %s ready on %s", d.Tag, env)
	case DeploySmokeTests:
		w.What = fmt.Sprintf("the smoke tests of %s on %s", d.Tag, env)
	case DeployRollsBack:
		w.What = fmt.Sprintf("the rollback of %s to %s", env, d.Before)
		if d.Rollback != nil {
			w.What = fmt.Sprintf("the rollback of %s to %s", env, d.Rollback.To)
			if d.Rollback.Cause != "" {
				w.What += ", which waits: " + d.Rollback.Cause
			}
		}
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
