package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// WaitsAtGate says what is waited for at the gate.
func WaitsAtGate(s *train.State, now time.Time) train.Waiting {
	gate := rules.DecideGate(s, now)
	w := train.Waiting{For: gate.WaitsFor(now, s.Plan.WindowOpens)}
	var missing []string
	if len(gate.Held) > 0 {
		missing = append(missing, fmt.Sprintf("the hold %s to end: %s", gate.Held[0].Kind, gate.Held[0].Reason))
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
		w.Next, w.NextAt = "promote-now or move-production deploys it; else the release ends as missed when the next one departs", s.Plan.NextCutAt
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
	w := train.Waiting{For: train.WaitPipeline, NextAt: d.StepUntil, URL: d.LogURL(), Next: "past its limit the outcome counts as unknown and people are asked"}
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
