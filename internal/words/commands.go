package words

import (
	"fmt"
	"slices"
	"strings"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// CommandText is what people read of a command.
type CommandText struct {
	// Does says what it does, as a clause.
	Does string
	// Accepted says when it is accepted.
	Accepted string
}

// About is what people read of a command.
func About(name train.CommandName) CommandText {
	switch name {
	case train.Pause:
		return CommandText{"holds the train: no tag, no deploy, no E2E start until resume", "always"}
	case train.Resume:
		return CommandText{"ends the pause",
			"the train is paused; where several pauses stand, `of` names the person whose pause it is, or `all` is true"}
	case train.ApproveDespiteE2E:
		return CommandText{
			"opens the E2E gate for this candidate and this run only",
			"E2E of the current candidate, which tag names, is red, overdue or could not run; it is on staging with green " +
				"smoke tests",
		}
	case train.RevokeApproval:
		return CommandText{"takes the approval back", "an approval has not been used"}
	case train.HotfixFreeze:
		return CommandText{"holds the train and creates a GitLab freeze period until the lift", "always"}
	case train.LiftHotfixFreeze:
		return CommandText{"ends the hotfix freeze and deletes our GitLab freeze period",
			"our hotfix freeze stands, or GitLab has not deleted its freeze period yet"}
	case train.Acknowledge:
		return CommandText{
			"ends the hold: late departs after all, drift takes what production runs as the truth and re-bases the changelog",
			"the hold late or drift stands; a moved tag is ended by cut-tag only. Where the candidate lacks commits of what " +
				"production runs, removes is their number",
		}
	case train.TryAgain:
		return CommandText{"tries the step that is stuck at once", "a step is stuck"}
	case train.RetryDeploy:
		return CommandText{
			"deploys the candidate again",
			"its last deploy failed or was rolled back, nothing deploys there, and for production the window is open",
		}
	case train.RerunE2E:
		return CommandText{"runs E2E again; the new result replaces the old one and voids an approval",
			"the candidate is on staging and not in production"}
	case train.CutTag:
		return CommandText{
			"makes a new candidate from the branch, from a commit on it, or from a tag of this day that somebody made by hand",
			"a candidate exists and production is not being deployed",
		}
	case train.RegenerateChangelog:
		return CommandText{"makes the changelog again from another tag", "a candidate exists"}
	case train.PromoteNow:
		return CommandText{"skips the window, for an hour; holds and evidence stay", "at the gate, outside the window"}
	case train.MoveProduction:
		return CommandText{"moves the window with its deadlines and reminders; it must lie in the future and before the " +
			"next departure", "before production"}
	case train.Rollback:
		return CommandText{"puts back what ran before, or the tag that is named",
			"this release deployed there and nothing deploys there now"}
	case train.MarkBad:
		return CommandText{
			"keeps the candidate from production for ever, also as a rollback target",
			"a candidate exists and production is not being deployed",
		}
	case train.Cancel:
		return CommandText{"ends the release; a production deploy ends first", "before the candidate is in production"}
	case train.SkipDay:
		return CommandText{"leaves a release day out", "the day lies ahead"}
	case train.AddDay:
		return CommandText{"adds a release day, or takes a skipped one back", "the day lies ahead"}
	}
	return CommandText{}
}

// commandLine is a command of a train, by its name, as it is typed; what a person has to fill in is obvious.
func commandLine(name train.CommandName, of string, day calendar.Day, c train.Command) string {
	d, _ := rules.Commands().Find(name)
	line := "starter " + string(name) + " --train " + of
	if !day.IsZero() && !d.OfTrain {
		line += " --day " + day.String()
	}
	values := rules.FieldValues(c)
	for _, field := range d.Fields {
		required := slices.Contains(d.Required, field)
		if (field == "force" || field == "all") && values[field] != "" {
			line += " --" + field
		} else if v := values[field]; v != "" && (required || field == "tag" || field == "of" || field == "removes") {
			line += " --" + FlagName(field) + " " + shellWord(v)
		}
	}
	if d.NeedsReason {
		line += reasonToFillIn
	}
	return line
}

// reasonToFillIn ends a line whose reason the person writes.
const reasonToFillIn = ` --reason "…"`

// FlagName is a field of a command as the CLI spells it: previousTag is --previous-tag.
func FlagName(field string) string {
	var out strings.Builder
	for _, r := range field {
		if r >= 'A' && r <= 'Z' {
			out.WriteByte('-')
			r += 'a' - 'A'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._:+-@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// lineOf is a command of this release as it is typed.
func lineOf(s *train.State, name train.CommandName, c train.Command) string {
	return commandLine(name, s.Train.Name, s.Plan.Day, c)
}

func statusLine(s *train.State) string {
	return fmt.Sprintf("starter status --train %s --day %s", s.Train.Name, s.Plan.Day)
}

// retryLine deploys a candidate again that was rolled back.
func retryLine(s *train.State) string {
	return lineOf(s, train.RetryDeploy, train.Command{Environment: train.Production}) + reasonToFillIn
}

func adoptLine(of string, day calendar.Day, tag string) string {
	return commandLine(train.CutTag, of, day, train.Command{Tag: tag})
}
