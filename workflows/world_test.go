package workflows

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
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
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// world is the outside world in virtual time: every activity answers as its
// field says, after its delay. Tests change fields, also while the day runs.
type world struct {
	t   *testing.T
	mu  sync.Mutex // guards what activities change
	env *testsuite.TestWorkflowEnvironment
	in  train.ReleaseInput

	start       time.Time
	chosen      train.ChosenCommit
	running     map[string]train.RunningVersion // by Flux context
	jobs        map[string]train.EndedJob       // by job name; default success
	jobTakes    time.Duration
	held        map[string]train.PlayedJob // by job name
	problem     map[string]string          // by job name: it is never offered
	rollout     train.Rollout
	e2eTakes    time.Duration
	e2eEnds     train.EndedJob
	e2eFound    train.E2EFound
	e2eVoid     []string // one for each start
	e2eErr      error
	tagErr      error
	slackBack   time.Time // Slack does not answer before
	closeOlder  time.Duration
	played      []string // job@time
	tags, e2es  int
	delivered   []train.DeliverInput
	completedAt time.Time

	// allowWritesOnlyWithoutHolds fails the test when a step that obeys holds is
	// taken while one stands.
	allowWritesOnlyWithoutHolds bool

	// What the outside world says about what must hold; set by change.
	memory      train.Memory
	freeze      *train.Hold
	drift       *train.Hold
	tagMoved    bool
	runs        train.Version // production, as the watch sees it
	started     *train.PipelineJob
	handMade    []string
	dayGone     string
	ahead       *train.Hold
	cutRefused  string
	reportTakes time.Duration
	changes     []time.Time
	cancelled   []int64 // pipelines
	marked      []string
	logs        []train.PublishChangelogInput
	e2eTook     []time.Duration // one for each run; then e2eTakes
	e2eEnded    []train.EndedJob

	// What deploys run into.
	ends         map[string][]train.EndedJob // by job name, one for each run; then jobs
	ended        map[string]train.EndedJob   // by pipeline and job: how it ended last
	jobIDs       map[string]int64            // by pipeline and job: the newest one
	lastID       int64
	rollouts     []train.Rollout           // one for each wait; then rollout
	outdated     int                       // plays that GitLab refuses as outdated
	present      bool                      // a further attempt finds the tag there
	refuse       map[int64]error           // plays in a pipeline
	startErr     error                     // new pipelines on tags
	newPipelines []string                  // new pipelines on tags
	plan         func(*train.RollbackPlan) // changes how a rollback can go
	freeTakes    time.Duration
	stopped      []string // jobs that were cancelled
	evidence     train.Evidence
	dogErr       error
	recorded     []train.DatadogRecord
	foundOut     string
	busy         *train.Hold
	stillBusy    bool
	// movedHolds: activities run into the moved tag whatever the step obeys.
	movedHolds bool
	e2eAsked   int
}

// next is how the next run of a job ends.
func (w *world) next(job string) train.EndedJob {
	if queue := w.ends[job]; len(queue) > 0 {
		w.ends[job] = queue[1:]
		return queue[0]
	}
	if e, ok := w.jobs[job]; ok {
		return e
	}
	return train.EndedJob{Status: "success"}
}

func jobKey(pipeline int64, job string) string { return fmt.Sprint(pipeline, "/", job) }

// began is a new run of a job.
func (w *world) began(pipeline int64, job string) int64 {
	w.lastID++
	w.jobIDs[jobKey(pipeline, job)] = w.lastID
	delete(w.ended, jobKey(pipeline, job))
	return w.lastID
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
		Calendar:   calendar.Calendar{Weekdays: []calendar.Weekday{1, 2, 3, 4}},
		Staging:    train.Environment{Job: "deploy-staging", Smoke: &train.Smoke{Job: "smoke-staging"}, Flux: train.FluxObject{Context: "staging", Kustomization: "api"}},
		Production: train.Environment{Job: "promote-production", Smoke: &train.Smoke{Job: "smoke-production"}, Flux: train.FluxObject{Context: "production", Kustomization: "api"}},
		E2E:        train.E2EConfig{Project: "maven/maven-web", Variables: map[string]string{"TRIGGER_ID": "e2e", "ENV": "staging"}},
		Slack: train.SlackConfig{
			Coordination: "#mono-release-coordination", E2E: "#staging-e2e-web-alerts", Staging: "#deploy-staging", Production: "#deploy-maven",
			OnCall: "@eng-exp-on-call",
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
		chosen: train.ChosenCommit{SHA: sha, Title: "Show free slots"},
		running: map[string]train.RunningVersion{
			"staging": {Version: train.Version{Tag: oldTag}}, "production": {Version: train.Version{Tag: oldTag}},
		},
		jobs: map[string]train.EndedJob{}, held: map[string]train.PlayedJob{}, problem: map[string]string{},
		ends: map[string][]train.EndedJob{}, ended: map[string]train.EndedJob{}, jobIDs: map[string]int64{}, refuse: map[int64]error{}, lastID: 100,
		foundOut: "the job is running; Flux runs " + oldTag,
		jobTakes: 5 * time.Minute, rollout: train.Rollout{Done: true}, e2eTakes: 8 * time.Hour,
		e2eEnds: train.EndedJob{Status: "success"}, e2eFound: train.E2EFound{Report: train.E2EReport{Tests: 4, CypressURL: "https://cloud.cypress.io/projects/p/runs/1"}},
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
		GitLab: &activities.GitLab{}, Flux: &activities.Flux{}, Deploys: &activities.Deploys{}, Changelog: &activities.Changelog{}, E2E: &activities.E2E{},
		Slack: &activities.Slack{}, Releases: &activities.Releases{}, Departures: &activities.Departures{}, Trains: &activities.Trains{}, Holds: &activities.Holds{},
		Datadog: &activities.Datadog{},
	}.Register(env)
	return env
}

// answer mocks all activities.
func (w *world) answer() {
	any := mock.Anything
	e := w.env
	e.OnActivity(releases.CloseOlder, any, any).Return(locked(w, func(train.CloseOlderInput) (train.CloseOlderResult, error) {
		m := w.memory
		return train.CloseOlderResult{Memory: &m}, nil
	})).After(w.closeOlder)
	e.OnActivity(flux.ReadVersion, any, any).Return(locked(w, func(in train.ReadVersionInput) (train.RunningVersion, error) {
		return w.running[in.Flux.Context], nil
	}))
	e.OnActivity(gitlab.ChooseCommit, any, any).Return(locked(w, func(train.ChooseCommitInput) (train.ChosenCommit, error) { return w.chosen, nil }))
	e.OnActivity(gitlab.CreateTag, any, any).Return(locked(w, func(in train.CreateTagInput) (train.CreatedTag, error) {
		if w.tagErr != nil {
			return train.CreatedTag{}, w.tagErr
		}
		if held := w.stands(in.Guard); len(held) > 0 {
			return train.CreatedTag{Holds: held}, nil
		}
		w.written("tag")
		w.tags++
		require.Contains(w.t, in.Key, releaseID)
		tag := train.Tag{Prefix: in.Prefix, Day: in.Day, Patch: w.tags}
		return train.CreatedTag{Candidate: train.Candidate{Tag: tag.String(), SHA: in.SHA}, Ahead: w.ahead}, nil
	}))
	e.OnActivity(gitlab.AdoptTag, any, any).Return(locked(w, func(in train.AdoptTagInput) (train.CreatedTag, error) {
		return train.CreatedTag{Candidate: train.Candidate{Tag: in.Tag, SHA: in.SHA}}, nil
	}))
	e.OnActivity(gitlab.ResolveCut, any, any).Return(locked(w, func(train.ResolveCutInput) (train.ResolvedCut, error) {
		if w.cutRefused != "" {
			return train.ResolvedCut{Refused: w.cutRefused}, nil
		}
		return train.ResolvedCut{SHA: "2222222222222222222222222222222222222222", Adds: train.Difference{Count: 1, Titles: []string{"Revert slots"}}}, nil
	}))
	e.OnActivity(gitlab.CancelPipeline, any, any).Return(locked(w, func(in train.CancelPipelineInput) (train.Done, error) {
		w.cancelled = append(w.cancelled, in.PipelineID)
		return train.Done{}, nil
	}))
	e.OnActivity(gitlab.MarkBad, any, any).Return(locked(w, func(in train.MarkBadInput) (train.Done, error) {
		w.marked = append(w.marked, in.Tag)
		return train.Done{}, nil
	}))
	e.OnActivity(trains.AskTrain, any, any).Return(locked(w, func(in train.AskTrainInput) (train.MemoryAnswer, error) {
		require.NotEmpty(w.t, in.Command.ID)
		sentence, refused := remember(&w.memory, in.Name, in.Command, e.Now(), w.in.Train.Location())
		if refused == "" {
			w.memory.Revision++
		}
		return train.MemoryAnswer{Refused: refused, Answer: train.Answer{Sentence: sentence, Revision: w.memory.Revision}}, nil
	}))
	e.OnActivity(departures.CheckDay, any, any).Return(locked(w, func(train.CheckDayInput) (train.CheckedDay, error) {
		return train.CheckedDay{Gone: w.dayGone}, nil
	}))
	e.OnActivity(holds.AwaitChange, any, any).Return(locked(w, func(in train.AwaitChangeInput) (train.Observation, error) {
		return w.observe(in), nil
	})).AfterFn(w.untilChange)
	e.OnActivity(changelog.PublishChangelog, any, any).Return(locked(w, func(in train.PublishChangelogInput) (train.ChangelogDigest, error) {
		w.logs = append(w.logs, in)
		return train.ChangelogDigest{URL: "https://gitlab/releases/1", From: in.From.Version.String(), Commits: 3, Requests: 2, Authors: []string{"Ada", "Grace"}}, nil
	}))
	e.OnActivity(gitlab.AwaitPipelineJob, any, any).Return(locked(w, func(in train.AwaitPipelineJobInput) (train.PipelineJob, error) {
		pipeline := int64(1)
		if in.PipelineID != 0 {
			pipeline = in.PipelineID
		}
		return train.PipelineJob{PipelineID: pipeline, JobID: 2, JobURL: "https://gitlab/jobs/" + in.Job, Status: "manual", Problem: w.problem[in.Job]}, nil
	})).After(time.Minute)
	play := func(in train.PlayJobInput) (train.PlayedJob, error) {
		if held, ok := w.held[in.Job]; ok {
			return held, nil
		}
		if w.started != nil && in.Job == w.in.Train.Production.Job {
			return train.PlayedJob{JobID: 9, JobURL: "https://gitlab/jobs/" + in.Job, Adopted: true}, nil
		}
		if held := w.stands(in.Guard); len(held) > 0 {
			return train.PlayedJob{Holds: held, Held: "held"}, nil
		}
		if !in.NotAfter.IsZero() && !e.Now().Before(in.NotAfter) {
			return train.PlayedJob{Held: "the window closed"}, nil
		}
		rollback := !slices.Contains(in.Guard.Obeys, train.HoldPause) // it obeys no hold but that another deploy runs
		switch {
		case rollback:
		case in.Job == w.in.Train.Production.Job:
			w.written(in.Job, train.HoldDrift)
		case in.Job == w.in.Train.Staging.Job:
			w.written(in.Job)
		}
		if err := w.refuse[in.PipelineID]; err != nil {
			return train.PlayedJob{}, err
		}
		played := in.Job + " " + e.Now().In(w.in.Train.Location()).Format("Mon 15:04")
		if in.PipelineID != 1 {
			played += fmt.Sprint(" pipeline ", in.PipelineID)
		}
		w.played = append(w.played, played)
		return train.PlayedJob{JobID: w.began(in.PipelineID, in.Job), JobURL: "https://gitlab/jobs/" + in.Job}, nil
	}
	e.OnActivity(gitlab.PlayJob, any, any).Return(locked(w, play))
	e.OnActivity(deploys.PlayDeploy, any, any).Return(locked(w, func(in train.PlayDeployInput) (train.PlayedDeploy, error) {
		before := in.Before
		if before.IsZero() {
			before = w.running[in.Flux.Context].Version
		}
		if w.present && in.Job.After != 0 {
			return train.PlayedDeploy{PlayedJob: train.PlayedJob{JobID: in.Job.After}, Before: before, Present: true}, nil
		}
		if w.outdated > 0 && in.Job.PipelineID == 1 {
			w.outdated--
			return train.PlayedDeploy{PlayedJob: train.PlayedJob{Outdated: "GitLab refuses the job as outdated: a hotfix was deployed after it"}, Before: before}, nil
		}
		played, err := play(in.Job)
		return train.PlayedDeploy{PlayedJob: played, Before: before}, err
	}))
	e.OnActivity(deploys.FindOut, any, any).Return(locked(w, func(train.FindOutInput) (train.FoundOut, error) {
		return train.FoundOut{Sentence: w.foundOut}, nil
	}))
	e.OnActivity(deploys.PlanRollback, any, any).Return(locked(w, func(in train.PlanRollbackInput) (train.RollbackPlan, error) {
		plan := train.RollbackPlan{
			To:         train.Candidate{Tag: in.To.Tag, SHA: in.To.SHA},
			Retry:      train.PipelineJob{PipelineID: 50, JobID: 500, SmokeJobID: 501},
			NoRollback: "no rollback job is configured",
		}
		if in.Config.RollbackJob != "" {
			plan.NoRollback, plan.Rollback = "", train.PipelineJob{PipelineID: in.PipelineID}
		}
		if slices.Contains(in.Bad, in.To.Tag) {
			plan.Problem = in.To.Tag + " was marked bad"
		}
		if in.Config.Smoke != nil {
			w.ended[jobKey(50, in.Config.Smoke.Job)] = train.EndedJob{ID: 501, Status: "success"}
		}
		if w.plan != nil {
			w.plan(&plan)
		}
		return plan, nil
	}))
	e.OnActivity(deploys.AwaitFree, any, any).Return(locked(w, func(train.AwaitFreeInput) (train.Freed, error) {
		if w.busy != nil && w.stillBusy {
			return train.Freed{Busy: w.busy.Reason}, nil
		}
		return train.Freed{}, nil
	})).AfterFn(func() time.Duration { return w.freeTakes })
	e.OnActivity(gitlab.CancelJob, any, any).Return(locked(w, func(in train.CancelJobInput) (train.Done, error) {
		w.stopped = append(w.stopped, in.Job)
		return train.Done{}, nil
	}))
	e.OnActivity(gitlab.StartPipeline, any, any).Return(locked(w, func(in train.StartPipelineInput) (train.StartedPipeline, error) {
		if w.startErr != nil {
			return train.StartedPipeline{}, w.startErr
		}
		w.newPipelines = append(w.newPipelines, in.Ref)
		return train.StartedPipeline{ID: int64(59 + len(w.newPipelines)), URL: "https://gitlab/pipelines/60"}, nil
	}))
	e.OnActivity(datadog.Evidence, any, any).Return(locked(w, func(train.EvidenceInput) (train.Evidence, error) { return w.evidence, w.dogErr }))
	e.OnActivity(datadog.Record, any, any).Return(locked(w, func(in train.DatadogRecord) (train.Done, error) {
		if w.dogErr == nil {
			w.recorded = append(w.recorded, in)
		}
		return train.Done{}, w.dogErr
	}))
	e.OnActivity(gitlab.AwaitJob, any, any).Return(locked(w, func(in train.AwaitJobInput) (train.EndedJob, error) {
		key := jobKey(in.PipelineID, in.Job)
		if ended, ok := w.ended[key]; ok && !in.Played {
			return ended, nil
		}
		if w.jobIDs[key] == 0 {
			w.began(in.PipelineID, in.Job)
		}
		ended := w.next(in.Job)
		ended.ID, ended.URL = w.jobIDs[key], "https://gitlab/jobs/"+in.Job
		w.ended[key] = ended
		return ended, nil
	})).After(w.jobTakes)
	e.OnActivity(flux.AwaitRollout, any, any).Return(locked(w, func(in train.AwaitRolloutInput) (train.Rollout, error) {
		rollout := w.rollout
		if len(w.rollouts) > 0 {
			rollout, w.rollouts = w.rollouts[0], w.rollouts[1:]
		}
		if rollout.Done {
			w.running[in.Flux.Context] = train.RunningVersion{Version: train.Version{Tag: in.Candidate.Tag, SHA: in.Candidate.SHA}}
		}
		return rollout, nil
	})).After(time.Minute)
	e.OnActivity(tests.StartE2E, any, any).Return(locked(w, func(in train.StartE2EInput) (train.StartedE2E, error) {
		w.e2eAsked++
		if held := w.stands(in.Guard); len(held) > 0 {
			return train.StartedE2E{Holds: held}, nil
		}
		if w.e2eErr != nil {
			return train.StartedE2E{}, w.e2eErr
		}
		if len(w.e2eVoid) > 0 {
			void := w.e2eVoid[0]
			w.e2eVoid = w.e2eVoid[1:]
			return train.StartedE2E{Void: void}, nil
		}
		w.written("E2E")
		w.e2es++
		return train.StartedE2E{StartedPipeline: train.StartedPipeline{ID: int64(2 + w.e2es), URL: "https://gitlab/pipelines/3"}}, nil
	}))
	e.OnActivity(gitlab.AwaitPipeline, any, any).Return(locked(w, func(in train.AwaitPipelineInput) (train.EndedJob, error) {
		if run := int(in.PipelineID - 3); run < len(w.e2eEnded) {
			return w.e2eEnded[run], nil
		}
		return w.e2eEnds, nil
	})).AfterFn(func() time.Duration {
		if run := w.e2es - 1; run < len(w.e2eTook) {
			return w.e2eTook[run]
		}
		return w.e2eTakes
	})
	e.OnActivity(tests.ReadE2EReport, any, any).Return(locked(w, func(train.ReadE2EReportInput) (train.E2EFound, error) { return w.e2eFound, nil })).AfterFn(func() time.Duration { return w.reportTakes })
	e.OnActivity(slack.Deliver, any, any).Return(locked(w, func(in train.DeliverInput) (train.Delivered, error) {
		w.delivered = append(w.delivered, in)
		return train.Delivered{TS: "1.1"}, nil
	})).AfterFn(func() time.Duration { return max(0, w.slackBack.Sub(e.Now())) })
}

// change changes the outside world at an instant; whoever watches it notices.
func (w *world) change(instant time.Time, f func()) {
	w.changes = append(w.changes, instant)
	w.at(instant, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		f()
	})
}

// untilChange is how long a watch that begins now takes to notice something: a
// look every minute.
func (w *world) untilChange() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	wait := 30 * time.Hour
	for _, c := range w.changes {
		if d := c.Sub(w.env.Now()); d >= 0 {
			wait = min(wait, d+time.Second)
		}
	}
	return wait
}

// observe is what a watch sees.
func (w *world) observe(in train.AwaitChangeInput) train.Observation {
	o := train.Observation{Freeze: w.freeze, Busy: w.busy, Drift: w.drift, TagMoved: w.tagMoved, HandMade: w.handMade, Running: w.runs}
	if w.memory.Revision > 0 {
		m := w.memory
		o.Memory = &m
	}
	if in.Job != "" {
		o.Started = w.started
	}
	return o
}

// written is called when a guarded effect happens.
func (w *world) written(what string, more ...train.HoldKind) {
	if !w.allowWritesOnlyWithoutHolds {
		return
	}
	kinds := append([]train.HoldKind{train.HoldPause, train.HoldFreeze, train.HoldHotfix}, more...)
	for _, h := range rules.ObservedHolds(train.Observation{Freeze: w.freeze, Drift: w.drift, Memory: &w.memory}) {
		if slices.Contains(kinds, h.Kind) {
			w.t.Errorf("%s at %s while the hold %s stood", what, w.env.Now(), h.Kind)
		}
	}
}

// stands are the holds that an activity runs into.
func (w *world) stands(g train.Guard) []train.Hold {
	o := train.Observation{Freeze: w.freeze, Busy: w.busy, Drift: w.drift, Memory: &w.memory}
	var out []train.Hold
	for _, h := range rules.ObservedHolds(o) {
		if slices.Contains(g.Obeys, h.Kind) || w.movedHolds && h.Kind == train.HoldDrift {
			out = append(out, h)
		}
	}
	return out
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

// ofTrain is a command that somebody sends to the train itself.
func (w *world) ofTrain(instant time.Time, name train.CommandName, c train.Command) {
	w.at(instant, func() {
		w.mu.Lock()
		sentence, refused := remember(&w.memory, name, c, w.env.Now(), w.in.Train.Location())
		require.Empty(w.t, refused)
		w.memory.Revision++
		news := train.News{Memory: w.memory, Decisions: []train.Decision{{At: w.env.Now(), Command: name, By: c.By, Reason: c.Reason, Accepted: true, Sentence: sentence}}}
		w.mu.Unlock()
		w.env.SignalWorkflow(train.SignalNews, news)
	})
}

// locked runs an answer alone: activities run on goroutines of their own.
func locked[In, Out any](w *world, f func(In) (Out, error)) func(context.Context, In) (Out, error) {
	return lockedIn(&w.mu, f)
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
	w.env.RegisterDelayedCallback(f, instant.Sub(w.start))
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

// said is everything that was delivered to a channel, oldest first.
func (w *world) said(channel string) string {
	var lines []string
	for _, d := range w.delivered {
		if d.Channel != channel {
			continue
		}
		if d.Card != nil {
			lines = append(lines, d.Card.Title, d.Card.Body)
		}
		for _, e := range d.Events {
			lines = append(lines, e.Message.Title, e.Message.Body, e.Message.Mention)
		}
		lines = append(lines, d.Topic)
	}
	return strings.Join(lines, "\n")
}

var errForbidden = temporal.NewNonRetryableApplicationError("GitLab: could not create the tag: 403 Forbidden", string(train.FaultForbidden), nil)

// remember applies a command to a train's memory and says what the train would.
func remember(m *train.Memory, name train.CommandName, c train.Command, now time.Time, zone *time.Location) (sentence, refused string) {
	effect, refusal := rules.Remember(m, name, c, now, zone)
	if refusal != nil {
		return "", words.Refusal(refusal, zone)
	}
	return words.TrainAnswer(name, effect, zone), ""
}
