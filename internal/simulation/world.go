package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"k8s.io/client-go/rest"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// world is one simulated day: the workflows, the activities and the outside.
type world struct {
	train   train.Train
	env     *testsuite.TestWorkflowEnvironment
	sandbox *sandbox.Sandbox
	gitlab  http.Handler // of the sandbox, and Slack's and Datadog's too
	kube    http.Handler
	start   time.Time

	mu         sync.Mutex // guards tasks and ready: the environment's goroutines fill them
	tasks      map[string]*task
	ready      []*task
	live       []*task
	executions map[string]*execution

	faults     *faults
	transcript []line
	broken     *violation
	stopping   bool // the day is over: nothing acts any more
	closing    bool // tasks that wait are to end
	day        *day
	dirty      bool // something happened since the last look
	checking   bool // a look is due
	pushed     int  // commits
	handMade   int  // tags
	scheduled  int  // activities so far
	hourly     map[int]int
}

// adapters are the clients of the outside systems. They keep no state of a day:
// the transport finds the world in the request's context.
type adapters struct {
	gitlab *gitlab.Client
	flux   *flux.Client
	http   *http.Client
}

func newAdapters(t train.Train) (*adapters, error) {
	a := &adapters{http: &http.Client{Transport: transport{}}}
	var err error
	a.gitlab, err = gitlab.New(gitlab.Options{URL: sandbox.MemoryURL, Token: sandbox.GitLabToken, HTTPClient: a.http})
	if err != nil {
		return nil, err
	}
	configs := map[string]*rest.Config{}
	for _, e := range []train.Environment{t.Staging, t.Production} {
		c := sandbox.ClusterConfig(e.Flux.Context, transport{})
		c.QPS = -1 // its limiter waits by the machine's time
		configs[e.Flux.Context] = c
	}
	a.flux, err = flux.NewWithConfigs(configs)
	return a, err
}

// newWorld makes a world whose time begins at an instant.
func newWorld(t train.Train, a *adapters, start time.Time, pace sandbox.Pace) (*world, error) {
	w := &world{
		train: t, start: start, tasks: map[string]*task{}, executions: map[string]*execution{}, hourly: map[int]int{},
	}
	w.faults = newFaults(w)
	w.newEnvironment(start)
	var err error
	options := sandbox.Options{Trains: []train.Train{t}, Pace: pace, Clock: w.env.Now, SmokeFollowsJob: true}
	if w.sandbox, err = sandbox.New(options); err != nil {
		return nil, err
	}
	w.gitlab, w.kube = w.sandbox.Handler(), w.sandbox.ClusterHandler()
	w.activities(a).Register(w.env)
	return w, nil
}

// activities are the real ones over the real adapters.
func (w *world) activities(a *adapters) activities.All {
	now := w.env.Now
	holds := &activities.Holds{GitLab: a.gitlab, Flux: a.flux, Now: now}
	jobs := &activities.GitLab{API: a.gitlab, Holds: holds, Now: now}
	dog := &activities.Datadog{Now: now, API: datadog.New(datadog.Options{
		URL: sandbox.MemoryURL + "/datadog", APIKey: sandbox.DatadogAPIKey, AppKey: sandbox.DatadogAppKey, HTTPClient: a.http,
	})}
	all := activities.All{
		GitLab:     jobs,
		Flux:       &activities.Flux{API: a.flux, GitLab: a.gitlab},
		Deploys:    &activities.Deploys{GitLab: jobs, Flux: a.flux, Datadog: dog},
		Changelog:  &activities.Changelog{API: a.gitlab},
		E2E:        &activities.E2E{GitLab: jobs, Flux: a.flux},
		Slack:      &activities.Slack{API: slackClients{http: a.http}},
		Holds:      holds,
		Departures: &activities.Departures{Load: w.load},
		Datadog:    dog,
		Releases:   &activities.Releases{Temporal: temporalClient{world: w}, Namespace: "default"},
	}
	all.Trains = &activities.Trains{Releases: all.Releases}
	all.Holds.Trains, all.Departures.Trains, all.Departures.Releases = all.Trains, all.Trains, all.Releases
	return all
}

// load is release.yaml.
func (w *world) load() (config.File, error) {
	return config.File{Trains: []train.Train{w.train}}, nil
}

// schedule notes an activity that a workflow asks for.
func (w *world) schedule(name, id string, options workflow.ActivityOptions) *task {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scheduled++
	t := &task{
		world: w, number: w.scheduled, name: name, workflow: id, options: options,
		turn: make(chan struct{}), yielded: make(chan struct{}),
	}
	w.tasks[fmt.Sprint(t.number)] = t
	w.countActivity()
	return t
}

// opened and closed keep the book of executions.
func (w *world) opened(id, kind string) *execution {
	e := w.executions[id]
	if e == nil || !e.open {
		e = &execution{id: id, kind: kind, open: true, started: w.env.Now()}
		w.executions[id] = e
		w.say("temporal", "%s starts", id)
	}
	e.runs++
	return e
}

func (w *world) closed(e *execution, result any, err error) {
	if continuesAsNew(err) {
		return
	}
	e.open, e.result, e.err, e.ended = false, result, err, w.env.Now()
	w.mu.Lock()
	for _, t := range w.tasks {
		if t.workflow == e.id {
			t.cancelled = true
		}
	}
	w.mu.Unlock()
	w.dirty = true
	if err != nil {
		w.say("temporal", "%s ends with an error: %v", e.id, err)
		w.endedWith(e, err)
		return
	}
	w.say("temporal", "%s ends%s", e.id, outcome(result))
}

// at does something at an instant of the day.
func (w *world) at(instant time.Time, f func()) { w.after(instant.Sub(w.env.Now()), f) }

// after does something after a while.
func (w *world) after(d time.Duration, f func()) {
	w.env.RegisterDelayedCallback(func() {
		if !w.stopping {
			f()
			w.afterStep()
		}
	}, max(d, time.Microsecond))
}

// play lets the time pass until the day is stopped.
func (w *world) play() {
	w.env.ExecuteWorkflow(driverID)
	w.closing = true
	for _, t := range w.live {
		if !t.done {
			t.turn <- struct{}{}
			<-t.yielded
		}
	}
}

// stop ends the day: every execution, then the driver.
func (w *world) stop() {
	if w.stopping {
		return
	}
	w.stopping = true
	for _, id := range w.openIDs() {
		_ = w.env.SignalWorkflowByID(id, signalEnd, nil)
	}
	w.env.SignalWorkflow(signalStart, begin{Stop: true})
}
