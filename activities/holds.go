package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/release-train/release-train/internal/freeze"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// Memories reads what trains remember; Trains is it.
type Memories interface {
	// memory is nil when the train remembers nothing.
	memory(ctx context.Context, name string) (*train.Memory, error)
	// unconfirmed are holds that a release accepted and its train does not know yet.
	unconfirmed(ctx context.Context, releaseID string) ([]train.Hold, error)
}

// Holds reads what must hold: freeze periods and tags in GitLab, pause and
// hotfix of the train, what production runs.
type Holds struct {
	GitLab GitLabAPI
	Flux   FluxAPI
	Trains Memories
	// Now is the clock that freezes are judged by; nil: time.Now.
	Now func() time.Time
}

func (h *Holds) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// patience is how many tries of an activity an outside system gets to answer
// about freezes before its silence is a hold of its own.
const patience = 3

// stand are the holds of a guard that stand now.
func (h *Holds) stand(ctx context.Context, g train.Guard) ([]train.Hold, error) {
	holds, _, err := h.standAndAhead(ctx, g, time.Time{}, time.Time{})
	return holds, err
}

// standAndAhead is stand, and the freeze that will cover some of [from, to).
func (h *Holds) standAndAhead(ctx context.Context, g train.Guard, from, to time.Time) (holds []train.Hold,
	ahead *train.Hold, err error) {
	o := train.Observation{}
	if g.Train != "" {
		if o.Memory, err = h.Trains.memory(ctx, g.Train); err != nil {
			return nil, nil, err
		}
	}
	if slices.Contains(g.Obeys, train.HoldFreeze) {
		periods, err := h.periods(ctx, g.Project, o.Memory)
		switch {
		case err == nil:
			o.Freeze = h.frozen(ctx, g.Project, freeze.At(periods, h.now()))
			if f := freeze.Within(periods, from, to); o.Freeze == nil && from.Before(to) && f.Active {
				ahead = h.frozen(ctx, g.Project, f)
			}
		case passing(err) && activity.GetInfo(ctx).Attempt <= patience:
			return nil, nil, err
		default:
			o.Freeze = unasked(err)
		}
	}
	if slices.Contains(g.Obeys, train.HoldEnvironmentBusy) {
		if o.Busy, err = h.busy(ctx, g); err != nil {
			return nil, nil, err
		}
	}
	if o.Drift, err = h.moved(ctx, g); err != nil {
		return nil, nil, err
	}
	if o.Drift == nil && g.Production != nil {
		if o.Drift, _, err = h.drifted(ctx, g); err != nil {
			return nil, nil, err
		}
	}
	accepted, err := h.acceptedByRelease(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	for _, hold := range slices.Concat(rules.ObservedHolds(o), accepted) {
		if slices.Contains(g.Obeys, hold.Kind) || hold.Kind == train.HoldDrift {
			holds = append(holds, hold)
		}
	}
	return holds, ahead, nil
}

// acceptedByRelease are the holds that only the release knows of. Steps that obey
// no hold of a train do not ask it.
func (h *Holds) acceptedByRelease(ctx context.Context, g train.Guard) ([]train.Hold, error) {
	if g.Release == "" || !slices.Contains(g.Obeys, train.HoldPause) {
		return nil, nil
	}
	return h.Trains.unconfirmed(ctx, g.Release)
}

// passing says whether a fault may pass by itself.
func passing(err error) bool {
	return train.FaultIs(err, train.FaultUnavailable) || train.FaultIs(err, train.FaultRateLimited)
}

// unasked is the hold that stands because GitLab did not tell: unknown is not "no freeze".
func unasked(err error) *train.Hold {
	return &train.Hold{Kind: train.HoldFreeze, Reason: "it is not known whether a freeze stands. " + err.Error()}
}

// periods are the freeze periods of a project but our own, which the hold
// hotfix stands for.
func (h *Holds) periods(ctx context.Context, project string, m *train.Memory) ([]freeze.Period, error) {
	list, err := h.GitLab.FreezePeriods(ctx, project)
	var out []freeze.Period
	for _, f := range list {
		if m != nil && m.Freeze != nil && m.Freeze.ID == f.ID && len(m.Holds) > 0 {
			continue
		}
		out = append(out, freeze.Period{ID: f.ID, Start: f.Start, End: f.End, Zone: f.Zone})
	}
	return out, err
}

// frozen is the hold of a freeze; nil when none is active.
func (h *Holds) frozen(ctx context.Context, project string, f freeze.Freeze) *train.Hold {
	if !f.Active {
		return nil
	}
	hold := &train.Hold{Kind: train.HoldFreeze, Since: f.Since, Until: f.Until}
	if f.Unknown != "" {
		hold.Reason = f.Unknown + ", so it counts as a freeze: mend or delete it in GitLab"
	} else {
		hold.Reason = fmt.Sprintf("GitLab freeze period %d (%s to %s, %s)", f.Period.ID, f.Period.Start, f.Period.End,
			cmp.Or(f.Period.Zone, "UTC"))
	}
	if p, err := h.GitLab.Project(ctx, project); err == nil { // a hold without a link is better than none
		hold.Link = p.WebURL + "/-/settings/ci_cd#js-deploy-freeze-settings"
	}
	return hold
}

// busy is the hold of another deploy job of the environment that GitLab shows
// as running, in whatever pipeline. The candidate's own job is no other one.
func (h *Holds) busy(ctx context.Context, g train.Guard) (*train.Hold, error) {
	if g.Environment == "" {
		return nil, nil //nolint:nilnil // no hold is an answer
	}
	running, err := h.GitLab.Deployments(ctx, g.Project, g.Environment, "running", 10)
	for _, d := range running {
		if d.Ref != g.Candidate.Tag {
			return &train.Hold{Kind: train.HoldEnvironmentBusy, Since: d.Job.StartedAt, Reason: jobWords(d) +
				", deploys to " + g.Environment}, err
		}
	}
	return nil, err
}

// moved is the hold of a tag that no longer points at its commit.
func (h *Holds) moved(ctx context.Context, g train.Guard) (*train.Hold, error) {
	c := g.Candidate
	if c.Tag == "" {
		return nil, nil //nolint:nilnil // no hold is an answer
	}
	tag, err := h.GitLab.Tag(ctx, g.Project, c.Tag)
	var reason string
	switch {
	case train.FaultIs(err, train.FaultNotFound):
		reason = fmt.Sprintf("the tag %s is gone: cut a new candidate with cut-tag", c.Tag)
	case err != nil:
		return nil, err
	case tag.SHA != c.SHA:
		reason = fmt.Sprintf("the tag %s was moved from %s to %s: cut a new candidate with cut-tag", c.Tag,
			train.ShortSHA(c.SHA), train.ShortSHA(tag.SHA))
	default:
		return nil, nil //nolint:nilnil // no hold is an answer
	}
	return &train.Hold{Kind: train.HoldDrift, Reason: reason, Moved: true}, nil
}

// drifted is the hold of a production that runs something else than expected,
// or commits that the candidate lacks.
func (h *Holds) drifted(ctx context.Context, g train.Guard) (*train.Hold, train.Version, error) {
	state, err := h.Flux.State(ctx, g.Production.Flux)
	if err != nil {
		return nil, train.Version{}, err
	}
	hold, err := h.compare(ctx, g, state.Running)
	return hold, state.Running, err
}

func (h *Holds) compare(ctx context.Context, g train.Guard, running train.Version) (*train.Hold, error) {
	d := g.Production
	if running.IsZero() || running.Is(g.Candidate) || !d.Accepted.IsZero() && running.Same(d.Accepted) {
		return nil, nil //nolint:nilnil // no hold is an answer
	}
	lacks, err := difference(ctx, h.GitLab, g.Project, g.Candidate.SHA, running.Ref())
	if err != nil && !train.FaultIs(err, train.FaultNotFound) {
		return nil, err
	}
	var reasons []string
	if !d.Expected.IsZero() && !running.Same(d.Expected) {
		since := fmt.Sprintf("as when %s was cut", g.Candidate.Tag)
		if !d.Accepted.IsZero() && d.Accepted.Same(d.Expected) {
			since = "as was acknowledged"
		}
		reasons = append(reasons, fmt.Sprintf("production runs %s, not %s %s", running, d.Expected, since))
	}
	if lacks.Count > 0 {
		reasons = append(reasons, fmt.Sprintf("production has %s this candidate lacks: %s",
			words.Plural(lacks.Count, "commit"), strings.Join(lacks.Titles, "; ")))
	}
	if len(reasons) == 0 {
		return nil, nil //nolint:nilnil // no hold is an answer
	}
	return &train.Hold{Kind: train.HoldDrift, Reason: strings.Join(reasons, "; "), Removes: lacks.Count}, nil
}

// AwaitChange watches what must hold, about once a minute, and returns when it
// is other than known. What cannot be read for a while stays as it was known;
// freezes that cannot be read count as one.
func (h *Holds) AwaitChange(ctx context.Context, in train.AwaitChangeInput) (train.Observation, error) {
	w := &watcher{holds: h, in: in, seen: in.Known}
	known, news := rules.Digest(in.Known), in.Report
	if wait := in.NotBefore.Sub(clock(ctx).Now()); wait > 0 {
		if err := clock(ctx).Sleep(ctx, wait); err != nil {
			return w.seen, err
		}
	}
	_, err := pollWithHeartbeats(ctx, in.Poll, in.HeartbeatEvery, in.Until, func(ctx context.Context) (bool, error) {
		w.look(ctx)
		return news || rules.Digest(w.seen) != known, nil
	})
	return w.seen, err
}

// watcher is one watch, with what it has seen.
type watcher struct {
	holds  *Holds
	in     train.AwaitChangeInput
	seen   train.Observation
	silent int // looks in a row that GitLab did not answer about freezes
}

func (w *watcher) look(ctx context.Context) {
	h, g := w.holds, w.in.Guard
	if m, err := h.Trains.memory(ctx, g.Train); err == nil {
		w.seen.Memory = m
	}
	w.lookForFreezes(ctx)
	if busy, err := h.busy(ctx, g); err == nil {
		w.seen.Busy = busy
	}
	hold, err := h.moved(ctx, g)
	switch {
	case err == nil && hold != nil:
		w.seen.Drift, w.seen.TagMoved = hold, true
	case err == nil && g.Production != nil:
		if hold, running, err := h.drifted(ctx, g); err == nil {
			w.seen.Drift, w.seen.TagMoved, w.seen.Running = hold, false, running
		}
	case err == nil:
		w.seen.Drift, w.seen.TagMoved = nil, false
	}
	if !w.in.Day.IsZero() {
		w.lookForTags(ctx)
	}
	if w.in.Job != "" {
		w.lookForJob(ctx)
	}
}

func (w *watcher) lookForFreezes(ctx context.Context) {
	h, project := w.holds, w.in.Guard.Project
	periods, err := h.periods(ctx, project, w.seen.Memory)
	if err == nil {
		w.silent = 0
		w.seen.Freeze, w.seen.Unknown = h.frozen(ctx, project, freeze.At(periods, h.now())), false
		return
	}
	w.silent++
	if w.silent >= patience || !passing(err) {
		w.seen.Freeze, w.seen.Unknown = unasked(err), true
	}
}

// lookForTags finds tags of the day that are not ours.
func (w *watcher) lookForTags(ctx context.Context) {
	day := train.Tag{Prefix: w.in.TagPrefix, Day: w.in.Day}
	tags, err := w.holds.GitLab.Tags(ctx, w.in.Guard.Project, day.DayPattern())
	if err != nil {
		return
	}
	current, _ := train.ParseTag(w.in.TagPrefix, w.in.Guard.Candidate.Tag)
	w.seen.HandMade = nil
	for _, t := range tags {
		tag, err := train.ParseTag(w.in.TagPrefix, t.Name)
		if err == nil && tag.Compare(current) > 0 && !slices.Contains(w.in.Ours, t.Name) {
			w.seen.HandMade = append(w.seen.HandMade, t.Name)
		}
	}
	slices.Sort(w.seen.HandMade)
}

// lookForJob finds the production job, where somebody has started it in GitLab.
func (w *watcher) lookForJob(ctx context.Context) {
	g := &GitLab{API: w.holds.GitLab}
	found, _, done, err := g.offered(ctx, train.AwaitPipelineJobInput{Project: w.in.Guard.Project,
		Candidate: w.in.Guard.Candidate, Job: w.in.Job})
	if err != nil || !done || found.Problem != "" || gitlab.JobPlayable(found.Status) {
		return
	}
	w.seen.Started = &found
}
