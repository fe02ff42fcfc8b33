package train

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheRecordIsBoundedAndKeepsWhatWasAccepted(t *testing.T) {
	var r Record
	for i := range 500 {
		r.Add(Decision{Command: Pause, Accepted: i%50 == 0, Sentence: strings.Repeat("x", 1000), By: fmt.Sprint(i)})
	}
	assert.Len(t, r.Decisions, decisionsKept)
	assert.Equal(t, 490, r.Refused)
	assert.Equal(t, 480, r.Dropped)
	accepted := 0
	for _, d := range r.Decisions {
		if d.Accepted {
			accepted++
		}
		assert.LessOrEqual(t, len([]rune(d.Sentence)), 301)
	}
	assert.Equal(t, 10, accepted)
}
