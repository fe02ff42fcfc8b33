package train

import (
	"fmt"
	"strings"
	"time"
)

func deployLine(d *Deploy, m Markup, zone *time.Location) string {
	if d == nil {
		return ""
	}
	tag := m.tag(d.Tag, d.LogURL())
	if d.Running() {
		return fmt.Sprintf("%s %s, since %s, limit %s", tag, stepWords(d.Step), When(d.StartedAt, zone), When(d.StepUntil, zone))
	}
	s := fmt.Sprintf("%s %s at %s after %s", tag, OutcomeWords(d.Outcome), When(d.EndedAt, zone), Span(d.EndedAt.Sub(d.StartedAt)))
	if d.Cause != "" {
		s += ": " + m.Escape(d.Cause)
	}
	if d.Rollback != nil {
		s += ". " + RollbackLine(d.Rollback, m)
	}
	if d.Evidence != nil {
		s += ". " + m.Escape(evidenceLine(*d.Evidence))
	}
	return s
}

// RollbackLine says how a rollback stands.
func RollbackLine(r *RolledBack, m Markup) string {
	to := m.tag(r.To.String(), r.JobURL)
	why := ""
	if r.Cause != "" {
		why = ": " + m.Escape(r.Cause)
	}
	switch r.Outcome {
	case "":
		return fmt.Sprintf("Rolling back to %s", to)
	case RollbackSucceeded:
		return fmt.Sprintf("Rolled back to %s (%s), smoke tests green", to, rollbackWayWords(r.Way))
	case RollbackSmokeRed:
		return fmt.Sprintf("Rolled back to %s (%s), but its smoke tests are red too%s", to, rollbackWayWords(r.Way), why)
	case RollbackNone:
		return "Not rolled back" + why
	case RollbackFailed:
		return fmt.Sprintf("The rollback to %s failed%s", to, why)
	case RollbackUnknown:
		return fmt.Sprintf("It is not known whether %s is back%s", to, why)
	}
	return ""
}

func stepWords(s DeployStep) string {
	switch s {
	case DeployWaitsForPipeline:
		return "waits for the tag's pipeline to offer its deploy job"
	case DeployPlaysJob:
		return "is about to be played"
	case DeployRunsJob:
		return "is being deployed by its job"
	case DeployRollsOut:
		return "is being rolled out by Flux"
	case DeploySmokeTests:
		return "is being smoke-tested"
	case DeployRollsBack:
		return "is being rolled back"
	case DeployDone:
		return "is done"
	}
	return "is starting"
}

// OutcomeWords say how a deploy ended.
func OutcomeWords(o DeployOutcome) string {
	switch o {
	case DeploySucceeded:
		return "deployed and smoke-tested"
	case DeployHeld:
		return "not deployed: held"
	case DeployFailed:
		return "failed"
	case DeploySmokeRed:
		return "deployed, smoke tests red"
	case DeployRolledBack:
		return "rolled back"
	case DeployUnknown:
		return "outcome unknown"
	}
	return "running"
}

// rollbackWayWords say how it was done, as a clause.
func rollbackWayWords(w RollbackWay) string {
	switch w {
	case WayRetriedJob:
		return "by that tag's own job, run again"
	case WayNewPipeline:
		return "by a new pipeline on that tag"
	case WayRollbackJob:
		return "by the rollback job"
	case WayByPipeline:
		return "by the pipeline itself"
	case WayAlreadyThere:
		return "it had never left"
	}
	return "by no way yet"
}

// EndedWords say how a job or pipeline ended: "failed (script_failure)".
func EndedWords(e EndedJob) string {
	if e.Reason == "" {
		return e.Status
	}
	return e.Status + " (" + e.Reason + ")"
}

// DeployDetails is what the Web UI shows of a running deploy.
func DeployDetails(d Deploy, in DeployInput) string {
	s := State{Train: Train{Name: in.Train}, Staging: &d, Production: &d}
	s.Train.Staging, s.Train.Production = in.Config, in.Config
	w := WaitsForDeploy(&s, d.Environment)
	lines := []string{
		Markdown.Bold(fmt.Sprintf("Deploy %s to %s, attempt %d", d.Tag, d.Environment, d.Attempt)),
		fmt.Sprintf("Waiting for %s, at most until %s.", Markdown.link(Markdown.Escape(w.What), w.URL), When(d.StepUntil, time.UTC)),
		fmt.Sprintf("Before it ran %s. Started by %s.", Markdown.Code(d.Before.String()), Markdown.Code(in.ReleaseID)),
	}
	return strings.Join(lines, Markdown.Break)
}
