package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// ReminderEvent asks people to decide before the window opens.
func ReminderEvent(s *train.State, now time.Time, blocked []string) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":alarm_clock: %s before production opens, %s is not ready",
			span(s.Plan.WindowOpens.Sub(now)), s.Candidate.Tag),
		Body: "• " + mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\n" + gateAdvice(s),
	}
}

// GateClosedEvent says that the window has passed without a deploy.
func GateClosedEvent(s *train.State, blocked []string) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":door: The window has closed and %s was not deployed to production", s.Candidate.Tag),
		Body: "• " + mrkdwn.Escape(strings.Join(blocked, "\n• ")) +
			"\nNothing deploys by itself any more. The release ends as missed when the next one departs. To deploy it all the " +
			"same: " +
			mrkdwn.Code(fmt.Sprintf(`starter promote-now --train %s --day %s --reason "…"`, s.Train.Name, s.Plan.Day)),
	}
}

// GateEvent asks people about what keeps the gate closed.
func GateEvent(s *train.State, blocked []string) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":bust_in_silhouette: %s waits for a decision", s.Candidate.Tag),
		Body:  "• " + mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\n" + gateAdvice(s),
	}
}

// gateAdvice says what people can do while E2E keeps the gate closed.
func gateAdvice(s *train.State) string {
	lines := []string{"Nothing goes to production while this stands. What you can do:"}
	for _, name := range []train.CommandName{train.ApproveDespiteE2E, train.RerunE2E, train.CutTag} {
		c := train.Command{By: "you", Reason: "why"}
		if name == train.ApproveDespiteE2E {
			c.Tag = s.Candidate.Tag
		}
		if rules.Allows(s, name, c, s.Plan.CutAt) {
			lines = append(lines, "• "+mrkdwn.Code(lineOf(s, name, c))+" "+About(name).Does)
		}
	}
	return strings.Join(append(lines, "Details: "+mrkdwn.Code(statusLine(s))), "\n")
}
