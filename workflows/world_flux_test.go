package workflows

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

// fluxWorld is what runs where, and how it gets there.
type fluxWorld struct {
	running      map[string]train.RunningVersion // by Flux context
	rollout      train.Rollout
	rollouts     []train.Rollout // one for each wait; then rollout
	rolloutTakes time.Duration
}

func newFluxWorld() fluxWorld {
	return fluxWorld{
		running: map[string]train.RunningVersion{
			"staging": {Version: train.Version{Tag: oldTag}}, "production": {Version: train.Version{Tag: oldTag}},
		},
		rollout: train.Rollout{Done: true}, rolloutTakes: time.Minute,
	}
}

func (w *world) answerFlux() {
	on(w, flux.ReadVersion, func(in train.ReadVersionInput) (train.RunningVersion, error) {
		return w.flux.running[in.Flux.Context], nil
	})
	on(w, flux.AwaitRollout, func(in train.AwaitRolloutInput) (train.Rollout, error) {
		rollout := w.flux.rollout
		if len(w.flux.rollouts) > 0 {
			rollout, w.flux.rollouts = w.flux.rollouts[0], w.flux.rollouts[1:]
		}
		if rollout.Done {
			w.flux.running[in.Flux.Context] = train.RunningVersion{Version: train.Version{Tag: in.Candidate.Tag,
				SHA: in.Candidate.SHA}}
		}
		return rollout, nil
	}, func() time.Duration { return w.flux.rolloutTakes })
}
