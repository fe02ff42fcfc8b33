package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// These tests run the worker as a process against a real Temporal server, a
// real git repository and the sandbox.

const example = "../release.yaml"

// place is everything that one release day needs.
type place struct {
	t       *testing.T
	ctx     context.Context
	train   train.Train
	repo    string
	sandbox *sandbox.Sandbox
	server  *temporalx.DevServer
	client  client.Client
	binary  string
	log     string
	before  string // the tag that runs at first
}

func newPlace(t *testing.T, dynamic ...string) *place {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	t.Parallel() // they wait most of the time
	ctx := t.Context()
	f, err := config.Load(example)
	require.NoError(t, err)
	p := &place{t: t, ctx: ctx, train: f.Trains[0], repo: newRepository(t), log: filepath.Join(t.TempDir(), "worker.log")}
	p.sandbox, err = sandbox.Start(ctx, sandbox.Options{Trains: f.Trains, Repo: p.repo})
	require.NoError(t, err)
	p.before = p.sandbox.FluxVersion("production").Tag
	t.Cleanup(func() { assert.NoError(t, p.sandbox.Close()) })
	cli, err := temporalx.DevServerExecutable(ctx, nil)
	require.NoError(t, err)
	p.server, err = temporalx.StartDevServer(context.Background(),
		temporalx.DevServerOptions{Executable: cli, Dynamic: dynamic})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.server.Stop()) })
	p.client = p.server.Client()
	p.binary, err = program()
	require.NoError(t, err, p.binary)
	return p
}

// program is this program, built once for all tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "worker")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})

// newRepository has a mainline with plain commits and merged merge requests.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	n := 0
	git := func(args ...string) {
		t.Helper()
		n++
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "commit.gpgsign=false"}, args...)...)
		at := time.Date(2026, 11, 20, 9, n, 0, 0, time.UTC).Format(time.RFC3339)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=Ada Lovelace", "GIT_AUTHOR_EMAIL=ada@example.com",
			"GIT_COMMITTER_NAME=Ada Lovelace",
			"GIT_COMMITTER_EMAIL=ada@example.com", "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at,
			"GIT_CONFIG_GLOBAL=/dev/null")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, out)
	}
	git("init", "--quiet", "--initial-branch=main")
	git("commit", "--quiet", "--allow-empty", "-m", "Begin")
	git("tag", "api/v2026.11.19.1")
	git("commit", "--quiet", "--allow-empty", "-m", "fix: round prices (#11)")
	git("checkout", "--quiet", "-b", "slots")
	git("commit", "--quiet", "--allow-empty", "-m", "WEB-7 find free slots")
	git("commit", "--quiet", "--allow-empty", "-m", "show free slots")
	git("checkout", "--quiet", "main")
	git("merge", "--quiet", "--no-ff", "slots", "-m",
		"Merge branch 'slots' into 'main'\n\nfeat: show free slots\n\nSee merge request maven-clinic/maven/maven!12")
	return dir
}

// startWorker starts a worker process.
func (p *place) startWorker() *exec.Cmd { return p.startWorkerIn("default") }

func (p *place) startWorkerIn(namespace string) *exec.Cmd {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(p.t, err)
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.binary, "-config", example)
	cmd.Env = append(append(os.Environ(), p.sandbox.Env()...), "TEMPORAL_ADDRESS="+p.server.Address,
		"TEMPORAL_NAMESPACE="+namespace)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(p.t, cmd.Start())
	p.t.Cleanup(func() { kill(cmd) })
	return cmd
}

// kill is kill -9.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // an error means that it has ended
	_ = cmd.Wait()
}

// long is a window that is open for as long as a busy machine may need; a test
// that has seen what it wants ends the watch itself.
const long = 10 * time.Minute

// depart starts a day whose window opens after a time, and gives the release's ID.
func (p *place) depart(opens time.Duration) string {
	p.t.Helper()
	return p.departOn(calendar.Day{}, opens, long)
}

func (p *place) departOn(day calendar.Day, opens, length time.Duration) string {
	p.t.Helper()
	run, err := p.client.ExecuteWorkflow(p.ctx, client.StartWorkflowOptions{ID: "departure", TaskQueue: train.TaskQueue},
		train.DepartureWorkflow,
		train.DepartureInput{Train: p.train.Name, By: "ada", Day: day, Rehearsal: calendar.Duration(length),
			Opens: calendar.Duration(opens)})
	require.NoError(p.t, err)
	var d train.DepartureResult
	require.NoError(p.t, run.Get(p.ctx, &d))
	require.NotEmpty(p.t, d.ReleaseID, d.Sentence)
	return d.ReleaseID
}

// status asks a release.
func (p *place) status(id string) (st train.Status) {
	p.t.Helper()
	value, err := p.client.QueryWorkflow(p.ctx, id, "", train.QueryStatus)
	require.NoError(p.t, err)
	require.NoError(p.t, value.Get(&st))
	return st
}

// reaches waits until a release is in a phase.
func (p *place) reaches(id string, phase train.Phase) {
	p.t.Helper()
	var st train.Status
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		st = train.Status{} // what is left out of an answer must not be left over from the one before
		value, err := p.client.QueryWorkflow(p.ctx, id, "", train.QueryStatus)
		if err == nil && value.Get(&st) == nil && st.Phase == phase {
			return
		}
	}
	require.Fail(p.t, "too late", "%s never reached %s:\n%s\nthe worker's log:\n%s", id, phase,
		words.StatusText(st, words.Plain), p.workerLog())
}

// released waits until a release watches and lets the next departure end it.
func (p *place) released(id string) train.Summary {
	p.t.Helper()
	p.reaches(id, train.Watching)
	require.NoError(p.t, p.client.SignalWorkflow(p.ctx, id, "", train.SignalSupersede,
		train.Supersede{By: "the next release"}))
	return p.summary(id)
}

// summary waits for the end of a release.
func (p *place) summary(id string) train.Summary {
	p.t.Helper()
	var s train.Summary
	require.NoError(p.t, p.client.GetWorkflow(p.ctx, id, "").Get(p.ctx, &s), "the worker's log:\n%s", p.workerLog())
	require.NoError(p.t, p.client.GetWorkflow(p.ctx, train.NotifyID(s.Train, s.Day), "").Get(p.ctx, nil))
	return s
}

func (p *place) workerLog() string {
	raw, _ := os.ReadFile(p.log)
	return string(raw[max(0, len(raw)-4000):])
}

// git asks the sandbox's repository.
func (p *place) git(args ...string) string {
	p.t.Helper()
	out, err := exec.CommandContext(p.ctx, "git", append([]string{"-C", p.sandbox.Repository()}, args...)...).Output()
	require.NoError(p.t, err)
	return strings.TrimSpace(string(out))
}

func (p *place) history(id string) *historypb.History {
	p.t.Helper()
	h := &historypb.History{}
	for it := p.client.GetWorkflowHistory(p.ctx, id, "", false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		require.NoError(p.t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

// running waits until a job of the trains' project runs.
func (p *place) running(project, name string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		for _, pl := range p.sandbox.Pipelines(project) {
			for _, j := range pl.Jobs {
				if j.Name == name && j.Status == "running" {
					return true
				}
			}
		}
		return false
	}, 2*time.Minute, 20*time.Millisecond, "the job %s never ran; the worker's log:\n%s", name, p.workerLog())
}

// jobs counts the jobs of a name by status, over all pipelines.
func (p *place) jobs(project, name string) map[string]int {
	count := map[string]int{}
	for _, pl := range p.sandbox.Pipelines(project) {
		for _, j := range pl.Jobs {
			if j.Name == name && j.Status != "manual" && pl.Ref != p.before {
				count[j.Status]++
			}
		}
	}
	return count
}

func TestADayOnARealServerIsReleasedAndLeavesEverythingInItsPlace(t *testing.T) {
	p := newPlace(t)
	head := p.git("rev-parse", "main")
	p.startWorker()
	id := p.departOn(calendar.Day{}, 10*time.Second, 30*time.Second)
	s := p.summary(id)

	require.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, head, p.git("rev-parse", s.Tag+"^{commit}"), "the tag is on the head of main")
	releases := p.sandbox.Releases(p.train.Project)
	require.Len(t, releases, 1)
	assert.Equal(t, s.Tag, releases[0].Tag)
	for _, part := range []string{"feat: show free slots", "/-/merge_requests/12", "fix: round prices",
		"/-/merge_requests/11", "WEB-7", "Ada Lovelace"} {
		assert.Contains(t, releases[0].Description, part)
	}
	assert.Contains(t, p.sandbox.Channel(p.train.Slack.Coordination).Topic, s.Changelog)
	for _, name := range p.train.Slack.Channels() {
		assert.NotEmpty(t, p.sandbox.Channel(name).Messages, name)
	}
	assert.Equal(t, train.Version{Tag: s.Tag, SHA: head}, p.sandbox.FluxVersion("staging"))
	assert.Equal(t, train.Version{Tag: s.Tag, SHA: head}, p.sandbox.FluxVersion("production"))
	assert.Equal(t, 4, s.Commits)
	assert.Equal(t, 2, s.Requests)

	var input train.ReleaseInput
	h := p.history(id)
	require.NoError(t, json.Unmarshal(h.Events[0].GetWorkflowExecutionStartedEventAttributes().Input.Payloads[0].Data,
		&input))
	plays := p.sandbox.Requests("gitlab", "POST", "/play")
	require.Len(t, plays, 2)
	e2e := p.sandbox.Requests("gitlab", "POST", "/pipeline")
	require.Len(t, e2e, 1)
	assert.True(t, e2e[0].Time.After(s.StagedAt), "E2E starts after staging is ready")
	assert.False(t, plays[1].Time.Before(input.Plan.WindowOpens), "production is played after the window has opened")
	p.costs(id, s)
	p.record("normal-day", id, s)
}

// costs holds the day to what docs/architecture.md, Cost, promises.
func (p *place) costs(id string, s train.Summary) {
	p.t.Helper()
	total, bytes := 0, 0
	for _, w := range p.workflows(id, s) {
		h := p.history(w)
		size := 0
		for _, e := range h.Events {
			size += e.Size()
		}
		p.t.Logf("%-28s %4d events %7d bytes", w, len(h.Events), size)
		total, bytes = total+len(h.Events), bytes+size
		if w == id {
			assert.Less(p.t, len(h.Events), 250)
		}
	}
	p.t.Logf("%-28s %4d events %7d bytes", "all", total, bytes)
	assert.Less(p.t, total, 400)
	assert.Less(p.t, bytes, 256<<10)
}

func (p *place) workflows(id string, s train.Summary) []string {
	return []string{"departure", id, train.NotifyID(s.Train, s.Day), train.DeployID(p.train.Staging.Lock),
		train.DeployID(p.train.Production.Lock)}
}

// recordedVersion is the version that is being worked on. Histories go into its
// directory only: what an older version left is replayed for ever and is not
// written again. Raise it when the version is released.
const recordedVersion = "0.5"

// record writes the histories that the replay tests of workflows/ replay, where
// RECORD_HISTORIES=1 asks for it.
func (p *place) record(name, id string, s train.Summary, more ...string) {
	p.t.Helper()
	if os.Getenv("RECORD_HISTORIES") == "" {
		return
	}
	histories := filepath.Join("..", "workflows", "testdata", "histories")
	sealed, err := os.ReadFile(filepath.Join(histories, "manifest.txt"))
	require.NoError(p.t, err)
	require.NotContains(p.t, string(sealed), "  "+recordedVersion+"/",
		"histories of a released version are not recorded anew")
	dir := filepath.Join(histories, recordedVersion, name)
	require.NoError(p.t, os.MkdirAll(dir, 0o750))
	for _, w := range append(p.workflows(id, s), more...) {
		if d, err := p.client.DescribeWorkflowExecution(p.ctx, w, ""); err != nil ||
			d.WorkflowExecutionInfo.HistoryLength == 0 {
			continue // the day ended before it came to that
		}
		raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(p.history(w))
		require.NoError(p.t, err)
		require.NoError(p.t, os.WriteFile(filepath.Join(dir, p.role(w, s)+".json"), raw, 0o600))
	}
}

// role is what an execution is on its day.
func (p *place) role(id string, s train.Summary) string {
	switch id {
	case "departure":
		return id
	case train.DeployID(p.train.Staging.Lock):
		return "deploy-staging"
	case train.DeployID(p.train.Production.Lock):
		return "deploy-production"
	case train.NotifyID(s.Train, s.Day):
		return "notify"
	case train.NotifyDeployID(p.train.Staging.Lock), train.NotifyDeployID(p.train.Production.Lock):
		return "notify-deploy"
	case train.MemoryID(s.Train):
		return "train"
	}
	return "release"
}

func TestAWorkerKilledInStagingInE2EAndInProductionChangesNothing(t *testing.T) {
	p := newPlace(t)
	project := p.train.Project
	for _, job := range []string{"deploy-staging", "cypress", "promote-production"} {
		p.sandbox.Hold(job)
	}
	// The first worker dies while it waits for the answer to its play.
	p.sandbox.AddFault(sandbox.Fault{System: "gitlab", Method: "POST", Path: "/play", Times: 1, Hang: true})
	worker := p.startWorker()
	id := p.depart(10 * time.Second)
	for _, at := range []struct{ project, job string }{{project, "deploy-staging"}, {p.train.E2E.Project, "cypress"},
		{project, "promote-production"}} {
		p.running(at.project, at.job)
		kill(worker)
		p.sandbox.Release(at.job)
		worker = p.startWorker()
	}
	s := p.released(id)

	require.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, s.Tag, p.git("tag", "--list", "api/v"+strings.ReplaceAll(s.Day.String(), "-", ".")+".*"), "one tag")
	for _, job := range []string{"deploy-staging", "promote-production", "smoke-staging", "smoke-production"} {
		assert.Equal(t, map[string]int{"success": 1}, p.jobs(project, job), job)
	}
	assert.Equal(t, map[string]int{"success": 1}, p.jobs(p.train.E2E.Project, "cypress"))
	assert.Len(t, p.sandbox.Requests("gitlab", "POST", "/play"), 2)
	assert.Empty(t, p.sandbox.Requests("gitlab", "POST", "/retry"))
	for _, name := range p.train.Slack.Channels() {
		roots := 0
		for _, m := range p.sandbox.Channel(name).Messages {
			if !m.System {
				roots++
			}
		}
		assert.Equal(t, 1, roots, "one message per release in %s", name)
	}
	for _, lock := range []string{p.train.Staging.Lock, p.train.Production.Lock} {
		list, err := p.client.ListWorkflow(p.ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "default", Query: fmt.Sprintf("WorkflowId = '%s'", train.DeployID(lock)),
		})
		require.NoError(t, err)
		assert.Len(t, list.Executions, 1, "one DeployWorkflow run for %s", lock)
	}
}

func TestTheNextDepartureEndsAReleaseThatWaitsOnRedE2E(t *testing.T) {
	p := newPlace(t)
	p.sandbox.SetOutcome("e2e", "script_failure")
	p.startWorker()
	monday, tuesday := calendar.Day{Year: 2026, Month: 11, Day: 30}, calendar.Day{Year: 2026, Month: 12, Day: 1}
	red := p.departOn(monday, 10*time.Second, long)
	p.reaches(red, train.AtGate)
	require.Eventually(t, func() bool { return p.status(red).E2E.State == train.E2ERed },
		time.Minute, 100*time.Millisecond)
	st := p.status(red)
	assert.Contains(t, st.Waiting.What, "E2E is red: 2 tests of 4 failed")
	require.Len(t, st.E2E.Report.Specs, 2)
	assert.Equal(t, []string{"@maven/pods/booking"}, st.E2E.Report.Specs[0].Owners)
	assert.Contains(t, st.E2E.Report.CypressURL, "https://cloud.cypress.io/projects/")

	p.sandbox.SetOutcome("e2e", "success")
	green := p.departOn(tuesday, 5*time.Second, long)
	old, s := p.summary(red), p.released(green)
	assert.Equal(t, train.EndSuperseded, old.End)
	assert.Contains(t, old.Why, green)
	assert.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, map[string]int{"success": 1}, p.jobs(p.train.Project, "promote-production"),
		"the red candidate never reached production")
	p.record("superseded", red, old)
}

func TestAPlayWhoseAnswerIsLostIsFoundOutAndNotRepeated(t *testing.T) {
	p := newPlace(t)
	for _, f := range []sandbox.Fault{
		{System: "gitlab", Method: "POST", Path: "/repository/tags", Times: 1},
		{System: "gitlab", Method: "POST", Path: "/play", Times: 2},
		{System: "gitlab", Method: "POST", Path: "/pipeline", Times: 1},
		{System: "gitlab", Method: "POST", Path: "/releases", Times: 1},
		{System: "slack", Path: "chat.postMessage", Times: 3},
		{System: "gitlab", Method: "GET", Path: "/jobs", Times: 3, Status: 502},
		{System: "kubernetes", Path: "kustomizations", Times: 2, Status: 503},
	} {
		p.sandbox.AddFault(f)
	}
	p.startWorker()
	s := p.released(p.depart(10 * time.Second))

	require.Equal(t, train.EndReleased, s.End, s.Why)
	assert.Equal(t, s.Tag, p.git("tag", "--list", "api/v"+strings.ReplaceAll(s.Day.String(), "-", ".")+".*"), "one tag")
	for _, job := range []string{"deploy-staging", "promote-production"} {
		assert.Equal(t, map[string]int{"success": 1}, p.jobs(p.train.Project, job), job)
	}
	assert.Equal(t, map[string]int{"success": 1}, p.jobs(p.train.E2E.Project, "cypress"))
	assert.Len(t, p.sandbox.Releases(p.train.Project), 1)
	for _, name := range p.train.Slack.Channels() {
		texts := map[string]int{}
		for _, m := range p.sandbox.Channel(name).Messages {
			for _, r := range m.Replies {
				texts[r.Text]++
				assert.Equal(t, 1, texts[r.Text], "twice in %s: %s", name, r.Text)
			}
		}
	}
}
