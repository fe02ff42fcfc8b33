package words

import (
	"cmp"
	"fmt"

	"github.com/release-train/release-train/internal/train"
)

// DepartedEvent says that the day has begun and what its instants are.
func DepartedEvent(s *train.State) train.Message {
	zone := s.Train.Location()
	m := train.Message{Title: fmt.Sprintf("Departure of %s for release day %s", s.Train.Name, s.Plan.Day)}
	if s.Plan.Manual {
		who := "by hand"
		if s.By != "" {
			who = "by " + mrkdwn.Escape(s.By)
		}
		m.Body = fmt.Sprintf("Started %s: this is the next release day, and it is cut at once.\n", who)
	}
	m.Body += fmt.Sprintf("Production opens %s.", When(s.Plan.WindowOpens, zone))
	return m
}

// CutEvent says what was tagged.
func CutEvent(s *train.State) train.Message {
	return train.Message{
		Title: fmt.Sprintf("Tagged %s", s.Candidate.Tag),
		Body: fmt.Sprintf("%s is commit %s of %s. Changelog: %s.", mrkdwn.tag(s.Candidate.Tag, s.Candidate.URL),
			train.ShortSHA(s.Candidate.SHA), s.Train.Branch, changelogLine(s.Changelog, mrkdwn)),
	}
}

// E2EEvent says how the E2E run stands.
func E2EEvent(s *train.State) train.Message {
	m := train.Message{Title: fmt.Sprintf("%s E2E of %s: %s", e2eIcon(s.E2E), s.Candidate.Tag, s.E2E.State),
		Body: e2eLine(s.E2E, mrkdwn, s.Train.Location())}
	if s.E2E.State != train.E2EGreen && s.E2E.State != train.E2ERunning {
		m.Body += "\n" + gateAdvice(s)
	}
	return m
}

// StuckEvent says that a step failed for a reason that a retry does not mend.
func StuckEvent(s *train.State, stuck train.Stuck) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":rotating_light: Release %s is stuck while %s", s.Plan.Day, stuck.Doing),
		Body: fmt.Sprintf("Cause: %s\nNext: mend the cause; it is tried again by itself, next %s, or at once: %s",
			mrkdwn.Escape(stuck.Problem), When(stuck.Next, s.Train.Location()),
			mrkdwn.Code(lineOf(s, train.TryAgain, train.Command{}))),
		Mention: s.Train.Slack.OnCall,
	}
}

// LateTagEvent says that a tag was made that nobody waits for any more.
func LateTagEvent(c train.Candidate) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":label: The tag %s was made all the same", c.Tag),
		Body:  "It was under way when it was given up. It is an earlier candidate of the day; nothing deploys it.",
	}
}

// ReleasedEvent says that the candidate is in production.
func ReleasedEvent(s *train.State) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":rocket: %s is in production", s.Candidate.Tag),
		Body: fmt.Sprintf("%s. The release stays open until %s.", changelogLine(s.Changelog, mrkdwn),
			When(s.Plan.WindowCloses, s.Train.Location())),
	}
}

// EndEvent says how the release ended.
func EndEvent(s *train.State) train.Message {
	return train.Message{Title: fmt.Sprintf("Release %s ended: %s", s.Plan.Day, s.End), Body: mrkdwn.Escape(s.EndWhy)}
}

// AdoptedEvent says that somebody else started the production job.
func AdoptedEvent(s *train.State, j train.PipelineJob) train.Message {
	return train.Message{
		Title: fmt.Sprintf(":rotating_light: Somebody started %s of %s in GitLab", s.Train.Production.Job, s.Candidate.Tag),
		Body: fmt.Sprintf("The %s is %s. It is followed, not played again; the gate was not asked.",
			mrkdwn.link("job", j.JobURL), j.Status),
		Mention: s.Train.Slack.OnCall,
	}
}

// DecisionEvent says what somebody asked for and what was answered.
func DecisionEvent(d train.Decision) train.Message {
	by := cmp.Or(d.By, "somebody")
	m := train.Message{Title: fmt.Sprintf(":no_entry: %s was refused: %s", d.Command, mrkdwn.Escape(by))}
	if d.Accepted {
		m.Title = fmt.Sprintf("%s %s by %s", decisionIcon(d.Command), d.Command, mrkdwn.Escape(by))
	}
	m.Body = mrkdwn.Escape(d.Sentence)
	if d.Reason != "" {
		m.Body += "\nReason: " + mrkdwn.Escape(d.Reason)
	}
	return m
}

func decisionIcon(name train.CommandName) string {
	switch name { //nolint:exhaustive // the rest have no picture of their own
	case train.Pause, train.HotfixFreeze:
		return ":octagonal_sign:"
	case train.Resume, train.LiftHotfixFreeze:
		return ":arrow_forward:"
	case train.ApproveDespiteE2E:
		return ":ballot_box_with_check:"
	case train.Cancel, train.MarkBad, train.RevokeApproval:
		return ":x:"
	}
	return ":memo:"
}
