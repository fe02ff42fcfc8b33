package train

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatTheTrainRefusedIsSaidInItsOwnWordsWithTheCodeThatItGave(t *testing.T) {
	answer := MemoryAnswer{Refused: "the train says why", Why: &Refusal{Code: "code-of-a-later-version"}}
	assert.Equal(t, &Refusal{Code: "code-of-a-later-version", Sentence: "the train says why"}, answer.Refusal(Pause))
	older := MemoryAnswer{Refused: "the train says why"}
	assert.Equal(t, &Refusal{Code: RefusedByTrain, Command: Pause, Detail: "the train says why"}, older.Refusal(Pause))
}
