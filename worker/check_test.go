package main

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/upgrade"
	"github.com/release-train/release-train/workflows"
)

// changed is a build with a deliberate difference: its releases sleep first.
type changed struct{ worker.WorkflowRegistry }

func (c changed) RegisterWorkflowWithOptions(f any, o workflow.RegisterOptions) {
	if o.Name == train.ReleaseWorkflow {
		f = func(ctx workflow.Context, in train.ReleaseInput) (train.Summary, error) {
			if err := workflow.Sleep(ctx, time.Minute); err != nil {
				return train.Summary{}, err
			}
			return workflows.ReleaseWorkflow(ctx, in)
		}
	}
	c.WorkflowRegistry.RegisterWorkflowWithOptions(f, o)
}

func registerChanged(r worker.WorkflowRegistry) { workflows.Register(changed{r}) }

// checkBy runs a check with the workflows of a build.
func (p *place) checkBy(register func(worker.WorkflowRegistry)) (int, string) {
	p.t.Helper()
	var out bytes.Buffer
	code, err := check(p.ctx, register, &out, func(*slog.Logger) (client.Options, error) {
		return client.Options{HostPort: p.server.Address, Namespace: "default"}, nil
	})
	require.NoError(p.t, err)
	return code, out.String()
}

func TestACheckPassesTheBuildThatRunsAndStopsOneThatWouldBreakAnOpenRelease(t *testing.T) {
	p := newPlace(t)
	process := p.startWorker()
	id := p.depart(long)
	p.reaches(id, train.AtGate)
	kill(process)
	// Nobody has taken the first task of this one.
	_, err := p.client.ExecuteWorkflow(p.ctx, client.StartWorkflowOptions{ID: "notify-waits", TaskQueue: train.TaskQueue},
		train.NotifyWorkflow, train.NotifyInput{})
	require.NoError(t, err)
	notify := strings.Replace(id, "release", "notify", 1)
	open := []string{id, notify, "notify-waits", train.MemoryID(p.train.Name)}
	require.Eventually(t, func() bool {
		return len(p.checkedBy(workflows.Register, 0).Broken) == 0 &&
			p.checkedBy(workflows.Register, 0).Checked == len(open)
	}, 10*time.Second, 100*time.Millisecond, "what is open is listed")
	before := p.lengths(open)

	code, said := p.program(p.server.Address, "check")
	assert.Equal(t, 0, code, said)
	assert.Contains(t, said, "Replayed 4 open executions of namespace default")
	assert.Contains(t, said, "none would break")

	code, said = p.checkBy(registerChanged)
	assert.Equal(t, 1, code, said)
	assert.Contains(t, said, id+" (ReleaseWorkflow, run ")
	assert.Contains(t, said, "would break: ")
	assert.Contains(t, said, "1 would break")
	assert.Len(t, strings.Split(strings.TrimSpace(said), "\n"), 2, said)

	paged := p.checkedBy(registerChanged, 1)
	assert.Equal(t, len(open), paged.Checked, "one a page")
	require.Len(t, paged.Broken, 1)
	assert.Equal(t, id, paged.Broken[0].ID)
	assert.Equal(t, before, p.lengths(open), "nothing was taken, nothing was written")
}

func (p *place) checkedBy(register func(worker.WorkflowRegistry), pageSize int32) upgrade.Result {
	p.t.Helper()
	result, err := upgrade.Check{Client: p.client, Namespace: "default", Register: register, PageSize: pageSize}.Run(p.ctx)
	require.NoError(p.t, err)
	return result
}

// lengths are how many events the histories of executions have.
func (p *place) lengths(ids []string) (all []int) {
	for _, id := range ids {
		all = append(all, len(p.history(id).Events))
	}
	return all
}

// program runs this program with arguments against a server.
func (p *place) program(address string, args ...string) (int, string) {
	p.t.Helper()
	cmd := exec.CommandContext(p.ctx, p.binary, args...)
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+address)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(p.t, err, &exit, string(out))
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestACheckThatFindsNoServerIsNoPass(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	t.Parallel()
	binary, err := program()
	require.NoError(t, err, binary)
	p := &place{t: t, ctx: t.Context(), binary: binary}
	code, said := p.program("127.0.0.1:1", "check")
	assert.Equal(t, 2, code, said)
	assert.Contains(t, said, "no Temporal server answers at 127.0.0.1:1")
	code, said = p.program("127.0.0.1:1", "chekc")
	assert.Equal(t, 2, code, said)
	assert.Contains(t, said, `there is no sub-command "chekc"`)
}

// registered notes what is registered.
type registered struct {
	worker.WorkflowRegistry
	names []string
}

func (r *registered) RegisterWorkflowWithOptions(_ any, o workflow.RegisterOptions) {
	r.names = append(r.names, o.Name)
}

func TestACheckLooksAtEveryWorkflowTypeThatTheWorkerRuns(t *testing.T) {
	var r registered
	workflows.Register(&r)
	assert.ElementsMatch(t, train.WorkflowTypes(), r.names)
}
