package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// ranges is a GitLab that knows commits by range.
type ranges struct {
	*fakeGitLab
	between map[string][]gitlab.Commit
	err     error
}

func (r *ranges) Commits(_ context.Context, _, revisions string, _ int) ([]gitlab.Commit, error) {
	return r.between[revisions], r.err
}

func TestWhatProductionRunsNowIsReadWithOurTagAndWhatTheCandidateLacks(t *testing.T) {
	g := &ranges{fakeGitLab: &fakeGitLab{tags: []gitlab.Tag{{Name: "api/v2026.11.23.90", SHA: "sha9"}}},
		between: map[string][]gitlab.Commit{"sha1..sha9": {{Title: "fix: checkout"}, {Title: "fix: prices"}}}}
	h := &Holds{GitLab: g}
	in := train.ReadDriftInput{Project: "p", TagPrefix: "api/", Candidate: train.Candidate{Tag: "api/v2026.11.24.1",
		SHA: "sha1"}}
	lacks := train.Difference{Count: 2, Titles: []string{"fix: checkout", "fix: prices"}}
	for name, tt := range map[string]struct {
		running train.Version
		want    train.ReadDrift
	}{
		"a commit with a tag of ours": {train.Version{SHA: "sha9"},
			train.ReadDrift{Running: train.Version{Tag: "api/v2026.11.23.90", SHA: "sha9"}, Lacks: lacks}},
		"a commit without": {train.Version{SHA: "sha8"}, train.ReadDrift{Running: train.Version{SHA: "sha8"}}},
		"the candidate": {train.Version{Tag: "api/v2026.11.24.1"},
			train.ReadDrift{Running: train.Version{Tag: "api/v2026.11.24.1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			h.Flux = &fakeFlux{state: flux.State{Running: tt.running}}
			read, err := execute(t, h.ReadDrift, in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, read)
		})
	}
}

func TestAProductionThatCannotBeComparedIsAnErrorNotAnEmptyAnswer(t *testing.T) {
	unknown := &train.Fault{System: "GitLab", Kind: train.FaultNotFound, Tried: "list commits"}
	g := &ranges{fakeGitLab: &fakeGitLab{}, err: unknown}
	in := train.ReadDriftInput{Project: "p", Candidate: train.Candidate{Tag: "v2", SHA: "sha1"}}
	for name, f := range map[string]*fakeFlux{
		"GitLab does not know its commit": {state: flux.State{Running: train.Version{Tag: "v9", SHA: "sha9"}}},
		"Flux names no version":           {},
		"Flux does not answer":            {err: errLost},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, (&Holds{GitLab: g, Flux: f}).ReadDrift, in)
			assert.Error(t, err)
		})
	}
}

func TestTheHoldOfADriftKnowsHowManyCommitsTheCandidateLacks(t *testing.T) {
	g := &ranges{fakeGitLab: &fakeGitLab{}, between: map[string][]gitlab.Commit{"sha1..sha9": {{Title: "fix: checkout"}}}}
	guard := train.Guard{Project: "p", Candidate: train.Candidate{Tag: "v2", SHA: "sha1"}, Production: &train.Drift{}}
	hold, err := (&Holds{GitLab: g}).compare(t.Context(), guard, train.Version{Tag: "v9", SHA: "sha9"})
	require.NoError(t, err)
	assert.Equal(t, 1, hold.Removes)
	acknowledged := train.Version{Tag: "v9", SHA: "sha9"}
	guard.Production = &train.Drift{Expected: acknowledged, Accepted: acknowledged}
	hold, err = (&Holds{GitLab: g}).compare(t.Context(), guard, acknowledged)
	require.NoError(t, err)
	assert.Nil(t, hold, "it does not come back while that version runs")
	hold, err = (&Holds{GitLab: g}).compare(t.Context(), guard, train.Version{Tag: "v8", SHA: "sha8"})
	require.NoError(t, err)
	assert.Equal(t, "production runs v8, not v9 as was acknowledged", hold.Reason)
}

func TestAChangelogNamesWhatIsNoLongerInProduction(t *testing.T) {
	g := &ranges{fakeGitLab: &fakeGitLab{}, between: map[string][]gitlab.Commit{
		"sha1..sha9": {{SHA: "99999999", Title: "fix: checkout @all", AuthorName: "Grace", WebURL: "https://gitlab/c/9"}},
	}}
	c := &Changelog{API: g}
	in := train.PublishChangelogInput{Project: "p", Candidate: train.Candidate{Tag: "v2", SHA: "sha1"},
		From: train.RunningVersion{Version: train.Version{Tag: "v9", SHA: "sha9"}}}
	source, err := c.source(t.Context(), in, gitlab.Project{})
	require.NoError(t, err)
	assert.Len(t, source.Removed, 1)
	in.From.Fallback = "the changelog was started by ada"
	source, err = c.source(t.Context(), in, gitlab.Project{})
	require.NoError(t, err)
	assert.Empty(t, source.Removed, "from where it starts is not what production runs")
}

func TestARolloutSaysSinceWhenFluxIsReady(t *testing.T) {
	state := flux.State{Running: train.Version{Tag: "v1", SHA: "s"}, Ready: true, Observed: true, SourceReady: true,
		ReadySince: noon}
	r, err := execute(t, (&Flux{API: &fakeFlux{state: state}}).AwaitRollout, train.AwaitRolloutInput{
		Candidate: train.Candidate{Tag: "v1", SHA: "s"}, Until: time.Now().Add(time.Minute),
		Poll: calendar.Duration(time.Millisecond)})
	require.NoError(t, err)
	assert.Equal(t, train.Rollout{Done: true, Running: state.Running, ReadyAt: noon}, r)
}
