package rules

import (
	"testing"

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
