package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// awaitGate waits until the candidate may go to production: evidence green or
// approved, the window open, no holds. While something is missing it asks
// people, and reminds them. A new E2E run that was asked for runs from here.
func (r *release) awaitGate(ctx workflow.Context) error {
	var asked string
	defer r.endWatch(ctx)
	for {
		if r.Orders.Rerun {
			if err := r.test(ctx); err != nil {
				return err
			}
			continue
		}
		now := workflow.Now(ctx)
		gate := rules.DecideGate(&r.State, now)
		if gate.Open || r.adopts {
			return nil
		}
		r.enter(ctx, train.AtGate, words.WaitsAtGate(&r.State, now))
		if question := fmt.Sprint(gate.Closed, gate.Blocked); question != asked {
			asked = question
			r.ask(ctx, gate)
		}
		if r.mustContinueAsNew(ctx) {
			return errContinue
		}
		news := r.news
		guard := rules.GuardOf(&r.State, train.StepDeployProduction)
		heard := func() bool { return r.news != news }
		if err := r.watchUntil(ctx, guard, gate.Wake, words.ComesNext(r.Waiting), heard); err != nil {
			return err
		}
		if now := workflow.Now(ctx); gate.Reminds && !now.Before(gate.Wake) && now.Before(r.Plan.WindowOpens) {
			r.tell(r.coordinationLoud(ctx, words.ReminderEvent(&r.State, now, words.MissingAtGate(rules.DecideGate(&r.State, now), r.Train.Location()))))
		}
	}
}

// ask tells people what stands between the candidate and production.
func (r *release) ask(ctx workflow.Context, gate rules.Gate) {
	if gate.Closed {
		zone := r.Train.Location()
		missing := append(words.MissingAtGate(gate, zone), words.WindowClosed(r.Plan.WindowCloses, zone))
		r.tell(r.coordinationLoud(ctx, words.GateClosedEvent(&r.State, missing)))
		return
	}
	if len(gate.Blocked) > 0 && !gate.Blocked[0].OfE2E() { // E2E's own channel has said it
		r.tell(r.coordinationLoud(ctx, words.GateEvent(&r.State, words.Blockers(gate.Blocked))))
		return
	}
	r.tell(r.coordination(ctx, nil))
}
