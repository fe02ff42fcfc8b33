package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/release-train/release-train/internal/train"
)

func TestEveryAnswerHasAKindAndALostAnswerToAWriteIsUnknown(t *testing.T) {
	for _, k := range []train.FaultKind{train.FaultAuth, train.FaultForbidden, train.FaultNotFound, train.FaultInvalid,
		train.FaultConflict, train.FaultRateLimited, train.FaultUnavailable} {
		read := KindOf(FailureReason{FromRead, string(k)})
		write := KindOf(FailureReason{FromWrite, string(k)})
		switch {
		case k == train.FaultUnavailable:
			assert.Equal(t, train.FailureTransient, read)
			assert.Equal(t, train.FailureUnknown, write, "it may have taken effect")
		case k.Retryable():
			assert.Equal(t, train.FailureTransient, read)
			assert.Equal(t, train.FailureTransient, write)
		default:
			assert.Equal(t, train.FailureDefinitive, read)
			assert.Equal(t, train.FailureDefinitive, write)
		}
	}
}

func TestARolloutIsReadyWhenFluxSaysSoAndOtherwiseWhenItWasSeen(t *testing.T) {
	played := time.Date(2026, 11, 24, 16, 0, 0, 500, time.UTC)
	seen := played.Add(10 * time.Minute)
	for name, tt := range map[string]struct{ said, played, want time.Time }{
		"Flux says so":              {played.Add(8 * time.Minute), played, played.Add(8 * time.Minute)},
		"in the second of the play": {played.Truncate(time.Second), played, played.Truncate(time.Second)},
		"it was ready before":       {played.Add(-time.Hour), played, seen},
		"Flux does not say":         {time.Time{}, played, seen},
		"its clock is ahead":        {seen.Add(time.Minute), played, seen},
		"nothing was played":        {played.Add(8 * time.Minute), time.Time{}, seen},
	} {
		assert.Equal(t, tt.want, ReadyAt(train.Rollout{ReadyAt: tt.said}, tt.played, seen), name)
	}
}
