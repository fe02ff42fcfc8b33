package sandbox_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/train"
)

// The real clients talk to the sandbox here, and both sides are held against
// the vendors' published schemas.

// sharedDir is where the vendors' contracts are kept, beside the repository.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "contracts")); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	return dir
}

// contract checks every request and answer that passes it.
type contract struct {
	t      *testing.T
	router routers.Router

	mu      sync.Mutex
	checked map[string]int // by operation
	unknown map[string]int // paths that the schema does not describe
}

func newContract(t *testing.T) *contract {
	t.Helper()
	spec := filepath.Join(sharedDir(t), "contracts", "gitlab", "subset.nullable.openapi3.json")
	doc, err := openapi3.NewLoader().LoadFromFile(spec)
	require.NoError(t, err)
	relax(doc)
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	return &contract{t: t, router: router, checked: map[string]int{}, unknown: map[string]int{}}
}

// relax undoes faults of the published schema: the project's id is typed
// integer on some paths although GitLab takes its path everywhere, a job's log
// is typed JSON although it is plain text, labels are typed as one text although
// they are a list, and servers name gitlab.com.
func relax(doc *openapi3.T) {
	doc.Servers, doc.Security = nil, nil
	for _, s := range doc.Components.Schemas {
		if labels := s.Value.Properties["labels"]; labels != nil && labels.Value.Type.Is("string") {
			s.Value.Properties["labels"] = openapi3.NewSchema().NewRef()
		}
		// its own example is an object
		if recent := s.Value.Properties["recent_failures"]; recent != nil && recent.Value.Type.Is("string") {
			s.Value.Properties["recent_failures"] = openapi3.NewObjectSchema().WithNullable().NewRef()
		}
	}
	for path, item := range doc.Paths.Map() {
		if path == "/api/v4/projects/{id}/merge_requests" { // typed as one of them
			media := item.Get.Responses.Value("200").Value.Content.Get("application/json")
			media.Schema = &openapi3.SchemaRef{Value: &openapi3.Schema{Type: &openapi3.Types{"array"}, Items: media.Schema}}
		}
		if strings.HasSuffix(path, "/trace") {
			item.Get.Responses.Value("200").Value.Content = nil
		}
		for _, op := range item.Operations() {
			op.Security = &openapi3.SecurityRequirements{}
			for _, p := range op.Parameters {
				if p.Value.In == "path" && p.Value.Name == "id" {
					p.Value.Schema = openapi3.NewStringSchema().NewRef()
				}
			}
		}
	}
}

func (c *contract) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answer, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	c.check(req, body, resp, answer)
	return resp, nil
}

func (c *contract) check(req *http.Request, body []byte, resp *http.Response, answer []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := req.Clone(context.Background())
	seen.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(seen)
	if err != nil {
		c.unknown[req.Method+" "+req.URL.Path]++
		return
	}
	c.checked[req.Method+" "+route.Path]++
	in := &openapi3filter.RequestValidationInput{
		Request: seen, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	assert.NoError(c.t, openapi3filter.ValidateRequest(context.Background(), in), "request %s %s", req.Method, req.URL)
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode,
		Header: resp.Header, Options: in.Options}
	out.SetBodyBytes(answer)
	assert.NoError(c.t, openapi3filter.ValidateResponse(context.Background(), out), "answer to %s %s: %s",
		req.Method, req.URL, answer)
}

// start starts a sandbox over a small repository.
func start(t *testing.T, pace time.Duration) (*sandbox.Sandbox, train.Train) {
	t.Helper()
	f, err := config.Load("../../release.yaml")
	require.NoError(t, err)
	s, err := sandbox.Start(t.Context(), sandbox.Options{
		Trains: f.Trains, Repo: repository(t), Pace: sandbox.Pace{Build: pace, Deploy: pace,
			Flux: pace, Smoke: pace, E2E: pace},
		SmokeFollowsJob: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, f.Trains[0]
}

func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=trunk"},
		{"commit", "--quiet", "--allow-empty", "-m", "Begin"},
		{"commit", "--quiet", "--allow-empty", "-m", "fix: prices (#3)"},
		{"checkout", "--quiet", "-b", "side"},
		{"commit", "--quiet", "--allow-empty", "-m", "side work"},
		{"checkout", "--quiet", "trunk"},
		{"merge", "--quiet", "--no-ff", "side", "-m",
			"Merge branch 'side' into 'main'\n\nBring the side in\n\nSee merge request maven-clinic/maven/maven!4"},
	} {
		cmd := exec.CommandContext(t.Context(), "git",
			append([]string{"-C", dir, "-c", "user.name=Grace", "-c", "user.email=grace@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, out)
	}
	return dir
}

// until repeats a look until it says yes.
func until(t *testing.T, what string, look func() bool) {
	t.Helper()
	require.Eventually(t, look, 10*time.Second, 5*time.Millisecond, what)
}

func TestEveryGitLabRequestAndAnswerOfADayFollowsThePublishedSchema(t *testing.T) {
	c := newContract(t)
	s, tr := start(t, 5*time.Millisecond)
	ctx := t.Context()
	g, err := gitlab.New(gitlab.Options{URL: s.GitLabURL(), Token: sandbox.GitLabToken,
		HTTPClient: &http.Client{Transport: c}})
	require.NoError(t, err)
	project := tr.Project

	head, err := g.Head(ctx, project, "main")
	require.NoError(t, err)
	_, err = g.Commit(ctx, project, head.SHA)
	require.NoError(t, err)
	tags, err := g.Tags(ctx, project, "api/")
	require.NoError(t, err)
	require.Len(t, tags, 1, "what is deployed at first has a tag")
	commits, err := g.Commits(ctx, project, tags[0].Name+".."+head.SHA, 0)
	require.NoError(t, err)
	assert.Len(t, commits, 3)
	requests, err := g.MergedRequests(ctx, project, "main", time.Time{}.Add(time.Hour))
	require.NoError(t, err)
	assert.Len(t, requests, 2)
	byCommit, err := g.MergeRequestsOfCommit(ctx, project, head.Parents[1])
	require.NoError(t, err)
	require.Len(t, byCommit, 1)
	assert.Equal(t, int64(4), byCommit[0].IID)

	const name = "api/v2026.11.24.1"
	_, err = g.Tag(ctx, project, name)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	tag, err := g.CreateTag(ctx, project, name, head.SHA, "Release\n\nkey")
	require.NoError(t, err)
	assert.Equal(t, gitlab.Tag{Name: name, SHA: head.SHA, Message: "Release\n\nkey"}, tag)
	_, err = g.CreateTag(ctx, project, name, head.SHA, "again")
	assert.True(t, train.FaultIs(err, train.FaultConflict), err)

	release := gitlab.Release{Tag: name, Name: name, Description: "changes"}
	_, err = g.Release(ctx, project, name)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	_, err = g.CreateRelease(ctx, project, release)
	require.NoError(t, err)
	_, err = g.CreateRelease(ctx, project, release)
	assert.True(t, train.FaultIs(err, train.FaultConflict), err)
	_, err = g.UpdateRelease(ctx, project, release)
	require.NoError(t, err)

	var pipeline gitlab.Pipeline
	job := func(name string) gitlab.Job {
		jobs, err := g.PipelineJobs(ctx, project, pipeline.ID, false)
		require.NoError(t, err)
		for _, j := range jobs {
			if j.Name == name {
				return j
			}
		}
		return gitlab.Job{}
	}
	until(t, "the tag has a pipeline with a playable job", func() bool {
		found, err := g.Pipelines(ctx, project, gitlab.PipelineQuery{Ref: name, SHA: head.SHA, Source: "push"})
		require.NoError(t, err)
		if len(found) == 0 {
			return false
		}
		pipeline = found[0]
		return gitlab.JobPlayable(job(tr.Staging.Job).Status)
	})
	_, err = g.PlayJob(ctx, project, job(tr.Staging.Job).ID, map[string]string{"RELEASE_RUN_ID": "key"})
	require.NoError(t, err)
	_, err = g.PlayJob(ctx, project, job(tr.Staging.Smoke.Job).ID, nil)
	assert.True(t, train.FaultIs(err, train.FaultConflict), "a job that waits for another cannot be played: %v", err)
	until(t, "the smoke tests are green", func() bool { return job(tr.Staging.Smoke.Job).Status == "success" })
	_, err = g.Pipeline(ctx, project, pipeline.ID)
	require.NoError(t, err)
	_, err = g.Trace(ctx, project, job(tr.Staging.Job).ID, 1000)
	require.NoError(t, err)
	deployments, err := g.Deployments(ctx, project, "staging", "success", 5)
	require.NoError(t, err)
	require.Len(t, deployments, 2, "and that of what ran before")
	assert.Equal(t, name, deployments[0].Ref)
	assert.Equal(t, tr.Staging.Job, deployments[0].Job.Name)

	s.SetOutcome("e2e", "script_failure")
	e2e, err := g.CreatePipeline(ctx, tr.E2E.Project, "main",
		map[string]string{"TRIGGER_ID": "e2e", "RELEASE_RUN_ID": "key"})
	require.NoError(t, err)
	variables, err := g.PipelineVariables(ctx, tr.E2E.Project, e2e.ID)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"TRIGGER_ID": "e2e", "RELEASE_RUN_ID": "key"}, variables)
	until(t, "E2E has failed", func() bool {
		p, err := g.Pipeline(ctx, tr.E2E.Project, e2e.ID)
		require.NoError(t, err)
		return p.Status == "failed"
	})
	report, err := g.TestReport(ctx, tr.E2E.Project, e2e.ID)
	require.NoError(t, err)
	require.Len(t, report.Suites, 1)
	assert.Equal(t, "cypress", report.Suites[0].Name)
	assert.Equal(t, "failed", report.Suites[0].Cases[0].Status)

	c.mu.Lock()
	defer c.mu.Unlock()
	assert.GreaterOrEqual(t, len(c.checked), 18, "operations checked: %v", c.checked)
	for path := range c.unknown { // not part of the published subset
		assert.True(t, strings.Contains(path, "/branches/") || strings.HasSuffix(path, "/user"), "no schema for %s", path)
	}
}

func TestAWrongTokenIsRefusedByAllThreeSystems(t *testing.T) {
	s, tr := start(t, time.Millisecond)
	g, err := gitlab.New(gitlab.Options{URL: s.GitLabURL(), Token: "wrong"})
	require.NoError(t, err)
	_, err = g.CurrentUser(t.Context())
	assert.True(t, train.FaultIs(err, train.FaultAuth), err)
	assert.NotContains(t, err.Error(), "wrong token value")
	_, err = slack.New(slack.Options{URL: s.SlackURL(), Token: "xoxb-wrong"}).AuthTest(t.Context())
	assert.True(t, train.FaultIs(err, train.FaultAuth), err)
	raw, err := os.ReadFile(s.Kubeconfig())
	require.NoError(t, err)
	bad := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(bad, bytes.ReplaceAll(raw, []byte("sandbox-kube-token"), []byte("wrong-token")),
		0o600))
	f, err := flux.New(flux.Options{Kubeconfig: bad})
	require.NoError(t, err)
	_, err = f.State(t.Context(), tr.Staging.Flux)
	assert.True(t, train.FaultIs(err, train.FaultAuth), err)
}

func TestAPlayedDeployReachesFluxThroughFetchAndReconciliation(t *testing.T) {
	s, tr := start(t, 60*time.Millisecond)
	ctx := t.Context()
	f, err := flux.New(flux.Options{Kubeconfig: s.Kubeconfig()})
	require.NoError(t, err)
	before, err := f.State(ctx, tr.Staging.Flux)
	require.NoError(t, err)
	assert.True(t, before.Ready)
	assert.NotEmpty(t, before.Running.Tag)

	g, err := gitlab.New(gitlab.Options{URL: s.GitLabURL(), Token: sandbox.GitLabToken})
	require.NoError(t, err)
	head, err := g.Head(ctx, tr.Project, "main")
	require.NoError(t, err)
	const name = "api/v2026.11.24.1"
	_, err = g.CreateTag(ctx, tr.Project, name, head.SHA, "m")
	require.NoError(t, err)
	candidate := train.Candidate{Tag: name, SHA: head.SHA}
	var id int64
	until(t, "the deploy job is manual", func() bool {
		for _, p := range s.Pipelines(tr.Project) {
			for _, j := range p.Jobs {
				if p.Ref == name && j.Name == tr.Staging.Job && j.Status == "manual" {
					id = int64(j.ID)
				}
			}
		}
		return id != 0
	})
	_, err = g.PlayJob(ctx, tr.Project, id, nil)
	require.NoError(t, err)
	sawReconciling := false
	until(t, "Flux reports the tag ready", func() bool {
		state, err := f.State(ctx, tr.Staging.Flux)
		require.NoError(t, err)
		sawReconciling = sawReconciling || state.Reconciling
		p := state.Progress(candidate, rules.FluxReasonFails)
		assert.Equal(t, p.Phase == flux.RolledOut, p.Why == "")
		return p.Phase == flux.RolledOut
	})
	assert.True(t, sawReconciling)
	assert.Equal(t, train.Version{Tag: name, SHA: head.SHA}, s.FluxVersion("staging"))
	production, err := f.State(ctx, tr.Production.Flux)
	require.NoError(t, err)
	assert.Equal(t, before.Running, production.Running, "production stays as it was")
}

func TestPlayingAJobThatHasEndedSilentlyRunsItAgainAsGitLabDoes(t *testing.T) {
	s, tr := start(t, time.Millisecond)
	ctx := t.Context()
	g, err := gitlab.New(gitlab.Options{URL: s.GitLabURL(), Token: sandbox.GitLabToken})
	require.NoError(t, err)
	head, err := g.Head(ctx, tr.Project, "main")
	require.NoError(t, err)
	_, err = g.CreateTag(ctx, tr.Project, "api/v2026.11.24.1", head.SHA, "m")
	require.NoError(t, err)
	find := func(status string) (id int64) {
		until(t, "the job is "+status, func() bool {
			for _, p := range s.Pipelines(tr.Project) {
				for _, j := range p.Jobs {
					if p.Ref == "api/v2026.11.24.1" && j.Name == tr.Staging.Job && j.Status == status {
						id = int64(j.ID)
					}
				}
			}
			return id != 0
		})
		return id
	}
	id := find("manual")
	_, err = g.PlayJob(ctx, tr.Project, id, nil)
	require.NoError(t, err)
	find("success")
	again, err := g.PlayJob(ctx, tr.Project, id, nil)
	require.NoError(t, err, "GitLab does not refuse")
	assert.Equal(t, id, again.ID, "and answers with the old job")
	count := 0
	for _, p := range s.Pipelines(tr.Project) {
		for _, j := range p.Jobs {
			if p.Ref == "api/v2026.11.24.1" && j.Name == tr.Staging.Job {
				count++
			}
		}
	}
	assert.Equal(t, 2, count)
}

func TestSlackKeepsCardsThreadsEditsAndTopics(t *testing.T) {
	s, tr := start(t, time.Millisecond)
	ctx := t.Context()
	c := slack.New(slack.Options{URL: s.SlackURL(), Token: sandbox.SlackToken})
	id, err := c.ChannelID(ctx, tr.Slack.Coordination)
	require.NoError(t, err)
	began := time.Now()
	ts, err := c.Post(ctx, slack.Post{ChannelID: id, Message: train.Message{Title: "A & B", Body: "one"}, Key: "card"})
	require.NoError(t, err)
	_, err = c.Post(ctx, slack.Post{ChannelID: id, ThreadTS: ts, Message: train.Message{Title: "event"}, Key: "event-1"})
	require.NoError(t, err)
	require.NoError(t, c.Update(ctx, id, ts, train.Message{Title: "A & B", Body: "two"}, "card"))

	found, ok, err := c.FindMessage(ctx, id, "", "card", began.Add(-time.Minute))
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, ts, found)
	_, ok, err = c.FindMessage(ctx, id, ts, "event-1", began.Add(-time.Minute))
	require.NoError(t, err)
	assert.True(t, ok)
	_, ok, err = c.FindMessage(ctx, id, ts, "event-2", began.Add(-time.Minute))
	require.NoError(t, err)
	assert.False(t, ok)

	require.NoError(t, c.SetTopic(ctx, id, slack.MergeTopic("ask <us> & others", "Release 1")))
	ch, err := c.Channel(ctx, tr.Slack.Coordination)
	require.NoError(t, err)
	assert.Equal(t, "ask <us> & others 🚂 Release 1 🚂", ch.Topic)
	view := s.Channel(tr.Slack.Coordination)
	require.Len(t, view.Messages, 2, "the message, and Slack's line about the topic")
	assert.Contains(t, view.Messages[0].Text, "two")
	assert.Equal(t, 1, view.Messages[0].Edits)
	assert.Len(t, view.Messages[0].Replies, 1)
	mention, err := c.GroupMention(ctx, tr.Slack.OnCall)
	require.NoError(t, err)
	assert.Equal(t, "<!subteam^S00000001>", mention)
	_, err = c.ChannelID(ctx, "#nowhere")
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
}

func TestADroppedAnswerHappensAndAFaultDoesNot(t *testing.T) {
	s, tr := start(t, time.Millisecond)
	ctx := t.Context()
	g, err := gitlab.New(gitlab.Options{URL: s.GitLabURL(), Token: sandbox.GitLabToken})
	require.NoError(t, err)
	head, err := g.Head(ctx, tr.Project, "main")
	require.NoError(t, err)
	s.AddFault(sandbox.Fault{System: "gitlab", Method: "POST", Path: "/repository/tags", Times: 1})
	_, err = g.CreateTag(ctx, tr.Project, "api/v2026.11.24.1", head.SHA, "m")
	assert.True(t, train.FaultIs(err, train.FaultUnavailable), err)
	assert.NotContains(t, err.Error(), "127.0.0.1", "no URL in an error")
	_, err = g.Tag(ctx, tr.Project, "api/v2026.11.24.1")
	require.NoError(t, err, "it took effect")
	s.AddFault(sandbox.Fault{System: "gitlab", Method: "POST", Path: "/repository/tags", Times: 1,
		Status: 429, RetryAfter: 7})
	_, err = g.CreateTag(ctx, tr.Project, "api/v2026.11.24.2", head.SHA, "m")
	var f *train.Fault
	require.ErrorAs(t, err, &f)
	assert.Equal(t, 7*time.Second, f.RetryAfter)
	assert.Len(t, s.Requests("gitlab", "POST", "/repository/tags"), 2, "no hidden retries")
}
