package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

const handTag = "api/v2026.11.19.90"

func acknowledgeDrift(removes int) train.Command {
	return train.Command{By: "ada", Reason: "agreed with grace", Hold: train.HoldDrift, Removes: removes}
}

func TestWhatIsAcknowledgedIsWhatProductionRunsNowNotWhatItWasSeenToRun(t *testing.T) {
	w := newWorld(t)
	w.gitlab.ends[productionJob] = []train.EndedJob{red}
	w.at(newYork(24, 12, 0), func() { // by hand, and nobody looks before the retry runs into it
		w.mu.Lock()
		defer w.mu.Unlock()
		w.holds.drift = &train.Hold{Kind: train.HoldDrift, Reason: "production runs " + handTag}
		w.holds.reads = train.Version{Tag: handTag, SHA: "9"}
	})
	w.signal(newYork(24, 12, 30), train.RetryDeploy, train.Command{By: "ada", Environment: train.Production})
	w.at(newYork(24, 13, 0), func() { w.mu.Lock(); w.holds.drift = nil; w.mu.Unlock() })
	ack := w.update(newYork(24, 13, 0), train.Acknowledge, acknowledgeDrift(0))
	var st train.Status
	w.at(newYork(24, 14, 0), func() { st = w.status() })
	s := w.run()
	assert.Contains(t, ack.said(), handTag+" counts as what production runs")
	assert.Equal(t, handTag, st.Deployed.Version.Tag)
	assert.Equal(t, handTag, st.Production.Before.Tag, "a rollback goes to what ran, not to what ran once")
	assert.Equal(t, handTag, w.gitlab.logs[len(w.gitlab.logs)-1].From.Version.Tag, "the changelog starts there")
	assert.Equal(t, train.EndReleased, s.End)
}

func TestCommitsThatAnAcknowledgementTakesOutOfProductionAreNamedByTheirNumber(t *testing.T) {
	w := newWorld(t)
	hotfix := train.Version{Tag: handTag, SHA: "9"}
	w.change(newYork(24, 9, 0), func() {
		w.holds.drift = &train.Hold{Kind: train.HoldDrift, Removes: 2,
			Reason: "production has 2 commits this candidate lacks: fix checkout; fix prices"}
		w.holds.runs, w.holds.lacks = hotfix, train.Difference{Count: 2, Titles: []string{"fix checkout", "fix prices"}}
	})
	var held, after train.Status
	w.at(newYork(24, 11, 30), func() { held = w.status() })
	none := w.update(newYork(24, 12, 0), train.Acknowledge, acknowledgeDrift(0))
	wrong := w.update(newYork(24, 12, 1), train.Acknowledge, acknowledgeDrift(3))
	w.at(newYork(24, 13, 0), func() { w.mu.Lock(); w.holds.drift = nil; w.mu.Unlock() })
	ack := w.update(newYork(24, 13, 0), train.Acknowledge, acknowledgeDrift(2))
	w.at(newYork(24, 13, 1), func() { after = w.status() })
	s := w.run()

	const line = `starter acknowledge --train api --day 2026-11-24 --hold drift --removes 2 --reason "…"`
	assert.Contains(t, words.StatusText(held, words.Plain), line)
	for _, part := range []string{"takes out of production 2 commits (fix checkout; fix prices)", line, "cut-tag"} {
		assert.Contains(t, none.said(), part)
	}
	assert.Contains(t, wrong.said(), `the field "removes" is 3`)
	assert.Contains(t, wrong.said(), line)
	const named = newTag + " takes out of production 2 commits (fix checkout; fix prices)"
	assert.Contains(t, ack.said(), named)
	assert.Contains(t, w.said("#mono-release-coordination"), named)
	assert.Contains(t, words.StatusText(after, words.Plain),
		"Takes out of production: 2 commits (fix checkout; fix prices), as was acknowledged")
	decisions := s.Record.Decisions
	require.Len(t, decisions, 3)
	assert.Equal(t, train.RefusedRemovesNotNamed, decisions[0].Code)
	assert.Equal(t, train.RefusedRemovesOtherNumber, decisions[1].Code)
	assert.Contains(t, decisions[2].Sentence, named)
	assert.Equal(t, train.EndReleased, s.End)
}

func TestADriftIsNotAcknowledgedWhenProductionCannotBeRead(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		said string
	}{
		"a refusal": {temporal.NewNonRetryableApplicationError("Flux: could not read the Kustomization: 403",
			string(train.FaultForbidden), nil), "so nothing was accepted: Flux: could not read the Kustomization: 403"},
		"an outage, twice": {temporal.NewApplicationError("Flux: could not read the Kustomization: 503",
			string(train.FaultUnavailable)), "so nothing was accepted: Flux: could not read the Kustomization: 503"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.change(newYork(24, 9, 0), func() {
				w.holds.drift = &train.Hold{Kind: train.HoldDrift, Reason: "production runs " + handTag}
				w.holds.readErr = tt.err
			})
			ack := w.update(newYork(24, 12, 0), train.Acknowledge, acknowledgeDrift(0))
			var st train.Status
			w.at(newYork(24, 12, 0).Add(9*time.Second), func() { st = w.status() })
			w.supersede(newYork(24, 17, 0))
			s := w.run()
			assert.Contains(t, ack.said(), tt.said)
			require.Len(t, st.Record.Decisions, 1, "it is answered within ten seconds")
			assert.Equal(t, train.RefusedProductionNotRead, st.Record.Decisions[0].Code)
			assert.Equal(t, train.EndMissed, s.End)
		})
	}
}

func TestAnAcknowledgementIsCheckedAgainWhenProductionHasBeenRead(t *testing.T) {
	w := newWorld(t)
	w.change(newYork(24, 9, 0), func() {
		w.holds.drift = &train.Hold{Kind: train.HoldDrift, Reason: "production runs " + handTag}
		w.holds.readTakes = 5 * time.Second
	})
	ack := w.update(newYork(24, 10, 0), train.Acknowledge, acknowledgeDrift(0))
	w.at(newYork(24, 10, 0).Add(time.Second), func() { w.mu.Lock(); w.holds.drift = nil; w.mu.Unlock() })
	w.signal(newYork(24, 10, 0).Add(time.Second), train.CutTag, train.Command{By: "ada", Reason: "takes the fix"})
	w.supersede(newYork(24, 17, 0))
	w.run()
	assert.Contains(t, ack.said(), "the hold drift does not stand")
}
