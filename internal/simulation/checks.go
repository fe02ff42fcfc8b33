package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// violation is a broken invariant.
type violation struct {
	invariant string
	text      string
}

// kind is what failures are counted by.
func (v *violation) kind() string {
	what, _, _ := strings.Cut(v.text, ": ")
	return what
}

// Invariants. PRODUCT.md section 12 and issue 11 have the reasons.
const (
	invariantPanic    = "no activity panics"
	invariantFails    = "no execution fails"
	invariantStatus   = "the status decodes and says what it waits for"
	invariantLeadsOn  = "some command leads on"
	invariantHolds    = "no write while a hold that it obeys stands"
	invariantWindow   = "nothing deploys by itself outside the window"
	invariantDrift    = "no deploy over a production that holds what the candidate lacks"
	invariantTag      = "no deploy of a tag that was moved"
	invariantEvidence = "evidence names the candidate and a rollout that was ready before"
	invariantOnce     = "at most one effect per key"
	invariantLock     = "never two of our deploys of one environment at once"
	invariantOrders   = "an accepted order is carried out, refused or replaced aloud"
	invariantTruth    = "what was acknowledged is what runs"
	invariantPace     = "events per hour are bounded"
	invariantFreeze   = "at the end no freeze of ours is left"
	invariantOrphan   = "at the end nothing of ours is forgotten"
	invariantOpen     = "at the end no execution is left open"
	invariantMessages = "every message arrives"
	invariantAnswers  = "every update is answered"
)

// fail breaks an invariant: the day ends.
func (w *world) fail(invariant, text string, args ...any) {
	if w.broken != nil || w.stopping {
		return
	}
	w.say("BROKEN", invariant+": "+text, args...)
	w.broken = &violation{invariant: invariant, text: w.transcript[len(w.transcript)-1].text}
	w.stop()
}

// perHour bounds the activities of all executions in an hour: a busy one has 60.
const perHour = 130

// countActivity bounds the pace: a loop without a floor spins here.
func (w *world) countActivity() {
	hour := int(w.env.Now().Sub(w.start) / time.Hour)
	w.hourly[hour]++
	if w.hourly[hour] > perHour {
		w.fail(invariantPace+", "+w.busiest(hour), "more than %d activities within an hour", perHour)
	}
}

// busiest is the activity that was most often scheduled last.
func (w *world) busiest(int) string {
	count := map[string]int{}
	for n := w.scheduled; n > max(0, w.scheduled-perHour/2); n-- {
		if t := w.tasks[fmt.Sprint(n)]; t != nil {
			count[t.name+" of "+strings.SplitN(t.workflow, "-", 2)[0]]++
		}
	}
	most := ""
	for _, name := range slices.Sorted(maps.Keys(count)) {
		if count[name] > count[most] {
			most = name
		}
	}
	return most
}

// afterStep looks at the day once it has settled after something happened.
func (w *world) afterStep() {
	if !w.dirty || w.checking || w.stopping || w.day == nil {
		return
	}
	w.dirty, w.checking = false, true
	w.env.RegisterDelayedCallback(func() {
		w.checking = false
		if !w.stopping {
			w.day.check()
		}
	}, settled)
}

// settled is how long workflows get to act on what happened.
const settled = 500 * time.Millisecond

// check looks at all that must hold at any moment.
func (d *day) check() {
	d.askTrain()
	if d.look() {
		d.checkStatus(d.status)
		d.checkOrders(d.status)
		d.newPhase(d.status)
	}
}

// look asks the release where it is; false: none is open.
func (d *day) look() bool {
	e := d.executions[d.id]
	if e == nil || !e.open {
		return false
	}
	value, err := d.env.QueryWorkflowByID(d.id, train.QueryStatus)
	var st train.Status
	if err == nil {
		err = value.Get(&st)
	}
	if err != nil {
		d.fail(invariantStatus, "%v", err)
		return false
	}
	d.status = st
	if st.E2E != nil {
		d.facts.seen[st.E2E.PipelineID] = true
	}
	d.hear(st.Record)
	return true
}

// askTrain takes what the train remembers.
func (d *day) askTrain() {
	e := d.executions[train.MemoryID(d.train.Name)]
	if e == nil || !e.open {
		d.memory = nil
		return
	}
	value, err := d.env.QueryWorkflowByID(e.id, train.QueryStatus)
	var st train.MemoryStatus
	if err == nil {
		err = value.Get(&st)
	}
	if err != nil {
		d.fail(invariantStatus, "of the train: %v", err)
		return
	}
	d.memory = &st
	d.hear(st.Record)
}

// leading are the commands that change what is waited for.
var leading = []train.CommandName{
	train.Resume, train.ApproveDespiteE2E, train.LiftHotfixFreeze, train.Acknowledge, train.RetryDeploy,
	train.RerunE2E, train.CutTag,
	train.PromoteNow, train.MoveProduction, train.Rollback, "try-again",
}

// checkStatus looks at the status as a person would.
func (d *day) checkStatus(st train.Status) {
	if st.Phase == train.Ended {
		return
	}
	w := st.Waiting
	early := st.Phase == train.Departing || st.Phase == train.Cutting
	leads := slices.ContainsFunc(st.Commands, func(c train.AcceptedCommand) bool {
		return slices.Contains(leading, c.Name) && (!early || c.Name != train.MoveProduction)
	})
	switch {
	case w.What == "":
		d.fail(invariantStatus, "in %s it does not say what it waits for", st.Phase)
	case w.For == train.WaitTime && w.NextAt.IsZero():
		d.fail(invariantStatus, "it waits for %s without an instant", w.What)
	case w.For == train.WaitHold && len(st.Holds) == 0:
		d.fail(invariantStatus, "it waits for %s, and no hold stands", w.What)
	case w.Next == "":
		d.fail(invariantStatus, "it waits for %s without saying what is next", w.What)
	case w.For == train.WaitPerson && !leads && !d.healed:
		d.fail(invariantLeadsOn+", in "+string(st.Phase), "it waits for %s, and accepts only %s", w.What, names(st.Commands))
	}
}

func names(commands []train.AcceptedCommand) (out []train.CommandName) {
	for _, c := range commands {
		out = append(out, c.Name)
	}
	return out
}

// order is an accepted command that is to be carried out.
type order struct {
	decision train.Decision
	sent     *sent
	quiet    time.Time // since when nothing keeps it from being carried out
}

// patience is how long an order may lie when nothing keeps it.
const patience = 20 * time.Minute

// checkOrders looks whether accepted orders are carried out.
func (d *day) checkOrders(st train.Status) {
	now := d.env.Now()
	d.orders = slices.DeleteFunc(d.orders, func(o *order) bool { return o.done(st, d.orders) })
	for _, o := range d.orders {
		busy := len(st.Holds) > 0 || st.Staging.Running() || st.Production.Running() || d.outage() ||
			st.Waiting.For == train.WaitPipeline || st.Waiting.For == train.WaitNothing ||
			// E2E of what staging does not run: it says that this has to be back first.
			o.decision.Command == train.RerunE2E && st.E2E != nil && st.E2E.State == train.E2EVoid
		if busy || o.quiet.IsZero() {
			o.quiet = now
			continue
		}
		if now.Sub(o.quiet) > patience {
			d.fail(
				invariantOrders+", "+string(o.decision.Command),
				"%s by %s, accepted %s with %q, while it waits for %s",
				o.decision.Command,
				o.decision.By,
				words.When(o.decision.At, d.train.Location()),
				o.decision.Sentence,
				st.Waiting.What,
			)
			return
		}
	}
}

// done says that an order was carried out, or replaced by another one.
func (o *order) done(st train.Status, all []*order) bool {
	at := o.decision.At
	after := func(t time.Time) bool { return !t.Before(at) }
	if st.Phase == train.Ended || st.Candidate.Tag != o.decision.Tag {
		return true
	}
	switch o.decision.Command { //nolint:exhaustive // the others act at once
	case train.CutTag:
		return slices.ContainsFunc(all, func(other *order) bool {
			return other != o && other.decision.Command == train.CutTag && other.decision.At.After(at)
		})
	case train.RerunE2E:
		if slices.ContainsFunc(all, func(other *order) bool {
			return other.decision.Command == train.Rollback && other.decision.At.After(at)
		}) ||
			st.Staging != nil && st.Staging.Rollback != nil && after(st.Staging.Rollback.StartedAt) {
			return true // its answer says that E2E is void
		}
		return st.E2E != nil && after(st.E2E.StartedAt)
	case train.RetryDeploy:
		deploy := st.Staging
		if o.sent.command.Environment == train.Production {
			deploy = st.Production
		}
		return deploy != nil && after(deploy.StartedAt)
	case train.Rollback:
		deploy := st.Staging
		if o.sent.command.Environment == train.Production {
			deploy = st.Production
		}
		return deploy != nil && deploy.Rollback != nil && after(deploy.Rollback.StartedAt)
	}
	return true
}

// outage says whether an outside system fails at the moment.
func (d *day) outage() bool {
	return slices.ContainsFunc(
		d.faults.list,
		func(f *fault) bool { return f.struck && (f.Then > 0 || d.env.Now().Before(f.until)) },
	)
}

// atEnd looks at what the day leaves behind.
func (d *day) atEnd() {
	d.check()
	for _, id := range d.openIDs() {
		if id != train.MemoryID(d.train.Name) {
			d.fail(invariantOpen+", "+d.executions[id].kind, "%s is open", id)
		}
	}
	for _, f := range d.sandbox.Freezes(d.train.Project) {
		if slices.Contains(d.facts.freezes, f.ID) {
			d.fail(invariantFreeze, "GitLab freeze period %d, %s to %s", f.ID, f.Start, f.End)
		}
	}
	d.facts.orphans(d)
	d.facts.forgotten(d)
	for _, s := range d.sent {
		if s.action.Update && !s.answered {
			if e := d.executions[s.id]; e.open {
				d.fail(invariantAnswers, "%s by %s was not answered", s.name, s.command.By)
			}
		}
	}
}

// ended looks at how an execution ended.
func (w *world) endedWith(e *execution, err error) {
	if err != nil && !errors.Is(err, errDayOver) {
		w.fail(invariantFails+", "+e.kind, "%s: %v", e.id, err)
	}
}
