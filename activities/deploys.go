package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/release-train/release-train/internal/train"
)

// Deploys are the activities on deploys, for which GitLab plays and Flux tells.
type Deploys struct {
	GitLab *GitLab
	Flux   FluxAPI
}

// PlayDeploy plays a deploy job, after a last look at what must hold and at
// what runs. What ran before is kept in the heartbeat, so that a repeated try
// after a lost answer does not take the new version for the old one.
func (d *Deploys) PlayDeploy(ctx context.Context, in train.PlayDeployInput) (train.PlayedDeploy, error) {
	var out train.PlayedDeploy
	if !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &out.Before) != nil {
		state, err := d.Flux.State(ctx, in.Flux)
		if err != nil {
			return out, failure(err)
		}
		out.Before = state.Running
		activity.RecordHeartbeat(ctx, out.Before)
	}
	played, err := d.GitLab.PlayJob(ctx, in.Job)
	out.PlayedJob = played
	return out, err
}
