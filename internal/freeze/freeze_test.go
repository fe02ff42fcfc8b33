package freeze

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at
}

func TestAllOfGitLabsOwnVectorsPass(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/contracts/samples/gitlab/gitlab-docs/freeze_status_vectors.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("shared contracts not found: GitLab's vectors are not here")
	}
	require.NoError(t, err)
	var f struct {
		Vectors []struct {
			Periods [][3]string
			At      time.Time
			Frozen  bool
		}
		Instants []struct {
			Period         [3]string
			Now            time.Time
			Start          time.Time `json:"time_start"`
			NextStart      time.Time `json:"next_time_start"`
			EndFromStart   time.Time `json:"time_end_from_start"`
			EndFromNowSame time.Time `json:"time_end_from_now"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &f))
	require.Len(t, f.Vectors, 13)
	for i, v := range f.Vectors {
		var periods []Period
		for _, p := range v.Periods {
			periods = append(periods, Period{Start: p[0], End: p[1], Zone: p[2]})
		}
		assert.Equal(t, v.Frozen, At(periods, v.At).Active, "vector %d at %s", i, v.At)
	}
	for _, v := range f.Instants {
		c, err := compile(Period{Start: v.Period[0], End: v.Period[1], Zone: v.Period[2]})
		require.NoError(t, err)
		since, until, _ := c.active(v.Now)
		if !v.Start.IsZero() {
			assert.True(t, v.Start.Equal(since), since)
			assert.True(t, v.NextStart.Equal(c.start.Next(v.Now)))
		}
		if !v.EndFromStart.IsZero() {
			assert.True(t, v.EndFromStart.Equal(until), until)
		}
	}
}

func TestAllRailsZoneNamesAreKnown(t *testing.T) {
	names, err := rails()
	require.NoError(t, err)
	require.Greater(t, len(names), 150)
	for name := range names {
		if name == "_source" {
			continue
		}
		_, err := Zone(name)
		assert.NoError(t, err, name)
	}
	zone, err := Zone("Eastern Time (US & Canada)")
	require.NoError(t, err)
	assert.Equal(t, "America/New_York", zone.String())
}

func TestWhatCannotBeReadCountsAsFrozenAndSaysWhy(t *testing.T) {
	now := instant(t, "2026-11-24T16:00:00Z")
	for _, p := range []Period{
		{ID: 7, Start: "nonsense", End: "0 0 * * *"}, {ID: 7, Start: "0 0 * * *", End: "0 0 * *"},
		{ID: 7, Start: "0 0 * * *", End: "0 1 * * *", Zone: "Mars/Olympus"},
		{ID: 7, Start: "TZ=UTC 0 0 * *", End: "0 1 * * *"},
	} {
		f := At([]Period{p}, now)
		assert.True(t, f.Active)
		assert.Contains(t, f.Unknown, "freeze period 7 cannot be read")
	}
	assert.False(t, At(nil, now).Active)
}

func TestAFreezeStandsFromItsFirstSecondToItsLast(t *testing.T) {
	p := []Period{{Start: "0 17 * * 1", End: "0 12 * * 2", Zone: "Eastern Time (US & Canada)"}}
	for at, frozen := range map[string]bool{
		"2026-11-23T21:59:59Z": false, "2026-11-23T22:00:00Z": true, "2026-11-24T17:00:00Z": true,
		"2026-11-24T17:00:01Z": false,
	} {
		assert.Equal(t, frozen, At(p, instant(t, at)).Active, at)
	}
	f := At(p, instant(t, "2026-11-24T01:00:00Z"))
	assert.True(t, instant(t, "2026-11-24T17:00:00Z").Equal(f.Until))
	assert.True(t, instant(t, "2026-11-23T22:00:00Z").Equal(f.Since))
}

func TestPeriodsThatFollowOneAnotherAreOneFreeze(t *testing.T) {
	p := []Period{{Start: "0 0 * * 1", End: "0 0 * * 2"}, {Start: "0 0 * * 2", End: "0 6 * * 3"}}
	f := At(p, instant(t, "2026-11-23T12:00:00Z"))
	assert.True(t, instant(t, "2026-11-25T06:00:00Z").Equal(f.Until), f.Until)
	endless := At([]Period{{Start: "* * * * *", End: "0 0 * * *"}}, instant(t, "2026-11-23T12:00:00Z"))
	assert.True(t, endless.Active)
	assert.True(t, endless.Until.IsZero())
}

func TestFormsThatGitLabAcceptsAreRead(t *testing.T) {
	for expression, next := range map[string]string{
		"0 0 * * 7":       "2026-11-29T00:00:00Z",
		"0 0 * * 5-7":     "2026-11-27T00:00:00Z",
		"0 0 * * 6-7/1":   "2026-11-28T00:00:00Z",
		"0 0 * * MON-FRI": "2026-11-25T00:00:00Z",
		"0 0 L * *":       "2026-11-30T00:00:00Z",
		"0 0 * * 1#1":     "2026-12-07T00:00:00Z",
		"0 0 13 * 5":      "2026-11-27T00:00:00Z", // either day: fugit joins them with or
	} {
		s, err := parse(expression)
		require.NoError(t, err, expression)
		assert.True(t, instant(t, next).Equal(s.Next(instant(t, "2026-11-24T12:00:00Z"))), "%s fires %s", expression,
			s.Next(instant(t, "2026-11-24T12:00:00Z")))
	}
}

func TestAFreezeThatWillCoverTheWindowIsSeenTheEveningBefore(t *testing.T) {
	opens, closes := instant(t, "2026-11-24T16:00:00Z"), instant(t, "2026-11-24T21:00:00Z")
	assert.True(t, Within([]Period{{Start: "0 18 24 11 *", End: "0 20 24 11 *"}}, opens, closes).Active)
	assert.True(t, Within([]Period{{Start: "0 12 24 11 *", End: "0 17 24 11 *"}}, opens, closes).Active)
	assert.False(t, Within([]Period{{Start: "0 21 24 11 *", End: "0 23 24 11 *"}}, opens, closes).Active)
}

func TestOurOwnPeriodCoversExactlyItsSpan(t *testing.T) {
	from, until := instant(t, "2026-11-24T15:07:00Z"), instant(t, "2026-11-25T15:08:00Z")
	start, end := Crons(from, until)
	p := []Period{{Start: start, End: end, Zone: "UTC"}}
	assert.True(t, At(p, from).Active)
	assert.True(t, At(p, until).Active)
	assert.False(t, At(p, from.Add(-time.Second)).Active)
	assert.False(t, At(p, until.Add(time.Second)).Active)
}
