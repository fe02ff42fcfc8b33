package train

import (
	"fmt"
	"strings"
	"time"
)

// ReminderEvent asks people to decide before the window opens.
func ReminderEvent(s *State, now time.Time, blocked []string) Message {
	return Message{
		Title: fmt.Sprintf(":alarm_clock: %s before production opens, %s is not ready", Span(s.Plan.WindowOpens.Sub(now)), s.Candidate.Tag),
		Body:  "• " + Mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\n" + gateAdvice(s),
	}
}

// GateClosedEvent says that the window has passed without a deploy.
func GateClosedEvent(s *State, blocked []string) Message {
	return Message{
		Title: fmt.Sprintf(":door: The window has closed and %s was not deployed to production", s.Candidate.Tag),
		Body: "• " + Mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\nNothing deploys by itself any more. The release ends as missed when the next one departs. To deploy it all the same: " +
			Mrkdwn.Code(fmt.Sprintf(`starter promote-now --train %s --day %s --reason "…"`, s.Train.Name, s.Plan.Day)),
	}
}

// GateEvent asks people about what keeps the gate closed.
func GateEvent(s *State, blocked []string) Message {
	return Message{
		Title: fmt.Sprintf(":bust_in_silhouette: %s waits for a decision", s.Candidate.Tag),
		Body:  "• " + Mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\n" + gateAdvice(s),
	}
}

// gateAdvice says what people can do while E2E keeps the gate closed.
func gateAdvice(s *State) string {
	lines := []string{"Nothing goes to production while this stands. What you can do:"}
	for _, name := range []CommandName{ApproveDespiteE2E, RerunE2E, CutTag} {
		c := Command{By: "you", Reason: "why"}
		if name == ApproveDespiteE2E {
			c.Tag = s.Candidate.Tag
		}
		if Allows(s, name, c, s.Plan.CutAt) {
			lines = append(lines, "• "+Mrkdwn.Code(lineOf(s, name, c))+" "+About(name).Does)
		}
	}
	return strings.Join(append(lines, "Details: "+Mrkdwn.Code(statusLine(s))), "\n")
}
