package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// commandKinds are the commands that people send, by the name of the action.
var commandKinds = map[string]train.CommandName{
	"pause": train.Pause, "resume": train.Resume, "cut-tag": train.CutTag, "adopt-tag": train.CutTag,
	"rollback staging":    train.Rollback,
	"rollback production": train.Rollback, "rerun-e2e": train.RerunE2E, "retry staging": train.RetryDeploy,
	"retry production": train.RetryDeploy,
	"approve":          train.ApproveDespiteE2E, "revoke": train.RevokeApproval, "hotfix-freeze": train.HotfixFreeze,
	"lift":              train.LiftHotfixFreeze,
	"acknowledge drift": train.Acknowledge, "acknowledge late": train.Acknowledge,
	"regenerate": train.RegenerateChangelog, "promote": train.PromoteNow,
	"move": train.MoveProduction, "mark-bad": train.MarkBad, "cancel": train.Cancel, "force cancel": train.Cancel,
}

// outsideKinds are what the outside world does.
func outsideKinds() map[string]func(*day, action) {
	return map[string]func(*day, action){
		"push":                 (*day).push,
		"hand-made tag":        (*day).tagByHand,
		"moved tag":            (*day).moveTag,
		"foreign deploy":       (*day).foreignDeploy,
		"hotfix in production": (*day).hotfix,
		"staging runs another": (*day).otherOnStaging,
		"freeze":               (*day).freeze,
		"red e2e":              func(d *day, a action) { d.outcome("e2e", a) },
		"red smoke":            func(d *day, a action) { d.outcome("smoke", a) },
		"failing staging":      func(d *day, a action) { d.outcome(d.train.Staging.Job, a) },
		"failing production":   func(d *day, a action) { d.outcome(d.train.Production.Job, a) },
		"lost runner":          func(d *day, _ action) { d.lostRunner() },
		"stuck staging":        func(d *day, a action) { d.flux("staging", "stalled", a) },
		"stuck production":     func(d *day, a action) { d.flux("production", "stalled", a) },
		"unhealthy production": func(d *day, a action) { d.flux("production", "unhealthy", a) },
		"suspended staging":    func(d *day, a action) { d.flux("staging", "suspended", a) },
		"production by hand":   (*day).playByHand,
		"old version by hand":  (*day).playOldByHand,
	}
}

// actionKinds are all actions; drawn ones shrink to the first.
var actionKinds = slices.Concat(
	[]string{
		"pause",
		"cut-tag",
		"rollback staging",
		"hand-made tag",
		"hotfix-freeze",
		"foreign deploy",
		"acknowledge drift",
		"retry production",
	},
	slices.Repeat([]string{anyAccepted}, 12),
	slices.Sorted(maps.Keys(commandKinds)),
	slices.Sorted(maps.Keys(outsideKinds())),
)

// anyAccepted is a command that the status offers at that moment.
const anyAccepted = "a command that is accepted"

// offered is the chosen one of the commands that the status offers. A cancelled
// day is a short one, so cancel is left to its own action.
func (d *day) offered(choice int) (kind string, ok bool) {
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(commandKinds)) {
		name := commandKinds[kind]
		for _, c := range d.status.Commands {
			environment := strings.Contains(c.Line, "--environment ")
			hold := strings.Contains(c.Line, "--hold ")
			last := kind[strings.LastIndex(kind, " ")+1:]
			if c.Name == name && name != train.Cancel && (!environment && !hold || strings.Contains(c.Line, " "+last)) &&
				kind != "adopt-tag" {
				kinds = append(kinds, kind)
			}
		}
	}
	if len(kinds) == 0 {
		return "", false
	}
	return kinds[choice%len(kinds)], true
}

// act does what an action says.
func (d *day) act(a action) {
	if a.Kind == anyAccepted {
		kind, ok := d.offered(a.Choice)
		if !ok {
			return
		}
		a.Kind = kind
	}
	if name, ok := commandKinds[a.Kind]; ok {
		d.command(a, name)
		return
	}
	d.say("outside", "%s", a.Kind)
	outsideKinds()[a.Kind](d, a)
}

// undo does the contrary of an action later.
func (d *day) undo(a action, f func()) {
	if a.Undo == 0 {
		return
	}
	d.after(a.Undo, func() {
		if d.healed {
			return
		}
		d.say("outside", "no more %s", a.Kind)
		f()
		d.dirty = true
	})
}

func (d *day) push(action) {
	d.pushed++
	title := fmt.Sprintf("Mend it, part %d (!%d)", d.pushed, 100+d.pushed)
	if _, err := d.sandbox.PushCommit("file", "", title); err != nil {
		panic(err)
	}
}

func (d *day) tagByHand(action) {
	d.handMade++
	_ = d.sandbox.TagByHand(d.nextTag(50+d.handMade), "main")
}

func (d *day) moveTag(a action) {
	if d.status.Candidate.Tag == "" {
		return
	}
	d.push(a)
	if d.sandbox.MoveTag(d.status.Candidate.Tag, "main") == nil {
		d.facts.movedAt = d.env.Now()
	}
}

func (d *day) foreignDeploy(a action) {
	d.push(a)
	d.handMade++
	v, err := d.sandbox.DeployByHand("production", d.foreignTag(), "main")
	if err == nil {
		d.facts.foreign(d, v)
	}
}

func (d *day) hotfix(action) {
	d.handMade++
	v, err := d.sandbox.HotfixInProduction("production", d.foreignTag(), fmt.Sprintf("Hotfix %d", d.handMade))
	if err == nil {
		d.facts.foreign(d, v)
	}
}

// foreignTag is a tag of the day before, so that it is no candidate.
func (d *day) foreignTag() string {
	return train.Tag{Prefix: d.train.TagPrefix, Day: releaseDay.Add(-1), Patch: 80 + d.handMade}.String()
}

func (d *day) otherOnStaging(a action) {
	d.handMade++
	before := d.sandbox.FluxVersion("staging")
	if _, err := d.sandbox.DeployByHand("staging", d.foreignTag(), "main"); err != nil {
		return
	}
	d.undo(a, func() { d.sandbox.RunInCluster("staging", before) })
}

func (d *day) freeze(a action) {
	now := d.env.Now().UTC()
	d.sandbox.AddFreeze(fmt.Sprintf("%d %d * * *", now.Minute(), now.Hour()), "0 5 1 1 *", "UTC")
	d.undo(a, d.deleteFreezes)
}

func (d *day) outcome(job string, a action) {
	d.sandbox.SetOutcome(job, "script_failure")
	d.undo(a, func() { d.sandbox.SetOutcome(job, "success") })
}

func (d *day) lostRunner() {
	for _, job := range []string{d.train.Staging.Job, d.train.Production.Job} {
		d.sandbox.FailTimes(job, "runner_system_failure", 1)
	}
}

func (d *day) flux(cluster, trouble string, a action) {
	d.sandbox.SetFlux(cluster, trouble)
	d.undo(a, func() { d.sandbox.SetFlux(cluster, "") })
}

func (d *day) playByHand(action) {
	if d.sandbox.PlayByHand(d.status.Candidate.Tag, d.train.Production.Job) == nil {
		d.facts.byHand = d.env.Now()
	}
}

func (d *day) playOldByHand(action) {
	if d.sandbox.PlayByHand(d.status.Deployed.Version.Tag, d.train.Production.Job) == nil {
		d.facts.byHand = d.env.Now()
	}
}

// sent is a command that was sent.
type sent struct {
	action   action
	name     train.CommandName
	command  train.Command
	at       time.Time
	id       string
	answered bool
}

// contraries are the commands that end what others begin.
var contraries = map[train.CommandName]train.CommandName{
	train.Pause:        train.Resume,
	train.HotfixFreeze: train.LiftHotfixFreeze,
}

// command sends a command to the release or to the train.
func (d *day) command(a action, name train.CommandName) {
	entry, _ := rules.Commands().Find(name)
	s := &sent{action: a, name: name, at: d.env.Now(), id: d.id}
	if a.Train && entry.OfTrain {
		s.id = train.MemoryID(d.train.Name)
	}
	e := d.executions[s.id]
	if e == nil || !e.open {
		if s.id == d.id {
			return
		}
		d.startWorkflow(s.id, train.TrainWorkflow, train.MemoryInput{Train: d.train.Name}, time.Time{})
		d.after(10*time.Millisecond, func() { d.send(s) })
	} else {
		d.send(s)
	}
	if contrary, ok := contraries[name]; ok && a.Undo > 0 {
		d.after(a.Undo, func() {
			if !d.healed {
				d.command(action{Kind: string(contrary), Update: a.Update, Train: a.Train}, contrary)
				d.dirty = true
			}
		})
	}
}

// send sends a command, each under a name of its own.
func (d *day) send(s *sent) {
	d.senders++
	s.command = d.fitting(s)
	s.command.By = fmt.Sprintf("ada%d", d.senders)
	d.sent[s.command.By] = s
	if !s.action.Update {
		d.say("people", "signal %s to %s: %s", s.name, s.id, saidBy(s.command))
		_ = d.env.SignalWorkflowByID(s.id, string(s.name), s.command)
		return
	}
	d.say("people", "update %s to %s: %s", s.name, s.id, saidBy(s.command))
	got := &answer{then: func(got *answer) {
		s.answered = true
		d.dirty = true
		if got.err != nil {
			d.say("people", "%s is refused: %v", s.name, got.err)
			d.after(time.Microsecond, func() { d.reach(atRefused) })
		} else if a, ok := got.result.(train.Answer); ok {
			d.say("people", "%s is accepted: %s", s.name, a.Sentence)
		}
	}}
	_ = d.env.UpdateWorkflowByID(s.id, string(s.name), s.command.By, got, s.command)
}

// fitting is an input that fits what the status says.
func (d *day) fitting(s *sent) train.Command {
	c := train.Command{Reason: "because of " + s.action.Kind}
	switch s.action.Kind {
	case "cut-tag":
		d.push(s.action)
	case "adopt-tag":
		if n := len(d.status.HandMade); n > 0 {
			c.Tag = d.status.HandMade[n-1]
		}
	case "approve":
		c.Tag = d.status.Candidate.Tag
	case "rollback staging", "retry staging":
		c.Environment = train.Staging
	case "rollback production", "retry production":
		c.Environment = train.Production
	case "acknowledge drift":
		c.Hold = train.HoldDrift
		if h := train.FindHold(d.status.Holds, c.Hold); h != nil {
			c.Removes = h.Removes
		}
	case "acknowledge late":
		c.Hold = train.HoldLate
	case "regenerate":
		c.PreviousTag = d.status.Deployed.Version.Tag
	case "hotfix-freeze":
		c.Until = "3h"
	case "resume":
		c.All = true // of whoever has paused meanwhile too
	case "force cancel":
		c.Force = true
	case "move":
		c.At = d.env.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	}
	return c
}

func saidBy(c train.Command) string {
	return fmt.Sprintf("by %s, %s %s%s%s%s", c.By, c.Reason, c.Tag, c.Environment, c.Hold, c.At)
}
