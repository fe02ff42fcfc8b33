package rules

import (
	"slices"
	"strings"

	"github.com/release-train/release-train/internal/train"
)

// HearSender notes that a sender of messages announced something, and whether
// that was its last. A new sender ends an earlier execution of the same
// workflow ID: only one runs at a time, and one that was terminated never says so.
func HearSender(senders []train.Sender, id string, last bool) []train.Sender {
	i := slices.IndexFunc(senders, func(s train.Sender) bool { return s.ID == id })
	if i < 0 {
		for j := range senders {
			senders[j].Ended = senders[j].Ended || sameWorkflow(senders[j].ID, id)
		}
		return append(senders, train.Sender{ID: id, Ended: last})
	}
	senders[i].Ended = senders[i].Ended || last
	return senders
}

func sameWorkflow(a, b string) bool {
	workflowA, _, _ := strings.Cut(a, "#")
	workflowB, _, _ := strings.Cut(b, "#")
	return workflowA == workflowB
}

// SendersEnded says that nothing more comes from any sender that was heard of.
// Before the first is heard of, something is still to come.
func SendersEnded(senders []train.Sender) bool {
	return len(senders) > 0 && !slices.ContainsFunc(senders, func(s train.Sender) bool { return !s.Ended })
}

// undeliveredKept bounds the list of what could not be delivered.
const undeliveredKept = 50

// NoteUndelivered adds what could not be delivered; the oldest is forgotten first.
func NoteUndelivered(s *train.NotifyState, u train.Undelivered) {
	s.Undelivered = append(s.Undelivered, u)
	if more := len(s.Undelivered) - undeliveredKept; more > 0 {
		s.Undelivered = slices.Delete(s.Undelivered, 0, more)
		s.Forgotten += more
	}
}

// WaitingMessages counts the messages of a delivery that are not delivered yet.
func WaitingMessages(s *train.NotifyState) int {
	n := len(s.Records)
	for _, channel := range s.Channels {
		for _, c := range channel.Cards {
			n += len(c.Events)
			if c.Card != nil {
				n++
			}
			if c.Topic != "" {
				n++
			}
		}
	}
	return n
}
