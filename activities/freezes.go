package activities

import (
	"context"

	"github.com/release-train/release-train/internal/freeze"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// period is our freeze period as GitLab keeps it.
func period(f train.OwnFreeze) gitlab.FreezePeriod {
	start, end := freeze.Crons(f.From, f.Until)
	return gitlab.FreezePeriod{ID: f.ID, Start: start, End: end, Zone: "UTC"}
}

// CreateFreeze creates our freeze period. One with the same three values is ours
// from an earlier try. A refusal of GitLab is a value.
func (g *GitLab) CreateFreeze(ctx context.Context, in train.FreezeInput) (train.FreezeResult, error) {
	want := period(in.Freeze)
	existing, err := g.API.FreezePeriods(ctx, in.Project)
	if err != nil {
		return refusedFreeze(err)
	}
	for _, f := range existing {
		if f.Start == want.Start && f.End == want.End && f.Zone == want.Zone {
			return train.FreezeResult{ID: f.ID}, nil
		}
	}
	made, err := g.API.CreateFreezePeriod(ctx, in.Project, want)
	if err != nil {
		return refusedFreeze(err)
	}
	return train.FreezeResult{ID: made.ID}, nil
}

// ChangeFreeze brings our freeze period to another end.
func (g *GitLab) ChangeFreeze(ctx context.Context, in train.FreezeInput) (train.FreezeResult, error) {
	made, err := g.API.UpdateFreezePeriod(ctx, in.Project, period(in.Freeze))
	if train.FaultIs(err, train.FaultNotFound) {
		return train.FreezeResult{Gone: true}, nil
	}
	if err != nil {
		return refusedFreeze(err)
	}
	return train.FreezeResult{ID: made.ID}, nil
}

// DeleteFreeze removes our freeze period, and no other.
func (g *GitLab) DeleteFreeze(ctx context.Context, in train.FreezeInput) (train.FreezeResult, error) {
	err := g.API.DeleteFreezePeriod(ctx, in.Project, in.Freeze.ID)
	if train.FaultIs(err, train.FaultNotFound) {
		return train.FreezeResult{Gone: true}, nil
	}
	if err != nil {
		return refusedFreeze(err)
	}
	return train.FreezeResult{}, nil
}

// refusedFreeze is a refusal where a retry does not help, else an error.
func refusedFreeze(err error) (train.FreezeResult, error) {
	if passing(err) {
		return train.FreezeResult{}, failure(err)
	}
	return train.FreezeResult{Refused: err.Error()}, nil
}
