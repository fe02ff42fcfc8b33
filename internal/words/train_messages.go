package words

import (
	"fmt"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// MemoryMessage is what a train says when no release is open to say it.
func MemoryMessage(t train.Train, d train.Decision, m *train.Memory) train.Message {
	s := train.State{Train: t}
	out := DecisionEvent(d)
	out.Context = fmt.Sprintf("%s · no release is open; the next one takes this over", train.MemoryID(t.Name))
	if d.Accepted && d.Command == train.Pause {
		if h := train.FindHold(m.Holds, train.HoldPause); h != nil {
			out.Body += "\n" + endsBy(&s, *h)
		}
	}
	return out
}

// FreezeTrouble says that our freeze period is not as it should be.
func FreezeTrouble(t train.Train, problem string) train.Message {
	return train.Message{
		Title:   ":warning: The GitLab freeze period of the hotfix freeze",
		Body:    "GitLab refused: " + mrkdwn.Escape(problem) + "\nThe hold stands here all the same.",
		Context: train.MemoryID(t.Name),
	}
}

// AlarmMessage says that no release departed although one should have.
func AlarmMessage(t train.Train, day calendar.Day, sentence string) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":rotating_light: No departure of %s for %s", t.Name, day),
		Body: fmt.Sprintf("%s, and nothing recorded says why.\nNext: look at the Schedule with %s, then depart by hand: %s",
			mrkdwn.Escape(sentence),
			mrkdwn.Code("starter schedule show --train "+t.Name),
			mrkdwn.Code(fmt.Sprintf("starter start --train %s --day %s", t.Name, day))),
		Mention: t.Slack.OnCall,
	}
}
