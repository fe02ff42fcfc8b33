package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
)

// sender sends a command from "another terminal" and waits for what was decided.
type sender func(id string, name train.CommandName, c train.Command) train.Decision

// decided waits until a release has decided on a command, and says what.
func (p *place) decided(id string, name train.CommandName, send func()) train.Decision {
	p.t.Helper()
	count := func(st train.Status) int { return len(st.Record.Decisions) + st.Record.Dropped }
	before := count(p.status(id))
	send()
	var d train.Decision
	require.Eventually(p.t, func() bool {
		st := p.status(id)
		if count(st) == before {
			return false
		}
		d = st.Record.Decisions[len(st.Record.Decisions)-1]
		return d.Command == name
	}, time.Minute, 50*time.Millisecond, "%s was never decided; the worker's log:\n%s", name, p.workerLog())
	return d
}

func (p *place) shell(executable string, args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.ctx, executable, args...)
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+p.server.Address, "TEMPORAL_CLI_ADDRESS="+p.server.Address)
	out, err := cmd.CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("Refused")) && !bytes.Contains(out, []byte("refused")) {
		require.NoError(p.t, err, "%s %v: %s", executable, args, out)
	}
	return string(out)
}

// byTctl sends commands as tctl's signals, byUpdate as the CLI's updates: the
// two lines that docs/commands.md shows.
func (p *place) byTctl() sender {
	tctl, err := temporalx.GoTool(p.ctx, modfile(p.t, "tctl"), "tctl", nil)
	require.NoError(p.t, err)
	return func(id string, name train.CommandName, c train.Command) train.Decision {
		return p.decided(id, name, func() {
			p.shell(tctl, "workflow", "signal", "-w", id, "-n",
				string(name), "-i", input(p.t, c))
		})
	}
}

func (p *place) byUpdate() sender {
	cli, err := temporalx.DevServerExecutable(p.ctx, nil)
	require.NoError(p.t, err)
	return func(id string, name train.CommandName, c train.Command) train.Decision {
		return p.decided(id, name, func() {
			p.shell(cli, "workflow", "update", "execute", "--workflow-id", id, "--name", string(name), "--input", input(p.t, c))
		})
	}
}

func modfile(t *testing.T, tool string) string {
	t.Helper()
	root, ok := temporalx.ModuleRoot()
	require.True(t, ok)
	return filepath.Join(root, "internal/tools", tool, "go.mod")
}

func input(t *testing.T, c train.Command) string {
	t.Helper()
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	return string(raw)
}

func TestEveryCommandWorksByTctlAndByUpdate(t *testing.T) {
	for name, by := range map[string]func(*place) sender{
		"tctl": (*place).byTctl, "update": (*place).byUpdate,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			everyCommand(t, p, by(p), name)
		})
	}
}

// everyCommand takes a release through all commands, each accepted at least once.
func everyCommand(t *testing.T, p *place, send sender, by string) {
	p.sandbox.SetOutcome("e2e", "script_failure")
	p.startWorker()
	id := p.depart(5 * time.Minute)
	p.reaches(id, train.AtGate)
	tag := p.status(id).Candidate.Tag
	ada := func(reason string) train.Command { return train.Command{By: "ada", Reason: reason} }
	accepted := func(name train.CommandName, c train.Command) train.Decision {
		t.Helper()
		d := send(id, name, c)
		require.True(t, d.Accepted, "%s: %s", name, d.Sentence)
		assert.Equal(t, "ada", d.By)
		return d
	}
	accepted(train.Pause, ada("audit"))
	refused := send(id, train.PromoteNow, train.Command{By: "ada"})
	assert.False(t, refused.Accepted)
	assert.Contains(t, refused.Sentence, `the field "reason" is missing`)
	accepted(train.Resume, ada(""))
	d := accepted(train.HotfixFreeze, ada("checkout"))
	assert.Contains(t, d.Sentence, "It is GitLab freeze period")
	assert.Len(t, p.sandbox.Freezes(p.train.Project), 1)
	d = accepted(train.LiftHotfixFreeze, ada(""))
	assert.Contains(t, d.Sentence, "Our GitLab freeze period is gone.")
	assert.Empty(t, p.sandbox.Freezes(p.train.Project))
	accepted(train.ApproveDespiteE2E, train.Command{By: "ada", Reason: "flake", Tag: tag})
	accepted(train.RevokeApproval, ada("a real bug"))
	d = accepted(train.RegenerateChangelog, train.Command{By: "ada", PreviousTag: "api/v2026.11.19.1"})
	assert.Contains(t, d.Sentence, "starts at api/v2026.11.19.1 now: 4 commits")
	accepted(train.MoveProduction, train.Command{By: "ada", Reason: "later",
		At: time.Now().Add(4 * time.Minute).UTC().Format(time.RFC3339)})
	accepted(train.SkipDay, train.Command{By: "ada", Reason: "meeting", Day: calendar.DayOf(time.Now()).Add(20)})
	accepted(train.AddDay, train.Command{By: "ada", Reason: "after all", Day: calendar.DayOf(time.Now()).Add(20)})
	accepted(train.PromoteNow, ada("urgent"))
	accepted(train.RerunE2E, ada(""))
	require.Eventually(t, func() bool {
		st := p.status(id)
		return st.Phase == train.AtGate && st.E2E.Run == 2 && st.E2E.State == train.E2ERed
	}, time.Minute, 50*time.Millisecond)
	accepted(train.MarkBad, ada("loses bookings"))
	require.Eventually(t, func() bool {
		return strings.Contains(p.sandbox.Releases(p.train.Project)[0].Description, "**Marked bad** by ada: loses bookings")
	}, time.Minute, 50*time.Millisecond)

	// A hotfix goes to production past the train, and the next deploy to staging fails.
	_, err := p.sandbox.HotfixInProduction("production", "api/v2026.11.19.90", "fix: checkout")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(p.status(id).Holds, func(h train.Hold) bool { return h.Kind == train.HoldDrift })
	}, time.Minute, 50*time.Millisecond)
	lacks := train.FindHold(p.status(id).Holds, train.HoldDrift).Removes
	require.NotZero(t, lacks)
	drift := train.Command{By: "ada", Reason: "it is in main too", Hold: train.HoldDrift}
	assert.Equal(t, train.RefusedRemovesNotNamed, send(id, train.Acknowledge, drift).Code)
	drift.Removes = lacks
	accepted(train.Acknowledge, drift)
	p.sandbox.SetOutcome(p.train.Staging.Job, "script_failure")
	d = accepted(train.CutTag, ada("takes the hotfix"))
	assert.Contains(t, d.Sentence, "it adds 2 commits")
	require.Eventually(t, func() bool { return p.status(id).Staging.Failed() }, time.Minute, 50*time.Millisecond)
	p.sandbox.SetOutcome(p.train.Staging.Job, "success")
	rollback := send(id, train.Rollback, train.Command{By: "ada", Reason: "x", Environment: train.Production})
	assert.False(t, rollback.Accepted)
	accepted(train.RetryDeploy, train.Command{By: "ada", Environment: train.Staging})
	require.Eventually(t, func() bool { return p.status(id).Staging.Succeeded() }, time.Minute, 50*time.Millisecond)
	assert.Equal(t, map[string]int{"success": 2, "failed": 1}, p.jobs(p.train.Project, p.train.Staging.Job))

	if by == "tctl" {
		p.shell(p.tctl(), "workflow", "cancel", "-w", id) // Temporal's own cancel means the command
	} else {
		p.shell(p.cli(), "workflow", "update", "execute", "--workflow-id", id, "--name", "cancel", "--input",
			input(t, ada("no release today")))
	}
	s := p.summary(id)
	assert.Equal(t, train.EndCancelled, s.End)
	assert.Empty(t, p.jobs(p.train.Project, p.train.Production.Job))
	assert.Len(t, s.Former, 1)
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Less(t, len(raw), 20<<10)
	p.recordAll("commands-by-"+by, id, s)
}

func (p *place) tctl() string {
	path, err := temporalx.GoTool(p.ctx, modfile(p.t, "tctl"), "tctl", nil)
	require.NoError(p.t, err)
	return path
}

func (p *place) cli() string {
	path, err := temporalx.DevServerExecutable(p.ctx, nil)
	require.NoError(p.t, err)
	return path
}

// recordAll records the day's histories and that of the train.
func (p *place) recordAll(name, id string, s train.Summary) {
	p.t.Helper()
	p.record(name, id, s, train.MemoryID(s.Train))
}

func TestAWorkerThatWasDownOverTheWholeWindowDeploysNothing(t *testing.T) {
	p := newPlace(t)
	worker := p.startWorker()
	id := p.departOn(calendar.Day{}, 12*time.Second, 20*time.Second)
	p.reaches(id, train.AtGate)
	st := p.status(id)
	kill(worker)
	require.Eventually(t, func() bool { return time.Now().After(st.Closes) }, time.Minute, 100*time.Millisecond)
	p.startWorker()
	require.Eventually(t, func() bool {
		value, err := p.client.QueryWorkflow(p.ctx, id, "", train.QueryStatus)
		return err == nil && value.Get(&st) == nil && strings.Contains(st.Waiting.What, "the window has closed")
	}, time.Minute, 100*time.Millisecond, p.workerLog())
	assert.Empty(t, p.jobs(p.train.Project, p.train.Production.Job))
	d := p.decided(id, train.Cancel, func() {
		require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", "cancel", train.Command{By: "ada", Reason: "too late"}))
	})
	assert.True(t, d.Accepted)
	s := p.summary(id)
	assert.Equal(t, train.EndCancelled, s.End)
	p.record("window-passed", id, s)
}

func TestARedRunThatIsApprovedGoesToProductionWhenTheFreezeIsDeletedInGitLab(t *testing.T) {
	p := newPlace(t)
	p.sandbox.SetOutcome("e2e", "script_failure")
	p.startWorker()
	id := p.depart(5 * time.Second)
	p.reaches(id, train.AtGate)
	p.sandbox.AddFreeze("0 0 * * *", "59 23 * * *", "Eastern Time (US & Canada)")
	d := p.decided(id, train.ApproveDespiteE2E, func() {
		require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", "approve-despite-e2e",
			train.Command{By: "ada", Reason: "flake", Tag: p.status(id).Candidate.Tag}))
	})
	assert.True(t, d.Accepted, d.Sentence)
	require.Eventually(t, func() bool {
		st := p.status(id)
		return st.Waiting.For == train.WaitHold && strings.Contains(st.Waiting.What, "GitLab freeze period") &&
			time.Now().After(st.Opens)
	}, time.Minute, 50*time.Millisecond)
	assert.Empty(t, p.jobs(p.train.Project, p.train.Production.Job))
	p.sandbox.DeleteFreezes()
	s := p.released(id)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, train.E2ERed, s.E2E)
	p.record("red-approved-frozen", id, s)
}

func TestAHotfixFreezeLeavesOneFreezePeriodAfterLostAnswersAndAKillAndNoneAfterTheLift(t *testing.T) {
	p := newPlace(t)
	p.sandbox.AddFreeze("0 0 1 1 *", "0 1 1 1 *", "UTC") // somebody else's
	p.sandbox.AddFault(sandbox.Fault{System: "gitlab", Method: "POST", Path: "/freeze_periods", Times: 1, Hang: true})
	worker := p.startWorker()
	_, err := p.client.SignalWithStartWorkflow(p.ctx, train.MemoryID("api"), "hotfix-freeze",
		train.Command{By: "ada", Reason: "checkout"},
		client.StartWorkflowOptions{TaskQueue: train.TaskQueue}, train.TrainWorkflow, train.MemoryInput{Train: "api"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(p.sandbox.Freezes(p.train.Project)) == 2 }, time.Minute,
		20*time.Millisecond, p.workerLog())
	kill(worker) // while it waits for the answer
	p.startWorker()
	require.Eventually(t, func() bool { m := p.memory(); return m.Freeze != nil && m.Freeze.ID != 0 }, 2*time.Minute,
		100*time.Millisecond, p.workerLog())
	assert.Len(t, p.sandbox.Freezes(p.train.Project), 2, "found, not created again")
	require.NoError(t, p.client.SignalWorkflow(p.ctx, train.MemoryID("api"), "",
		"lift-hotfix-freeze", train.Command{By: "ada"}))
	require.Eventually(t, func() bool { return len(p.sandbox.Freezes(p.train.Project)) == 1 },
		time.Minute, 50*time.Millisecond)
	assert.Equal(t, "0 0 1 1 *", p.sandbox.Freezes(p.train.Project)[0].Start, "exactly ours was removed")
	assert.Len(t, p.sandbox.Requests("gitlab", "POST", "/freeze_periods"), 1)
}

// TestALongHistoryGoesOnInANewRunAndForgetsNothing lets the server ask for a new
// run early, and signals keep coming while it begins.
func TestALongHistoryGoesOnInANewRunAndForgetsNothing(t *testing.T) {
	p := newPlace(t, "limit.historyCount.suggestContinueAsNew=250")
	p.sandbox.SetOutcome("e2e", "script_failure")
	p.startWorker()
	id := p.depart(2 * time.Minute)
	p.reaches(id, train.AtGate)
	first, tag := p.run(id), p.status(id).Candidate.Tag
	d := p.decided(id, train.Pause, func() {
		require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", "pause", train.Command{By: "ada", Reason: "audit"}))
	})
	require.True(t, d.Accepted)
	const sent = 150
	for i := range sent {
		require.NoError(t, patiently(func() error {
			return p.client.SignalWorkflow(p.ctx, id, "", "approve-despite-e2e",
				train.Command{By: "ada", Reason: fmt.Sprint(i), Tag: "api/v1"})
		}))
	}
	require.Eventually(t, func() bool { return p.seen(id) >= sent+1 }, time.Minute, 100*time.Millisecond,
		"some signal was lost; the worker's log:\n%s", p.workerLog())
	assert.NotEqual(t, first, p.run(id), "it went on in a new run")
	st := p.status(id)
	assert.Equal(t, train.AtGate, st.Phase)
	assert.Equal(t, tag, st.Candidate.Tag)
	assert.Equal(t, train.E2ERed, st.E2E.State)
	require.Len(t, st.Holds, 1)
	for name, c := range map[train.CommandName]train.Command{
		train.Resume: {By: "ada"}, train.ApproveDespiteE2E: {By: "ada", Reason: "flake", Tag: tag},
		train.PromoteNow: {By: "ada", Reason: "now"},
	} {
		require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", string(name), c))
	}
	s := p.released(id)
	assert.Equal(t, train.EndReleased, s.End)
	assert.Equal(t, map[string]int{"success": 1}, p.jobs(p.train.Project, p.train.Production.Job))
	assert.Equal(t, map[string]int{"success": 1}, p.jobs(p.train.Project, p.train.Staging.Job))
}

// TestATrainsLongHistoryGoesOnInANewRunAndForgetsNothing is the same for a train, which a worker starts.
func TestATrainsLongHistoryGoesOnInANewRunAndForgetsNothing(t *testing.T) {
	p := newPlace(t, "limit.historyCount.suggestContinueAsNew=100")
	p.startWorker()
	id, first := train.MemoryID(p.train.Name), ""
	require.Eventually(t, func() bool {
		d, err := p.client.DescribeWorkflowExecution(p.ctx, id, "")
		first = d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
		return err == nil
	}, time.Minute, 100*time.Millisecond, "no train runs; the worker's log:\n%s", p.workerLog())
	const sent = 40
	pause := func(i int) {
		require.NoError(t, patiently(func() error {
			return p.client.SignalWorkflow(p.ctx, id, "", "pause", train.Command{By: "ada", Reason: fmt.Sprint(i),
				ID: fmt.Sprint("pause-", i)})
		}))
	}
	for i := range sent {
		pause(i)
	}
	require.Eventually(t, func() bool { return len(p.memory().Holds) == sent && p.run(id) != first }, time.Minute,
		100*time.Millisecond, "some signal was lost; the worker's log:\n%s", p.workerLog())
	answer, err := activities.SendToTrain(p.ctx, p.client, p.train.Name, train.Resume, train.Command{By: "ada", All: true})
	require.NoError(t, err)
	assert.Equal(t, "Resumed.", answer.Sentence)
	again, err := activities.SendToTrain(p.ctx, p.client, p.train.Name, train.Pause, train.Command{By: "ada",
		Reason: "7", ID: "pause-7"})
	require.NoError(t, err)
	assert.Equal(t, "Done already.", again.Sentence)
	assert.Empty(t, p.memory().Holds)
}

// run is the run ID of a workflow that is open.
func (p *place) run(id string) string {
	p.t.Helper()
	d, err := p.client.DescribeWorkflowExecution(p.ctx, id, "")
	require.NoError(p.t, err)
	return d.WorkflowExecutionInfo.Execution.RunId
}

// memory is what the train remembers.
func (p *place) memory() train.Memory {
	value, err := p.client.QueryWorkflow(p.ctx, train.MemoryID(p.train.Name), "", train.QueryStatus)
	var st train.MemoryStatus
	if err != nil || value.Get(&st) != nil {
		return train.Memory{} // nobody answers while no worker runs
	}
	return st.Memory
}

// randomSignals is how many signals are sent to a real server, and moreSignals how
// many with SLOW_TESTS=1.
const randomSignals, moreSignals = 300, 2000

// TestRandomSignalsToARealServerAreAllDecidedAndChangeNoPromise repeats a run with SEED=<number>.
func TestRandomSignalsToARealServerAreAllDecidedAndChangeNoPromise(t *testing.T) {
	p := newPlace(t)
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a test that can be repeated
	p.sandbox.SetOutcome("e2e", "script_failure")
	p.startWorker()
	id := p.departOn(calendar.Day{}, 20*time.Minute, time.Hour)
	p.reaches(id, train.AtGate)
	names := []train.CommandName{
		train.Pause, train.Resume, train.HotfixFreeze, train.LiftHotfixFreeze, train.ApproveDespiteE2E,
		train.RevokeApproval, train.Acknowledge,
		train.RetryDeploy, train.RerunE2E, train.RegenerateChangelog, train.MoveProduction, train.Rollback,
		train.SkipDay, train.AddDay,
	}
	tag := p.status(id).Candidate.Tag
	signals := randomSignals
	if os.Getenv(slowly) != "" {
		signals = moreSignals
	}
	for sent := range signals {
		name := string(names[rng.IntN(len(names))])
		kind := rng.IntN(100)
		c := train.Command{By: "ada", Reason: "because"}
		switch train.CommandName(name) { //nolint:exhaustive // others need no more
		case train.ApproveDespiteE2E:
			c.Tag = tag
		case train.Acknowledge:
			c.Hold = train.HoldDrift
		case train.RetryDeploy, train.Rollback:
			c.Environment = train.Staging
		case train.RegenerateChangelog:
			c.PreviousTag = "api/v2026.11.19.1"
		case train.MoveProduction:
			c.At = time.Now().Add(time.Duration(20+rng.IntN(60)) * time.Minute).UTC().Format(time.RFC3339)
		case train.SkipDay, train.AddDay:
			c.Day = calendar.DayOf(time.Now()).Add(2 + rng.IntN(30))
		}
		var arg any = c
		switch {
		case kind < 6: // what asks the outside is rare, to keep the test short
		case kind < 40 && (name == "pause" || name == "hotfix-freeze" || name == "rerun-e2e" ||
			name == "regenerate-changelog" || name == "skip-day" || name == "add-day"):
			arg = map[string]any{"by": "ada", "reason": 7}
		case kind < 20:
		case kind < 60:
			arg = []any{nil, 7, "text", []int{1}, map[string]any{"by": "ada", "fog": true}, map[string]any{}}[rng.IntN(6)]
		case kind < 75:
			arg = map[string]any{"by": "ada", "reason": strings.Repeat("x", 17<<10)}
		case kind < 80:
			arg = converter.NewRawValue(&commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")},
				Data: []byte(`{"by":`)})
		case kind < 85:
			arg = []byte{0, 255, 1}
		default:
			name = fmt.Sprintf("unknown-%d", rng.IntN(5))
		}
		if err := patiently(func() error { return p.client.SignalWorkflow(p.ctx, id, "", name, arg) }); err != nil {
			require.NoError(t, err, "signal %d; %s", sent, p.lastEvents(id))
		}
		if rng.IntN(3) == 0 { // some act in one task
			p.oracle(id, sent)
		}
	}
	require.Eventually(t, func() bool { return p.seen(id) >= signals }, 2*time.Minute, 200*time.Millisecond,
		"some signal was never decided")
	assert.Empty(t, p.jobs(p.train.Project, p.train.Production.Job), "the window was never open")
	require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", "cancel", train.Command{By: "ada", Reason: "enough"}))
	assert.Equal(t, train.EndCancelled, p.summary(id).End)
}

// patiently asks a server that is busy with other tests once more.
func patiently(ask func() error) (err error) {
	for range 5 {
		if err = ask(); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return err
}

// lastEvents says how a history ends, for a test that fails.
func (p *place) lastEvents(id string) string {
	if p.t.Failed() {
		return ""
	}
	h := p.history(id).Events
	return fmt.Sprintf("%d events, the last: %v", len(h), types(h[max(0, len(h)-30):]))
}

func types(events []*historypb.HistoryEvent) (out []string) {
	for _, e := range events {
		out = append(out, fmt.Sprintf("%d %s %s", e.EventId, e.EventTime.AsTime().Format("05.000"),
			strings.TrimPrefix(e.EventType.String(), "EVENT_TYPE_")))
	}
	return out
}

// seen counts the decisions of a release.
func (p *place) seen(id string) int {
	r := p.status(id).Record
	return len(r.Decisions) + r.Dropped
}

// oracle looks at a release as a person would.
func (p *place) oracle(id string, sent int) {
	p.t.Helper()
	var st train.Status
	var value converter.EncodedValue
	err := patiently(func() (err error) {
		value, err = p.client.QueryWorkflow(p.ctx, id, "", train.QueryStatus)
		return err
	})
	if err != nil {
		require.NoError(p.t, err, "after signal %d; %s; the worker's log:\n%s", sent, p.lastEvents(id), p.workerLog())
	}
	require.NoError(p.t, value.Get(&st))
	require.Contains(p.t, []train.Phase{train.AtGate, train.Testing, train.OnStaging, train.RollingBack}, st.Phase, sent)
	require.NotEmpty(p.t, st.Waiting.What, sent)
	require.NotEmpty(p.t, st.Waiting.Next, sent)
	require.NotEmpty(p.t, st.Commands, sent)
	require.LessOrEqual(p.t, len(st.Record.Decisions), 20)
	for _, d := range st.Record.Decisions {
		require.NotEmpty(p.t, d.Sentence)
	}
	if st.Waiting.For == train.WaitHold {
		require.NotEmpty(p.t, st.Holds, sent)
	}
}
