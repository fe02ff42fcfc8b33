package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// world is the outside world in virtual time: every activity answers as the
// fields of its part say, after its delay. Tests change fields, also while the
// day runs. Each part has a file with its fields, defaults and answers.
type world struct {
	t   *testing.T
	mu  sync.Mutex // guards what activities change
	env *testsuite.TestWorkflowEnvironment
	in  train.ReleaseInput

	start       time.Time
	completedAt time.Time
	answers     int         // activities that are answered
	transcript  *transcript // nil: nobody writes the day down

	gitlab  gitlabWorld
	deploys deploysWorld
	flux    fluxWorld
	e2e     e2eWorld
	slack   slackWorld
	datadog datadogWorld
	holds   holdsWorld
}

const (
	sha       = "1111111111111111111111111111111111111111"
	oldTag    = "api/v2026.11.23.1"
	newTag    = "api/v2026.11.24.1"
	releaseID = "release-api-2026-11-24"
)

// newYork is a wall clock time in the train's zone in the week of the release.
func newYork(day, hour, minute int) time.Time {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 11, day, hour, minute, 0, 0, zone)
}

func exampleTrain() train.Train {
	return train.Train{
		Name: "api", Project: "maven-clinic/maven/maven", TagPrefix: "api/", Zone: "America/New_York",
		Calendar: calendar.Calendar{Weekdays: []calendar.Weekday{1, 2, 3, 4}},
		Staging: train.Environment{Job: "deploy-staging", Smoke: &train.Smoke{Job: "smoke-staging"},
			Flux: train.FluxObject{Context: "staging", Kustomization: "api"}},
		Production: train.Environment{Job: "promote-production", Smoke: &train.Smoke{Job: "smoke-production"},
			Flux: train.FluxObject{Context: "production", Kustomization: "api"}},
		E2E: train.E2EConfig{Project: "maven/maven-web",
			Variables: map[string]string{"TRIGGER_ID": "e2e", "ENV": "staging"}},
		Slack: train.SlackConfig{
			Coordination: "#mono-release-coordination", E2E: "#staging-e2e-web-alerts", Staging: "#deploy-staging",
			Production: "#deploy-maven",
			OnCall:     "@eng-exp-on-call",
		},
	}.WithDefaults()
}

// newWorld is a day on which all goes well: Tuesday 24 November 2026, cut on
// Monday at 17:00.
func newWorld(t *testing.T) *world {
	t.Helper()
	tr := exampleTrain()
	day := calendar.Day{Year: 2026, Month: 11, Day: 24}
	w := &world{
		t: t, in: train.ReleaseInput{Train: tr, Plan: tr.Timetable().PlanFor(day), Searchable: true},
		gitlab: newGitLabWorld(), deploys: newDeploysWorld(), flux: newFluxWorld(), e2e: newE2EWorld(),
	}
	w.env = newEnvironment(releaseID)
	w.startAt(w.in.Plan.CutAt)
	w.answer()
	return w
}

// newEnvironment is virtual time with all our workflows and activities.
func newEnvironment(id string) *testsuite.TestWorkflowEnvironment {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(20 * time.Second)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: train.TaskQueue})
	Register(env)
	activities.All{
		GitLab: &activities.GitLab{}, Flux: &activities.Flux{}, Deploys: &activities.Deploys{},
		Changelog: &activities.Changelog{}, E2E: &activities.E2E{},
		Slack: &activities.Slack{}, Releases: &activities.Releases{}, Departures: &activities.Departures{},
		Trains: &activities.Trains{}, Holds: &activities.Holds{},
		Datadog: &activities.Datadog{},
	}.Register(env)
	return env
}

// answer mocks all activities.
func (w *world) answer() {
	w.answers = 0
	w.answerHolds() // first: what a person's answer depends on takes a few seconds only
	w.answerGitLab()
	w.answerDeploys()
	w.answerFlux()
	w.answerE2E()
	w.answerSlack()
	w.answerDatadog()
}

// signal sends a command as a signal.
func (w *world) signal(instant time.Time, name train.CommandName, c train.Command) {
	w.at(instant, func() { w.env.SignalWorkflow(string(name), c) })
}

// answer is what an update was answered.
type answer struct {
	accepted bool
	sentence string
	err      error
}

func (a *answer) said() string {
	if a.err != nil {
		return a.err.Error()
	}
	return a.sentence
}

func (a *answer) Accept() { a.accepted = true }

func (a *answer) Reject(err error) { a.err = err }

func (a *answer) Complete(result any, err error) {
	a.err = err
	if r, ok := result.(train.Answer); ok {
		a.sentence = r.Sentence
	}
}

// update sends a command as an update; the answer is there after the run.
func (w *world) update(instant time.Time, name train.CommandName, c train.Command) *answer {
	a := &answer{}
	w.at(instant, func() { w.env.UpdateWorkflow(string(name), fmt.Sprintf("%s-%s", name, instant), a, c) })
	return a
}

// on answers an activity; takes says how long that lasts, nothing when left out.
// Where the day is written down each activity takes a few seconds of its own
// besides: what ends in one instant ends in any order, and coalesces in any way.
func on[In, Out any](w *world, activity func(context.Context, In) (Out, error), answer func(In) (Out, error),
	takes ...func() time.Duration) {
	w.answers++
	own := time.Duration(w.answers) * time.Second
	w.env.OnActivity(activity, mock.Anything, mock.Anything).Return(lockedIn(&w.mu, answer)).AfterFn(func() time.Duration {
		var d time.Duration
		for _, t := range takes {
			d += t()
		}
		if w.transcript != nil {
			d += own
		}
		return d
	})
}

func lockedIn[In, Out any](mu *sync.Mutex, f func(In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(_ context.Context, in In) (Out, error) {
		mu.Lock()
		defer mu.Unlock()
		return f(in)
	}
}

// startAt is when the day departs.
func (w *world) startAt(instant time.Time) {
	w.start = instant
	w.env.SetStartTime(instant)
}

// at does something at an instant of the day.
func (w *world) at(instant time.Time, f func()) {
	w.env.RegisterDelayedCallback(func() {
		f()
		w.transcript.look()
	}, instant.Sub(w.start))
}

// supersede is the next departure.
func (w *world) supersede(instant time.Time) {
	w.at(instant, func() { w.env.SignalWorkflow(train.SignalSupersede, train.Supersede{By: "release-api-2026-11-25"}) })
}

// run runs the day to its end and gives its summary.
func (w *world) run() train.Summary {
	w.t.Helper()
	w.env.ExecuteWorkflow(train.ReleaseWorkflow, w.in)
	require.True(w.t, w.env.IsWorkflowCompleted())
	require.NoError(w.t, w.env.GetWorkflowError())
	var s train.Summary
	require.NoError(w.t, w.env.GetWorkflowResult(&s))
	w.completedAt = w.env.Now()
	return s
}

// status asks the release.
func (w *world) status() train.Status {
	w.t.Helper()
	value, err := w.env.QueryWorkflow(train.QueryStatus)
	require.NoError(w.t, err)
	var st train.Status
	require.NoError(w.t, value.Get(&st))
	return st
}

var errForbidden = temporal.NewNonRetryableApplicationError("GitLab: could not create the tag: 403 Forbidden",
	string(train.FaultForbidden), nil)
