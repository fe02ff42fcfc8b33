package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// TrainWorkflow is the long-lived memory of a train: pauses, hotfix freeze,
// skipped and added days. It runs as long as the train is configured, so that a
// signal finds it at any time. Its ID is train.MemoryID.
func TrainWorkflow(ctx workflow.Context, in train.MemoryInput) (train.MemoryResult, error) {
	k := newTrainMemory(ctx, in)
	if err := k.setup(ctx); err != nil {
		return train.MemoryResult{}, err
	}
	return k.run(ctx)
}

// trainMemory is the running memory of a train. What the next run needs stands in
// MemoryInput. The other fields are made anew by each run, or are about something
// under way that a run ends before it continues.
type trainMemory struct {
	train.MemoryInput

	ready    bool // the configuration has been read, or why there is none is known
	executor *executor
	commands *commandHandlers

	configurationProblem string    // why the last read gave none
	goneReads            int       // reads in a row that did not find the train
	readAt               time.Time // when the configuration is read again

	unannounced       []train.Decision // decisions that open releases have not been told of
	announcedRevision int64            // revision that they know
	underWay          int              // background work that is to end before the run does
}

func newTrainMemory(ctx workflow.Context, in train.MemoryInput) *trainMemory {
	info := workflow.GetInfo(ctx)
	k := &trainMemory{MemoryInput: in, ready: in.Config != nil, announcedRevision: in.Memory.Revision}
	k.executor = &executor{keyPrefix: info.WorkflowExecution.ID + "#" + info.FirstRunID}
	k.commands = &commandHandlers{handle: k.handleCommand, otherSignals: []string{train.SignalReadConfiguration}}
	return k
}

func (k *trainMemory) setup(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, train.QueryStatus, func() (train.MemoryStatus, error) {
		return k.status(workflow.Now(ctx)), nil
	}); err != nil {
		return fmt.Errorf("register the status query: %w", err)
	}
	return k.commands.register(ctx)
}

// config is the configuration that was read last; without one the train is but a name.
func (k *trainMemory) config() train.Train {
	if k.Config == nil {
		return train.Train{Name: k.Train, Zone: "UTC"}
	}
	return *k.Config
}

func (k *trainMemory) status(now time.Time) train.MemoryStatus {
	return words.TrainStatus(&k.Memory, k.config(), k.Record, now)
}

// run keeps the world as the memory says. Telling releases, GitLab's freeze period and
// messages have coroutines of their own: none of them waits for another.
func (k *trainMemory) run(ctx workflow.Context) (train.MemoryResult, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx) // cancelling the memory of a hold would lift it
	defer cancel()
	workflow.Go(ctx, k.hearOfConfiguration)
	workflow.Go(ctx, k.keepReleasesTold)
	workflow.Go(ctx, k.keepFreeze)
	for {
		if k.mustRead(ctx) {
			k.readConfiguration(ctx)
		}
		switch {
		case k.mayEnd(ctx):
			return k.end(ctx), nil
		case k.mayContinueAsNew(ctx):
			return train.MemoryResult{}, workflow.NewContinueAsNewError(ctx, train.TrainWorkflow, k.MemoryInput)
		}
		if err := k.awaitUntil(ctx, k.readAt, words.ReadsConfigurationAgain(k.Train), func() bool {
			return k.mustRead(ctx) || k.mayEnd(ctx) || k.mayContinueAsNew(ctx)
		}); err != nil {
			return train.MemoryResult{}, err
		}
	}
}

// awaitUntil waits for an instant (zero: none) or a condition and leaves no timer behind.
func (k *trainMemory) awaitUntil(ctx workflow.Context, at time.Time, summary string, cond func() bool) error {
	if at.IsZero() || cond() {
		return workflow.Await(ctx, cond)
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, max(at.Sub(workflow.Now(ctx)), time.Second),
		workflow.TimerOptions{Summary: clipSummary(summary)})
	return workflow.Await(ctx, func() bool { return timer.IsReady() || cond() })
}

// mustRead says that the configuration is to be read now.
func (k *trainMemory) mustRead(ctx workflow.Context) bool { return !workflow.Now(ctx).Before(k.readAt) }

// hearOfConfiguration has the configuration read again when somebody says that it has changed.
func (k *trainMemory) hearOfConfiguration(ctx workflow.Context) {
	changed := workflow.GetSignalChannel(ctx, train.SignalReadConfiguration)
	for {
		if err := workflow.Await(ctx, func() bool { return changed.Len() > 0 }); err != nil {
			return // the context is never cancelled
		}
		for changed.Len() > 0 { // whatever came with it, or nothing
			changed.ReceiveAsync(new(converter.RawValue))
		}
		k.readAt = time.Time{}
	}
}

const (
	// missingReadAgain is how soon a train that was not found in the configuration is looked for again:
	// a worker with an older file may have been asked.
	missingReadAgain = 10 * time.Minute
	// goneAfterReads is how many reads in a row must miss the train before it counts as gone.
	goneAfterReads = 2
)

// readConfiguration reads the train's configuration, which happens every day, and forgets what has passed.
// A configuration that cannot be read leaves the last one in force.
func (k *trainMemory) readConfiguration(ctx workflow.Context) {
	k.readAt = k.nextDay(ctx)
	read, err := call(ctx, k.executor, shortActivity(words.ConfigurationOf(k.Train)), departures.ReadTrain,
		train.ReadTrainInput{Train: k.Train})
	k.configurationProblem = read.Refused
	if err != nil {
		k.configurationProblem = errorSentence(err)
	}
	switch {
	case k.configurationProblem == "":
		k.Config, k.goneReads = &read.Train, 0
	case read.Gone:
		k.goneReads++
	}
	if k.configurationProblem != "" {
		workflow.GetLogger(ctx).Warn("The configuration was not read", "train", k.Train, "problem", k.configurationProblem)
	}
	if !k.readAt.IsZero() { // else somebody has asked for another read meanwhile
		k.readAt = k.nextRead(ctx)
	}
	k.ready, k.RefusalsAnnounced = true, 0
	rules.Forget(&k.Memory, calendar.DayOf(workflow.Now(ctx).In(k.location())))
	k.publish(ctx)
}

func (k *trainMemory) location() *time.Location { return k.config().Location() }

// nextRead is when the configuration is read again.
func (k *trainMemory) nextRead(ctx workflow.Context) time.Time {
	next, soon := k.nextDay(ctx), workflow.Now(ctx).Add(missingReadAgain)
	doubtful := k.Config == nil || k.goneReads > 0 && !k.gone()
	if doubtful && soon.Before(next) {
		return soon
	}
	return next
}

// nextDay is when the train's next day has just begun.
func (k *trainMemory) nextDay(ctx workflow.Context) time.Time {
	return calendar.DayOf(workflow.Now(ctx).In(k.location())).Add(1).At(calendar.Clock{Minute: 1}, k.location())
}

// quiet says that nothing is under way or about to begin: all that counts is in the input of a next run.
func (k *trainMemory) quiet(ctx workflow.Context) bool {
	return k.ready && k.underWay == 0 && k.announcedRevision == k.Memory.Revision &&
		rules.NextFreezeCall(&k.Memory, workflow.Now(ctx)) == rules.FreezeSettled &&
		k.commands.idle(ctx) && workflow.GetSignalChannel(ctx, train.SignalReadConfiguration).Len() == 0
}

// mayContinueAsNew says that the history is long and this is a moment to go on in a new run.
func (k *trainMemory) mayContinueAsNew(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && k.quiet(ctx)
}

// gone says that the train is configured no longer.
func (k *trainMemory) gone() bool { return k.goneReads >= goneAfterReads }

// mayEnd says that the train is gone and nothing holds by it. A hold outlives its configuration: an open
// release would go on without it, and GitLab would keep our freeze period.
func (k *trainMemory) mayEnd(ctx workflow.Context) bool {
	return k.gone() && len(k.Memory.Holds) == 0 && k.Memory.Freeze == nil && k.quiet(ctx)
}

func (k *trainMemory) end(ctx workflow.Context) train.MemoryResult {
	why := words.TrainIsGone(k.Train, k.configurationProblem)
	workflow.GetLogger(ctx).Info(why)
	return train.MemoryResult{Train: k.Train, Why: why, Memory: k.Memory}
}

// revise says that the memory has changed.
func (k *trainMemory) revise(ctx workflow.Context) {
	k.Memory.Revision = max(k.Memory.Revision+1, workflow.Now(ctx).UnixMilli())
	k.publish(ctx)
}

// publish brings what people see in the Web UI up to date.
func (k *trainMemory) publish(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, words.TrainStatusText(k.status(workflow.Now(ctx)), words.Markdown))
}

// keepReleasesTold tells open releases of each change at once.
func (k *trainMemory) keepReleasesTold(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return k.announcedRevision != k.Memory.Revision }); err != nil {
			return // the context is never cancelled
		}
		k.underWay++
		k.tellReleases(ctx)
		k.underWay--
	}
}

// tellReleases hands the memory to open releases; where there is none, the
// train says itself what was decided.
func (k *trainMemory) tellReleases(ctx workflow.Context) {
	update := train.MemoryUpdate{Memory: k.Memory, Decisions: k.unannounced}
	k.unannounced, k.announcedRevision = nil, k.Memory.Revision
	told, err := call(ctx, k.executor, shortActivity(words.TellOpenReleases()), trains.TellReleases,
		train.TellReleasesInput{Train: k.Train, Update: update})
	if err != nil {
		workflow.GetLogger(ctx).Error("Open releases were not told; they read it before they act", "error", err)
	}
	if len(told.IDs) > 0 {
		return
	}
	for _, d := range update.Decisions {
		k.postMessage(ctx, words.MemoryMessage(k.config(), d, &k.Memory))
	}
}

// postMessage posts a message to the coordination channel, at Slack's own pace.
func (k *trainMemory) postMessage(ctx workflow.Context, m train.Message) {
	channel := k.config().Slack.Coordination
	if channel == "" {
		return
	}
	k.underWay++
	k.MessagesPosted++
	n, since := k.MessagesPosted, workflow.Now(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		_, err := write(ctx, k.executor, train.StepMessage, n, deliveryActivity(m.Title), slack.Deliver,
			func(key string) train.DeliverInput {
				return train.DeliverInput{Channel: channel, Card: &m, Since: since, Key: key}
			})
		if err != nil {
			workflow.GetLogger(ctx).Error("A message was not delivered", "title", m.Title, "problem", errorSentence(err))
		}
		k.underWay--
	})
}

// handleCommand decides on a command of the train and remembers it.
func (k *trainMemory) handleCommand(ctx workflow.Context, a commandRequest) (train.Decision,
	train.Answer, *train.Refusal) {
	c, refusal := a.decode()
	if err := workflow.Await(ctx, func() bool { return k.ready }); err != nil {
		refusal = &train.Refusal{Code: train.RefusedTrainIsEnding, Command: a.name}
	}
	id := a.identity(ctx, c)
	d := train.Decision{At: workflow.Now(ctx), Command: a.name, By: c.By, Identity: train.IdentityClaimed,
		Source: a.source, Reason: c.Reason, ID: c.ID}
	if before, known := rules.AnsweredBefore(k.Answered, id); known && refusal == nil { // repeated by a retry
		return k.answerAgain(d, before)
	}
	var answer train.Answer
	if refusal == nil {
		answer, refusal = k.obey(ctx, a.name, c)
		k.Answered = rules.RememberAnswer(k.Answered, id, refusal)
	}
	if refusal == nil {
		k.concludeFreeze(ctx, a.name, &answer)
	}
	d.Accepted, d.Sentence = refusal == nil, answer.Sentence
	if refusal != nil {
		d.Code, d.Sentence = refusal.Code, words.Refusal(refusal, k.location())
	} else {
		k.unannounced = append(k.unannounced, d)
		k.revise(ctx)
		if c.ID != "" { // asked by a release, for its copy
			answer.Revision = k.Memory.Revision
		}
	}
	k.Record.Add(d)
	k.publish(ctx)
	if refusal != nil && a.source == train.SourceSignal && k.RefusalsAnnounced < refusalsAnnouncedAtMost {
		k.RefusalsAnnounced++
		k.postMessage(ctx, words.MemoryMessage(k.config(), d, &k.Memory))
	}
	return d, answer, refusal
}

// answerAgain answers a command that was decided already; it is not acted on again.
func (k *trainMemory) answerAgain(d train.Decision, before *train.Refusal) (train.Decision, train.Answer,
	*train.Refusal) {
	if before != nil {
		d.Code, d.Sentence = before.Code, words.Refusal(before, k.location())
		return d, train.Answer{}, before
	}
	answer := train.Answer{Sentence: words.DoneAlready(), Revision: k.Memory.Revision}
	d.Accepted, d.Sentence = true, answer.Sentence
	return d, answer, nil
}

// obey checks a command and remembers what it says.
func (k *trainMemory) obey(ctx workflow.Context, name train.CommandName,
	c train.Command) (train.Answer, *train.Refusal) {
	if k.Config == nil || k.gone() && !rules.EndsHold(name) {
		return train.Answer{}, &train.Refusal{Code: train.RefusedTrainNotConfigured, Command: name,
			Detail: cmp.Or(k.configurationProblem, words.NoAnswer())}
	}
	if refusal := rules.PolicyRefuses(k.Config.Policy, name, c); refusal != nil {
		return train.Answer{}, refusal
	}
	effect, refusal := rules.Remember(&k.Memory, name, c, workflow.Now(ctx), k.location())
	if refusal != nil {
		return train.Answer{}, refusal.On(k.Train)
	}
	k.revise(ctx)
	return train.Answer{Sentence: words.TrainAnswer(name, effect, k.location())}, nil
}
