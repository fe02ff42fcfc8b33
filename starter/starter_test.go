package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
)

// screen is what a person sees, safe to read while the program writes.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// starter runs one command line as main does.
func starter(ctx context.Context, env map[string]string, args ...string) (code int, shown string) {
	var s screen
	a := &app{out: &s, err: &s, getenv: func(key string) string { return env[key] }}
	return a.run(ctx, append([]string{"--config", "../release.yaml"}, args...)), s.String()
}

// edited is the repository's release.yaml with one text replaced.
func edited(t *testing.T, old, new string) string {
	t.Helper()
	raw, err := os.ReadFile("../release.yaml")
	require.NoError(t, err)
	require.Contains(t, string(raw), old)
	path := filepath.Join(t.TempDir(), "release.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(raw), old, new, 1)), 0o600))
	return path
}

func TestATypoInTheConfigurationIsOneSentenceWithItsLine(t *testing.T) {
	for old, tt := range map[string][2]string{
		"    branch: main": {"    brunch: main", `did you mean "branch"?`},
		"America/New_York": {"America/New_Jork", `trains[0].zone: "America/New_Jork" is not a time zone`},
		`opens: "11:00"`:   {`opens: "25:00"`, `trains[0].window.opens: "25:00" is not a time of day`},
	} {
		path := edited(t, old, tt[0])
		code, shown := starter(t.Context(), nil, "status", "--config", path)
		assert.Equal(t, 1, code)
		assert.Contains(t, shown, tt[1])
		assert.Regexp(t, `release\.yaml:\d+: `, shown)
		assert.Len(t, strings.Split(strings.TrimSpace(shown), "\n"), 1, shown)
	}
}

func TestAMissingFileOrTokenOrServerIsOneSentence(t *testing.T) {
	code, shown := starter(t.Context(), nil, "status", "--config", "nowhere.yaml")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "cannot read the configuration nowhere.yaml")

	code, shown = starter(t.Context(), nil, "doctor")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "the environment lacks GITLAB_TOKEN")
	assert.Contains(t, shown, "SLACK_BOT_TOKEN")

	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	for _, args := range [][]string{{"status"}, {"start"}, {"schedule", "next"}} {
		code, shown = starter(t.Context(), nil, args...)
		assert.Equal(t, 1, code)
		assert.Contains(t, shown, "no Temporal server answers at 127.0.0.1:1: check TEMPORAL_ADDRESS")
		assert.Len(t, strings.Split(strings.TrimSpace(shown), "\n"), 1, shown)
	}
}

func TestAnUnreachableGitLabFailsItsChecksOnly(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	s := newSandbox(t)
	env := environment(s)
	env["GITLAB_URL"] = "http://127.0.0.1:1"
	code, shown := starter(t.Context(), env, "doctor")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "FAIL  GitLab token")
	assert.Contains(t, shown, "ok    channel #deploy-maven")
	assert.Contains(t, shown, "ok    Flux api in production")
	assert.NotContains(t, shown, sandbox.GitLabToken)
}

// A user who is about to rely on Datadog, rollbacks and owners is told what lacks.
func TestDoctorSaysWhatRollbacksDatadogAndOwnersLack(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	s := newSandbox(t)
	env := environment(s)
	_, shown := starter(t.Context(), env, "doctor")
	assert.Contains(t, shown, "ok    Datadog API key                    is valid at datadoghq.com")
	assert.Contains(t, shown, "ok    Datadog application key            reads monitors")
	assert.Contains(t, shown, "ok    rollbacks of api                   may retry the job of an older tag")
	assert.NotContains(t, shown, "warn")

	env["GITLAB_URL"] = withSettings(t, env["GITLAB_URL"], `"ci_forward_deployment_rollback_allowed":true`,
		`"ci_forward_deployment_rollback_allowed":false`)
	env["DD_APP_KEY"] = ""
	path := edited(t, `"@pod-booking"`, `"@pod-nowhere"`)
	_, shown = starter(t.Context(), env, "doctor", "--config", path)
	assert.Contains(t, shown, "warn  rollbacks of api                   GitLab will refuse to retry the job of an older "+
		"tag")
	assert.Contains(t, shown, "allow job retries for rollback deployments in the CI/CD settings of "+
		"maven-clinic/maven/maven")
	assert.Contains(t, shown, "warn  Datadog application key            DD_APP_KEY is not set")
	assert.Contains(t, shown, "FAIL  group @pod-nowhere                 there is no such user group: create it, or "+
		"correct e2e.owners")

	env["DD_API_KEY"] = "hunter2"
	_, shown = starter(t.Context(), env, "doctor")
	assert.Contains(t, shown, "FAIL  Datadog API key")
	assert.NotContains(t, shown, "hunter2")
	assert.NotContains(t, shown, "Datadog application key", "nothing can be said of it")

	env["DD_API_KEY"] = ""
	_, shown = starter(t.Context(), env, "doctor")
	assert.Contains(t, shown, "FAIL  Datadog API key                    the environment lacks DD_API_KEY: set it, or "+
		"remove datadog from the train api")
	_, shown = starter(t.Context(), env, "doctor", "--config", edited(t, "    datadog: {", "    # datadog: {"))
	assert.NotContains(t, shown, "Datadog")
}

// withSettings is a GitLab that answers as another one does, but for one text.
func withSettings(t *testing.T, address, old, new string) string {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			body = bytes.ReplaceAll(body, []byte(old), []byte(new))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return err
		},
	})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestDoctorDoubtsFluxObjectsThatCannotBeFollowedWell(t *testing.T) {
	object := train.FluxObject{Context: "production", Namespace: "flux-system", Kustomization: "api"}
	assert.Empty(t, fluxDoubts(object, flux.State{Waits: true}))
	assert.Equal(t, []string{"it does not wait for health, so ready only means applied: " +
		"set spec.wait or spec.healthChecks"}, fluxDoubts(object, flux.State{}))
	assert.Equal(t, []string{"the Kustomization api is suspended: flux resume kustomization api --namespace flux-system",
		"its source is suspended: flux resume source git"},
		fluxDoubts(object, flux.State{Waits: true, Suspended: true, SourceSuspended: true}))
	object.Image = "api/api/web"
	assert.Empty(t, fluxDoubts(object, flux.State{}), "the workload tells the health")
}

func TestDoctorKnowsWhichSettingsTakeRollbacksAway(t *testing.T) {
	tr := train.Train{Project: "maven/maven"}
	assert.Empty(t, rollbackDoubts(tr, gitlab.Project{}))
	assert.Empty(t, rollbackDoubts(tr, gitlab.Project{ForwardDeployment: true, ForwardDeploymentRollback: true,
		PipelineVariablesRole: "developer"}))
	doubts := rollbackDoubts(tr, gitlab.Project{ForwardDeployment: true, PipelineVariablesRole: "no_one_allowed"})
	require.Len(t, doubts, 2)
	assert.Contains(t, doubts[0], "a new pipeline or a rollbackJob must do it")
	assert.Contains(t, doubts[1], "neither a new pipeline nor a rollbackJob can be started: allow the bot's role in the "+
		"CI/CD settings of maven/maven")

	tr.Staging.Job, tr.Production.Job, tr.Production.RollbackJob = "s", "p", "back"
	assert.Equal(t, []string{"s", "p", "back"}, jobsOf(tr))
}

func newSandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	f, err := config.Load("../release.yaml")
	require.NoError(t, err)
	s, err := sandbox.Start(t.Context(), sandbox.Options{Trains: f.Trains, Repo: repository(t)})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func environment(s *sandbox.Sandbox) map[string]string {
	env := map[string]string{}
	for _, line := range s.Env() {
		key, value, _ := strings.Cut(line, "=")
		env[key] = value
	}
	return env
}

func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"commit", "--quiet", "--allow-empty", "-m", "Begin"},
		{"commit", "--quiet", "--allow-empty", "-m", "feat: more"},
	} {
		cmd := exec.CommandContext(t.Context(), "git",
			append([]string{"-C", dir, "-c", "user.name=Grace", "-c", "user.email=grace@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, out)
	}
	return dir
}

func TestTheDemoRunsADayToReleasedAndStopsAllItStarted(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	s, ended := demoRun(t, "--length", "12s")
	require.Equal(t, 0, <-ended, s.String())
	for _, part := range []string{
		"Temporal Web UI:", "Sandbox (GitLab, Slack, Flux, Datadog):", "tctl workflow query", "staging ", "e2e ", "gate ",
		": released.", "changelog    1 commit and 0 merge requests", "Flux         production runs api/v",
		"Slack        #deploy-maven: 1 message",
	} {
		assert.Contains(t, s.String(), part)
	}
}

func TestADemoThatIsStoppedSaysSoAndLeavesNothingBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s, ended := demoRunUntil(ctx, t, "--length", "60s")
	require.Eventually(t, func() bool { return strings.Contains(s.String(), "waiting for") }, time.Minute,
		50*time.Millisecond, s.String())
	stop()
	assert.Equal(t, 1, <-ended)
	assert.Contains(t, s.String(), "stopped by you")
}

func TestADayThatIsTooShortIsRefused(t *testing.T) {
	code, shown := starter(t.Context(), nil, "demo", "--length", "1s")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "--length 1s is too short")
}

// startServer starts a Temporal server that the programs of this test find.
func startServer(t *testing.T) *temporalx.DevServer {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	cli, err := temporalx.DevServerExecutable(t.Context(), nil)
	require.NoError(t, err)
	server, err := temporalx.StartDevServer(context.Background(), temporalx.DevServerOptions{Executable: cli})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	t.Setenv("TEMPORAL_ADDRESS", server.Address)
	return server
}

// TestSchedulesAndDoctorOnARealServer follows a new user: doctor finds what is
// missing, apply makes the Schedule, next shows it, trigger departs.
func TestSchedulesAndDoctorOnARealServer(t *testing.T) {
	server, ctx := startServer(t), t.Context()
	s := newSandbox(t)
	env := environment(s)

	code, shown := starter(ctx, env, "doctor")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "FAIL  search attributes")
	assert.Contains(t, shown, "there is no Schedule train-api: create it with: starter schedule apply")
	assert.Contains(t, shown, "ok    group @eng-exp-on-call")

	_, err := server.Client().DescribeWorkflowExecution(ctx, train.MemoryID("api"), "")
	assert.Error(t, err)
	code, shown = starter(ctx, env, "schedule", "apply")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "Created the Schedule train-api.")
	_, err = server.Client().DescribeWorkflowExecution(ctx, train.MemoryID("api"), "")
	require.NoError(t, err, "the train runs, before any worker does")
	code, shown = starter(ctx, env, "schedule", "apply", "--train", "api")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "Updated the Schedule train-api.")

	f, err := config.Load("../release.yaml")
	require.NoError(t, err)
	tr := f.Trains[0]
	d, err := server.Client().ScheduleClient().GetHandle(ctx, train.ScheduleID("api")).Describe(ctx)
	require.NoError(t, err)
	require.Len(t, d.Info.NextActionTimes, 10)
	for i, p := range tr.Timetable().Departures(time.Now(), 10) {
		assert.True(t, p.CutAt.Equal(d.Info.NextActionTimes[i]), "departure %d: %s, the Schedule fires %s", i,
			p.CutAt, d.Info.NextActionTimes[i])
	}
	code, shown = starter(ctx, env, "schedule", "next")
	require.Equal(t, 0, code, shown)
	assert.Equal(t, 10, strings.Count(shown, "cuts release day"), shown)
	assert.NotContains(t, shown, "bring the Schedule up to date")
	code, shown = starter(ctx, env, "schedule", "show")
	require.Equal(t, 0, code, shown)
	assert.NotContains(t, shown, "differs")

	startWorker(t, s, server)
	code, shown = starter(ctx, env, "schedule", "trigger")
	require.Equal(t, 0, code, shown)
	said := awaitDeparture(t, server.Client())
	assert.Contains(t, said, "Started by hand: this means the next release day, cut at once.")
	code, shown = starter(ctx, env, "status")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "Release api")
	assert.Contains(t, shown, "Waiting for")
	code, shown = starter(ctx, env, "pause", "--by", "ada", "--reason", "audit")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "Paused: no tag, no deploy and no E2E start until resume.")
	code, shown = starter(ctx, env, "status")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "Hold pause: audit")
	code, shown = starter(ctx, env, "promote-now", "--by", "ada")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, `promote-now was refused: the field "reason" is missing`)
	code, shown = starter(ctx, env, "pause", "--by", "bob", "--reason", "prices")
	require.Equal(t, 0, code, shown)
	code, shown = starter(ctx, env, "resume", "--by", "ada")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "starter resume --train api --of bob")
	code, shown = starter(ctx, env, "resume", "--by", "ada", "--of", "bob")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "The train is still held by the pause by ada (audit).")
	code, shown = starter(ctx, env, "resume", "--by", "ada", "--all")
	require.Equal(t, 0, code, shown)

	days := tr.Timetable().Departures(time.Now(), 6)
	skipped := days[4].Day.String()
	code, shown = starter(ctx, env, "schedule", "skip", skipped, "--by", "ada", "--reason", "company meeting")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "no release on "+skipped)
	assert.Contains(t, shown, "skipped: company meeting (ada)")
	code, shown = starter(ctx, env, "doctor")
	assert.Equal(t, 0, code, "a skipped day is no fault: %s", shown)
	code, shown = starter(ctx, env, "schedule", "add", skipped, "--by", "ada", "--reason", "after all")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "cuts release day "+skipped)
	code, shown = starter(ctx, env, "schedule", "pause", "--reason", "freeze")
	require.Equal(t, 0, code, shown)
	code, shown = starter(ctx, env, "schedule", "next")
	require.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "is paused (freeze (")
	code, shown = starter(ctx, env, "schedule", "resume")
	require.Equal(t, 0, code, shown)

	head, err := exec.CommandContext(ctx, "git", "-C", s.Repository(), "rev-parse", "main").Output()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		code, shown = starter(ctx, env, "where", strings.TrimSpace(string(head)))
		return code == 0 && strings.Contains(shown, "is on release-api-")
	}, time.Minute, 200*time.Millisecond, "where: %s", shown)
	assert.Contains(t, shown, "expected in production")
	code, shown = starter(ctx, env, "where", "!999")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "could not read the merge request !999")

	code, shown = starter(ctx, env, "start", "--by", "ada")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "has departed before")
	code, shown = starter(ctx, env, "doctor")
	assert.Equal(t, 0, code, shown)
	assert.Contains(t, shown, "All is well.")
}

// TestADayIsSkippedOrAddedWithoutASchedule is a train in the middle of its migration: the old schedules depart it.
func TestADayIsSkippedOrAddedWithoutASchedule(t *testing.T) {
	server, ctx := startServer(t), t.Context()
	s := newSandbox(t)
	env := environment(s)
	// Signals and updates that come before the first task are obeyed once a worker runs.
	require.NoError(t, activities.EnsureTrain(ctx, server.Client(), "api"))
	require.NoError(t, server.Client().SignalWorkflow(ctx, train.MemoryID("api"), "", "pause",
		train.Command{By: "ada", Reason: "audit"}))
	require.NoError(t, server.Client().SignalWorkflow(ctx, train.MemoryID("api"), "", "pause", "please"))
	early := make(chan string, 1)
	go func() {
		_, shown := starter(ctx, env, "hotfix-freeze", "--by", "bob", "--reason", "checkout")
		early <- shown
	}()
	startWorker(t, s, server)
	assert.Contains(t, <-early, "Held for the hotfix.")
	code, shown := starter(ctx, env, "lift-hotfix-freeze", "--by", "bob")
	assert.Equal(t, 0, code, shown)
	code, shown = starter(ctx, env, "resume", "--by", "ada")
	assert.Equal(t, 0, code, shown)

	f, err := config.Load("../release.yaml")
	require.NoError(t, err)
	day := f.Trains[0].Timetable().Departures(time.Now(), 6)[4].Day.String()
	for _, use := range []string{"skip", "add"} {
		code, shown = starter(ctx, env, "schedule", use, day, "--by", "ada", "--reason", "migration")
		require.Equal(t, 0, code, shown)
		assert.Contains(t, shown, "There is no Schedule train-api yet, and none was made")
	}
	for _, id := range []string{train.ScheduleID("api"), train.WatchdogID("api")} {
		_, err := server.Client().ScheduleClient().GetHandle(ctx, id).Describe(ctx)
		var missing *serviceerror.NotFound
		assert.ErrorAs(t, err, &missing, id)
	}
}

func startWorker(t *testing.T, s *sandbox.Sandbox, server *temporalx.DevServer) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "worker")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../worker").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := exec.Command(binary, "-config", "../release.yaml")
	cmd.Env = append(append(os.Environ(), s.Env()...), "TEMPORAL_ADDRESS="+server.Address)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { assert.NoError(t, stopProcess(cmd)) })
}

// awaitDeparture waits for the first departure's answer.
func awaitDeparture(t *testing.T, c client.Client) string {
	t.Helper()
	var d train.DepartureResult
	require.Eventually(t, func() bool {
		list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Namespace: "default",
			Query: "WorkflowType = 'DepartureWorkflow'"})
		if err != nil || len(list.Executions) == 0 {
			return false
		}
		e := list.Executions[0].Execution
		return c.GetWorkflow(t.Context(), e.WorkflowId, e.RunId).Get(t.Context(), &d) == nil
	}, 30*time.Second, 100*time.Millisecond)
	return d.Sentence
}
