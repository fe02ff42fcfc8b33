package words

import (
	"fmt"
	"strings"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// HeldEvent says that a step waits for holds to end.
func HeldEvent(s *train.State, step train.Step, holds []train.Hold) train.Message {
	var lines []string
	for _, h := range holds {
		line := holdLine(h, mrkdwn, s.Train.Location())
		lines = append(lines, "• "+mrkdwn.Bold(string(h.Kind))+": "+line+". "+endsBy(s, h))
	}
	return train.Message{Title: fmt.Sprintf(":octagonal_sign: Held before %s", step), Body: strings.Join(lines, "\n")}
}

// ChangeEvent says which holds began or ended, and which tags somebody made.
func ChangeEvent(s *train.State, c rules.Change) train.Message {
	zone := s.Train.Location()
	var title, lines []string
	for _, h := range c.Begun {
		title = append(title, fmt.Sprintf(":octagonal_sign: Hold %s begins", h.Kind))
		lines = append(lines, "• "+mrkdwn.Bold(string(h.Kind))+": "+holdLine(h, mrkdwn, zone)+". "+endsBy(s, h))
	}
	for _, h := range c.Ended {
		title = append(title, fmt.Sprintf(":arrow_forward: Hold %s has ended", h.Kind))
	}
	for _, tag := range c.HandMade {
		title = append(title, "Somebody made the tag "+tag)
		lines = append(lines, fmt.Sprintf("%s is not ours and is not adopted by itself. To adopt it: %s", mrkdwn.Code(tag),
			mrkdwn.Code(adoptLine(s.Train.Name, s.Plan.Day, tag))))
	}
	return train.Message{Title: strings.Join(title, " · "), Body: strings.Join(lines, "\n")}
}

// endsBy says how a hold ends.
func endsBy(s *train.State, h train.Hold) string {
	line := func(name train.CommandName, c train.Command) string {
		return mrkdwn.Code(lineOf(s, name, c))
	}
	switch h.Kind {
	case train.HoldPause:
		return "To end it: " + mrkdwn.Code(resumeLine(s.Train.Name, s.Standing(), h))
	case train.HoldHotfix:
		return "To end it: " + line(train.LiftHotfixFreeze, train.Command{})
	case train.HoldFreeze:
		return "It ends by its time, or when somebody deletes it in GitLab."
	case train.HoldDrift:
		if s.TagMoved {
			return "To end it: " + line(train.CutTag, train.Command{})
		}
		if h.Removes > 0 {
			return fmt.Sprintf("To keep them, cut a new candidate: %s, or take %s out of production: %s",
				line(train.CutTag, train.Command{}), Plural(h.Removes, "commit"),
				line(train.Acknowledge, train.Command{Hold: train.HoldDrift, Removes: h.Removes}))
		}
		return "To take it as the truth: " + line(train.Acknowledge, train.Command{Hold: train.HoldDrift}) +
			", or cut a new candidate: " + line(train.CutTag, train.Command{})
	case train.HoldLate:
		return "To go on: " + line(train.Acknowledge, train.Command{Hold: train.HoldLate}) + ", or " +
			line(train.Cancel, train.Command{})
	case train.HoldRolledBack:
		return "To deploy it again: " + mrkdwn.Code(retryLine(s)) + ", or cut a new candidate: " +
			line(train.CutTag, train.Command{})
	case train.HoldEnvironmentBusy:
		return "It ends with the other deploy."
	}
	return ""
}

// FreezeAheadEvent says at the cut that a freeze will cover the window.
func FreezeAheadEvent(s *train.State, h train.Hold) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":snowflake: A freeze will cover the production window of %s", s.Plan.Day),
		Body: fmt.Sprintf("%s, from %s until %s. Production opens %s; nothing goes there while it stands.",
			mrkdwn.link(mrkdwn.Escape(h.Reason), h.Link),
			When(h.Since, s.Train.Location()), When(h.Until, s.Train.Location()), When(s.Plan.WindowOpens, s.Train.Location())),
	}
}
