package activities

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/train"
)

// fakeGitLab answers from its fields; a method that a test does not need panics.
type fakeGitLab struct {
	GitLabAPI
	tags        []gitlab.Tag
	createTag   []error // one for each call; the tag is made where it is nil or lost
	created     []string
	jobs        []gitlab.Job
	played      int
	playErr     error
	pipelines   []gitlab.Pipeline
	variables   map[int64]map[string]string
	started     int
	retried     int
	commits     []gitlab.Commit
	deployments []gitlab.Deployment
	report      gitlab.TestReport
	trace       string
	files       map[string]string
}

var errLost = &train.Fault{System: "GitLab", Kind: train.FaultUnavailable, Tried: "x", Answer: "EOF"}

func (f *fakeGitLab) CurrentUser(context.Context) (gitlab.User, error) {
	return gitlab.User{Username: "bot"}, nil
}

func (f *fakeGitLab) Project(context.Context, string) (gitlab.Project, error) {
	return gitlab.Project{WebURL: "https://gitlab/p"}, nil
}

func (f *fakeGitLab) Head(context.Context, string, string) (gitlab.Commit, error) {
	return gitlab.Commit{SHA: "head000000", Title: "newest"}, nil
}

func (f *fakeGitLab) Commits(context.Context, string, string, int) ([]gitlab.Commit, error) {
	return f.commits, nil
}

func (f *fakeGitLab) RetryJob(context.Context, string, int64) (gitlab.Job, error) {
	f.retried++
	return gitlab.Job{ID: 77, Status: "running"}, nil
}

func (f *fakeGitLab) Tags(context.Context, string, string) ([]gitlab.Tag, error) { return f.tags, nil }

func (f *fakeGitLab) Tag(_ context.Context, _, name string) (gitlab.Tag, error) {
	for _, t := range f.tags {
		if t.Name == name {
			return t, nil
		}
	}
	return gitlab.Tag{}, &train.Fault{Kind: train.FaultNotFound}
}

func (f *fakeGitLab) CreateTag(_ context.Context, _, name, sha, message string) (gitlab.Tag, error) {
	t := gitlab.Tag{Name: name, SHA: sha, Message: message}
	f.created = append(f.created, name)
	var err error
	if len(f.createTag) > 0 {
		err, f.createTag = f.createTag[0], f.createTag[1:]
	}
	if err == nil || errors.Is(err, errLost) {
		f.tags = append(f.tags, t)
	}
	return t, err
}

func (f *fakeGitLab) PipelineJobs(context.Context, string, int64, bool) ([]gitlab.Job, error) {
	return f.jobs, nil
}

func (f *fakeGitLab) PlayJob(context.Context, string, int64, map[string]string) (gitlab.Job, error) {
	f.played++
	if f.playErr == nil || errors.Is(f.playErr, errLost) {
		f.jobs[0].Status, f.jobs[0].User = "running", "bot"
	}
	return f.jobs[0], f.playErr
}

func (f *fakeGitLab) Pipelines(_ context.Context, _ string, q gitlab.PipelineQuery) ([]gitlab.Pipeline, error) {
	var out []gitlab.Pipeline
	for _, p := range f.pipelines {
		if q.SHA == "" || q.SHA == p.SHA {
			out = append(out, p)
		}
	}
	return out, nil
}

func (f *fakeGitLab) PipelineVariables(_ context.Context, _ string, id int64) (map[string]string, error) {
	return f.variables[id], nil
}

func (f *fakeGitLab) CreatePipeline(context.Context, string, string, map[string]string) (gitlab.Pipeline, error) {
	f.started++
	return gitlab.Pipeline{ID: 99}, nil
}

func (f *fakeGitLab) Deployments(context.Context, string, string, string, int) ([]gitlab.Deployment, error) {
	return f.deployments, nil
}

func (f *fakeGitLab) TestReport(context.Context, string, int64) (gitlab.TestReport, error) {
	return f.report, nil
}

func (f *fakeGitLab) Trace(context.Context, string, int64, int64) (string, error) {
	return f.trace, nil
}

func (f *fakeGitLab) File(_ context.Context, _, _, path string) ([]byte, error) {
	if text, ok := f.files[path]; ok {
		return []byte(text), nil
	}
	return nil, &train.Fault{Kind: train.FaultNotFound}
}

type fakeFlux struct {
	state flux.State
	err   error
}

func (f *fakeFlux) State(context.Context, train.FluxObject) (flux.State, error) {
	return f.state, f.err
}

// noMemory is a train that remembers nothing.
type noMemory struct{}

func (noMemory) memory(context.Context, string) (*train.Memory, error) { return nil, nil }

func newGitLab(f *fakeGitLab) *GitLab {
	return &GitLab{API: f, Holds: &Holds{GitLab: f, Flux: &fakeFlux{}, Trains: noMemory{}}}
}

// execute runs an activity as Temporal does, so that errors come back mapped.
func execute[In, Out any](t *testing.T, activity func(context.Context, In) (Out, error), in In) (out Out, err error) {
	t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	value, err := env.ExecuteActivity(activity, in)
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

var (
	day   = calendar.Day{Year: 2026, Month: 11, Day: 24}
	tagIn = train.CreateTagInput{Project: "p", Prefix: "api/", Day: day, SHA: "sha1", About: "Release",
		Key: "release-api#1/tag/1"}
)

func TestTheNextTagOfTheDayIsCreatedOnTheCommitWithItsKey(t *testing.T) {
	f := &fakeGitLab{tags: []gitlab.Tag{{Name: "api/v2026.11.24.9", SHA: "x"}, {Name: "api/v2026.11.24.10", SHA: "y"}}}
	c, err := execute(t, newGitLab(f).CreateTag, tagIn)
	require.NoError(t, err)
	assert.Equal(t, train.Candidate{Tag: "api/v2026.11.24.11", SHA: "sha1",
		URL: "https://gitlab/p/-/tags/api/v2026.11.24.11"}, c.Candidate)
	assert.Contains(t, f.tags[2].Message, tagIn.Key)
}

func TestATagWhoseAnswerWasLostIsFoundByItsKey(t *testing.T) {
	f := &fakeGitLab{createTag: []error{errLost}}
	g := newGitLab(f)
	_, err := execute(t, g.CreateTag, tagIn)
	require.Error(t, err, "the first try does not know")
	c, err := execute(t, g.CreateTag, tagIn)
	require.NoError(t, err)
	assert.Equal(t, "api/v2026.11.24.1", c.Candidate.Tag)
	assert.Len(t, f.created, 1)
}

func TestAPatchThatSomebodyElseTakesMeanwhileIsSteppedOver(t *testing.T) {
	f := &fakeGitLab{createTag: []error{&train.Fault{Kind: train.FaultConflict}}}
	g := newGitLab(f)
	f.tags = nil
	c, err := execute(t, g.CreateTag, tagIn)
	require.NoError(t, err)
	assert.Equal(t, "api/v2026.11.24.1", c.Candidate.Tag)
	assert.Len(t, f.created, 2)
}

func TestARefusedTagIsNotRetried(t *testing.T) {
	f := &fakeGitLab{createTag: []error{&train.Fault{System: "GitLab", Kind: train.FaultForbidden,
		Tried: "create the tag", Status: 403}}}
	_, err := execute(t, newGitLab(f).CreateTag, tagIn)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.True(t, app.NonRetryable())
	assert.Equal(t, string(train.FaultForbidden), app.Type())
	assert.Equal(t, "GitLab: could not create the tag: status 403", app.Message())
}

func TestARateLimitIsRetriedWhenGitLabAsks(t *testing.T) {
	err := failure(&train.Fault{System: "GitLab", Kind: train.FaultRateLimited, RetryAfter: 17 * time.Second})
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.False(t, app.NonRetryable())
	assert.Equal(t, 17*time.Second, app.NextRetryDelay())
}

func playIn() train.PlayJobInput {
	return train.PlayJobInput{Project: "p", PipelineID: 1, Job: "deploy",
		Candidate: train.Candidate{Tag: "v1", SHA: "sha1"}, Key: "k"}
}

func playable(status string) *fakeGitLab {
	return &fakeGitLab{tags: []gitlab.Tag{{Name: "v1", SHA: "sha1"}},
		jobs: []gitlab.Job{{ID: 7, Name: "deploy", Status: status, WebURL: "u", User: "bot"}}}
}

func TestOnlyAJobThatWaitsToBePlayedIsPlayed(t *testing.T) {
	for status, plays := range map[string]int{
		"manual": 1, "scheduled": 1, "pending": 0, "running": 0, "waiting_for_resource": 0, "success": 0, "failed": 0,
		"canceled": 0, "canceling": 0, "": 0,
	} {
		f := playable(status)
		p, err := execute(t, newGitLab(f).PlayJob, playIn())
		require.NoError(t, err, status)
		assert.Equal(t, plays, f.played, status)
		assert.False(t, p.Adopted)
		assert.Empty(t, p.Held)
	}
}

func TestAJobThatSomebodyElseStartedIsAdoptedAndSaidSo(t *testing.T) {
	f := playable("running")
	f.jobs[0].User = "mallory"
	p, err := execute(t, newGitLab(f).PlayJob, playIn())
	require.NoError(t, err)
	assert.True(t, p.Adopted)
	assert.Zero(t, f.played)
}

func TestAPlayWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	f := playable("manual")
	f.playErr = errLost
	g := newGitLab(f)
	_, err := execute(t, g.PlayJob, playIn())
	require.Error(t, err)
	p, err := execute(t, g.PlayJob, playIn())
	require.NoError(t, err)
	assert.False(t, p.Adopted, "it was us")
	assert.Equal(t, 1, f.played)
}

func TestNothingIsPlayedAfterTheWindowOrOnAMovedOrMissingTag(t *testing.T) {
	closes := time.Date(2026, 11, 24, 21, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		now  time.Time
		tags []gitlab.Tag
		held string
		kind train.HoldKind
	}{
		"a second before": {closes.Add(-time.Second), []gitlab.Tag{{Name: "v1", SHA: "sha1"}}, "", ""},
		"at the close":    {closes, []gitlab.Tag{{Name: "v1", SHA: "sha1"}}, "the window closed", ""},
		"moved": {closes.Add(-time.Hour), []gitlab.Tag{{Name: "v1", SHA: "sha2"}},
			"was moved from sha1 to sha2", train.HoldDrift},
		"gone": {closes.Add(-time.Hour), nil, "is gone", train.HoldDrift},
	} {
		t.Run(name, func(t *testing.T) {
			f := playable("manual")
			f.tags = tt.tags
			in := playIn()
			in.NotAfter = closes
			p, err := execute(t, (&GitLab{API: f, Holds: newGitLab(f).Holds, Now: func() time.Time { return tt.now }}).PlayJob,
				in)
			require.NoError(t, err)
			assert.Contains(t, p.Held, tt.held)
			var kind train.HoldKind
			if len(p.Holds) > 0 {
				kind = p.Holds[0].Kind
			}
			assert.Equal(t, tt.kind, kind)
			assert.Equal(t, tt.held == "", f.played == 1)
		})
	}
}

func TestAPipelineThatWasStartedBeforeIsFoundByItsKey(t *testing.T) {
	f := &fakeGitLab{pipelines: []gitlab.Pipeline{{ID: 5}, {ID: 4}}, variables: map[int64]map[string]string{5: {},
		4: {train.RunVariable: "k"}}}
	g := newGitLab(f)
	p, err := execute(t, g.StartPipeline, train.StartPipelineInput{Project: "p", Ref: "main", Key: "k"})
	require.NoError(t, err)
	assert.Equal(t, int64(4), p.ID)
	assert.Zero(t, f.started)
	p, err = execute(t, g.StartPipeline, train.StartPipelineInput{Project: "p", Ref: "main", Key: "another"})
	require.NoError(t, err)
	assert.Equal(t, int64(99), p.ID)
	assert.Equal(t, 1, f.started)
}

func TestAJobThatWillNeverComeIsNamedWithItsReason(t *testing.T) {
	in := train.AwaitPipelineJobInput{Project: "p", Candidate: train.Candidate{Tag: "v1", SHA: "sha1"}, Job: "deploy",
		Poll: calendar.Duration(time.Millisecond)}
	for name, tt := range map[string]struct {
		pipelines []gitlab.Pipeline
		jobs      []gitlab.Job
		says      string
		timedOut  bool
	}{
		"no pipeline": {nil, nil, "GitLab has made no pipeline for the tag v1", true},
		"no such job": {[]gitlab.Pipeline{{ID: 1, Source: "push", SHA: "sha1", Status: "success"}},
			[]gitlab.Job{{Name: "build"}}, `has no job "deploy", it has build`, false},
		"skipped": {[]gitlab.Pipeline{{ID: 1, Source: "push", SHA: "sha1", Status: "failed"}},
			[]gitlab.Job{{Name: "deploy", Status: "skipped"}, {Name: "build", Status: "failed", WebURL: "log"}},
			"because build failed: log", false},
		"build failed": {[]gitlab.Pipeline{{ID: 1, Source: "push", SHA: "sha1", Status: "failed"}},
			[]gitlab.Job{{Name: "deploy", Status: "created"}, {Name: "build", Status: "failed", WebURL: "log"}},
			"is failed before the job deploy, because build failed: log", false},
		"still building": {[]gitlab.Pipeline{{ID: 1, Source: "push", SHA: "sha1", Status: "running"}},
			[]gitlab.Job{{Name: "deploy", Status: "created"}}, "the stages before the job deploy have not ended", true},
		"offered": {[]gitlab.Pipeline{{ID: 1, Source: "push", SHA: "sha1", Status: "manual"}},
			[]gitlab.Job{{ID: 3, Name: "deploy", Status: "manual"}}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeGitLab{pipelines: tt.pipelines, jobs: tt.jobs}
			j, err := execute(t, newGitLab(f).AwaitPipelineJob, in)
			require.NoError(t, err)
			assert.Contains(t, j.Problem, tt.says)
			assert.Equal(t, tt.says == "", j.Problem == "")
			assert.Equal(t, tt.timedOut, j.TimedOut)
		})
	}
}

func TestAManualJobIsNoEndOnceSomebodyPlaysIt(t *testing.T) {
	f := playable("manual")
	in := train.AwaitJobInput{Project: "p", PipelineID: 1, Job: "deploy", Poll: calendar.Duration(time.Millisecond)}
	j, err := execute(t, newGitLab(f).AwaitJob, in)
	require.NoError(t, err)
	assert.True(t, j.Playable())
	assert.False(t, j.TimedOut)
	in.Played = true
	j, err = execute(t, newGitLab(f).AwaitJob, in)
	require.NoError(t, err)
	assert.True(t, j.TimedOut)
}

func TestNothingNewSinceTheDeployedVersionIsNothingToRelease(t *testing.T) {
	in := train.ChooseCommitInput{Project: "p", Branch: "main", Require: train.RequireHead,
		Since: train.Version{Tag: "v0", SHA: "old"}}
	f := &fakeGitLab{}
	c, err := execute(t, newGitLab(f).ChooseCommit, in)
	require.NoError(t, err)
	assert.True(t, c.Nothing)
	f.commits = []gitlab.Commit{{SHA: "head000000"}}
	c, err = execute(t, newGitLab(f).ChooseCommit, in)
	require.NoError(t, err)
	assert.Equal(t, "head000000", c.SHA)
	assert.Contains(t, c.Warning, "has no pipeline")
}

func TestRequireGreenTakesTheNewestGreenCommitAndNamesWhatIsLeftBehind(t *testing.T) {
	f := &fakeGitLab{
		commits:   []gitlab.Commit{{SHA: "head000000", Title: "newest"}, {SHA: "good000000", Title: "older"}},
		pipelines: []gitlab.Pipeline{{SHA: "head000000", Status: "failed"}, {SHA: "good000000", Status: "success"}},
	}
	in := train.ChooseCommitInput{Project: "p", Branch: "main", Require: train.RequireGreen}
	c, err := execute(t, newGitLab(f).ChooseCommit, in)
	require.NoError(t, err)
	assert.Equal(t, "good000000", c.SHA)
	assert.Contains(t, c.Warning, "head0000 newest")
	f.pipelines = nil
	_, err = execute(t, newGitLab(f).ChooseCommit, in)
	assert.ErrorContains(t, err, "set cut.require to head")
}

func TestSilentFluxFallsBackToGitLabsLastDeploymentAndSaysSo(t *testing.T) {
	down := &train.Fault{System: "Flux", Kind: train.FaultForbidden, Tried: "read the Kustomization", Answer: "no access"}
	f := &Flux{API: &fakeFlux{err: down},
		GitLab: &fakeGitLab{deployments: []gitlab.Deployment{{Ref: "main", SHA: "m"}, {Ref: "api/v2026.11.23.1", SHA: "s"}}}}
	in := train.ReadVersionInput{TagPrefix: "api/", FallbackEnvironment: "production"}
	v, err := execute(t, f.ReadVersion, in)
	require.NoError(t, err)
	assert.Equal(t, train.Version{Tag: "api/v2026.11.23.1", SHA: "s"}, v.Version)
	assert.Contains(t, v.Fallback, "no access")
	down.Kind = train.FaultUnavailable
	_, err = execute(t, f.ReadVersion, in)
	require.Error(t, err, "what may pass is tried a few times first")
	in.FallbackEnvironment = ""
	_, err = execute(t, f.ReadVersion, in)
	require.Error(t, err)
}

func TestACommitThatFluxReportsIsTurnedIntoItsNewestTag(t *testing.T) {
	f := &Flux{
		API: &fakeFlux{state: flux.State{Running: train.Version{SHA: "s"}}},
		GitLab: &fakeGitLab{tags: []gitlab.Tag{{Name: "api/v2026.11.23.9", SHA: "s"}, {Name: "api/v2026.11.23.10", SHA: "s"},
			{Name: "api/v2026.11.23.11", SHA: "other"}}},
	}
	v, err := execute(t, f.ReadVersion, train.ReadVersionInput{TagPrefix: "api/"})
	require.NoError(t, err)
	assert.Equal(t, "api/v2026.11.23.10", v.Version.Tag)
}

func TestE2EIsNotStartedOnAnotherVersion(t *testing.T) {
	g := &fakeGitLab{}
	e := &E2E{GitLab: newGitLab(g), Flux: &fakeFlux{state: flux.State{Running: train.Version{Tag: "v0"}}}}
	s, err := execute(t, e.StartE2E, train.StartE2EInput{Candidate: train.Candidate{Tag: "v1", SHA: "s"}})
	require.NoError(t, err)
	assert.Equal(t, "staging runs v0, not v1", s.Void)
	assert.Zero(t, g.started)
}

func TestAnE2EReportNamesFailingSpecsOwnersAndTheCypressRun(t *testing.T) {
	g := &fakeGitLab{
		jobs: []gitlab.Job{{ID: 1, Name: "cypress"}},
		trace: "Run URL: https://cloud.cypress.io/projects/p1/runs/1\n Recorded Run: " +
			"https://cloud.cypress.io/projects/p1/runs/2\n",
		files: map[string]string{".gitlab/CODEOWNERS": "* @maven/pods/platform\n[Booking]\ncypress/e2e/booking/ " +
			"@maven/pods/booking\n"},
		report: gitlab.TestReport{Suites: []gitlab.TestSuite{{Name: "cypress", Cases: []gitlab.TestCase{
			{Status: "success", Name: "a", File: "cypress/e2e/ok.cy.ts"},
			{Status: "failed", Name: "shows a slot", File: "cypress/e2e/booking/calendar.cy.ts"},
			{Status: "error", Name: "again", File: "cypress/e2e/booking/calendar.cy.ts"},
			{Status: "failed", Name: "inbox", ClassName: "cypress/e2e/inbox.cy.ts"},
		}}}},
	}
	e := &E2E{GitLab: newGitLab(g), Flux: &fakeFlux{state: flux.State{Running: train.Version{Tag: "v1"}}}}
	found, err := execute(t, e.ReadE2EReport, train.ReadE2EReportInput{Candidate: train.Candidate{Tag: "v1"}})
	require.NoError(t, err)
	assert.Equal(t, train.E2EReport{
		Tests: 4, Failed: 3, CypressURL: "https://cloud.cypress.io/projects/p1/runs/2",
		Specs: []train.FailingSpec{
			{Spec: "cypress/e2e/booking/calendar.cy.ts", Test: "shows a slot",
				Owners: []string{"@maven/pods/platform", "@maven/pods/booking"}},
			{Spec: "cypress/e2e/inbox.cy.ts", Test: "inbox", Owners: []string{"@maven/pods/platform"}},
		},
	}, found.Report)
}

func TestOnlyAFailureThatStandsIsBelieved(t *testing.T) {
	c := train.Candidate{Tag: "v1", SHA: "s"}
	bad := flux.State{Attempted: []train.Version{{Tag: "v1", SHA: "s"}}, Reason: "HealthCheckFailed",
		Observed: true, SourceReady: true}
	f := &Flux{API: &fakeFlux{state: bad}}
	r, err := execute(t, f.AwaitRollout, train.AwaitRolloutInput{Candidate: c, Until: time.Now().Add(time.Minute),
		Poll: calendar.Duration(time.Millisecond)})
	require.NoError(t, err)
	assert.False(t, r.Done)
	assert.False(t, r.TimedOut)
	assert.Contains(t, r.Why, "HealthCheckFailed")
}

// fakeSlack keeps messages by channel.
type fakeSlack struct {
	SlackAPI
	posts   []slack.Post
	edits   int
	topics  []string
	topic   string
	postErr error
}

func (f *fakeSlack) ChannelID(context.Context, string) (string, error) { return "C1", nil }

func (f *fakeSlack) Channel(context.Context, string) (slack.Channel, error) {
	return slack.Channel{ID: "C1", Topic: f.topic}, nil
}

func (f *fakeSlack) GroupMention(context.Context, string) (string, error) {
	return "<!subteam^S1>", nil
}

func (f *fakeSlack) Post(_ context.Context, p slack.Post) (string, error) {
	f.posts = append(f.posts, p)
	return "1.1", f.postErr
}

func (f *fakeSlack) FindMessage(_ context.Context, _, _, key string, _ time.Time) (string, bool, error) {
	found := slices.ContainsFunc(f.posts, func(p slack.Post) bool { return p.Key == key })
	return "1.1", found, nil
}

func (f *fakeSlack) Update(context.Context, string, string, train.Message, string) error {
	f.edits++
	return nil
}

func (f *fakeSlack) SetTopic(_ context.Context, _, topic string) error {
	f.topics, f.topic = append(f.topics, topic), topic
	return nil
}

func TestACardIsPostedOnceThenEditedAndEventsGoIntoItsThread(t *testing.T) {
	f := &fakeSlack{}
	s := &Slack{API: f}
	card := &train.Message{Title: "card", Mention: "@eng-exp-on-call"}
	d, err := execute(t, s.Deliver, train.DeliverInput{Channel: "#c", Card: card,
		Events: []train.Event{{Message: train.Message{Title: "e"}, Key: "e1"}}, Topic: "Release 1", Key: "card"})
	require.NoError(t, err)
	assert.Equal(t, "1.1", d.TS)
	require.Len(t, f.posts, 2)
	assert.Equal(t, "Owner: <!subteam^S1>", f.posts[0].Message.Body)
	assert.Equal(t, "1.1", f.posts[1].ThreadTS)
	_, err = execute(t, s.Deliver, train.DeliverInput{Channel: "#c", TS: d.TS, Card: card,
		Topic: "Release 1", Key: "card"})
	require.NoError(t, err)
	assert.Equal(t, 1, f.edits)
	assert.Len(t, f.posts, 2)
	assert.Len(t, f.topics, 1, "a topic that stands is not set again")
}

func TestADeliveryInDoubtLooksForItsMessagesBeforeItPostsThem(t *testing.T) {
	f := &fakeSlack{posts: []slack.Post{{Key: "card"}, {Key: "e1"}}} // an earlier delivery was cut off after these
	event := func(key string) train.Event { return train.Event{Message: train.Message{Title: key}, Key: key} }
	in := train.DeliverInput{Channel: "#c", Card: &train.Message{Title: "card"},
		Events: []train.Event{event("e1"), event("e2")}, Key: "card", InDoubt: true}
	d, err := execute(t, (&Slack{API: f}).Deliver, in)
	require.NoError(t, err)
	assert.Equal(t, "1.1", d.TS)
	require.Len(t, f.posts, 3)
	assert.Equal(t, "e2", f.posts[2].Key)
}

func TestAChannelTheBotWasNotInvitedToIsTriedAgain(t *testing.T) {
	f := &fakeSlack{postErr: &train.Fault{System: "Slack", Kind: train.FaultForbidden,
		Tried: "post", Answer: "not_in_channel"}}
	_, err := execute(t, (&Slack{API: f}).Deliver,
		train.DeliverInput{Channel: "#c", Card: &train.Message{Title: "t"}, Key: "k"})
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	assert.False(t, app.NonRetryable())
}

func newYork(d, hour, minute, second int) time.Time {
	zone, _ := time.LoadLocation("America/New_York")
	return time.Date(2026, 11, d, hour, minute, second, 0, zone)
}

func TestADepartureKnowsItsDay(t *testing.T) {
	var starts startedWorkflows
	d := &Departures{Trains: noMemory{}, Load: func() (config.File, error) { return config.Load("../release.yaml") },
		Searchable: true, Releases: &Releases{Temporal: &starts}}
	for name, tt := range map[string]struct {
		in      train.PlanDepartureInput
		day     string
		manual  bool
		refused string
	}{
		"scheduled on Monday": {train.PlanDepartureInput{ScheduledAt: newYork(23, 17, 0, 0),
			Now: newYork(23, 17, 0, 1)}, "2026-11-24", false, ""},
		"scheduled before a weekend": {train.PlanDepartureInput{ScheduledAt: newYork(20, 17, 0, 0),
			Now: newYork(20, 17, 0, 1)}, "2026-11-23", false, ""},
		"scheduled, six hours late": {train.PlanDepartureInput{ScheduledAt: newYork(23, 17, 0, 0),
			Now: newYork(23, 23, 0, 0)}, "2026-11-24", false, ""},
		"the calendar says otherwise": {train.PlanDepartureInput{ScheduledAt: newYork(26, 17, 0, 0),
			Now: newYork(26, 17, 0, 1)}, "", false, "starter schedule apply"},
		"triggered in the Web UI": {train.PlanDepartureInput{ScheduledAt: newYork(23, 9, 30, 12),
			Now: newYork(23, 9, 30, 12)}, "2026-11-23", true, ""},
		"by hand in the window":       {train.PlanDepartureInput{Now: newYork(23, 12, 0, 0)}, "2026-11-24", true, ""},
		"by hand before Thanksgiving": {train.PlanDepartureInput{Now: newYork(25, 12, 0, 0)}, "2026-11-30", true, ""},
		"a day that is none": {train.PlanDepartureInput{Now: newYork(23, 12, 0, 0),
			Day: calendar.Day{Year: 2026, Month: 11, Day: 26}}, "", false, "Thanksgiving"},
		"a day that is over": {train.PlanDepartureInput{Now: newYork(24, 12, 0, 0), Day: day}, "", false,
			"the window of 2026-11-24 opened"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.in.Train = "api"
			p, err := execute(t, d.PlanDeparture, tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.day, p.Plan.Day.String())
			assert.Equal(t, tt.manual, p.Plan.Manual)
			assert.Contains(t, p.Refused, tt.refused)
			assert.Equal(t, tt.refused == "", p.Refused == "")
		})
	}
	assert.Equal(t, "train-api", starts.ids[0], "a departure makes sure that the train's workflow runs")
	known := len(starts.ids)
	_, err := execute(t, d.PlanDeparture, train.PlanDepartureInput{Train: "web", Now: newYork(23, 12, 0, 0)})
	assert.ErrorContains(t, err, `there is no train "web" in release.yaml; it has api`)
	assert.Len(t, starts.ids, known, "nothing is started for a train that is not configured")
}

// startedWorkflows is a Temporal that notes what is started.
type startedWorkflows struct {
	client.Client
	ids []string
}

func (s *startedWorkflows) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any,
	_ ...any) (client.WorkflowRun, error) {
	s.ids = append(s.ids, o.ID)
	return nil, nil //nolint:nilnil // nobody looks at the run
}

func TestAReadOfTheConfigurationTellsATrainThatIsGoneFromAFileThatCannotBeRead(t *testing.T) {
	d := &Departures{Load: func() (config.File, error) { return config.Load("../release.yaml") }}
	read, err := execute(t, d.ReadTrain, train.ReadTrainInput{Train: "web"})
	require.NoError(t, err)
	assert.True(t, read.Gone)
	assert.Contains(t, read.Refused, `there is no train "web"`)
	d.Load = func() (config.File, error) { return config.Load("nowhere.yaml") }
	read, err = execute(t, d.ReadTrain, train.ReadTrainInput{Train: "api"})
	require.NoError(t, err)
	assert.False(t, read.Gone)
	assert.Contains(t, read.Refused, "cannot read the configuration")
}

func (noMemory) unconfirmed(context.Context, string) ([]train.Hold, error) { return nil, nil }
