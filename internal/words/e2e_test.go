package words

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

func TestTheEndOfAnE2EPipelineIsJudged(t *testing.T) {
	red := train.E2EFound{Report: train.E2EReport{Tests: 4, Failed: 1}}
	for name, tt := range map[string]struct {
		ended train.EndedJob
		found train.E2EFound
		state train.E2EState
		why   string
	}{
		"green": {train.EndedJob{Status: "success"}, train.E2EFound{}, train.E2EGreen, ""},
		"red":   {train.EndedJob{Status: "failed"}, red, train.E2ERed, "1 test of 4 failed"},
		"failed, all tests passed": {train.EndedJob{Status: "failed"}, train.E2EFound{Report: train.E2EReport{Tests: 4}},
			train.E2ERed, "no test failed, but the pipeline did"},
		"failed before any test": {train.EndedJob{Status: "failed"}, train.E2EFound{}, train.E2ECouldNotRun,
			"its pipeline ended failed and reported no tests"},
		"cancelled": {train.EndedJob{Status: "canceled"}, red, train.E2ECouldNotRun,
			"its pipeline ended canceled and reported no tests"},
		"green on another version": {train.EndedJob{Status: "success"}, train.E2EFound{Void: "staging runs v0"},
			train.E2EVoid, "staging runs v0"},
		"never ended": {train.EndedJob{Status: "running", TimedOut: true}, train.E2EFound{}, train.E2EOverdue,
			"it had not ended when the window closed"},
		"success that is too late": {train.EndedJob{Status: "success", TimedOut: true}, train.E2EFound{}, train.E2EOverdue,
			"it had not ended when the window closed"},
	} {
		state, cause := rules.JudgeE2E(tt.ended, tt.found)
		assert.Equal(t, tt.state, state, name)
		assert.Equal(t, tt.why, E2ECause(cause), name)
	}
}
