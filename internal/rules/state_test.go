package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

func TestTheSummaryIsSmall(t *testing.T) {
	s := gateState(train.DeploySucceeded, train.E2EGreen)
	s.Changelog = train.ChangelogDigest{URL: strings.Repeat("u", 500), CompareURL: strings.Repeat("c", 500), Commits: 999}
	raw, err := json.Marshal(Summarize(s))
	require.NoError(t, err)
	assert.Less(t, len(raw), 20<<10)
}
