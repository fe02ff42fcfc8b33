package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// commandRequest is a command as it arrived: its payload is decoded by us, because a
// typed receive would silently drop one of the wrong shape.
type commandRequest struct {
	name    train.CommandName
	payload converter.RawValue
	source  train.CommandSource
}

// decode reads the command; the refusal says what is wrong with it.
func (a commandRequest) decode() (train.Command, *train.Refusal) {
	payload := a.payload.Payload()
	if encoding := string(payload.GetMetadata()[converter.MetadataEncoding]); encoding != "" &&
		encoding != converter.MetadataEncodingJSON && len(payload.GetData()) > 0 {
		return train.Command{}, &train.Refusal{Code: train.RefusedInputNotJSON, Command: a.name, Detail: encoding}
	}
	return rules.DecodeCommand(a.name, payload.GetData())
}

// identity is what tells a repeated command from a new one: the ID that a workflow gave it, or its update's.
func (a commandRequest) identity(ctx workflow.Context, c train.Command) string {
	if c.ID == "" && a.source == train.SourceUpdate {
		return workflow.GetCurrentUpdateInfo(ctx).ID
	}
	return c.ID
}

// commandHandlers are the two ways on which commands reach a workflow. Behind both
// is one implementation: handle decides, carries out and records.
type commandHandlers struct {
	handle func(ctx workflow.Context, a commandRequest) (train.Decision, train.Answer, *train.Refusal)
	// otherSignals are signals that are no commands.
	otherSignals []string
	// ready says that the workflow's set-up is complete: before it no command is
	// handled. nil: it always is.
	ready    func() bool
	handling int // commands by signal that are under way
}

// receiveSignals hands each signal of a name to a function, in their order, once
// the workflow is ready. Until then a signal stays in its channel: one that a blocked Receive had
// taken in the task in which the workflow continues as new would be lost.
func receiveSignals[T any](ctx workflow.Context, name string, ready func() bool, take func(workflow.Context, T)) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		channel := workflow.GetSignalChannel(ctx, name)
		for {
			if err := workflow.Await(ctx, func() bool { return ready() && channel.Len() > 0 }); err != nil {
				return // the context is never cancelled
			}
			var signal T
			if channel.ReceiveAsync(&signal) {
				take(ctx, signal)
			}
		}
	})
}

// register registers an update for each command, and hears the signals.
func (d *commandHandlers) register(ctx workflow.Context) error {
	for _, e := range rules.Commands() {
		handler := func(ctx workflow.Context, raw converter.RawValue) (train.Answer, error) {
			awake, cancel := workflow.NewDisconnectedContext(ctx)
			defer cancel()
			if err := workflow.Await(awake, d.isReady); err != nil {
				return train.Answer{}, err
			}
			decision, answer, refusal := d.handle(awake, commandRequest{name: e.Name, payload: raw, source: train.SourceUpdate})
			if refusal != nil {
				return train.Answer{}, temporal.NewNonRetryableApplicationError(decision.Sentence,
					train.RefusedCommand, nil, *refusal)
			}
			return answer, nil
		}
		// Only what must not even enter history is refused by the validator: such
		// a refusal leaves no trace, and refusals belong into the record.
		tooLarge := func(_ workflow.Context, raw converter.RawValue) error {
			if len(raw.Payload().GetData()) <= train.LargestPayload {
				return nil
			}
			_, refusal := commandRequest{name: e.Name, payload: raw}.decode()
			return temporal.NewNonRetryableApplicationError(words.Refusal(refusal, time.UTC),
				train.RefusedCommand, nil, *refusal)
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, string(e.Name), handler, workflow.UpdateHandlerOptions{
			Validator: tooLarge, Description: words.About(e.Name).Does,
		}); err != nil {
			return err
		}
	}
	own, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(own, d.receiveCommands)
	return nil
}

// receiveCommands handles commands that came by signal. Of those that arrived in one task the safe ones act
// first; signals of one name keep their order.
func (d *commandHandlers) receiveCommands(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return d.isReady() && len(d.unhandledSignals(ctx)) > 0 }); err != nil {
			return // the context is never cancelled
		}
		var batch []commandRequest
		for _, name := range d.unhandledSignals(ctx) {
			for ch := workflow.GetSignalChannel(ctx, name); ; {
				a := commandRequest{name: train.CommandName(name), source: train.SourceSignal}
				if !ch.ReceiveAsync(&a.payload) {
					break
				}
				batch = append(batch, a)
			}
		}
		slices.SortStableFunc(batch, func(a, b commandRequest) int { return precedence(a.name) - precedence(b.name) })
		for _, a := range batch {
			d.handling++
			workflow.Go(ctx, func(ctx workflow.Context) {
				d.handle(ctx, a)
				d.handling--
			})
		}
	}
}

func (d *commandHandlers) isReady() bool { return d.ready == nil || d.ready() }

func precedence(name train.CommandName) int {
	e, _ := rules.Commands().Find(name)
	return int(e.Precedence)
}

// unhandledSignals are the names of signals that nobody has heard yet, commands or not.
func (d *commandHandlers) unhandledSignals(ctx workflow.Context) []string {
	names := workflow.GetUnhandledSignalNames(ctx)
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(d.otherSignals, n) })
	slices.Sort(names)
	return names
}

// idle says that no command is under way, and that no signal of any kind waits.
func (d *commandHandlers) idle(ctx workflow.Context) bool {
	return d.handling == 0 && workflow.AllHandlersFinished(ctx) && len(workflow.GetUnhandledSignalNames(ctx)) == 0
}
