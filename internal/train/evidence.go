package train

import "time"

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
