package train

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
)

func TestIDsRoundTrip(t *testing.T) {
	name, day, err := ParseReleaseID(ReleaseID("api", calendar.Day{Year: 2026, Month: 11, Day: 24}))
	require.NoError(t, err)
	assert.Equal(t, "api", name)
	assert.Equal(t, calendar.Day{Year: 2026, Month: 11, Day: 24}, day)
	for _, bad := range []string{"release-api", "deploy-api-staging", "release-api-2026-13-01"} {
		_, _, err := ParseReleaseID(bad)
		assert.Error(t, err, bad)
	}
}
