package workflows

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// holdsWorld is what the outside world says about what must hold; set by change.
type holdsWorld struct {
	memory   train.Memory // the train's
	trainErr error        // the train cannot be told
	dayGone  string       // the day is no release day any more
	ahead    *train.Hold  // a freeze that will cover the window

	freeze   *train.Hold
	busy     *train.Hold
	drift    *train.Hold
	tagMoved bool
	// movedHolds: activities run into the moved tag whatever the step obeys.
	movedHolds bool
	runs       train.Version // production, as the watch sees it
	// What acknowledge reads: production, in place of what the watch sees; what of
	// it the candidate lacks; how long it takes; an error.
	reads     train.Version
	lacks     train.Difference
	readTakes time.Duration
	readErr   error
	started   *train.PipelineJob
	handMade  []string
	changes   []time.Time

	// allowWritesOnlyWithoutHolds fails the test when a step that obeys holds is
	// taken while one stands.
	allowWritesOnlyWithoutHolds bool
}

func (w *world) answerHolds() {
	e := w.env
	on(w, releases.CloseOlder, func(train.CloseOlderInput) (train.CloseOlderResult, error) {
		m := w.holds.memory
		return train.CloseOlderResult{Memory: &m}, nil
	})
	on(w, trains.AskTrain, func(in train.AskTrainInput) (train.MemoryAnswer, error) {
		require.NotEmpty(w.t, in.Command.ID)
		if w.holds.trainErr != nil {
			return train.MemoryAnswer{}, w.holds.trainErr
		}
		zone := w.in.Train.Location()
		sentence, refusal := remember(&w.holds.memory, in.Name, in.Command, e.Now(), zone)
		if refusal == nil {
			w.holds.memory.Revision++
		}
		return train.MemoryAnswer{Refused: words.Refusal(refusal, zone), Why: refusal,
			Answer: train.Answer{Sentence: sentence, Revision: w.holds.memory.Revision}}, nil
	})
	on(w, departures.CheckDay, func(train.CheckDayInput) (train.CheckedDay, error) {
		return train.CheckedDay{Gone: w.holds.dayGone}, nil
	})
	on(w, holds.AwaitChange, func(in train.AwaitChangeInput) (train.Observation, error) {
		return w.observe(in), nil
	}, w.untilChange)
	on(w, holds.ReadDrift, func(in train.ReadDriftInput) (train.ReadDrift, error) {
		require.NotEmpty(w.t, in.Candidate.SHA)
		read := train.ReadDrift{Running: w.flux.running[in.Flux.Context].Version, Lacks: w.holds.lacks}
		for _, v := range []train.Version{w.holds.runs, w.holds.reads} {
			if !v.IsZero() {
				read.Running = v
			}
		}
		return read, w.holds.readErr
	}, func() time.Duration { return w.holds.readTakes })
}

// change changes the outside world at an instant; whoever watches it notices.
func (w *world) change(instant time.Time, f func()) {
	w.holds.changes = append(w.holds.changes, instant)
	w.at(instant, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		f()
	})
}

// untilChange is how long a watch that begins now takes to notice something: a
// look every minute.
func (w *world) untilChange() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	wait := 30 * time.Hour
	for _, c := range w.holds.changes {
		if d := c.Sub(w.env.Now()); d >= 0 {
			wait = min(wait, d+time.Second)
		}
	}
	return wait
}

// observe is what a watch sees.
func (w *world) observe(in train.AwaitChangeInput) train.Observation {
	o := train.Observation{Freeze: w.holds.freeze, Busy: w.holds.busy, Drift: w.driftOf(in.Guard),
		TagMoved: w.holds.tagMoved, HandMade: w.holds.handMade, Running: w.holds.runs}
	if w.holds.memory.Revision > 0 {
		m := w.holds.memory
		o.Memory = &m
	}
	if in.Job != "" {
		o.Started = w.holds.started
	}
	return o
}

// written is called when a guarded effect happens.
func (w *world) written(what string, more ...train.HoldKind) {
	if !w.holds.allowWritesOnlyWithoutHolds {
		return
	}
	kinds := append([]train.HoldKind{train.HoldPause, train.HoldFreeze, train.HoldHotfix}, more...)
	for _, h := range rules.ObservedHolds(train.Observation{Freeze: w.holds.freeze, Drift: w.holds.drift,
		Memory: &w.holds.memory}) {
		if slices.Contains(kinds, h.Kind) {
			w.t.Errorf("%s at %s while the hold %s stood", what, w.env.Now(), h.Kind)
		}
	}
}

// driftOf is the drift that stands under a guard: what was acknowledged is none.
func (w *world) driftOf(g train.Guard) *train.Hold {
	if g.Production != nil && !g.Production.Accepted.IsZero() && w.holds.runs.Same(g.Production.Accepted) {
		return nil
	}
	return w.holds.drift
}

// stands are the holds that an activity runs into.
func (w *world) stands(g train.Guard) []train.Hold {
	o := train.Observation{Freeze: w.holds.freeze, Busy: w.holds.busy, Drift: w.driftOf(g), Memory: &w.holds.memory}
	var out []train.Hold
	for _, h := range rules.ObservedHolds(o) {
		if slices.Contains(g.Obeys, h.Kind) || w.holds.movedHolds && h.Kind == train.HoldDrift {
			out = append(out, h)
		}
	}
	return out
}

// ofTrain is a command that somebody sends to the train itself.
func (w *world) ofTrain(instant time.Time, name train.CommandName, c train.Command) {
	w.at(instant, func() {
		w.mu.Lock()
		sentence, refusal := remember(&w.holds.memory, name, c, w.env.Now(), w.in.Train.Location())
		require.Nil(w.t, refusal)
		w.holds.memory.Revision++
		news := train.MemoryUpdate{Memory: w.holds.memory,
			Decisions: []train.Decision{{At: w.env.Now(), Command: name, By: c.By, Reason: c.Reason,
				Accepted: true, Sentence: sentence}}}
		w.mu.Unlock()
		w.env.SignalWorkflow(train.SignalMemoryUpdate, news)
	})
}

// remember applies a command to a train's memory and says what the train would.
func remember(m *train.Memory, name train.CommandName, c train.Command, now time.Time,
	zone *time.Location) (string, *train.Refusal) {
	effect, refusal := rules.Remember(m, name, c, now, zone)
	if refusal != nil {
		return "", refusal
	}
	return words.TrainAnswer(name, effect, zone), nil
}
