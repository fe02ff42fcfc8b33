package workflows

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// randomSignals is how many signals are sent in virtual time, over many days.
const randomSignals = 10000

// TestRandomSignalsNeverLeaveAReleaseSilentStuckOrDeployingInAHold sends valid,
// malformed and unknown signals at random moments of random days. Repeat a run
// with SEED=<number>.
func TestRandomSignalsNeverLeaveAReleaseSilentStuckOrDeployingInAHold(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a test that can be repeated
	wanted := randomSignals
	if testing.Short() {
		wanted /= 20
	}
	sent, accepted, ends := 0, map[train.CommandName]int{}, map[train.End]int{}
	for day := 0; sent < wanted && !t.Failed(); day++ {
		g := &gambler{rng: rng, world: newWorld(t), accepted: accepted}
		g.prepare()
		s := g.run()
		ends[s.End]++
		sent += g.sent
	}
	t.Logf("%d signals; ends %v; accepted %v", sent, ends, accepted)
	for _, e := range rules.Commands() {
		if testing.Short() {
			break // too few to reach all
		}
		if e.Name == train.Cancel {
			assert.NotZero(t, ends[train.EndCancelled])
		} else if e.Name != train.Rollback { // its doing comes with the failure kinds
			assert.NotZero(t, accepted[e.Name], "%s was never accepted: the test does not reach it", e.Name)
		}
	}
}

// gambler plays one random day.
type gambler struct {
	*world
	rng      *rand.Rand
	sent     int
	accepted map[train.CommandName]int
}

func (g *gambler) chance(percent int) bool { return g.rng.IntN(100) < percent }

// prepare makes a random day and its signals.
func (g *gambler) prepare() {
	w, r := g.world, g.rng
	w.holds.allowWritesOnlyWithoutHolds = true
	if g.chance(50) {
		w.e2e.ends, w.e2e.found.Report = train.EndedJob{Status: "failed"}, train.E2EReport{Tests: 4, Failed: 1}
	}
	if g.chance(20) {
		w.e2e.takes = 20 * time.Hour
	} else {
		w.e2e.takes = time.Duration(1+r.IntN(10)) * time.Hour
	}
	for _, job := range []string{"deploy-staging", "smoke-production", "promote-production"} {
		if g.chance(15) {
			w.gitlab.jobs[job] = train.EndedJob{Status: "failed", Reason: "script_failure"}
			w.change(g.moment(), func() { delete(w.gitlab.jobs, job) })
		}
	}
	if g.chance(20) { // tagging fails for a reason outside the candidate
		w.gitlab.tagErr = errForbidden
		w.change(g.moment(), func() { w.gitlab.tagErr = nil })
	}
	if g.chance(30) {
		at := g.moment()
		w.change(at, func() {
			w.holds.freeze = &train.Hold{Kind: train.HoldFreeze, Reason: "GitLab freeze period 4", Since: at}
		})
		w.change(at.Add(time.Duration(r.IntN(300))*time.Minute), func() { w.holds.freeze = nil })
	}
	if g.chance(30) {
		at := g.moment()
		w.change(at, func() {
			w.holds.drift, w.holds.runs = &train.Hold{Kind: train.HoldDrift,
				Reason: "production has 1 commit this candidate lacks"}, train.Version{Tag: "api/v2026.11.23.7"}
		})
		w.change(at.Add(time.Duration(r.IntN(300))*time.Minute), func() { w.holds.drift = nil })
	}
	if g.chance(20) {
		w.startAt(newYork(23, 18, 0)) // late
	}
	w.supersede(newYork(24, 17, 0))
	if g.chance(30) { // so that nothing is left to chance
		at := newYork(24, 9, g.rng.IntN(60))
		g.open(at, func() {
			c := train.Command{By: "ada", Reason: "flake", Tag: g.status().Candidate.Tag}
			g.env.SignalWorkflow(string(train.ApproveDespiteE2E), c)
		})
		g.open(at.Add(time.Second), func() { g.env.SignalWorkflow(string(train.RevokeApproval), ada("no")) })
		g.open(at.Add(2*time.Second), g.oracle)
	}
	for i := range 100 {
		// A millisecond of its own: nothing else may act in the instant in which
		// what is listed as accepted is compared with an answer.
		g.signal(g.moment().Add(time.Duration(i+1) * time.Millisecond))
	}
}

// moment is a random instant of the day, more often near its edges.
func (g *gambler) moment() time.Time {
	edges := []time.Time{newYork(23, 18, 1), newYork(23, 18, 5), newYork(24, 10, 59), newYork(24, 11, 0),
		newYork(24, 11, 4), newYork(24, 15, 59), newYork(24, 16, 0)}
	if g.chance(30) {
		return edges[g.rng.IntN(len(edges))].Add(time.Duration(g.rng.IntN(170)-50) * time.Second)
	}
	return newYork(23, 18, 1).Add(time.Duration(g.rng.IntN(23*3600-120)) * time.Second)
}

// signal sends a random signal and looks at what became of it.
func (g *gambler) signal(at time.Time) {
	e := rules.Commands()[g.rng.IntN(len(rules.Commands()))]
	if (e.Name == train.Pause || e.Name == train.HotfixFreeze || e.Name == train.MarkBad || e.Name == train.CutTag) &&
		g.chance(60) {
		e, _ = rules.Commands().Find([]train.CommandName{train.Resume, train.LiftHotfixFreeze, train.RevokeApproval,
			train.RetryDeploy}[g.rng.IntN(4)])
	}
	kind := g.rng.IntN(10)
	if e.Name == train.Cancel && kind < 7 && g.chance(90) {
		kind = 7 // a cancelled day is a short one
	}
	g.open(at, func() {
		g.sent++
		before := g.status()
		c := g.fitting(e, before)
		switch {
		case kind < 7:
			g.env.SignalWorkflow(string(e.Name), c)
		case kind == 7:
			g.env.SignalWorkflow(string(e.Name), []any{nil, 7, "text", []string{"a"}, map[string]any{"by": 5},
				map[string]any{"by": "ada", "fog": true}}[g.rng.IntN(6)])
		case kind == 8:
			g.env.SignalWorkflow(string(e.Name), map[string]any{"by": "ada", "reason": strings.Repeat("x", 17<<10)})
		default:
			g.env.SignalWorkflow(fmt.Sprintf("unknown-%d", g.rng.IntN(5)), c)
		}
	})
	g.open(at.Add(time.Second), g.oracle)
	// What is listed as accepted is accepted, and nothing else: asked of the
	// same state by an update.
	if g.chance(20) {
		a := &answer{}
		var listed bool
		g.open(at.Add(2*time.Second), func() {
			st := g.status()
			c := g.fitting(e, st)
			listed = slices.ContainsFunc(st.Commands, func(a train.AcceptedCommand) bool {
				return a.Name == e.Name && (c.Environment == "" ||
					strings.Contains(a.Line, "--environment "+string(c.Environment))) &&
					(c.Hold == "" || strings.Contains(a.Line, "--hold "+string(c.Hold)))
			})
			if e.Name == train.Cancel || e.Name == train.SkipDay || e.Name == train.AddDay || st.Phase == train.Ended {
				a = nil
				return
			}
			g.sent++
			g.env.UpdateWorkflow(string(e.Name), fmt.Sprint(g.sent, at), a, c)
		})
		g.open(at.Add(10*time.Second), func() {
			if a == nil || a.sentence == "" && a.err == nil {
				return // the release ended first
			}
			assert.Equal(g.t, listed, a.err == nil, "%s at %s: listed as accepted: %v, answer: %s", e.Name, at, listed, a.said())
		})
	}
}

// open does something at an instant, if the release is open then.
func (g *gambler) open(at time.Time, f func()) {
	g.at(at, func() {
		if !g.env.IsWorkflowCompleted() {
			f()
		}
	})
}

// fitting is an input that fits what the status says.
func (g *gambler) fitting(e rules.Definition, st train.Status) train.Command {
	c := train.Command{By: "ada", Reason: "because"}
	switch e.Name { //nolint:exhaustive // others need no more
	case train.ApproveDespiteE2E:
		c.Tag = st.Candidate.Tag
	case train.Acknowledge:
		c.Hold = []train.HoldKind{train.HoldLate, train.HoldDrift}[g.rng.IntN(2)]
	case train.RetryDeploy, train.Rollback:
		c.Environment = []train.EnvironmentName{train.Staging, train.Production}[g.rng.IntN(2)]
	case train.RegenerateChangelog:
		c.PreviousTag = oldTag
	case train.MoveProduction:
		left := newYork(24, 17, 0).Sub(g.env.Now())
		c.At = g.env.Now().Add(min(time.Duration(1+g.rng.IntN(60))*time.Minute,
			left/2+time.Second)).UTC().Format(time.RFC3339)
	case train.SkipDay, train.AddDay:
		c.Day = calendar.Day{Year: 2026, Month: 12, Day: 1 + g.rng.IntN(20)}
	case train.HotfixFreeze:
		c.Until = []string{"", "3h", "18:00"}[g.rng.IntN(3)]
	}
	return c
}

var phases = []train.Phase{
	train.Departing, train.Cutting, train.OnStaging, train.Testing, train.AtGate, train.Producing, train.RollingBack,
	train.Watching, train.Ended,
}

// oracle looks at the status as a person would.
func (g *gambler) oracle() {
	t, st := g.t, g.status()
	require.Contains(t, phases, st.Phase)
	require.NotEmpty(t, words.StatusText(st, words.Plain))
	for _, d := range st.Record.Decisions {
		require.NotEmpty(t, d.Sentence, "%+v", d)
		if d.Accepted && d.At.Equal(g.env.Now().Add(-time.Second)) {
			g.accepted[d.Command]++
		}
	}
	require.LessOrEqual(t, len(st.Record.Decisions), 20)
	if st.Phase == train.Ended {
		return
	}
	w := st.Waiting
	require.NotEmpty(t, w.What, st.Phase)
	require.NotContains(t, w.What, "running")
	switch w.For {
	case train.WaitTime:
		require.False(t, w.NextAt.IsZero(), w.What)
	case train.WaitPerson, train.WaitHold:
		require.NotEmpty(t, st.Commands, w.What)
		if w.For == train.WaitHold {
			require.NotEmpty(t, st.Holds, w.What)
		}
	case train.WaitPipeline:
		require.NotEmpty(t, w.Next, w.What)
	case train.WaitNothing:
		require.NotEmpty(t, w.Next, w.What)
	default:
		require.Fail(t, "waits for nothing that is listed", "%+v", w)
	}
}
