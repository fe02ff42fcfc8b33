package rules

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// rehearsed is a train that is released from Monday to Thursday, in New York.
func rehearsed(change ...func(*train.Train)) train.Train {
	t := train.Train{Name: "api", Zone: "America/New_York"}.WithDefaults()
	t.Calendar.Weekdays = []calendar.Weekday{1, 2, 3, 4}
	for _, c := range change {
		c(&t)
	}
	return t
}

func TestASqueezedDayIsTheNextReleaseDayCutNow(t *testing.T) {
	now := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	tr := rehearsed(func(tr *train.Train) {
		tr.Calendar.Holidays = []calendar.Holiday{{Day: calendar.Day{Year: 2026, Month: 11, Day: 26}, Name: "Thanksgiving"}}
		tr.E2E.At = calendar.Clock{Hour: 1, Minute: 0}
	})
	squeezed, p := Rehearse(tr, now, 100*time.Second, 0)
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
	_, p := Rehearse(rehearsed(func(tr *train.Train) { tr.Calendar.Weekdays = nil }),
		time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC), time.Minute, 0)
	assert.Equal(t, "2026-11-26", p.Day.String())
}

func TestSqueezingAnyLengthKeepsLimitsUsableAndSurvivesJSON(t *testing.T) {
	for _, length := range []time.Duration{time.Second, 5 * time.Second,
		7654321987 * time.Nanosecond, time.Minute, time.Hour} {
		squeezed, p := Rehearse(rehearsed(), time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC), length, 0)
		assert.GreaterOrEqual(t, squeezed.Poll.Deploy.D(), 100*time.Millisecond)
		assert.LessOrEqual(t, squeezed.Poll.E2E.D(), max(length/10, 100*time.Millisecond))
		for _, e := range []train.Environment{squeezed.Staging, squeezed.Production} {
			for _, limit := range []calendar.Duration{e.Limits.Job, e.Limits.Flux, e.Limits.Smoke} {
				assert.GreaterOrEqual(t, limit.D(), max(length.Truncate(time.Millisecond), 20*time.Second))
			}
		}
		assert.True(t, p.CutAt.Before(p.E2EDeadline) && p.E2EDeadline.Before(p.WindowOpens) &&
			p.WindowOpens.Before(p.WindowCloses))

		data, err := json.Marshal(squeezed)
		require.NoError(t, err)
		var got train.Train
		require.NoError(t, json.Unmarshal(data, &got))
		assert.Equal(t, squeezed, got, length)
	}
}

func TestSqueezingLeavesTheCallersTrainAlone(t *testing.T) {
	tr := rehearsed()
	before := tr
	Rehearse(tr, time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC), time.Minute, 0)
	assert.Equal(t, before, tr)
}

func TestASqueezedDayMayHaveAnEarlyWindowThatStaysOpen(t *testing.T) {
	now := time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)
	_, p := Rehearse(rehearsed(), now, 5*time.Minute, 13*time.Second)
	assert.Equal(t, now.Add(12*time.Second), p.E2EDeadline)
	assert.Equal(t, now.Add(13*time.Second), p.WindowOpens)
	assert.Equal(t, now.Add(5*time.Minute), p.WindowCloses)
}
