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

// asked is a command as it arrived: its payload is decoded by us, because a
// typed receive would silently drop one of the wrong shape.
type asked struct {
	name train.CommandName
	raw  converter.RawValue
	door train.Door
}

// decode reads the command; the refusal says what is wrong with it.
func (a asked) decode() (train.Command, *train.Refusal) {
	payload := a.raw.Payload()
	if encoding := string(payload.GetMetadata()[converter.MetadataEncoding]); encoding != "" && encoding != converter.MetadataEncodingJSON && len(payload.GetData()) > 0 {
		return train.Command{}, &train.Refusal{Code: train.RefusedInputNotJSON, Command: a.name, Detail: encoding}
	}
	return rules.DecodeCommand(a.name, payload.GetData())
}

// commandDoors are the two ways on which commands reach a workflow. Behind both
// is one implementation: obey decides, carries out and records.
type commandDoors struct {
	obey func(ctx workflow.Context, a asked) (train.Decision, train.Answer, *train.Refusal)
	// internal are signals that are no commands.
	internal []string
	busy     int // signals that are being obeyed
}

// open registers an update for each command, and hears the signals.
func (d *commandDoors) open(ctx workflow.Context) error {
	for _, e := range rules.Commands() {
		handler := func(ctx workflow.Context, raw converter.RawValue) (train.Answer, error) {
			awake, cancel := workflow.NewDisconnectedContext(ctx)
			defer cancel()
			decision, answer, refusal := d.obey(awake, asked{name: e.Name, raw: raw, door: train.ByUpdate})
			if refusal != nil {
				return train.Answer{}, temporal.NewNonRetryableApplicationError(decision.Sentence, train.RefusedCommand, nil, *refusal)
			}
			return answer, nil
		}
		// Only what must not even enter history is refused by the validator: such
		// a refusal leaves no trace, and refusals belong into the record.
		tooLarge := func(_ workflow.Context, raw converter.RawValue) error {
			if len(raw.Payload().GetData()) <= train.LargestPayload {
				return nil
			}
			_, refusal := asked{name: e.Name, raw: raw}.decode()
			return temporal.NewNonRetryableApplicationError(words.Refusal(refusal, time.UTC), train.RefusedCommand, nil, *refusal)
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, string(e.Name), handler, workflow.UpdateHandlerOptions{
			Validator: tooLarge, Description: words.About(e.Name).Does,
		}); err != nil {
			return err
		}
	}
	own, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(own, d.hear)
	return nil
}

// hear obeys signals. Of those that arrived in one task the safe ones act
// first; signals of one name keep their order.
func (d *commandDoors) hear(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(d.waiting(ctx)) > 0 }); err != nil {
			return // the context is never cancelled
		}
		var batch []asked
		for _, name := range d.waiting(ctx) {
			for ch := workflow.GetSignalChannel(ctx, name); ; {
				a := asked{name: train.CommandName(name), door: train.BySignal}
				if !ch.ReceiveAsync(&a.raw) {
					break
				}
				batch = append(batch, a)
			}
		}
		slices.SortStableFunc(batch, func(a, b asked) int { return rank(a.name) - rank(b.name) })
		for _, a := range batch {
			d.busy++
			workflow.Go(ctx, func(ctx workflow.Context) {
				d.obey(ctx, a)
				d.busy--
			})
		}
	}
}

func rank(name train.CommandName) int {
	e, _ := rules.Commands().Find(name)
	return int(e.Precedence)
}

// waiting are the names of signals that nobody has heard yet, commands or not.
func (d *commandDoors) waiting(ctx workflow.Context) []string {
	names := workflow.GetUnhandledSignalNames(ctx)
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(d.internal, n) })
	slices.Sort(names)
	return names
}

// idle says that no command is under way.
func (d *commandDoors) idle(ctx workflow.Context) bool {
	return d.busy == 0 && workflow.AllHandlersFinished(ctx) && len(d.waiting(ctx)) == 0
}
