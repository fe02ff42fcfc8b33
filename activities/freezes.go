package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

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
	found, err := g.findFreeze(ctx, in.Project, want)
	if err == nil && found == 0 {
		var made gitlab.FreezePeriod
		made, err = g.API.CreateFreezePeriod(ctx, in.Project, want)
		found = made.ID
	}
	if err != nil {
		result, err := refusedFreeze(err)
		result.Unknown = activity.GetInfo(ctx).Attempt > 1 // an earlier try may have made it
		return result, err
	}
	return train.FreezeResult{ID: found}, nil
}

// findFreeze is the ID of the freeze period with the same three values; 0: there is none.
func (g *GitLab) findFreeze(ctx context.Context, project string, want gitlab.FreezePeriod) (int64, error) {
	existing, err := g.API.FreezePeriods(ctx, project)
	if err != nil {
		return 0, err
	}
	for _, f := range existing {
		if f.Start == want.Start && f.End == want.End && f.Zone == want.Zone {
			return f.ID, nil
		}
	}
	return 0, nil
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

// DeleteFreeze removes our freeze period, and no other. Where its ID is not known, because the answer to its
// creation was lost, the one with its three values is ours.
func (g *GitLab) DeleteFreeze(ctx context.Context, in train.FreezeInput) (train.FreezeResult, error) {
	id := in.Freeze.ID
	if id == 0 {
		found, err := g.findFreeze(ctx, in.Project, period(in.Freeze))
		if err != nil {
			return refusedFreeze(err)
		}
		if id = found; id == 0 {
			return train.FreezeResult{Gone: true}, nil
		}
	}
	err := g.API.DeleteFreezePeriod(ctx, in.Project, id)
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
