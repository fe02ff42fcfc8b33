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
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// freezer is a GitLab that knows freeze periods.
type freezer struct {
	*fakeGitLab
	periods []gitlab.FreezePeriod
	err     error
	made    []gitlab.FreezePeriod
	deleted []int64
	asked   int
}

func (f *freezer) FreezePeriods(context.Context, string) ([]gitlab.FreezePeriod, error) {
	f.asked++
	return f.periods, f.err
}

func (f *freezer) CreateFreezePeriod(_ context.Context, _ string, p gitlab.FreezePeriod) (gitlab.FreezePeriod, error) {
	p.ID = int64(100 + len(f.made))
	f.made = append(f.made, p)
	f.periods = append(f.periods, p)
	return p, nil
}

func (f *freezer) UpdateFreezePeriod(context.Context, string, gitlab.FreezePeriod) (gitlab.FreezePeriod, error) {
	return gitlab.FreezePeriod{}, &train.Fault{Kind: train.FaultNotFound}
}

func (f *freezer) DeleteFreezePeriod(_ context.Context, _ string, id int64) error {
	f.deleted = append(f.deleted, id)
	return &train.Fault{Kind: train.FaultNotFound}
}

// remembers is a train with a memory.
type remembers struct{ m *train.Memory }

func (r remembers) memory(context.Context, string) (*train.Memory, error) { return r.m, nil }

var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

func newHolds(f *freezer) *Holds {
	return &Holds{GitLab: f, Flux: &fakeFlux{}, Trains: noMemory{}, Now: func() time.Time { return noon }}
}

func always(id int64) gitlab.FreezePeriod {
	return gitlab.FreezePeriod{ID: id, Start: "0 0 * * *", End: "59 23 * * *", Zone: "UTC"}
}

func tagGuard() train.CreateTagInput {
	in := tagIn
	in.Guard = train.Guard{Train: "api", Project: "p", Obeys: rules.Obeyed(train.StepTag)}
	return in
}

func TestAFreezeAPauseAndAHotfixKeepTheTagFromBeingMade(t *testing.T) {
	for name, tt := range map[string]struct {
		periods []gitlab.FreezePeriod
		memory  *train.Memory
		held    train.HoldKind
	}{
		"nothing": {nil, nil, ""},
		"freeze":  {[]gitlab.FreezePeriod{always(4)}, nil, train.HoldFreeze},
		"pause":   {nil, &train.Memory{Holds: []train.Hold{{Kind: train.HoldPause}}}, train.HoldPause},
		"hotfix, whose own freeze period counts once": {
			[]gitlab.FreezePeriod{always(5)}, &train.Memory{Holds: []train.Hold{{Kind: train.HoldHotfix}},
				Freeze: &train.OwnFreeze{ID: 5}}, train.HoldHotfix,
		},
		"a freeze period that cannot be read": {[]gitlab.FreezePeriod{{ID: 6, Start: "often", End: "seldom"}}, nil,
			train.HoldFreeze},
	} {
		t.Run(name, func(t *testing.T) {
			f := &freezer{fakeGitLab: &fakeGitLab{}, periods: tt.periods}
			h := newHolds(f)
			h.Trains = remembers{tt.memory}
			made, err := execute(t, (&GitLab{API: f, Holds: h}).CreateTag, tagGuard())
			require.NoError(t, err)
			if tt.held == "" {
				assert.Len(t, f.created, 1)
				return
			}
			assert.Empty(t, f.created)
			require.Len(t, made.Holds, 1)
			assert.Equal(t, tt.held, made.Holds[0].Kind)
		})
	}
}

func TestFreezesThatGitLabDoesNotTellAreAHoldNotAnAllClear(t *testing.T) {
	f := &freezer{fakeGitLab: &fakeGitLab{}, err: &train.Fault{System: "GitLab", Kind: train.FaultForbidden,
		Tried: "list the freeze periods of p", Status: 403}}
	made, err := execute(t, (&GitLab{API: f, Holds: newHolds(f)}).CreateTag, tagGuard())
	require.NoError(t, err)
	require.Len(t, made.Holds, 1)
	assert.Contains(t, made.Holds[0].Reason,
		"it is not known whether a freeze stands. GitLab: could not list the freeze periods of p: status 403")
	f.err = errLost
	_, err = execute(t, (&GitLab{API: f, Holds: newHolds(f)}).CreateTag, tagGuard())
	require.Error(t, err, "what may pass is tried a few times first")
	assert.Empty(t, f.created)
}

func TestAFreezeOverTheWindowIsToldWhenTheTagIsMade(t *testing.T) {
	f := &freezer{fakeGitLab: &fakeGitLab{},
		periods: []gitlab.FreezePeriod{{ID: 4, Start: "0 19 24 11 *", End: "0 20 24 11 *"}}}
	in := tagGuard()
	in.From, in.To = noon.Add(time.Hour), noon.Add(5*time.Hour)
	made, err := execute(t, (&GitLab{API: f, Holds: newHolds(f)}).CreateTag, in)
	require.NoError(t, err)
	require.NotNil(t, made.FreezeAhead)
	assert.Equal(t, noon.Add(2*time.Hour), made.FreezeAhead.Since)
	assert.Equal(t, "https://gitlab/p/-/settings/ci_cd#js-deploy-freeze-settings", made.FreezeAhead.Link)
}

func TestProductionThatRunsSomethingElseIsDriftAndNotDeployedOver(t *testing.T) {
	expected, hotfix := train.Version{Tag: "v1", SHA: "sha0"}, train.Version{Tag: "v1.1", SHA: "sha9"}
	lacks := []gitlab.Commit{{SHA: "sha9", Title: "fix: checkout"}, {SHA: "sha8", Title: "fix: prices"}}
	for name, tt := range map[string]struct {
		running, accepted train.Version
		lacks             []gitlab.Commit
		reason            string
	}{
		"as at the cut":        {expected, train.Version{}, nil, ""},
		"the candidate itself": {train.Version{Tag: "v2", SHA: "sha1"}, train.Version{}, nil, ""},
		"a hotfix": {hotfix, train.Version{}, lacks,
			"production runs v1.1, not v1 as when v2 was cut; production has 2 commits this candidate lacks: fix: checkout; " +
				"fix: prices"},
		"a hotfix before the cut": {expected, train.Version{}, lacks, "production has 2 commits this candidate lacks"},
		"a hotfix, acknowledged":  {hotfix, hotfix, lacks, ""},
		"an older tag, by somebody": {train.Version{Tag: "v0", SHA: "sha00"}, train.Version{}, nil,
			"production runs v0, not v1 as when v2 was cut"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &freezer{fakeGitLab: playable("manual")}
			f.tags, f.commits = []gitlab.Tag{{Name: "v2", SHA: "sha1"}}, tt.lacks
			h := newHolds(f)
			h.Flux = &fakeFlux{state: flux.State{Running: tt.running}}
			in := playIn()
			in.Candidate = train.Candidate{Tag: "v2", SHA: "sha1"}
			in.Guard = train.Guard{Train: "api", Project: "p", Obeys: rules.Obeyed(train.StepDeployProduction),
				Production: &train.Drift{Expected: expected, Accepted: tt.accepted}}
			played, err := execute(t, (&GitLab{API: f, Holds: h}).PlayJob, in)
			require.NoError(t, err)
			if tt.reason == "" {
				assert.Equal(t, 1, f.played)
				return
			}
			assert.Zero(t, f.played)
			require.Len(t, played.Holds, 1)
			assert.Contains(t, played.Holds[0].Reason, tt.reason)
		})
	}
}

func TestTheWatchReturnsWhenSomethingIsOtherThanKnown(t *testing.T) {
	f := &freezer{fakeGitLab: &fakeGitLab{tags: []gitlab.Tag{{Name: "api/v2026.11.24.1", SHA: "sha1"}}}}
	in := train.AwaitChangeInput{
		Guard: train.Guard{Train: "api", Project: "p", Candidate: train.Candidate{Tag: "api/v2026.11.24.1", SHA: "sha1"}},
		Until: time.Now().Add(50 * time.Millisecond), Poll: calendar.Duration(time.Millisecond), TagPrefix: "api/", Day: day,
	}
	o, err := execute(t, newHolds(f).AwaitChange, in)
	require.NoError(t, err)
	assert.Greater(t, f.asked, 1, "nothing changed, so it looked until its time was over")
	assert.Equal(t, rules.Digest(in.Known), rules.Digest(o))

	in.Until = time.Now().Add(time.Minute)
	f.periods = []gitlab.FreezePeriod{always(4)}
	o, err = execute(t, newHolds(f).AwaitChange, in)
	require.NoError(t, err)
	require.NotNil(t, o.Freeze)

	in.Known, f.periods, f.err = train.Observation{}, nil, errLost
	f.asked = 0
	o, err = execute(t, newHolds(f).AwaitChange, in)
	require.NoError(t, err)
	assert.True(t, o.Unknown)
	assert.Equal(t, patience, f.asked, "silence is believed after a few looks")

	f.err, f.tags = nil, append(f.tags, gitlab.Tag{Name: "api/v2026.11.24.7", SHA: "sha1"})
	o, err = execute(t, newHolds(f).AwaitChange, in)
	require.NoError(t, err)
	assert.Equal(t, []string{"api/v2026.11.24.7"}, o.HandMade)

	f.tags = []gitlab.Tag{{Name: "api/v2026.11.24.1", SHA: "moved"}}
	o, err = execute(t, newHolds(f).AwaitChange, in)
	require.NoError(t, err)
	assert.True(t, o.TagMoved)
}

func TestOurFreezePeriodIsFoundNotRepeatedAndItsAbsenceIsNoError(t *testing.T) {
	f := &freezer{fakeGitLab: &fakeGitLab{}}
	in := train.FreezeInput{Project: "p", Freeze: *rules.NewFreeze(noon, noon.Add(4*time.Hour))}
	g := &GitLab{API: f}
	first, err := execute(t, g.CreateFreeze, in)
	require.NoError(t, err)
	again, err := execute(t, g.CreateFreeze, in)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	require.Len(t, f.made, 1)
	assert.Equal(t, "0 17 24 11 *", f.made[0].Start)
	assert.Equal(t, "0 21 24 11 *", f.made[0].End)
	in.Freeze.ID = first.ID
	changed, err := execute(t, g.ChangeFreeze, in)
	require.NoError(t, err)
	assert.True(t, changed.Gone)
	gone, err := execute(t, g.DeleteFreeze, in)
	require.NoError(t, err)
	assert.True(t, gone.Gone)
	assert.Equal(t, []int64{first.ID}, f.deleted)
}

func TestAJobOfAnEndedAttemptIsRunAgainAndTheOneThatRunsIsAdopted(t *testing.T) {
	f := &freezer{fakeGitLab: playable("failed")}
	f.tags = []gitlab.Tag{{Name: "v1", SHA: "sha1"}}
	g := &GitLab{API: f, Holds: newHolds(f)}
	in := playIn()
	played, err := execute(t, g.PlayJob, in)
	require.NoError(t, err)
	assert.Zero(t, f.retried, "somebody else's failed job is adopted")
	in.After = played.JobID
	played, err = execute(t, g.PlayJob, in)
	require.NoError(t, err)
	assert.Equal(t, 1, f.retried)
	assert.NotEqual(t, in.After, played.JobID)
}

func (remembers) unconfirmed(context.Context, string) ([]train.Hold, error) { return nil, nil }
