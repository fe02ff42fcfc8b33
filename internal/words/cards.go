package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// What a release says in Slack. A card is the release's one message in a
// channel and is edited in place; an event goes into its thread.
// docs/architecture.md, Messages.

// CoordinationCard is the release's message in the coordination channel: the one answer.
func CoordinationCard(s *train.State, now time.Time) train.Message {
	st := ReleaseStatus(s, now)
	zone := st.Location()
	var body []string
	add := func(icon, text string) {
		if text != "" {
			body = append(body, icon+" "+text)
		}
	}
	add(waitingIcon(st), WaitingLine(st, mrkdwn))
	for _, h := range st.Holds {
		add(":octagonal_sign:", "Hold "+mrkdwn.Bold(string(h.Kind))+": "+holdLine(h, mrkdwn, zone))
	}
	add(":wastebasket:", label("Takes out of production", removedLine(st.Removed, mrkdwn)))
	add(":warning:", mrkdwn.Escape(st.Warning))
	add(":scroll:", changelogLine(st.Changelog, mrkdwn))
	add(deployIcon(s.Staging), label("Staging", deployLine(s.Staging, mrkdwn, zone)))
	add(e2eIcon(s.E2E), label("E2E", e2eLine(s.E2E, mrkdwn, zone)))
	add(deployIcon(s.Production), label("Production", deployLine(s.Production, mrkdwn, zone)))
	return train.Message{
		Title:   title(s),
		Body:    strings.Join(body, "\n"),
		Context: fmt.Sprintf("%s · production window %s to %s", st.ID, When(st.Opens, zone), When(st.Closes, zone)),
	}
}

// E2ECard is the release's message in the E2E channel.
func E2ECard(s *train.State) train.Message {
	zone := s.Train.Location()
	m := train.Message{Title: fmt.Sprintf("%s E2E on staging: %s", e2eIcon(s.E2E), s.Candidate.Tag),
		Context: train.ReleaseID(s.Train.Name, s.Plan.Day)}
	lines := []string{e2eLine(s.E2E, mrkdwn, zone)}
	for _, f := range s.E2E.Report.Specs {
		lines = append(lines, "• "+specLine(f, mrkdwn))
	}
	if n := s.E2E.Report.MoreSpecs; n > 0 {
		lines = append(lines, fmt.Sprintf("… and %s more", Plural(n, "spec")))
	}
	if s.E2E.State == train.E2ERunning {
		lines = append(lines, "Deadline: "+When(s.Plan.E2EDeadline, zone))
	}
	m.Body = strings.Join(lines, "\n")
	return m
}

// DeployCard is the release's message in the channel of an environment.
func DeployCard(s *train.State, env train.EnvironmentName) train.Message {
	d := s.DeployOf(env)
	zone := s.Train.Location()
	lines := []string{deployLine(d, mrkdwn, zone)}
	if !d.Before.IsZero() {
		lines = append(lines, fmt.Sprintf("Before it ran %s.", mrkdwn.Code(d.Before.String())))
	}
	if d.Replaced {
		lines = append(lines, "GitLab refused the tag's own job as outdated; a new pipeline on the same tag deploys it.")
	}
	if d.Present {
		lines = append(lines, "It was there already, so no job was run again.")
	}
	if d.Adopted {
		lines = append(lines, "The job had been started by somebody in GitLab; it was adopted, not played again.")
	}
	var links []string
	for _, l := range [][2]string{{"pipeline", d.PipelineURL}, {"deploy job", d.JobURL}, {"smoke tests", d.SmokeURL},
		{"changelog", s.Changelog.URL}} {
		if l[1] != "" {
			links = append(links, mrkdwn.Link(l[0], l[1]))
		}
	}
	if len(links) > 0 {
		lines = append(lines, strings.Join(links, " · "))
	}
	return train.Message{
		Title:   fmt.Sprintf("%s Deploy to %s: %s", deployIcon(d), env, d.Tag),
		Body:    strings.Join(lines, "\n"),
		Context: train.ReleaseID(s.Train.Name, s.Plan.Day),
	}
}

// Topic is our part of the coordination channel's topic.
func Topic(s *train.State) string {
	return fmt.Sprintf("Release %s: %s, changelog %s", s.Plan.Day, s.Candidate.Tag, s.Changelog.URL)
}

func title(s *train.State) string {
	icon := ":steam_locomotive:"
	switch {
	case s.End == train.EndReleased, s.Phase == train.Watching:
		icon = ":white_check_mark:"
	case s.End != "":
		icon = ":checkered_flag:"
	}
	if s.Candidate.Tag == "" {
		return fmt.Sprintf("%s Release %s of %s", icon, s.Plan.Day, s.Train.Name)
	}
	return fmt.Sprintf("%s Release %s: %s", icon, s.Plan.Day, s.Candidate.Tag)
}

func label(name, value string) string {
	if value == "" {
		return ""
	}
	return name + ": " + value
}

func waitingIcon(st train.Status) string {
	switch {
	case st.End != "":
		return ":checkered_flag:"
	case st.Waiting.For == train.WaitPerson:
		return ":bust_in_silhouette:"
	case st.Waiting.For == train.WaitHold:
		return ":octagonal_sign:"
	}
	return ":hourglass_flowing_sand:"
}

func deployIcon(d *train.Deploy) string {
	switch {
	case d != nil && (d.Outcome == train.DeployRolledBack || d.Running() && d.Step == train.DeployRollsBack):
		return ":rewind:"
	case d == nil || d.Running():
		return ":arrows_counterclockwise:"
	case d.Succeeded():
		return ":white_check_mark:"
	case d.Outcome == train.DeployHeld:
		return ":octagonal_sign:"
	}
	return ":x:"
}

func e2eIcon(e *train.E2E) string {
	switch {
	case e == nil || e.State == train.E2ERunning:
		return ":arrows_counterclockwise:"
	case e.State == train.E2EGreen:
		return ":white_check_mark:"
	case e.State == train.E2ERed, e.State == train.E2ECouldNotRun:
		return ":x:"
	}
	return ":warning:"
}
