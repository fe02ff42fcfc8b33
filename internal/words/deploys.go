package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

func deployLine(d *train.Deploy, m Markup, zone *time.Location) string {
	if d == nil {
		return ""
	}
	tag := m.tag(d.Tag, d.LogURL())
	if d.Running() {
		return fmt.Sprintf("%s %s, since %s, limit %s", tag, stepWords(d.Step),
			When(d.StartedAt, zone), When(d.StepUntil, zone))
	}
	s := fmt.Sprintf("%s %s at %s after %s", tag, outcomeWords(d.Outcome), When(d.EndedAt, zone),
		span(d.EndedAt.Sub(d.StartedAt)))
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
func RollbackLine(r *train.RollbackRecord, m Markup) string {
	to := m.tag(r.To.String(), r.JobURL)
	why := ""
	if r.Cause != "" {
		why = ": " + m.Escape(r.Cause)
	}
	switch r.Outcome {
	case "":
		return fmt.Sprintf("Rolling back to %s", to)
	case train.RollbackSucceeded:
		return fmt.Sprintf("Rolled back to %s (%s), smoke tests green", to, rollbackMethodWords(r.Method))
	case train.RollbackSmokeRed:
		return fmt.Sprintf("Rolled back to %s (%s), but its smoke tests are red too%s", to,
			rollbackMethodWords(r.Method), why)
	case train.RollbackNone:
		return "Not rolled back" + why
	case train.RollbackFailed:
		return fmt.Sprintf("The rollback to %s failed%s", to, why)
	case train.RollbackUnknown:
		return fmt.Sprintf("It is not known whether %s is back%s", to, why)
	}
	return ""
}

func stepWords(s train.DeployStep) string {
	switch s {
	case train.DeployWaitsForPipeline:
		return "waits for the tag's pipeline to offer its deploy job"
	case train.DeployPlaysJob:
		return "is about to be played"
	case train.DeployRunsJob:
		return "is being deployed by its job"
	case train.DeployRollsOut:
		return "is being rolled out by Flux"
	case train.DeploySmokeTests:
		return "is being smoke-tested"
	case train.DeployRollsBack:
		return "is being rolled back"
	case train.DeployDone:
		return "is done"
	}
	return "is starting"
}

// outcomeWords say how a deploy ended.
func outcomeWords(o train.DeployOutcome) string {
	switch o {
	case train.DeploySucceeded:
		return "deployed and smoke-tested"
	case train.DeployHeld:
		return "not deployed: held"
	case train.DeployFailed:
		return "failed"
	case train.DeploySmokeRed:
		return "deployed, smoke tests red"
	case train.DeployRolledBack:
		return "rolled back"
	case train.DeployUnknown:
		return "outcome unknown"
	}
	return "running"
}

// rollbackMethodWords say how it was done, as a clause.
func rollbackMethodWords(w train.RollbackMethod) string {
	switch w {
	case train.MethodRetriedJob:
		return "by that tag's own job, run again"
	case train.MethodNewPipeline:
		return "by a new pipeline on that tag"
	case train.MethodRollbackJob:
		return "by the rollback job"
	case train.MethodByPipeline:
		return "by the pipeline itself"
	case train.MethodAlreadyThere:
		return "it had never left"
	}
	return "by no way yet"
}

// EndedWords say how a job or pipeline ended: "failed (script_failure)".
func EndedWords(e train.EndedJob) string {
	if e.Reason == "" {
		return e.Status
	}
	return e.Status + " (" + e.Reason + ")"
}

// DeployDetails is what the Web UI shows of a running deploy.
func DeployDetails(d train.Deploy, in train.DeployInput) string {
	s := train.State{Train: train.Train{Name: in.Train}, Staging: &d, Production: &d}
	s.Train.Staging, s.Train.Production = in.Config, in.Config
	w := WaitsForDeploy(&s, d.Environment)
	lines := []string{
		Markdown.Bold(DeployAttempt(d.Tag, d.Environment, d.Attempt)),
		fmt.Sprintf("Waiting for %s, at most until %s.", Markdown.link(Markdown.Escape(w.What), w.URL),
			When(d.StepUntil, time.UTC)),
		fmt.Sprintf("Before it ran %s. Started by %s.", Markdown.Code(d.Before.String()), Markdown.Code(in.ReleaseID)),
	}
	return strings.Join(lines, Markdown.Break)
}
