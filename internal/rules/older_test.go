package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheLaterReleaseDayReplacesTheEarlierAndNeverTheReverse(t *testing.T) {
	const monday, tuesday = "release-api-2026-11-30", "release-api-2026-12-01"
	assert.True(t, Replaces(tuesday, monday))
	assert.False(t, Replaces(monday, tuesday))
	assert.False(t, Replaces(monday, monday), "not itself")
	assert.False(t, Replaces(monday, "release-api-by-hand"), "what is no release of ours is left alone")
}
