package workflows

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// TrainWorkflow is the long-lived memory of a train: pause, hotfix freeze,
// skipped and added days. It exists only while it has something to remember.
// Its ID is train.MemoryID.
func TrainWorkflow(ctx workflow.Context, in train.MemoryInput) (train.Memory, error) {
	k := &trainMemory{name: in.Train, Memory: in.Memory, record: in.Record}
	if err := k.setup(ctx); err != nil {
		return train.Memory{}, err
	}
	return k.run(ctx, in)
}

// trainMemory is the running memory of a train.
type trainMemory struct {
	train.Memory

	name                 string
	config               train.Train
	configurationProblem string // why there is no configuration
	ready                bool
	record               train.Record
	executor             *executor
	commands             *commandHandlers

	unannounced       []train.Decision // decisions that open releases have not been told of
	announcedRevision int64            // revision that they know
	messagesUnderWay  int              // messages that are on their way
	messagesPosted    int
	freezeCalls       int // times that the freeze period was brought up to date
}

func (k *trainMemory) setup(ctx workflow.Context) error {
	info := workflow.GetInfo(ctx)
	k.executor = &executor{keyPrefix: info.WorkflowExecution.ID + "#" + train.ShortSHA(info.FirstRunID)}
	k.announcedRevision = k.Revision
	k.config = train.Train{Name: k.name, Zone: "UTC"}
	if err := workflow.SetQueryHandler(ctx, train.QueryStatus, func() (train.MemoryStatus, error) {
		return words.TrainStatus(&k.Memory, k.config, k.record, workflow.Now(ctx)), nil
	}); err != nil {
		return fmt.Errorf("register the status query: %w", err)
	}
	k.commands = &commandHandlers{handle: k.handleCommand}
	return k.commands.register(ctx)
}

// idleTimeout is how long a train with nothing to remember waits for a command:
// long enough to start it by hand and then to signal it.
const idleTimeout = time.Minute

// run keeps the world as the memory says, until there is nothing to remember.
func (k *trainMemory) run(ctx workflow.Context, in train.MemoryInput) (train.Memory, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx) // cancelling the memory of a hold would lift it
	defer cancel()
	read, err := call(ctx, k.executor, shortActivity(words.ConfigurationOf(k.name)), departures.ReadTrain,
		train.ReadTrainInput{Train: k.name})
	switch {
	case err != nil:
		k.configurationProblem = errorSentence(err)
	case read.Refused != "":
		k.configurationProblem = read.Refused
	default:
		k.config = read.Train
	}
	k.ready = true
	for {
		if err := k.reconcile(ctx); err != nil {
			return k.Memory, err
		}
		workflow.SetCurrentDetails(ctx,
			words.TrainStatusText(words.TrainStatus(&k.Memory, k.config, k.record, workflow.Now(ctx)), words.Markdown))
		heard := len(k.record.Decisions) + k.record.Dropped
		wait := idleTimeout
		if !k.Empty() {
			wait = k.nextWake(workflow.Now(ctx)).Sub(workflow.Now(ctx))
		}
		if err := k.sleep(ctx, wait, func() bool {
			return len(k.record.Decisions)+k.record.Dropped != heard || k.announcedRevision != k.Revision
		}); err != nil {
			return k.Memory, err
		}
		rules.Forget(&k.Memory, calendar.DayOf(workflow.Now(ctx).In(k.config.Location())))
		quiet := len(k.record.Decisions)+k.record.Dropped == heard && k.announcedRevision == k.Revision &&
			k.messagesUnderWay == 0 && k.commands.idle(ctx)
		switch {
		case quiet && k.Empty():
			return k.Memory, nil
		case quiet && workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return k.Memory, workflow.NewContinueAsNewError(ctx, train.TrainWorkflow,
				train.MemoryInput{Train: in.Train, Memory: k.Memory, Record: k.record})
		}
	}
}

// sleep waits for a time or a condition and leaves no timer behind.
func (k *trainMemory) sleep(ctx workflow.Context, wait time.Duration, cond func() bool) error {
	if cond() {
		return nil
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, max(wait, time.Second),
		workflow.TimerOptions{Summary: clipSummary(words.LooksAfterMemory(k.name))})
	return workflow.Await(ctx, func() bool { return timer.IsReady() || cond() })
}

// nextWake is when the memory changes by itself: the freeze is to be extended,
// or the day ends.
func (k *trainMemory) nextWake(now time.Time) time.Time {
	wake := calendar.DayOf(now.In(k.config.Location())).Add(1).At(calendar.Clock{Minute: 1}, k.config.Location())
	if f := k.Freeze; f != nil && f.ID != 0 {
		if renew := f.Until.Add(-rules.RenewBefore); renew.Before(wake) {
			wake = renew
		}
	}
	return wake
}

// reconcile tells open releases what is remembered, then brings GitLab's freeze
// period into line: with the hold it exists, without it it does not.
func (k *trainMemory) reconcile(ctx workflow.Context) error {
	for k.announcedRevision != k.Revision {
		k.tellReleases(ctx)
	}
	now := workflow.Now(ctx)
	hotfix := k.Holding(train.HoldHotfix)
	f := k.Freeze
	switch {
	case f == nil:
	case !hotfix && f.ID == 0:
		k.Freeze = nil
	case !hotfix:
		return k.callFreezeActivity(ctx, words.DeleteOurFreeze(), gitlab.DeleteFreeze, *f,
			func(train.FreezeResult) { k.Freeze = nil })
	case f.ID == 0 && f.Problem == "":
		return k.callFreezeActivity(ctx, words.CreateOurFreeze(), gitlab.CreateFreeze, *f,
			func(made train.FreezeResult) { k.Freeze.ID = made.ID })
	case f.ID != 0 && !now.Before(f.Until.Add(-rules.RenewBefore)):
		k.revise(now)
		later := rules.Extended(*f)
		return k.callFreezeActivity(ctx, words.ExtendOurFreeze(), gitlab.ChangeFreeze, later,
			func(made train.FreezeResult) { k.takeChangedFreeze(later, made) })
	case f.ID != 0 && !f.Applied.Equal(f.Until):
		want := *f
		return k.callFreezeActivity(ctx, words.ChangeEndOfOurFreeze(), gitlab.ChangeFreeze, want,
			func(made train.FreezeResult) { k.takeChangedFreeze(want, made) })
	}
	return nil
}

// takeChangedFreeze takes over a freeze period whose end was changed; one that somebody
// deleted in GitLab is created anew, because the hold stands.
func (k *trainMemory) takeChangedFreeze(want train.OwnFreeze, made train.FreezeResult) {
	k.Freeze.Until, k.Freeze.Applied = want.Until, want.Until
	if made.Gone {
		k.Freeze.ID = 0
	}
}

// freezeActivity creates, changes or deletes a freeze period.
type freezeActivity = func(context.Context, train.FreezeInput) (train.FreezeResult, error)

// callFreezeActivity makes one call about our freeze period and takes its result.
func (k *trainMemory) callFreezeActivity(ctx workflow.Context, summary string, activity freezeActivity,
	f train.OwnFreeze, done func(train.FreezeResult)) error {
	k.freezeCalls++
	result, err := write(ctx, k.executor, train.StepFreeze, k.freezeCalls, shortActivity(summary), activity,
		func(key string) train.FreezeInput {
			return train.FreezeInput{Project: k.config.Project, Freeze: f, Key: key}
		})
	problem := result.Refused
	if err != nil {
		problem = errorSentence(err)
	}
	if problem != "" {
		if k.Freeze != nil {
			k.Freeze.Problem = problem
			if !k.Holding(train.HoldHotfix) {
				k.Freeze = nil // people have to delete it: they are told
			} else {
				k.Freeze.Until, k.Freeze.Applied = f.Until, f.Until // not again and again
			}
		}
		k.postMessage(ctx, words.FreezeTrouble(k.config, problem))
	} else {
		done(result)
		if k.Freeze != nil {
			k.Freeze.Problem, k.Freeze.Applied = "", f.Until
		}
	}
	k.revise(workflow.Now(ctx))
	return nil
}

// revise says that the memory has changed.
func (k *trainMemory) revise(now time.Time) { k.Revision = max(k.Revision+1, now.UnixMilli()) }

// tellReleases hands the memory to open releases; where there is none, the
// train says itself what was decided.
func (k *trainMemory) tellReleases(ctx workflow.Context) {
	update := train.MemoryUpdate{Memory: k.Memory, Decisions: k.unannounced}
	k.unannounced, k.announcedRevision = nil, k.Revision
	told, err := call(ctx, k.executor, shortActivity(words.TellOpenReleases()), trains.TellReleases,
		train.TellReleasesInput{Train: k.name, Update: update})
	if err != nil {
		workflow.GetLogger(ctx).Error("Open releases were not told; they read it before they act", "error", err)
	}
	if len(told.IDs) > 0 {
		return
	}
	for _, d := range update.Decisions {
		k.postMessage(ctx, words.MemoryMessage(k.config, d, &k.Memory))
	}
}

// postMessage posts a message to the coordination channel, at Slack's own pace.
func (k *trainMemory) postMessage(ctx workflow.Context, m train.Message) {
	if k.config.Slack.Coordination == "" {
		return
	}
	k.messagesUnderWay++
	k.messagesPosted++
	n, since := k.messagesPosted, workflow.Now(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		_, err := write(ctx, k.executor, train.StepMessage, n, deliveryActivity(m.Title), slack.Deliver,
			func(key string) train.DeliverInput {
				return train.DeliverInput{Channel: k.config.Slack.Coordination, Card: &m, Since: since, Key: key}
			})
		if err != nil {
			workflow.GetLogger(ctx).Error("A message was not delivered", "title", m.Title, "problem", errorSentence(err))
		}
		k.messagesUnderWay--
	})
}

// freezeAnswered is how long an answer waits for GitLab.
const freezeAnswered = 15 * time.Second

// handleCommand decides on a command of the train and remembers it.
func (k *trainMemory) handleCommand(ctx workflow.Context, a commandRequest) (train.Decision,
	train.Answer, *train.Refusal) {
	c, refusal := a.decode()
	if err := workflow.Await(ctx, func() bool { return k.ready }); err != nil {
		refusal = &train.Refusal{Code: train.RefusedTrainIsEnding, Command: a.name}
	}
	now := workflow.Now(ctx)
	d := train.Decision{At: now, Command: a.name, By: c.By, Identity: train.IdentityClaimed, Source: a.source,
		Reason: c.Reason, ID: c.ID}
	var answer train.Answer
	switch {
	case refusal != nil:
	case k.record.Knows(c.ID): // repeated by a retry: it was answered
		answer = train.Answer{Sentence: words.DoneAlready(), Revision: k.Revision}
		d.Accepted, d.Sentence = true, answer.Sentence
		return d, answer, nil
	case k.configurationProblem != "":
		refusal = &train.Refusal{Code: train.RefusedTrainNotConfigured, Command: a.name, Detail: k.configurationProblem}
	default:
		refusal = rules.PolicyRefuses(k.config.Policy, a.name, c)
	}
	if refusal == nil {
		var effect rules.Effect
		if effect, refusal = rules.Remember(&k.Memory, a.name, c, now, k.config.Location()); refusal == nil {
			answer.Sentence = words.TrainAnswer(a.name, effect, k.config.Location())
		}
	}
	d.Accepted, d.Sentence = refusal == nil, answer.Sentence
	if refusal != nil {
		d.Code, d.Sentence = refusal.Code, words.Refusal(refusal, k.config.Location())
	} else {
		k.revise(now)
		if a.name == train.HotfixFreeze || a.name == train.LiftHotfixFreeze {
			answer.Sentence += " " + k.freezeOutcome(ctx)
			d.Sentence = answer.Sentence
		}
		k.unannounced = append(k.unannounced, d)
		k.revise(workflow.Now(ctx))
		if c.ID != "" { // asked by a release, for its copy
			answer.Revision = k.Revision
		}
	}
	k.record.Add(d)
	if refusal != nil && a.source == train.SourceSignal && k.messagesPosted < refusalsAnnouncedAtMost {
		k.postMessage(ctx, words.MemoryMessage(k.config, d, &k.Memory))
	}
	return d, answer, refusal
}

// freezeOutcome waits a moment for GitLab and says how our freeze period stands.
func (k *trainMemory) freezeOutcome(ctx workflow.Context) string {
	settled := func() bool {
		f := k.Freeze
		if k.Holding(train.HoldHotfix) {
			return f != nil && (f.Problem != "" || f.ID != 0 && f.Applied.Equal(f.Until))
		}
		return f == nil
	}
	if err := k.sleep(ctx, freezeAnswered, settled); err != nil {
		return ""
	}
	switch f := k.Freeze; {
	case f == nil:
		return words.FreezeIsGone()
	case f.Problem != "":
		return words.FreezeRefused(f.Problem)
	case settled():
		return words.FreezeStands(f.ID)
	case k.Holding(train.HoldHotfix):
		return words.FreezeNotAnswered()
	}
	return words.FreezeNotDeletedYet()
}
