package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// FluxAPI is what the activities need of Flux; flux.Client is it.
type FluxAPI interface {
	State(ctx context.Context, object train.FluxObject) (flux.State, error)
}

// Flux are the activities on what environments run. GitLab turns commits into
// tags, and answers where Flux does not.
type Flux struct {
	API    FluxAPI
	GitLab GitLabAPI
}

// ReadVersion reads what an environment runs. Where Flux cannot be read, not by
// a few tries either, and a fallback is allowed, the last successful deployment that GitLab knows answers.
func (f *Flux) ReadVersion(ctx context.Context, in train.ReadVersionInput) (train.RunningVersion, error) {
	state, err := f.API.State(ctx, in.Flux)
	if err != nil {
		if in.FallbackEnvironment == "" || passing(err) && activity.GetInfo(ctx).Attempt <= patience {
			return train.RunningVersion{}, failure(err)
		}
		return f.fallback(ctx, in, err)
	}
	running := train.RunningVersion{Version: state.Running}
	if running.Version.Tag == "" && running.Version.SHA != "" {
		running.Version.Tag, err = tagOn(ctx, f.GitLab, in.Project, in.TagPrefix, running.Version.SHA)
	}
	return running, failure(err)
}

// tagOn is the newest release tag on a commit; empty when there is none.
func tagOn(ctx context.Context, api GitLabAPI, project, prefix, sha string) (string, error) {
	tags, err := api.Tags(ctx, project, prefix)
	if err != nil {
		return "", err
	}
	var newest train.Tag
	for _, t := range tags {
		tag, err := train.ParseTag(prefix, t.Name)
		if err == nil && t.SHA == sha && tag.Compare(newest) > 0 {
			newest = tag
		}
	}
	if newest.Patch == 0 {
		return "", nil
	}
	return newest.String(), nil
}

// fallback answers with the last production deployment that GitLab knows.
func (f *Flux) fallback(ctx context.Context, in train.ReadVersionInput, cause error) (train.RunningVersion, error) {
	why := cause.Error()
	deployments, err := f.GitLab.Deployments(ctx, in.Project, in.FallbackEnvironment, "success", 20)
	if err != nil {
		return train.RunningVersion{}, failure(errors.Join(cause, err))
	}
	for _, d := range deployments {
		if _, err := train.ParseTag(in.TagPrefix, d.Ref); err == nil {
			return train.RunningVersion{
				Version: train.Version{Tag: d.Ref, SHA: d.SHA},
				Fallback: fmt.Sprintf("Flux could not be read, so this is the last deployment to %s that GitLab knows. %s",
					in.FallbackEnvironment, why),
			}, nil
		}
	}
	return train.RunningVersion{Fallback: fmt.Sprintf("Flux could not be read, and GitLab knows no deployment to %s. %s",
		in.FallbackEnvironment, why)}, nil
}

// AwaitRollout waits until Flux reports a candidate rolled out. Flux tries again
// by itself, so a failure is believed only when it has stood for the grace time;
// what Flux itself has given up on is believed at the second look.
func (f *Flux) AwaitRollout(ctx context.Context, in train.AwaitRolloutInput) (train.Rollout, error) {
	var r train.Rollout
	var since time.Time // when the failure that stands was first seen
	looks := 0
	done, err := pollUntil(ctx, in.Poll, in.Until, func(ctx context.Context) (bool, error) {
		state, err := f.API.State(ctx, in.Flux)
		if err != nil {
			return false, err
		}
		p := state.Progress(in.Candidate, rules.FluxReasonFails)
		r = train.Rollout{Running: state.Running, Done: p.Phase == flux.RolledOut, Why: p.Why, Reason: p.Reason}
		if r.Done {
			r.ReadyAt = state.ReadySince.UTC()
		}
		if !p.Bad() {
			since, looks = time.Time{}, 0
			return r.Done, nil
		}
		now := clock(ctx).Now()
		if since.IsZero() {
			since = now
		}
		looks++
		return looks > 1 && (p.Phase == flux.Stalled || now.Sub(since) >= state.Grace), nil
	})
	r.TimedOut = !done
	return r, err
}

var _ GitLabAPI = (*gitlab.Client)(nil)
var _ FluxAPI = (*flux.Client)(nil)
