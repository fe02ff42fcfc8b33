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
	var lastQuestion string
	defer r.endWatch(ctx)
	for {
		if r.Orders.Rerun {
			if err := r.testOnStaging(ctx); err != nil {
				return err
			}
			continue
		}
		now := workflow.Now(ctx)
		gate := rules.DecideGate(&r.State, now)
		if gate.Open || r.adoptsJob {
			return nil
		}
		r.enterPhase(ctx, train.AtGate, words.WaitsAtGate(&r.State, now))
		if question := fmt.Sprint(gate.Closed, gate.Blocked); question != lastQuestion {
			lastQuestion = question
			r.askForDecision(ctx, gate)
		}
		if r.mustContinueAsNew(ctx) {
			return errContinueAsNew
		}
		before := r.changes
		guard := rules.GuardOf(&r.State, train.StepDeployProduction)
		changed := func() bool { return r.changes != before }
		if err := r.watchUntil(ctx, guard, gate.Wake, words.ComesNext(r.Waiting), changed); err != nil {
			return err
		}
		if now := workflow.Now(ctx); gate.Reminds && !now.Before(gate.Wake) && now.Before(r.Plan.WindowOpens) {
			r.announce(r.coordinationBroadcast(ctx,
				words.ReminderEvent(&r.State, now, words.MissingAtGate(rules.DecideGate(&r.State, now), r.Train.Location()))))
		}
	}
}

// askForDecision tells people what stands between the candidate and production.
func (r *release) askForDecision(ctx workflow.Context, gate rules.Gate) {
	if gate.Closed {
		zone := r.Train.Location()
		missing := append(words.MissingAtGate(gate, zone), words.WindowClosed(r.Plan.WindowCloses, zone))
		r.announce(r.coordinationBroadcast(ctx, words.GateClosedEvent(&r.State, missing)))
		return
	}
	if len(gate.Blocked) > 0 && !gate.Blocked[0].OfE2E() { // E2E's own channel has said it
		r.announce(r.coordinationBroadcast(ctx, words.GateEvent(&r.State, words.Blockers(gate.Blocked))))
		return
	}
	r.announce(r.coordinationAnnouncement(ctx, nil))
}
