package words

import (
	"fmt"
	"strings"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// DeployEvent says how a deploy ended; a failure has its cause, what it looks
// like, the log, the owner and one thing to do next.
func DeployEvent(s *train.State, env train.EnvironmentName) train.Message {
	d := s.DeployOf(env)
	m := train.Message{Title: fmt.Sprintf("%s Deploy of %s to %s: %s", deployIcon(d), d.Tag, env, outcomeWords(d.Outcome))}
	if d.Succeeded() {
		m.Body = fmt.Sprintf("It took %s.", span(d.EndedAt.Sub(d.StartedAt)))
		return m
	}
	lines := []string{"Cause: " + mrkdwn.Escape(d.Cause)}
	if d.Rollback != nil {
		lines = append(lines, RollbackLine(d.Rollback, mrkdwn))
		for _, r := range d.Rollback.Refused {
			lines = append(lines, "• "+mrkdwn.Escape(r))
		}
	}
	lines = append(lines, evidenceLines(d.Evidence, mrkdwn)...)
	lines = append(lines, "Log: "+mrkdwn.link("open it", d.LogURL()))
	if authors := authors(s); authors != "" {
		lines = append(lines, "Authors in range: "+mrkdwn.Escape(authors))
	}
	lines = append(lines, "Next: "+nextAction(s, env, mrkdwn))
	m.Body = strings.Join(lines, "\n")
	m.Mention = s.Train.Slack.OnCall
	return m
}

// RollingBackEvent says that a rollback has begun.
func RollingBackEvent(s *train.State, env train.EnvironmentName) train.Message {
	d := s.DeployOf(env)
	m := train.Message{Title: fmt.Sprintf(":rewind: Rolling %s back", env), Mention: s.Train.Slack.OnCall}
	if d.Tag != "" {
		m.Title += " from " + d.Tag
	}
	if d.Rollback == nil {
		return m
	}
	m.Title += " to " + d.Rollback.To.String()
	switch {
	case d.Rollback.By != "":
		m.Body = fmt.Sprintf("Asked for by %s: %s", mrkdwn.Escape(d.Rollback.By), mrkdwn.Escape(d.Rollback.Reason))
	case d.Cause != "":
		m.Body = "Cause: " + mrkdwn.Escape(d.Cause)
	}
	if url := d.LogURL(); url != "" {
		m.Body += "\nLog: " + mrkdwn.link("open it", url)
	}
	return m
}

// authors are those who have commits in the candidate; the owner that is called
// stands below every message that calls one.
func authors(s *train.State) string {
	out := strings.Join(s.Changelog.Authors, ", ")
	if s.Changelog.MoreAuthors > 0 {
		out += fmt.Sprintf(" and %d more", s.Changelog.MoreAuthors)
	}
	return out
}

// nextAction says what happens after a deploy that did not succeed: by itself,
// or by one line that a person pastes.
func nextAction(s *train.State, env train.EnvironmentName, m Markup) string {
	d := s.DeployOf(env)
	line := func(name train.CommandName, c train.Command) string {
		return m.Code(lineOf(s, name, c))
	}
	at, again := rules.Reattempt(s, env)
	retry := line(train.RetryDeploy, train.Command{Environment: env})
	if d.Outcome == train.DeployRolledBack && env == train.Production {
		retry = m.Code(retryLine(s))
	}
	if env == train.Production && !rules.WindowOpen(s, d.EndedAt) && !rules.Promoted(s, d.EndedAt) {
		retry = line(train.PromoteNow, train.Command{})
	}
	back := line(train.Rollback, train.Command{Environment: env})
	cut := line(train.CutTag, train.Command{})
	regression := d.Evidence != nil && d.Evidence.Looks == train.LooksRegression
	switch {
	case again:
		return fmt.Sprintf("it is tried again by itself %s, attempt %d; look with %s", When(at, s.Train.Location()),
			d.Attempt+1, m.Code(statusLine(s)))
	case !d.Failed():
		return "what the release waits for: " + m.Code(statusLine(s))
	case d.Outcome == train.DeployRolledBack && regression:
		return "have the cause reverted on " + s.Train.Branch + ", then cut a new candidate: " + cut
	case d.Outcome == train.DeployRolledBack:
		return fmt.Sprintf("if it was no fault of the code, deploy it again: %s, else cut a new candidate: %s", retry, cut)
	case d.Outcome == train.DeployUnknown:
		return "nothing is deployed blind. This reads first, follows what runs and repeats nothing that is there: " + retry
	case d.Outcome == train.DeploySmokeRed:
		return fmt.Sprintf("%s still runs there. To put back what ran before: %s", d.Tag, back)
	case regression && !d.Before.IsZero():
		return fmt.Sprintf("nothing is deployed again by itself. To put back what ran before: %s, or to try again: %s", back,
			retry)
	case d.JobID != 0 && !d.Before.IsZero():
		return fmt.Sprintf("nothing is deployed again by itself. If it was no fault of the code: %s, or put back what ran "+
			"before: %s", retry, back)
	}
	return "nothing is deployed again by itself. If it was no fault of the code: " + retry
}
