package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// WaitsForOlderReleases is the wait of a release that departs.
func WaitsForOlderReleases() train.Waiting {
	return train.Waiting{For: train.WaitNothing, What: "older releases of the train to end", Next: "main is tagged"}
}

// WaitsForCommit is the wait of a cut.
func WaitsForCommit(branch string) train.Waiting {
	return train.Waiting{
		For: train.WaitNothing, What: "GitLab and Flux to say what is new on " + branch, Next: "the commit is tagged",
	}
}

// WaitsForChangelog is the wait of a candidate that has been tagged.
func WaitsForChangelog(tag string) train.Waiting {
	return train.Waiting{For: train.WaitNothing, What: "the changelog of " + tag, Next: "it is deployed to staging"}
}

// WaitsForStaging is the wait of a candidate that is about to be deployed there.
func WaitsForStaging(tag string, e2eAt time.Time) train.Waiting {
	return train.Waiting{
		For: train.WaitPipeline, What: tag + " to be deployed to staging", Next: "E2E runs on staging", NextAt: e2eAt,
	}
}

// WaitsForStagingBack is the wait after E2E ran on something else.
func WaitsForStagingBack(tag, why string) train.Waiting {
	return train.Waiting{
		For: train.WaitPerson, What: fmt.Sprintf("%s to be on staging again: %s", tag, why), Next: "E2E runs again",
	}
}

// WaitsForTimeOfE2E is the wait for the evening.
func WaitsForTimeOfE2E(at time.Time) train.Waiting {
	return train.Waiting{
		For: train.WaitTime, What: "the configured start of E2E", Next: "E2E runs on staging", NextAt: at,
	}
}

// WaitsForStartOfE2E is the wait until GitLab has started it.
func WaitsForStartOfE2E() train.Waiting {
	return train.Waiting{For: train.WaitPipeline, What: "GitLab to start E2E", Next: "E2E runs on staging"}
}

// WaitsForEndOfE2E is the wait for a run, by its deadline (zero: it has none).
func WaitsForEndOfE2E(url string, since, deadline time.Time) train.Waiting {
	w := train.Waiting{
		For: train.WaitPipeline, What: "E2E on staging to end", URL: url, Next: "the gate decides", Since: since,
	}
	if !deadline.IsZero() {
		w.Next, w.NextAt = "it is overdue if it has not ended", deadline
	}
	return w
}

// WaitsForHold is the wait of a step for a hold that it obeys.
func WaitsForHold(step train.Step, h train.Hold) train.Waiting {
	return train.Waiting{
		For: train.WaitHold, What: holdToEnd(h), Next: fmt.Sprintf("%s goes on", step), NextAt: h.Until, URL: h.Link,
	}
}

func holdToEnd(h train.Hold) string {
	return fmt.Sprintf("the hold %s to end: %s", h.Kind, h.Reason)
}

// WaitsForOtherDeploy is the wait for the workflow that deploys to an environment.
func WaitsForOtherDeploy(other string, env train.EnvironmentName) train.Waiting {
	return train.Waiting{
		For: train.WaitHold, What: fmt.Sprintf("%s to end, which deploys to %s", other, env), Next: "this release deploys",
	}
}

// WaitsForNextAttempt is the wait after a deploy that is tried again by itself.
func WaitsForNextAttempt(d *train.Deploy, at time.Time) train.Waiting {
	return train.Waiting{
		For:  train.WaitTime,
		What: fmt.Sprintf("attempt %d at %s, by itself: %s", d.Attempt+1, d.Environment, d.Cause), URL: d.LogURL(),
		Next: d.Tag + " is deployed again", NextAt: at,
	}
}

// WaitsForDecisionOnDeploy is the wait after a deploy that is not.
func WaitsForDecisionOnDeploy(d *train.Deploy, nextCut time.Time) train.Waiting {
	what := "did not succeed: " + d.Cause
	if d.Outcome == train.DeployRolledBack {
		what = fmt.Sprintf("was rolled back to %s: %s", d.Rollback.To, d.Cause)
	}
	return train.Waiting{
		For:  train.WaitPerson,
		What: fmt.Sprintf("a person: the deploy of %s to %s %s", d.Tag, d.Environment, what), URL: d.LogURL(),
		Next: "nothing is deployed by itself; the release ends when the next one departs", NextAt: nextCut,
	}
}

// WaitsForWindowToClose is the wait after production.
func WaitsForWindowToClose(until time.Time) train.Waiting {
	return train.Waiting{
		For: train.WaitTime, What: "the window to close", Next: "the release ends as released", NextAt: until,
	}
}

// WaitsForMending is the wait of a release that is stuck: what it was doing, and
// what is wrong.
func WaitsForMending(stuck train.Stuck) train.Waiting {
	return train.Waiting{
		For: train.WaitPerson, What: fmt.Sprintf("a person: %s failed: %s", stuck.Doing, stuck.Problem), Since: stuck.Since,
		Next: "it is tried again by itself, or at once by try-again", NextAt: stuck.Next,
	}
}

// WaitsForNothing is said of a release that has ended.
func WaitsForNothing() train.Waiting { return train.Waiting{For: train.WaitNothing, What: "nothing"} }

// WaitsAtGate says what is waited for at the gate.
func WaitsAtGate(s *train.State, now time.Time) train.Waiting {
	gate := rules.DecideGate(s, now)
	w := train.Waiting{For: gate.WaitsFor(now, s.Plan.WindowOpens)}
	var missing []string
	if len(gate.Held) > 0 {
		missing = append(missing, holdToEnd(gate.Held[0]))
	}
	if len(gate.Blocked) > 0 {
		missing = append(missing, "a person to decide: "+strings.Join(Blockers(gate.Blocked), "; "))
	}
	w.What = strings.Join(missing, ", and for ")
	before := now.Before(s.Plan.WindowOpens)
	switch {
	case gate.Closed:
		w.What = "a person: the window has closed and nothing deploys by itself"
		if len(missing) > 0 {
			w.What += "; besides it waits for " + strings.Join(missing, ", and for ")
		}
		w.Next, w.NextAt = "promote-now or move-production deploys it; else the release ends as missed when the next one "+
			"departs", s.Plan.NextCutAt
	case len(missing) == 0 && before:
		w.What = "the production window"
		w.Next, w.NextAt = s.Candidate.Tag+" goes to production", s.Plan.WindowOpens
	case len(missing) == 0:
		w.What = "production to be deployed"
		w.Next, w.NextAt = s.Candidate.Tag+" goes to production", now
	case before:
		w.Next, w.NextAt = "the window opens, and nothing goes to production while this stands", s.Plan.WindowOpens
	default:
		w.Next, w.NextAt = "the window closes", gate.NotAfter
	}
	w.Since = now
	if s.Phase == train.AtGate && s.Waiting.What == w.What && !s.Waiting.Since.IsZero() {
		w.Since = s.Waiting.Since
	}
	return w
}

// WaitsForDeploy says what a running deploy waits for.
func WaitsForDeploy(s *train.State, env train.EnvironmentName) train.Waiting {
	d, config := s.DeployOf(env), s.Train.Environment(env)
	w := train.Waiting{For: train.WaitPipeline, NextAt: d.StepUntil, URL: d.LogURL(),
		Next: "past its limit the outcome counts as unknown and people are asked"}
	switch d.Step {
	case train.DeployWaitsForPipeline, "":
		w.What = fmt.Sprintf("the pipeline of %s to offer the job %s", d.Tag, config.Job)
	case train.DeployPlaysJob:
		w.What = fmt.Sprintf("GitLab to play the job %s", config.Job)
	case train.DeployRunsJob:
		w.What = fmt.Sprintf("the job %s to deploy %s to %s, and Flux to report it ready", config.Job, d.Tag, env)
	case train.DeployRollsOut:
		w.What = fmt.Sprintf("Flux to report %s ready on %s", d.Tag, env)
	case train.DeploySmokeTests:
		w.What = fmt.Sprintf("the smoke tests of %s on %s", d.Tag, env)
	case train.DeployRollsBack:
		w.What = fmt.Sprintf("the rollback of %s to %s", env, d.Before)
		if d.Rollback != nil {
			w.What = fmt.Sprintf("the rollback of %s to %s", env, d.Rollback.To)
			if d.Rollback.Cause != "" {
				w.What += ", which waits: " + d.Rollback.Cause
			}
		}
	case train.DeployDone:
		w.What = fmt.Sprintf("the deploy to %s to end", env)
	}
	if w.NextAt.IsZero() {
		w.Next = "the job " + config.Job + " deploys " + d.Tag
	}
	return w
}
