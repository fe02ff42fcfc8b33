package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// obey decides on a command, carries it out and records what was decided.
func (r *release) obey(ctx workflow.Context, a asked) (train.Decision, train.Answer, *train.Refusal) {
	c, refusal := a.decode()
	d := train.Decision{
		At: workflow.Now(ctx), Command: a.name, By: c.By, Identity: train.IdentityClaimed, Door: a.door,
		Reason: c.Reason, Tag: r.Candidate.Tag, ID: c.ID,
	}
	var answer train.Answer
	if refusal == nil {
		refusal = rules.Check(&r.State, a.name, c, d.At)
	}
	if refusal == nil {
		answer, refusal = r.carryOut(ctx, a.name, c)
	}
	answer.Sentence = strings.TrimSpace(answer.Sentence)
	d.Accepted, d.Sentence = refusal == nil, answer.Sentence
	if refusal != nil {
		d.Code, d.Sentence = refusal.Code, words.Refusal(refusal, r.Train.Location())
	}
	r.decided(ctx, d)
	return d, answer, refusal
}

// decided records a decision and tells people.
func (r *release) decided(ctx workflow.Context, d train.Decision) {
	r.Record.Add(d)
	r.news++
	r.refresh(ctx)
	switch {
	case d.Accepted:
		r.tell(r.coordinationLoud(ctx, words.DecisionEvent(d)))
	case d.Door == train.BySignal && r.refusalsTold < refusalsTold:
		r.refusalsTold++
		r.tell(r.coordination(ctx, ptr(words.DecisionEvent(d))))
	}
}

// refusalsTold bounds how many refused signals are answered in Slack; the record
// counts all of them.
const refusalsTold = 20

// carryOut does what an accepted command says. Where the outside world has to
// be asked first, the command is checked again before it acts.
func (r *release) carryOut(ctx workflow.Context, name train.CommandName, c train.Command) (train.Answer, *train.Refusal) {
	definition, _ := rules.Commands().Find(name)
	if definition.OfTrain {
		return r.askTrain(ctx, name, c)
	}
	switch name { //nolint:exhaustive // all others act on the state alone
	case train.Cancel:
		r.end(train.EndCancelled, words.CancelledWhy(c))
		answer := r.apply(ctx, name, c)
		if c.Force {
			r.stop = &train.StopDeploy{By: c.By, Reason: c.Reason}
			r.stopDeploying(ctx)
		}
		return answer, nil
	case train.CutTag:
		return r.orderCut(ctx, c)
	case train.RegenerateChangelog:
		return r.regenerate(ctx, c)
	case train.MarkBad:
		answer := r.apply(ctx, name, c)
		workflow.Go(ctx, func(ctx workflow.Context) { r.markBad(ctx, c, r.Candidate.Tag) })
		return answer, nil
	case train.Acknowledge:
		answer := r.apply(ctx, name, c)
		if c.Hold == train.HoldDrift {
			workflow.Go(ctx, r.rebase)
		}
		return answer, nil
	}
	return r.apply(ctx, name, c), nil
}

// apply does what a command says to the state, and says so.
func (r *release) apply(ctx workflow.Context, name train.CommandName, c train.Command) train.Answer {
	now := workflow.Now(ctx)
	effect := rules.Apply(&r.State, name, c, now)
	return train.Answer{Sentence: words.Answer(&r.State, name, c, effect, now)}
}

// askTrain passes on what belongs to the train. What holds, holds here at once;
// what ends a hold has to be the train's answer.
func (r *release) askTrain(ctx workflow.Context, name train.CommandName, c train.Command) (train.Answer, *train.Refusal) {
	holds := name == train.Pause || name == train.HotfixFreeze
	if holds {
		rules.Apply(&r.State, name, c, workflow.Now(ctx))
		r.news++
	}
	if c.ID == "" {
		r.passed++
		c.ID = fmt.Sprintf("%s/%d", r.door.key, r.passed)
	}
	asked, err := call(ctx, r.aside, short(words.TellTheTrain(name)), trains.AskTrain,
		train.AskTrainInput{Train: r.Train.Name, Name: name, Command: c})
	switch {
	case err != nil && holds:
		return train.Answer{Sentence: words.HeldWithoutTrain(sentence(err))}, nil
	case err != nil:
		return train.Answer{}, &train.Refusal{Code: train.RefusedTrainNotReachable, Command: name, Detail: sentence(err)}
	case asked.Refused != "" && name != train.Resume && name != train.LiftHotfixFreeze:
		return train.Answer{}, asked.Refusal(name)
	case asked.Refused != "": // the train does not remember it: then it must not stand here either
		asked.Answer.Sentence = words.EndedWithoutTrain()
	}
	if !holds {
		rules.Apply(&r.State, name, c, workflow.Now(ctx))
	}
	r.Memory.Revision = max(r.Memory.Revision, asked.Answer.Revision)
	asked.Answer.Revision = 0
	if name == train.Resume || name == train.LiftHotfixFreeze {
		asked.Answer.Sentence += " " + words.Outlook(&r.State, workflow.Now(ctx))
	}
	return asked.Answer, nil
}

// orderCut works out what a new candidate would be and orders it.
func (r *release) orderCut(ctx workflow.Context, c train.Command) (train.Answer, *train.Refusal) {
	cut, err := call(ctx, r.aside, short(words.WhatNewCandidateChanges()), gitlab.ResolveCut, train.ResolveCutInput{
		Project: r.Train.Project, Branch: r.Train.Branch, SHA: c.SHA, Tag: c.Tag, Current: r.Candidate,
	})
	if err != nil {
		return train.Answer{}, &train.Refusal{Code: train.RefusedNewCommitNotKnown, Command: train.CutTag, Detail: sentence(err)}
	}
	if cut.Refused != "" {
		return train.Answer{}, &train.Refusal{Code: train.RefusedNewCommitImpossible, Command: train.CutTag, Detail: cut.Refused}
	}
	now := workflow.Now(ctx)
	if refusal := rules.Check(&r.State, train.CutTag, c, now); refusal != nil {
		return train.Answer{}, refusal
	}
	effect := rules.OrderCandidate(&r.State, train.Recut{SHA: cut.SHA, Tag: c.Tag, By: c.By, Reason: c.Reason, Adds: cut.Adds, Drops: cut.Drops})
	return train.Answer{Sentence: words.Answer(&r.State, train.CutTag, c, effect, now)}, nil
}

// regenerate makes the changelog again from another tag.
func (r *release) regenerate(ctx workflow.Context, c train.Command) (train.Answer, *train.Refusal) {
	from := train.RunningVersion{Version: train.Version{Tag: c.PreviousTag}, Fallback: words.ChangelogStartedBy(c)}
	if err := r.changelogFrom(ctx, from); err != nil {
		return train.Answer{}, &train.Refusal{Code: train.RefusedChangelogNotMade, Command: train.RegenerateChangelog, Detail: sentence(err)}
	}
	return r.apply(ctx, train.RegenerateChangelog, c), nil
}

// rebase makes the changelog again from what production runs now.
func (r *release) rebase(ctx workflow.Context) {
	if err := r.changelogFrom(ctx, r.Deployed); err != nil {
		workflow.GetLogger(ctx).Warn("The changelog was not re-based", "error", err)
	}
}

// changelogFrom publishes the candidate's changelog from a version on, beside the main line.
func (r *release) changelogFrom(ctx workflow.Context, from train.RunningVersion) error {
	r.changelogs++
	candidate := r.Candidate
	summary := words.ChangelogBetween(from.Version, candidate.Tag)
	digest, err := write(ctx, r.aside, train.StepChangelog, r.changelogs, short(summary),
		changelog.PublishChangelog, r.changelogInput(from))
	if err != nil || candidate.Tag != r.Candidate.Tag {
		return err
	}
	r.Changelog = digest
	r.refresh(ctx)
	announce := r.coordination(ctx, nil)
	announce.Topic = words.Topic(&r.State)
	r.tell(announce)
	return nil
}

// markBad writes the mark into the tag's GitLab release.
func (r *release) markBad(ctx workflow.Context, c train.Command, tag string) {
	_, err := write(ctx, r.aside, train.StepMarkBad, 1, short(words.MarkTagBad(tag)), gitlab.MarkBad,
		func(string) train.MarkBadInput {
			return train.MarkBadInput{Project: r.Train.Project, Tag: tag, By: c.By, Reason: c.Reason}
		})
	if err != nil {
		workflow.GetLogger(ctx).Warn("The mark was not written into GitLab", "tag", tag, "error", err)
	}
}

// hearNews takes over what the train tells.
func (r *release) hearNews(ctx workflow.Context) {
	inbox := workflow.GetSignalChannel(ctx, train.SignalNews)
	for {
		var n train.News
		inbox.Receive(ctx, &n)
		change := rules.TakeMemory(&r.State, n.Memory, workflow.Now(ctx), words.NoReleaseDayReason)
		for _, d := range n.Decisions {
			if !r.Record.Knows(d.ID) && !r.passedOn(d.ID) { // else it came through us
				r.decided(ctx, d)
			}
		}
		r.changed(ctx, change.WithoutTrain()) // pause and hotfix are told by their decision
		r.news++
		r.refresh(ctx)
	}
}

// passedOn says whether a command's ID is one that this release gave.
func (r *release) passedOn(id string) bool {
	return len(id) > len(r.door.key) && id[:len(r.door.key)] == r.door.key
}

// changed tells people about holds that began or ended, and wakes the main line.
func (r *release) changed(ctx workflow.Context, c rules.Change) {
	if c.Nothing() {
		return
	}
	r.news++
	r.refresh(ctx)
	r.tell(r.coordinationLoud(ctx, words.ChangeEvent(&r.State, c)))
}
