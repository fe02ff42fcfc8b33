package train

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rehearsed is a train that is released from Monday to Thursday, in New York.
func rehearsed(change ...func(*Train)) Train {
	t := Train{Name: "api", Zone: "America/New_York"}.WithDefaults()
	t.Calendar.Weekdays = []Weekday{1, 2, 3, 4}
	for _, c := range change {
		c(&t)
	}
	return t
}

func TestASqueezedDayIsTheNextReleaseDayCutNow(t *testing.T) {
	now := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	tr := rehearsed(func(tr *Train) {
		tr.Calendar.Holidays = []Holiday{{Day: Day{2026, 11, 26}, Name: "Thanksgiving"}}
		tr.E2E.At = Clock{1, 0}
	})
	squeezed, p := Squeeze(tr, now, 100*time.Second, 0)
	assert.Equal(t, "2026-11-30", p.Day.String())
	assert.Equal(t, now, p.CutAt)
	assert.Equal(t, now.Add(60*time.Second), p.E2EDeadline)
	assert.Equal(t, now.Add(65*time.Second), p.WindowOpens)
	assert.Equal(t, now.Add(100*time.Second), p.WindowCloses)
	assert.True(t, p.E2EAt.IsZero(), "E2E does not wait for the night")
	assert.True(t, p.NextCutAt.IsZero())
	assert.Equal(t, p.WindowOpens.Add(-squeezed.E2E.Deadline.D()), p.E2EDeadline)
}

func TestASqueezedDayWorksWhereTheCalendarKnowsNoReleaseDay(t *testing.T) {
	_, p := Squeeze(rehearsed(func(tr *Train) { tr.Calendar.Weekdays = nil }), time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC), time.Minute, 0)
	assert.Equal(t, "2026-11-26", p.Day.String())
}

func TestSqueezingAnyLengthKeepsLimitsUsableAndSurvivesJSON(t *testing.T) {
	for _, length := range []time.Duration{time.Second, 5 * time.Second, 7654321987 * time.Nanosecond, time.Minute, time.Hour} {
		squeezed, p := Squeeze(rehearsed(), time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC), length, 0)
		assert.GreaterOrEqual(t, squeezed.Poll.Deploy.D(), 100*time.Millisecond)
		assert.LessOrEqual(t, squeezed.Poll.E2E.D(), max(length/10, 100*time.Millisecond))
		for _, e := range []Environment{squeezed.Staging, squeezed.Production} {
			for _, limit := range []Duration{e.Limits.Job, e.Limits.Flux, e.Limits.Smoke} {
				assert.GreaterOrEqual(t, limit.D(), max(length.Truncate(time.Millisecond), 20*time.Second))
			}
		}
		assert.True(t, p.CutAt.Before(p.E2EDeadline) && p.E2EDeadline.Before(p.WindowOpens) && p.WindowOpens.Before(p.WindowCloses))

		data, err := json.Marshal(squeezed)
		require.NoError(t, err)
		var got Train
		require.NoError(t, json.Unmarshal(data, &got))
		assert.Equal(t, squeezed, got, length)
	}
}

func TestSqueezingLeavesTheCallersTrainAlone(t *testing.T) {
	tr := rehearsed()
	before := tr
	Squeeze(tr, time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC), time.Minute, 0)
	assert.Equal(t, before, tr)
}

func TestASqueezedDayMayHaveAnEarlyWindowThatStaysOpen(t *testing.T) {
	now := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	_, p := Squeeze(rehearsed(), now, 5*time.Minute, 13*time.Second)
	assert.Equal(t, now.Add(12*time.Second), p.E2EDeadline)
	assert.Equal(t, now.Add(13*time.Second), p.WindowOpens)
	assert.Equal(t, now.Add(5*time.Minute), p.WindowCloses)
}
