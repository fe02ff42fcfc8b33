package train

import (
	"fmt"
	"strings"
	"time"
)

// Evidence is what Datadog says about one service and environment around a
// failure, the window since the deploy began against the window before.
type Evidence struct {
	// Problem says why Datadog did not tell; empty: it did.
	Problem string `json:"problem,omitempty"`
	// Errors counts error logs in the window, Before in the window before.
	Errors int `json:"errors,omitempty"`
	Before int `json:"before,omitempty"`
	// Samples are the newest few messages of error logs.
	Samples []string `json:"samples,omitempty"`
	// Monitors fire, Events happened in the window; a few of each.
	Monitors []Link `json:"monitors,omitempty"`
	Events   []Link `json:"events,omitempty"`
	// LogsURL shows the error logs, EventsURL the events, VersionURL all logs of
	// the deployed version; they are there even when Datadog did not tell.
	LogsURL    string `json:"logsUrl,omitempty"`
	EventsURL  string `json:"eventsUrl,omitempty"`
	VersionURL string `json:"versionUrl,omitempty"`
	// Looks is what it looks like, and Because why.
	Looks   Likeness `json:"looks,omitempty"`
	Because string   `json:"because,omitempty"`
}

// Link is a text with an address.
type Link struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// Likeness is what a failure looks like.
type Likeness string

// What a failure may look like.
const (
	LooksRegression Likeness = "a regression"
	LooksFlakiness  Likeness = "flakiness"
	LooksUnclear    Likeness = "nothing clear"
)

// Error logs count as risen when there are at least risenAtLeast of them and
// risenTimes as many as before: a few more are noise.
const (
	risenAtLeast = 10
	risenTimes   = 2
)

// Judge says what a failed deploy looks like, from its own kind and from what
// Datadog says.
func (e *Evidence) Judge(d Deploy) {
	means := strings.TrimSuffix(d.Cause, ".")
	transient := d.Kind == FailureTransient
	logs := fmt.Sprintf("error logs did not rise (%d, before %d) and no monitor fires", e.Errors, e.Before)
	risen := e.Errors >= risenAtLeast && e.Errors >= risenTimes*e.Before
	var signs []string
	if risen {
		signs = append(signs, fmt.Sprintf("error logs rose from %d to %d", e.Before, e.Errors))
	}
	switch n := len(e.Monitors); {
	case n == 1:
		signs = append(signs, fmt.Sprintf("the monitor %s fires", e.Monitors[0].Text))
	case n > 1:
		signs = append(signs, fmt.Sprintf("%d monitors fire, the first is %s", n, e.Monitors[0].Text))
	}
	switch {
	case len(signs) > 0:
		e.Looks, e.Because = LooksRegression, strings.Join(signs, " and ")
	case e.Problem != "" && transient:
		e.Looks, e.Because = LooksFlakiness, means
	case e.Problem != "":
		e.Looks, e.Because = LooksUnclear, "Datadog did not tell"
	case transient:
		e.Looks, e.Because = LooksFlakiness, means+", and "+logs
	case d.Kind == FailureUnknown:
		e.Looks, e.Because = LooksUnclear, "the outcome is not known; "+logs
	default:
		e.Looks, e.Because = LooksFlakiness, logs
	}
}

// line is the statement for people.
func (e *Evidence) line() string {
	return fmt.Sprintf("It looks like %s, because %s.", e.Looks, e.Because)
}

// lines are the evidence in a few lines.
func (e *Evidence) lines(m Markup) []string {
	if e == nil {
		return nil
	}
	out := []string{m.Bold(m.Escape(e.line()))}
	if e.Problem != "" {
		out = append(out, "Datadog did not tell: "+m.Escape(e.Problem))
	} else {
		out = append(out, fmt.Sprintf("Datadog: %s since it began, %d in as much time before.", m.link(Plural(e.Errors, "error log"), e.LogsURL), e.Before))
	}
	for _, s := range e.Samples {
		out = append(out, "• "+m.Code(m.Escape(s)))
	}
	if len(e.Monitors) > 0 {
		out = append(out, "Firing: "+joinLinks(m, e.Monitors))
	}
	if len(e.Events) > 0 {
		out = append(out, "Events: "+joinLinks(m, e.Events))
	}
	var links []string
	for _, l := range []Link{{"error logs", e.LogsURL}, {"logs of this version", e.VersionURL}, {"events", e.EventsURL}} {
		if l.URL != "" {
			links = append(links, m.Link(l.Text, l.URL))
		}
	}
	if len(links) > 0 {
		out = append(out, "In Datadog: "+strings.Join(links, " · "))
	}
	return out
}

func joinLinks(m Markup, links []Link) string {
	var out []string
	for _, l := range links {
		out = append(out, m.link(m.Escape(l.Text), l.URL))
	}
	return strings.Join(out, ", ")
}

// EvidenceInput asks Datadog about a failure.
type EvidenceInput struct {
	Service     string          `json:"service"`
	Environment EnvironmentName `json:"environment"`
	Tag         string          `json:"tag"`
	// From is when the deploy began; the window before is as long.
	From time.Time `json:"from"`
}

// DatadogEvent is an event for Datadog.
type DatadogEvent struct {
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
	// Alert is info, success, warning or error.
	Alert string   `json:"alert"`
	Tags  []string `json:"tags,omitempty"`
	// Key groups the events of one candidate.
	Key string    `json:"key"`
	At  time.Time `json:"at,omitzero"`
}

// DatadogRecord is what Datadog is told at the end of a deploy.
type DatadogRecord struct {
	Event      DatadogEvent `json:"event"`
	Deployment *DORARecord  `json:"deployment,omitempty"`
	Failure    *DORARecord  `json:"failure,omitempty"`
}

// DORARecord is a deployment to production, or its failure.
type DORARecord struct {
	// ID is made of what the record is about, so that it is stored once.
	ID         []string  `json:"id"`
	Service    string    `json:"service"`
	Env        string    `json:"env"`
	Version    string    `json:"version"`
	Team       string    `json:"team,omitempty"`
	SHA        string    `json:"sha,omitempty"`
	Repository string    `json:"repository,omitempty"`
	Name       string    `json:"name,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
}

// StartEvent is what Datadog is told when a deploy job was played; nil: nothing.
func (in DeployInput) StartEvent(at time.Time) *DatadogEvent {
	if in.Datadog == nil {
		return nil
	}
	what := fmt.Sprintf("Deploy of %s to %s started, attempt %d", in.Candidate.Tag, in.Environment, in.Attempt)
	by := "Release Train"
	if in.ReleaseID != "" {
		by = in.ReleaseID
	}
	return &DatadogEvent{
		Title: what, Alert: "info", Text: fmt.Sprintf("Started by %s with the job %s.", by, in.Config.Job), Key: "release:" + in.Candidate.Tag, At: at,
		Tags: in.Datadog.tags(in.Environment, in.Candidate.Tag, "start", in.Attempt),
	}
}

func (c DatadogConfig) tags(env EnvironmentName, tag, step string, attempt int) []string {
	return []string{
		"service:" + c.Service, "env:" + string(env), "version:" + tag, "source:release-train",
		"release_step:" + step, fmt.Sprintf("release_attempt:%d", attempt),
	}
}

// DatadogRecord is what Datadog is told when a deploy has ended; nil: nothing.
func (s *State) DatadogRecord(env EnvironmentName) *DatadogRecord {
	d, c := s.DeployOf(env), s.Train.Datadog
	if c == nil || d == nil || d.Outcome == DeployHeld {
		return nil
	}
	r := &DatadogRecord{Event: DatadogEvent{
		Title: fmt.Sprintf("Deploy of %s to %s: %s", d.Tag, env, d.Outcome.words()), Text: d.Cause, Alert: "error",
		Key: "release:" + d.Tag, At: d.EndedAt, Tags: c.tags(env, d.Tag, string(d.Outcome), d.Attempt),
	}}
	if d.Succeeded() {
		r.Event.Alert, r.Event.Text = "success", fmt.Sprintf("It took %s. %s", Span(d.EndedAt.Sub(d.StartedAt)), s.Changelog.URL)
	}
	if !d.Succeeded() && d.LogURL() != "" {
		r.Event.Text += "\nLog: " + d.LogURL()
	}
	if rb := d.Rollback; rb != nil {
		r.Event.Text += fmt.Sprintf("\nRollback to %s: %s. %s", rb.To, rb.Outcome, rb.Cause)
	}
	if env != Production {
		return r
	}
	dora := DORARecord{
		Service: c.Service, Env: string(env), Version: d.Tag, Team: c.Team, SHA: s.Candidate.SHA, Repository: s.Train.Project,
		StartedAt: d.StartedAt, FinishedAt: d.EndedAt, ID: []string{s.Train.Name, d.Tag, string(env), fmt.Sprint(d.Attempt)},
	}
	if d.Succeeded() || d.SmokeURL != "" || d.Outcome == DeployRolledBack { // it ran in production
		deployed := dora
		r.Deployment = &deployed
	}
	if d.Outcome == DeploySmokeRed || d.Rollback != nil {
		failed := dora
		failed.ID = append([]string{"failure"}, failed.ID...)
		failed.Name = Clip(d.Cause, longestField)
		r.Failure = &failed
	}
	return r
}
