package words

import (
	"fmt"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// DatadogStartEvent is what Datadog is told when a deploy job was played; nil: nothing.
func DatadogStartEvent(in train.DeployInput, at time.Time) *train.DatadogEvent {
	if in.Datadog == nil {
		return nil
	}
	what := fmt.Sprintf("Deploy of %s to %s started, attempt %d", in.Candidate.Tag, in.Environment, in.Attempt)
	by := "Release Train"
	if in.ReleaseID != "" {
		by = in.ReleaseID
	}
	return &train.DatadogEvent{
		Title: what, Alert: "info", Text: fmt.Sprintf("Started by %s with the job %s.", by, in.Config.Job),
		Key: "release:" + in.Candidate.Tag, At: at,
		Tags: datadogTags(*in.Datadog, in.Environment, in.Candidate.Tag, "start", in.Attempt),
	}
}

func datadogTags(c train.DatadogConfig, env train.EnvironmentName, tag, step string, attempt int) []string {
	return []string{
		"service:" + c.Service, "env:" + string(env), "version:" + tag, "source:release-train",
		"release_step:" + step, fmt.Sprintf("release_attempt:%d", attempt),
	}
}

// RecordForDatadog is what Datadog is told when a deploy has ended; nil: nothing.
func RecordForDatadog(s *train.State, env train.EnvironmentName) *train.DatadogRecord {
	d, c := s.DeployOf(env), s.Train.Datadog
	if c == nil || d == nil || d.Outcome == train.DeployHeld {
		return nil
	}
	r := &train.DatadogRecord{Event: train.DatadogEvent{
		Title: fmt.Sprintf("Deploy of %s to %s: %s", d.Tag, env, outcomeWords(d.Outcome)), Text: d.Cause, Alert: "error",
		Key: "release:" + d.Tag, At: d.EndedAt, Tags: datadogTags(*c, env, d.Tag, string(d.Outcome), d.Attempt),
	}}
	if d.Succeeded() {
		r.Event.Alert, r.Event.Text = "success", fmt.Sprintf("It took %s. %s",
			span(d.EndedAt.Sub(d.StartedAt)), s.Changelog.URL)
	}
	if !d.Succeeded() && d.LogURL() != "" {
		r.Event.Text += "\nLog: " + d.LogURL()
	}
	if rb := d.Rollback; rb != nil {
		r.Event.Text += fmt.Sprintf("\nRollback to %s: %s. %s", rb.To, rb.Outcome, rb.Cause)
	}
	if env != train.Production {
		return r
	}
	dora := train.DORARecord{
		Service: c.Service, Env: string(env), Version: d.Tag, Team: c.Team, SHA: s.Candidate.SHA, Repository: s.Train.Project,
		StartedAt: d.StartedAt, FinishedAt: d.EndedAt, ID: []string{s.Train.Name, d.Tag, string(env), fmt.Sprint(d.Attempt)},
	}
	if d.Succeeded() || d.SmokeURL != "" || d.Outcome == train.DeployRolledBack { // it ran in production
		deployed := dora
		r.Deployment = &deployed
	}
	if d.Outcome == train.DeploySmokeRed || d.Rollback != nil {
		failed := dora
		failed.ID = append([]string{"failure"}, failed.ID...)
		failed.Name = train.Clip(d.Cause, train.LongestField)
		r.Failure = &failed
	}
	return r
}
