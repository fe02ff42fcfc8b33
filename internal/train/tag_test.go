package train

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
)

func tag(t *testing.T, prefix, name string) Tag {
	t.Helper()
	parsed, err := ParseTag(prefix, name)
	require.NoError(t, err)
	return parsed
}

func TestATagIsReadAndWrittenBack(t *testing.T) {
	for _, c := range []struct{ prefix, name string }{
		{"api/", "api/v2024.10.02.1"}, {"", "v2024.10.02.10"}, {"api-", "api-v2028.02.29.999999"}, {"v", "vv2024.10.02.1"},
	} {
		got := tag(t, c.prefix, c.name)
		assert.Equal(t, c.name, got.String())
		assert.Equal(t, c.prefix, got.Prefix)
	}
	assert.Equal(t, Tag{Prefix: "api/", Day: calendar.Day{Year: 2024, Month: 10, Day: 2}, Patch: 12},
		tag(t, "api/", "api/v2024.10.02.12"))
}

func TestWhatIsNoTagOfTheTrainIsRefused(t *testing.T) {
	for _, name := range []string{
		"", "api/", "v2024.10.02.1", "web/v2024.10.02.1", "API/v2024.10.02.1", "api/v2024.10.02",
		"api/v2024.10.02.", "api/v2024.10.02.0",
		"api/v2024.10.02.01", "api/v2024.10.02.-1", "api/v2024.10.02.+1", "api/v2024.10.02.1.1",
		"api/v2024.10.02.1-rc1", "api/v2024.10.02.1\n",
		"api/v2024.10.2.1", "api/v24.10.02.1", "api/2024.10.02.1", "api/v2024-10-02.1",
		"api/v2024.13.02.1", "api/v2023.02.29.1",
		"api/v2024.10.02.1000000", "api/v2024.10.02.99999999999999999999", "api/web/v2024.10.02.1",
		" api/v2024.10.02.1", "api/v٢024.10.02.1",
	} {
		_, err := ParseTag("api/", name)
		require.Error(t, err, "%q", name)
		assert.Contains(t, err.Error(), "is not a release tag", "%q", name)
	}
}

func TestAPrefixIsTakenLiterally(t *testing.T) {
	_, err := ParseTag("a.i/", "api/v2024.10.02.1")
	require.Error(t, err)
	tag(t, "a+(/", "a+(/v2024.10.02.1")
}

func TestATagOfADayThatDoesNotExistSaysSo(t *testing.T) {
	_, err := ParseTag("api/", "api/v2023.02.29.1")
	assert.ErrorContains(t, err, "there is no day 2023.02.29")
}

func TestTagsAreOrderedByDayThenByPatchAsANumber(t *testing.T) {
	want := []string{
		"api/v2024.09.30.11", "api/v2024.10.01.2", "api/v2024.10.02.1", "api/v2024.10.02.2",
		"api/v2024.10.02.9", "api/v2024.10.02.10", "api/v2024.10.02.100", "api/v2025.01.01.1",
	}
	got := slices.Clone(want)
	slices.Sort(got) // as text: .10 before .2
	require.NotEqual(t, want, got)
	slices.SortFunc(got, func(a, b string) int { return tag(t, "api/", a).Compare(tag(t, "api/", b)) })
	assert.Equal(t, want, got)
	assert.Zero(t, tag(t, "api/", "api/v2024.10.02.1").Compare(tag(t, "api/", "api/v2024.10.02.1")))
}

func TestTheNextTagFollowsTheHighestPatchOfTheDay(t *testing.T) {
	for name, c := range map[string]struct {
		existing []string
		want     string
	}{
		"none":                 {nil, "api/v2024.10.02.1"},
		"nine":                 {[]string{"api/v2024.10.02.9"}, "api/v2024.10.02.10"},
		"ten after nine":       {[]string{"api/v2024.10.02.10", "api/v2024.10.02.9"}, "api/v2024.10.02.11"},
		"a hole is not filled": {[]string{"api/v2024.10.02.1", "api/v2024.10.02.4"}, "api/v2024.10.02.5"},
		"other days": {[]string{"api/v2024.10.01.7", "api/v2024.10.03.8", "api/v2023.10.02.9"},
			"api/v2024.10.02.1"},
		"foreign tags": {[]string{
			"v2024.10.02.7", "web/v2024.10.02.7", "api/v2024.10.02.7-rc1", "api/v2024.10.02.07", "api/v2024.10.02.latest",
			"api/v2024.10.02", "api/extra/v2024.10.02.7", "api/v2024.10.020.7", "api/v2024.10.02.1",
		}, "api/v2024.10.02.2"},
	} {
		assert.Equal(t, c.want, NextTag("api/", calendar.Day{Year: 2024, Month: 10, Day: 2}, c.existing).String(), name)
	}
}

func TestTheNextTagSortsAfterAllOfItsDay(t *testing.T) {
	var existing []string
	for range 120 {
		next := NextTag("api/", calendar.Day{Year: 2024, Month: 10, Day: 2}, existing)
		for _, name := range existing {
			require.Positive(t, next.Compare(tag(t, "api/", name)))
		}
		existing = append(existing, next.String())
	}
	assert.Equal(t, "api/v2024.10.02.120", existing[119])
}

func TestTheDayPatternDoesNotMatchALongerDay(t *testing.T) {
	assert.Equal(t, "api/v2024.10.02.", tag(t, "api/", "api/v2024.10.02.3").DayPattern())
}

func TestTheNewestTagBeforeIsFoundAmongForeignOnes(t *testing.T) {
	existing := []string{"api/v2024.10.01.9", "api/v2024.10.01.10", "web/v2024.10.02.1", "api/v2024.10.02.2",
		"api/v2024.10.03.1", "api/latest", "v2024.10.01.99"}
	got, ok := NewestTagBefore(tag(t, "api/", "api/v2024.10.02.2"), existing)
	require.True(t, ok)
	assert.Equal(t, "api/v2024.10.01.10", got.String())

	_, ok = NewestTagBefore(tag(t, "api/", "api/v2024.10.01.9"), existing)
	assert.False(t, ok, "nothing is older")
}

func TestAVersionIsTheCandidateOnlyOnTheSameCommit(t *testing.T) {
	c := Candidate{Tag: "api/v2024.10.02.1", SHA: "aaaa"}
	assert.True(t, Version{Tag: c.Tag, SHA: "aaaa"}.Is(c))
	assert.True(t, Version{Tag: c.Tag}.Is(c), "Flux did not say the commit")
	assert.False(t, Version{Tag: c.Tag, SHA: "bbbb"}.Is(c), "the tag was moved")
	assert.False(t, Version{Tag: "api/v2024.10.02.2", SHA: "aaaa"}.Is(c))
	assert.False(t, Version{}.Is(c))
}

func TestAVersionIsShownByWhatIsKnownOfIt(t *testing.T) {
	sha := "0123456789abcdef0123456789abcdef01234567"
	assert.Equal(t, "api/v2024.10.02.1", Version{Tag: "api/v2024.10.02.1", SHA: sha}.String())
	assert.Equal(t, "01234567", Version{SHA: sha}.String())
	assert.Equal(t, "nothing", Version{}.String())
	assert.Equal(t, sha, Version{Tag: "api/v2024.10.02.1", SHA: sha}.Ref())
	assert.Equal(t, "api/v2024.10.02.1", Version{Tag: "api/v2024.10.02.1"}.Ref())
}
