package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/train"
)

// DatadogAPI is what the activities need of Datadog; datadog.Client is it.
type DatadogAPI interface {
	PostEvent(ctx context.Context, e datadog.Event) (string, error)
	FindEvents(ctx context.Context, query string, from, to time.Time, limit int) ([]datadog.FoundEvent, error)
	CountLogs(ctx context.Context, query string, from, to time.Time) (int, error)
	Logs(ctx context.Context, query string, from, to time.Time, limit int) ([]datadog.Log, error)
	FiringMonitors(ctx context.Context, query string) ([]datadog.Monitor, error)
	RecordDeployment(ctx context.Context, d datadog.Deployment) error
	RecordFailure(ctx context.Context, f datadog.Failure) error
	LogsURL(query string, from, to time.Time) string
	EventsURL(query string, from, to time.Time) string
}

// Datadog are the activities on events, evidence and DORA records. Nothing waits
// for them: Datadog being down never holds a release.
type Datadog struct {
	// API is nil where no key is set.
	API DatadogAPI
	// Now is the clock of the windows; nil: time.Now.
	Now func() time.Time
}

// Bounds of what is asked and shown.
const (
	// postWithin bounds an event that is posted beside something that matters more.
	postWithin = 5 * time.Second
	// shortestWindow is the least time whose error logs are counted.
	shortestWindow = 5 * time.Minute
	samplesRead    = 100 // one page: the newest often say the same
	samplesShown   = 3
	sampleLength   = 160
	linksShown     = 3
)

func (d *Datadog) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// post posts an event where that succeeds at once; losing one harms nobody.
func (d *Datadog) post(ctx context.Context, e train.DatadogEvent) {
	if d == nil || d.API == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, postWithin)
	defer cancel()
	if _, err := d.API.PostEvent(ctx, event(e)); err != nil {
		activity.GetLogger(ctx).Warn("Datadog was not told", "event", e.Title, "problem", err.Error())
	}
}

func event(e train.DatadogEvent) datadog.Event {
	return datadog.Event{Title: e.Title, Text: e.Text, AlertType: e.Alert, AggregationKey: e.Key, Tags: e.Tags, At: e.At}
}

// Record tells Datadog how a deploy ended: an event, and for production the DORA
// records, whose IDs say what they are about, so that each is stored once. An
// event that an earlier try posted is looked for; one that was missed is grouped.
func (d *Datadog) Record(ctx context.Context, in train.DatadogRecord) (train.Done, error) {
	if d.API == nil {
		return train.Done{}, nil
	}
	if r := in.Deployment; r != nil {
		if err := d.API.RecordDeployment(ctx, datadog.Deployment{
			ID: datadog.DORAID(r.ID...), Service: r.Service, Env: r.Env, Version: r.Version, Team: r.Team,
			CommitSHA: r.SHA, RepositoryURL: r.Repository, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
		}); err != nil {
			return train.Done{}, retryableFailure(err)
		}
	}
	if r := in.Failure; r != nil {
		if err := d.API.RecordFailure(ctx, datadog.Failure{
			ID: datadog.DORAID(r.ID...), Service: r.Service, Env: r.Env, Version: r.Version, Name: r.Name, Severity: "High",
			StartedAt: r.StartedAt, FinishedAt: r.FinishedAt,
		}); err != nil {
			return train.Done{}, retryableFailure(err)
		}
	}
	if activity.GetInfo(ctx).Attempt > 1 {
		found, err := d.API.FindEvents(ctx, strings.Join(in.Event.Tags, " "), in.Event.At.Add(-time.Hour),
			d.now().Add(time.Minute), 1)
		if err != nil {
			return train.Done{}, retryableFailure(err)
		}
		if len(found) > 0 {
			return train.Done{}, nil
		}
	}
	_, err := d.API.PostEvent(ctx, event(in.Event))
	return train.Done{}, retryableFailure(err)
}

// Evidence asks what a failed deploy did to its service: error logs since it
// began against as much time before, firing monitors, events. What Datadog does
// not tell is said, never an error.
func (d *Datadog) Evidence(ctx context.Context, in train.EvidenceInput) (train.Evidence, error) {
	if d.API == nil {
		return train.Evidence{Problem: "DD_API_KEY and DD_APP_KEY are not set on the worker"}, nil
	}
	to := d.now()
	from := in.From
	if to.Sub(from) < shortestWindow {
		from = to.Add(-shortestWindow)
	}
	scope := fmt.Sprintf("service:%s env:%s", in.Service, in.Environment)
	failing := scope + " status:error"
	e := train.Evidence{LogsURL: d.API.LogsURL(failing, from, to), EventsURL: d.API.EventsURL(scope, from, to)}
	e.VersionURL = d.API.LogsURL(scope+" version:"+in.Tag, from, to)
	if err := d.read(ctx, &e, scope, failing, from, to); err != nil {
		e.Problem = err.Error()
	}
	return e, nil
}

func (d *Datadog) read(ctx context.Context, e *train.Evidence, scope, failing string, from, to time.Time) (err error) {
	if e.Errors, err = d.API.CountLogs(ctx, failing, from, to); err != nil {
		return err
	}
	if e.Before, err = d.API.CountLogs(ctx, failing, from.Add(from.Sub(to)), from); err != nil {
		return err
	}
	monitors, err := d.API.FiringMonitors(ctx, scope)
	if err != nil {
		return err
	}
	for _, m := range monitors[:min(linksShown, len(monitors))] {
		e.Monitors = append(e.Monitors, train.Link{Text: train.Clip(m.Name, sampleLength), URL: m.URL})
	}
	logs, err := d.API.Logs(ctx, failing, from, to, samplesRead)
	if err != nil {
		return err
	}
	for _, l := range logs {
		sample := train.Clip(strings.Join(strings.Fields(l.Message), " "), sampleLength)
		if len(e.Samples) < samplesShown && !slices.Contains(e.Samples, sample) {
			e.Samples = append(e.Samples, sample)
		}
	}
	events, err := d.API.FindEvents(ctx, scope+" -source:release-train", from, to, linksShown)
	for _, f := range events {
		e.Events = append(e.Events, train.Link{Text: train.Clip(f.Title, sampleLength), URL: f.URL})
	}
	return err
}

var _ DatadogAPI = (*datadog.Client)(nil)
