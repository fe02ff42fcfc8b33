package activities

import "go.temporal.io/sdk/worker"

// All are the activities of a worker, one struct per outside system.
type All struct {
	GitLab     *GitLab
	Flux       *Flux
	Deploys    *Deploys
	Changelog  *Changelog
	E2E        *E2E
	Slack      *Slack
	Releases   *Releases
	Trains     *Trains
	Holds      *Holds
	Departures *Departures
	Datadog    *Datadog
}

// Register makes a worker run all activities.
func (a All) Register(w worker.ActivityRegistry) {
	for _, group := range []any{a.GitLab, a.Flux, a.Deploys, a.Changelog, a.E2E, a.Slack, a.Releases, a.Trains,
		a.Holds, a.Departures, a.Datadog} {
		w.RegisterActivity(group)
	}
}
