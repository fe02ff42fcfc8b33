package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

func TestAnInstantIsReadInAllItsForms(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"14:00": time.Date(2026, 11, 24, 14, 0, 0, 0, zone), "11:00": time.Date(2026, 11, 25, 11, 0, 0, 0, zone),
		"2026-11-24T20:00:00Z": time.Date(2026, 11, 24, 15, 0, 0, 0, zone), "36h": now.Add(36 * time.Hour),
	} {
		at, refusal := parseInstant("until", text, now, zone)
		assert.Nil(t, refusal)
		assert.True(t, want.Equal(at), "%s is %s", text, at)
	}
	_, refusal := parseInstant("at", "noonish", now, zone)
	assert.Equal(t, &train.Refusal{Code: train.RefusedNotATime, Field: "at", Value: "noonish"}, refusal)
}
