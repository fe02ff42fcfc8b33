package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// awaitGate waits until the candidate may go to production: evidence green and
// the window open. While something is missing it asks people, and reminds them.
func (r *release) awaitGate(ctx workflow.Context) error {
	var asked string
	for {
		now := workflow.Now(ctx)
		gate := r.Gate(now)
		if gate.Open {
			return nil
		}
		r.enter(ctx, train.AtGate, r.GateWaiting(now))
		if question := fmt.Sprint(gate.Closed, gate.Blocked); question != asked {
			asked = question
			r.ask(gate)
		}
		evidence := r.evidence
		changed := func() bool { return r.evidence != evidence }
		if gate.Wake.IsZero() {
			if err := r.until(ctx, changed); err != nil {
				return err
			}
			continue
		}
		if err := r.sleepUntil(ctx, gate.Wake, "Next: "+r.Waiting.Next, changed); err != nil {
			return err
		}
		if now := workflow.Now(ctx); gate.Reminds && !now.Before(gate.Wake) {
			r.tell(r.coordinationLoud(r.ReminderEvent(now, gate.Blocked)))
		}
	}
}

// ask tells people what stands between the candidate and production.
func (r *release) ask(gate train.Gate) {
	if gate.Closed {
		blocked := slices.Concat(gate.Blocked, []string{"the window closed " + train.When(r.Plan.WindowCloses, r.Train.Location())})
		r.tell(r.coordinationLoud(r.GateClosedEvent(blocked)))
		return
	}
	r.tell(r.coordination(nil)) // the E2E or deploy channel has said what is wrong
}
