package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/release-train/release-train/internal/train"
)

func TestASenderOfMessagesIsHeardOnceAndEndsTheOneBeforeItOfItsWorkflow(t *testing.T) {
	var senders []train.Sender
	assert.False(t, SendersEnded(senders), "the first is still to come")
	senders = HearSender(senders, "release-api#1", false)
	senders = HearSender(senders, "deploy-api#7", true)
	senders = HearSender(senders, "release-api#1", false)
	assert.Len(t, senders, 2)
	assert.False(t, SendersEnded(senders))
	senders = HearSender(senders, "release-api#2", false)
	assert.Equal(t, []train.Sender{{ID: "release-api#1", Ended: true}, {ID: "deploy-api#7", Ended: true},
		{ID: "release-api#2"}}, senders)
	senders = HearSender(senders, "release-api#1", true)
	assert.False(t, SendersEnded(senders), "a late word of the first does not end the second")
	assert.True(t, SendersEnded(HearSender(senders, "release-api#2", true)))
}

func TestOfWhatCouldNotBeDeliveredTheLatestAreKeptAndTheOthersCounted(t *testing.T) {
	var s train.NotifyState
	for range 60 {
		NoteUndelivered(&s, train.Undelivered{Title: "a"})
	}
	NoteUndelivered(&s, train.Undelivered{Title: "last"})
	assert.Len(t, s.Undelivered, 50)
	assert.Equal(t, "last", s.Undelivered[49].Title)
	assert.Equal(t, 11, s.Forgotten)
}
