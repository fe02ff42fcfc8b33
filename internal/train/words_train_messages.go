package train

import (
	"fmt"
)

// MemoryMessage is what a train says when no release is open to say it.
func MemoryMessage(t Train, d Decision, m *Memory) Message {
	s := State{Train: t}
	out := DecisionEvent(&s, d)
	out.Context = fmt.Sprintf("%s · no release is open; the next one takes this over", MemoryID(t.Name))
	if d.Accepted && d.Command == Pause {
		if h := FindHold(m.Holds, HoldPause); h != nil {
			out.Body += "\n" + endsBy(&s, *h)
		}
	}
	return out
}

// FreezeTrouble says that our freeze period is not as it should be.
func FreezeTrouble(t Train, problem string) Message {
	return Message{
		Title: ":warning: The GitLab freeze period of the hotfix freeze",
		Body:  "GitLab refused: " + Mrkdwn.Escape(problem) + "\nThe hold stands here all the same.", Context: MemoryID(t.Name),
	}
}

// AlarmMessage says that no release departed although one should have.
func AlarmMessage(t Train, day Day, sentence string) Message {
	return Message{
		Title: fmt.Sprintf(":rotating_light: No departure of %s for %s", t.Name, day),
		Body: fmt.Sprintf("%s, and nothing recorded says why.\nNext: look at the Schedule with %s, then depart by hand: %s", Mrkdwn.Escape(sentence),
			Mrkdwn.Code("starter schedule show --train "+t.Name), Mrkdwn.Code(fmt.Sprintf("starter start --train %s --day %s", t.Name, day))),
		Mention: t.Slack.OnCall,
	}
}
