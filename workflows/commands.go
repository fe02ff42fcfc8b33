package workflows

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// handleCommand decides on a command, carries it out and records what was decided.
func (r *release) handleCommand(ctx workflow.Context, a commandRequest) (train.Decision, train.Answer, *train.Refusal) {
	c, refusal := a.decode()
	d := train.Decision{
		At: workflow.Now(ctx), Command: a.name, By: c.By, Identity: train.IdentityClaimed, Source: a.source,
		Reason: c.Reason, Tag: r.Candidate.Tag, ID: c.ID,
	}
	var answer train.Answer
	if refusal == nil {
		refusal = rules.Check(&r.State, a.name, c, d.At)
	}
	if refusal == nil {
		answer, refusal = r.carryOutCommand(ctx, a.name, c)
	}
	answer.Sentence = strings.TrimSpace(answer.Sentence)
	d.Accepted, d.Sentence = refusal == nil, answer.Sentence
	if refusal != nil {
		d.Code, d.Sentence = refusal.Code, words.Refusal(refusal, r.Train.Location())
	}
	r.recordDecision(ctx, d)
	return d, answer, refusal
}

// recordDecision records a decision and tells people.
func (r *release) recordDecision(ctx workflow.Context, d train.Decision) {
	r.Record.Add(d)
	r.changes++
	r.publishStatus(ctx)
	switch {
	case d.Accepted:
		r.announce(r.coordinationBroadcast(ctx, words.DecisionEvent(d)))
	case d.Source == train.SourceSignal && r.RefusalsAnnounced < refusalsAnnouncedAtMost:
		r.RefusalsAnnounced++
		r.announce(r.coordinationAnnouncement(ctx, ptr(words.DecisionEvent(d))))
	}
}

// refusalsAnnouncedAtMost bounds how many refused signals are answered in Slack; the record
// counts all of them.
const refusalsAnnouncedAtMost = 20

// carryOutCommand does what an accepted command says. Where the outside world has to
// be asked first, the command is checked again before it acts.
func (r *release) carryOutCommand(ctx workflow.Context, name train.CommandName,
	c train.Command) (train.Answer, *train.Refusal) {
	definition, _ := rules.Commands().Find(name)
	if definition.OfTrain {
		return r.passToTrain(ctx, name, c)
	}
	switch name { //nolint:exhaustive // all others act on the state alone
	case train.Cancel:
		r.end(train.EndCancelled, words.CancelledWhy(c))
		answer := r.applyCommand(ctx, name, c)
		if c.Force {
			r.stopOrder = &train.StopDeploy{By: c.By, Reason: c.Reason}
			r.stopDeploying(ctx)
		}
		return answer, nil
	case train.CutTag:
		return r.orderCut(ctx, c)
	case train.RegenerateChangelog:
		return r.regenerateChangelog(ctx, c)
	case train.MarkBad:
		answer := r.applyCommand(ctx, name, c)
		tag := r.Candidate.Tag
		r.inBackground(ctx, func(ctx workflow.Context) { r.markBad(ctx, c, tag) })
		return answer, nil
	case train.Acknowledge:
		return r.acknowledge(ctx, c)
	}
	return r.applyCommand(ctx, name, c), nil
}

// applyCommand does what a command says to the state, and says so.
func (r *release) applyCommand(ctx workflow.Context, name train.CommandName, c train.Command) train.Answer {
	now := workflow.Now(ctx)
	effect := rules.Apply(&r.State, name, c, now)
	return train.Answer{Sentence: words.Answer(&r.State, name, c, effect, now)}
}

// passToTrain passes on what belongs to the train. What holds, holds here at once
// and is told until the train has heard it; what ends a hold has to be the train's answer.
func (r *release) passToTrain(ctx workflow.Context, name train.CommandName,
	c train.Command) (train.Answer, *train.Refusal) {
	if c.ID == "" {
		r.PassedToTrain++
		c.ID = fmt.Sprintf("%s/%d", r.interruptible.keyPrefix, r.PassedToTrain)
	}
	if kind, holds := holdOf(name); holds {
		return r.holdAndTell(ctx, name, c, train.Hold{Kind: kind, By: c.By, Reason: c.Reason, Since: workflow.Now(ctx)})
	}
	answered, err := askNow(ctx, r, words.TellTheTrain(name), trains.AskTrain,
		train.AskTrainInput{Train: r.Train.Name, Name: name, Command: c})
	ends := name == train.Resume || name == train.LiftHotfixFreeze
	switch {
	case err != nil:
		return train.Answer{}, &train.Refusal{Code: train.RefusedTrainNotReachable, Command: name, Detail: errorSentence(err)}
	case answered.Refused != "" && (!ends || !endedElsewhere(answered.Refusal(name))):
		return train.Answer{}, answered.Refusal(name)
	case answered.Refused != "": // the train does not remember it: then it must not stand here either
		answered.Answer.Sentence = words.EndedWithoutTrain()
	}
	rules.Apply(&r.State, name, c, workflow.Now(ctx))
	if ends {
		rules.ForgetUnconfirmed(&r.State)
		answered.Answer.Sentence += " " + words.Outlook(&r.State, workflow.Now(ctx))
	}
	r.Memory.Revision = max(r.Memory.Revision, answered.Answer.Revision)
	answered.Answer.Revision = 0
	return answered.Answer, nil
}

// holdOf is the hold that a command sets.
func holdOf(name train.CommandName) (train.HoldKind, bool) {
	switch name { //nolint:exhaustive // the others set none
	case train.Pause:
		return train.HoldPause, true
	case train.HotfixFreeze:
		return train.HoldHotfix, true
	}
	return "", false
}

// holdAndTell holds here at once, and tells the train for as long as it takes. Who
// asked is answered within seconds all the same.
func (r *release) holdAndTell(ctx workflow.Context, name train.CommandName, c train.Command,
	hold train.Hold) (train.Answer, *train.Refusal) {
	effect := rules.Apply(&r.State, name, c, workflow.Now(ctx))
	rules.AwaitConfirmation(&r.State, hold)
	r.changes++
	told := startActivity(ctx, r.uninterruptible, shortActivity(words.TellTheTrain(name)), trains.AskTrain,
		train.AskTrainInput{Train: r.Train.Name, Name: name, Command: c})
	var answered train.MemoryAnswer
	var problem error
	ended := false
	r.inBackground(ctx, func(ctx workflow.Context) {
		if answered, problem = told.get(ctx); problem == nil {
			rules.Confirm(&r.State, hold, answered.Answer.Revision)
			if answered.Refused != "" { // it must not stand here either
				r.Memory.Holds = slices.DeleteFunc(slices.Clone(r.Memory.Holds),
					func(h train.Hold) bool { return train.SameHold(h, hold) })
			}
		}
		ended = true
		r.changes++
	})
	if err := r.within(ctx, answerWithin, func() bool { return ended }); err != nil {
		return train.Answer{}, &train.Refusal{Code: train.RefusedTrainNotReachable, Command: name, Detail: err.Error()}
	}
	switch {
	case !ended:
		return train.Answer{Sentence: words.HeldTrainIsBeingTold(name, effect, r.Train.Location())}, nil
	case problem != nil:
		return train.Answer{Sentence: words.HeldWithoutTrain(errorSentence(problem))}, nil
	case answered.Refused != "":
		return train.Answer{}, answered.Refusal(name)
	}
	answered.Answer.Revision = 0
	return answered.Answer, nil
}

// errNoAnswer: an outside system did not answer a person in time.
var errNoAnswer = errors.New(words.NoAnswer())

// askNow asks an outside system what a person's answer depends on, for as long as
// the person waits.
func askNow[In, Out any](ctx workflow.Context, r *release, summary string,
	activity func(context.Context, In) (Out, error), in In) (Out, error) {
	asked := startActivity(ctx, r.uninterruptible, answerNow(summary), activity, in)
	if err := r.within(ctx, answerWithin, asked.done); err != nil || !asked.done() {
		asked.stop()
		var none Out
		return none, cmp.Or(err, errNoAnswer)
	}
	return asked.get(ctx)
}

// within waits for a condition, for at most a time.
func (r *release) within(ctx workflow.Context, atMost time.Duration, cond func() bool) error {
	ctx = r.uncancelled(ctx)
	if cond() {
		return nil
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, atMost, workflow.TimerOptions{Summary: words.AnswersPeople()})
	return workflow.Await(ctx, func() bool { return timer.IsReady() || cond() })
}

// endedElsewhere says that the train refused to end a hold because it does not remember it.
func endedElsewhere(r *train.Refusal) bool {
	return r.Code == train.RefusedNotPaused || r.Code == train.RefusedNoHotfixFreeze
}

// orderCut works out what a new candidate would be and orders it.
func (r *release) orderCut(ctx workflow.Context, c train.Command) (train.Answer, *train.Refusal) {
	cut, err := askNow(ctx, r, words.WhatNewCandidateChanges(),
		gitlab.ResolveCut, train.ResolveCutInput{
			Project: r.Train.Project, Branch: r.Train.Branch, SHA: c.SHA, Tag: c.Tag, Current: r.Candidate,
		})
	if err != nil {
		return train.Answer{}, &train.Refusal{Code: train.RefusedNewCommitNotKnown, Command: train.CutTag,
			Detail: errorSentence(err)}
	}
	if cut.Refused != "" {
		return train.Answer{}, &train.Refusal{Code: train.RefusedNewCommitImpossible,
			Command: train.CutTag, Detail: cut.Refused}
	}
	now := workflow.Now(ctx)
	if refusal := rules.Check(&r.State, train.CutTag, c, now); refusal != nil {
		return train.Answer{}, refusal
	}
	effect := rules.OrderCut(&r.State, train.CutOrder{SHA: cut.SHA, Tag: c.Tag, By: c.By, Reason: c.Reason,
		Adds: cut.Adds, Drops: cut.Drops})
	return train.Answer{Sentence: words.Answer(&r.State, train.CutTag, c, effect, now)}, nil
}

// regenerateChangelog makes the changelog again from another tag. One that takes
// long is answered before it is made.
func (r *release) regenerateChangelog(ctx workflow.Context, c train.Command) (train.Answer, *train.Refusal) {
	from := train.RunningVersion{Version: train.Version{Tag: c.PreviousTag}, Fallback: words.ChangelogStartedBy(c)}
	var problem error
	ended := false
	r.inBackground(ctx, func(ctx workflow.Context) {
		problem = r.publishChangelogFrom(ctx, from)
		ended = true
	})
	if err := r.within(ctx, answerWithin, func() bool { return ended }); err != nil {
		problem = err
	}
	switch {
	case problem != nil:
		return train.Answer{}, &train.Refusal{Code: train.RefusedChangelogNotMade, Command: train.RegenerateChangelog,
			Detail: errorSentence(problem)}
	case !ended:
		return train.Answer{Sentence: words.ChangelogIsBeingMade(c)}, nil
	}
	return r.applyCommand(ctx, train.RegenerateChangelog, c), nil
}

// rebaseChangelog makes the changelog again from what production runs now.
func (r *release) rebaseChangelog(ctx workflow.Context) {
	if err := r.publishChangelogFrom(ctx, r.Deployed); err != nil {
		workflow.GetLogger(ctx).Warn("The changelog was not re-based", "error", err)
	}
}

// publishChangelogFrom publishes the candidate's changelog from a version on, beside the main line.
func (r *release) publishChangelogFrom(ctx workflow.Context, from train.RunningVersion) error {
	r.Changelogs++
	candidate := r.Candidate
	summary := words.ChangelogBetween(from.Version, candidate.Tag)
	digest, err := write(ctx, r.uninterruptible, train.StepChangelog, r.Changelogs, shortActivity(summary),
		changelog.PublishChangelog, r.changelogInput(from))
	if err != nil || candidate.Tag != r.Candidate.Tag {
		return err
	}
	r.Changelog = digest
	r.publishStatus(ctx)
	announce := r.coordinationAnnouncement(ctx, nil)
	announce.Topic = words.Topic(&r.State)
	r.announce(announce)
	return nil
}

// markBad writes the mark into the tag's GitLab release.
func (r *release) markBad(ctx workflow.Context, c train.Command, tag string) {
	_, err := write(ctx, r.uninterruptible, train.StepMarkBad, 1, shortActivity(words.MarkTagBad(tag)), gitlab.MarkBad,
		func(string) train.MarkBadInput {
			return train.MarkBadInput{Project: r.Train.Project, Tag: tag, By: c.By, Reason: c.Reason}
		})
	if err != nil {
		workflow.GetLogger(ctx).Warn("The mark was not written into GitLab", "tag", tag, "error", err)
	}
}

// handleTrainMemory takes over what the train tells.
func (r *release) handleTrainMemory(ctx workflow.Context, update train.MemoryUpdate) {
	change := rules.TakeMemory(&r.State, update.Memory, workflow.Now(ctx), words.NoReleaseDayReason)
	for _, d := range update.Decisions {
		if !r.Record.Knows(d.ID) && !r.passedByUs(d.ID) { // else it came through us
			r.recordDecision(ctx, d)
		}
	}
	r.announceChange(ctx, change.WithoutTrain()) // pause and hotfix are told by their decision
	r.changes++
	r.publishStatus(ctx)
}

// passedByUs says whether a command's ID is one that this release gave.
func (r *release) passedByUs(id string) bool {
	return len(id) > len(r.interruptible.keyPrefix) && id[:len(r.interruptible.keyPrefix)] == r.interruptible.keyPrefix
}

// announceChange tells people about holds that began or ended, and wakes the main line.
func (r *release) announceChange(ctx workflow.Context, c rules.Change) {
	if c.Nothing() {
		return
	}
	r.changes++
	r.publishStatus(ctx)
	r.announce(r.coordinationBroadcast(ctx, words.ChangeEvent(&r.State, c)))
}
