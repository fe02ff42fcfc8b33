package activities

import (
	"context"

	"github.com/release-train/release-train/internal/train"
)

// ReadDrift reads what production runs at this moment, as a tag of ours where
// there is one, and what of it the candidate lacks. What it cannot say is an
// error: a person is about to take the answer as the truth.
func (h *Holds) ReadDrift(ctx context.Context, in train.ReadDriftInput) (train.ReadDrift, error) {
	state, err := h.Flux.State(ctx, in.Flux)
	if err != nil {
		return train.ReadDrift{}, failure(err)
	}
	out := train.ReadDrift{Running: state.Running}
	if out.Running.IsZero() {
		return out, failure(&train.Fault{System: "Flux", Kind: train.FaultInvalid, Tried: "read what production runs",
			Answer: "it names no version that we know"})
	}
	if out.Running.Tag == "" {
		if out.Running.Tag, err = tagOn(ctx, h.GitLab, in.Project, in.TagPrefix, out.Running.SHA); err != nil {
			return out, failure(err)
		}
	}
	if out.Running.Is(in.Candidate) {
		return out, nil
	}
	out.Lacks, err = difference(ctx, h.GitLab, in.Project, in.Candidate.SHA, out.Running.Ref())
	return out, failure(err)
}
