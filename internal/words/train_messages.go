package words

import (
	"fmt"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// MemoryMessage is what a train says when no release is open to say it.
func MemoryMessage(t train.Train, d train.Decision, m *train.Memory) train.Message {
	s := train.State{Train: t, Memory: *m}
	out := DecisionEvent(d)
	out.Context = fmt.Sprintf("%s · no release is open; the next one takes this over", train.MemoryID(t.Name))
	if d.Accepted && d.Command == train.Pause {
		paused := train.Hold{Kind: train.HoldPause, By: d.By, Reason: d.Reason}
		if h := train.FindSameHold(m.Holds, paused); h != nil {
			out.Body += "\n" + endsBy(&s, *h)
		}
	}
	return out
}

// titleOfFreeze begins what is said about our freeze period.
const titleOfFreeze = "The GitLab freeze period of the hotfix freeze"

// FreezeTrouble says that our freeze period is not as it should be.
func FreezeTrouble(t train.Train, f train.OwnFreeze, held bool, problem string) train.Message {
	then := "The hold stands here all the same."
	if !held {
		then = fmt.Sprintf("%s still stands in GitLab. %s", ourFreeze(f), deletionIsTriedAgain)
	}
	return train.Message{
		Title: ":warning: " + titleOfFreeze, Body: "GitLab refused: " + mrkdwn.Escape(problem) + "\n" + then,
		Context: train.MemoryID(t.Name),
	}
}

// FreezeTroubleOver says that it is again.
func FreezeTroubleOver(t train.Train, held bool) train.Message {
	now := "is gone: GitLab has deleted it."
	if held {
		now = "stands in GitLab."
	}
	return train.Message{Title: ":white_check_mark: " + titleOfFreeze + " " + now, Context: train.MemoryID(t.Name)}
}

// TrainIsGone says why a train's workflow ends.
func TrainIsGone(name, problem string) string {
	return fmt.Sprintf("The train %s ends, because it is not configured any more: %s", name, problem)
}

// NoScheduleYet answers a changed day of a train that no Schedule departs.
func NoScheduleYet(id string) string {
	return fmt.Sprintf("There is no Schedule %s yet, and none was made: the day is recorded, and counts once there is "+
		"one: starter schedule apply", id)
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
