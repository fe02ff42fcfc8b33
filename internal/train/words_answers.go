package train

import (
	"fmt"
	"strings"
	"time"
)

// AnswerSentence says what an accepted command did and what comes next. The
// state is the one after the command.
func AnswerSentence(s *State, name CommandName, c Command, e Effect, now time.Time) string {
	return strings.TrimSpace(answer(s, name, c, e, now))
}

func answer(s *State, name CommandName, c Command, e Effect, now time.Time) string {
	zone := s.Train.Location()
	switch name {
	case Pause, Resume, HotfixFreeze, LiftHotfixFreeze, SkipDay, AddDay:
		return TrainAnswer(name, e, zone)
	case ApproveDespiteE2E:
		return fmt.Sprintf("%s is approved despite E2E run %d, which is %s. %s", c.Tag, s.E2E.Run, s.E2E.State, Outlook(s, now))
	case RevokeApproval:
		return fmt.Sprintf("The approval of %s is taken back. %s", e.Tag, Outlook(s, now))
	case Acknowledge:
		if c.Hold == HoldLate {
			return "The day goes on although it is late. " + Outlook(s, now)
		}
		return fmt.Sprintf("%s counts as what production runs; the changelog starts there. %s", e.Accepted, Outlook(s, now))
	case RetryDeploy:
		return fmt.Sprintf("%s is deployed to %s again, attempt %d. %s", s.Candidate.Tag, c.Environment,
			s.DeployOf(c.Environment).Attempt+1, heldWords(s, DeployStepOf(c.Environment)))
	case RerunE2E:
		voids := ""
		if e.ApprovalVoid {
			voids = " The approval is void."
		}
		return fmt.Sprintf("E2E runs again, run %d; its result replaces that of run %d.%s %s", s.E2E.Run+1, s.E2E.Run, voids, heldWords(s, StepE2E))
	case CutTag:
		return cutAnswer(s, *e.Recut)
	case RegenerateChangelog:
		return fmt.Sprintf("The changelog of %s starts at %s now: %s and %s. %s", s.Candidate.Tag, c.PreviousTag,
			Plural(s.Changelog.Commits, "commit"), Plural(s.Changelog.Requests, "merge request"), s.Changelog.URL)
	case PromoteNow:
		return fmt.Sprintf("The window is skipped until %s. %s", When(s.Promotion.Until, zone), Outlook(s, now))
	case MoveProduction:
		return fmt.Sprintf("Production opens %s and closes %s; deadline and reminders moved with it. %s",
			When(s.Plan.WindowOpens, zone), When(s.Plan.WindowCloses, zone), Outlook(s, now))
	case Rollback:
		return rollbackAnswer(s, *e.Rollback)
	case MarkBad:
		return fmt.Sprintf("%s is marked bad: it is never promoted and no rollback goes to it. A new candidate is cut with cut-tag.", e.Tag)
	case Cancel:
		return cancelAnswer(s, e)
	}
	return ""
}

// TrainAnswer says what an accepted command of the train did.
func TrainAnswer(name CommandName, e Effect, zone *time.Location) string {
	switch name { //nolint:exhaustive // the others belong to a release
	case Pause:
		return "Paused: no tag, no deploy and no E2E start until resume. What already runs is left to finish; the window does not move."
	case Resume:
		return "Resumed."
	case HotfixFreeze:
		return fmt.Sprintf("Held for the hotfix. The GitLab freeze period lasts until %s and is extended while the hold stands; "+
			"only lift-hotfix-freeze ends it.", When(e.Until, zone))
	case LiftHotfixFreeze:
		return "The hotfix freeze is lifted."
	case SkipDay:
		return fmt.Sprintf("Nothing is released on %s.", e.Day)
	case AddDay:
		if e.Unskipped {
			return fmt.Sprintf("%s is no longer skipped.", e.Day)
		}
		return fmt.Sprintf("%s is a release day.", e.Day)
	}
	return ""
}

// cutAnswer says what the new candidate adds and drops.
func cutAnswer(s *State, r Recut) string {
	what := "A new candidate is cut from " + ShortSHA(r.SHA)
	if r.Tag != "" {
		what = fmt.Sprintf("%s on %s is adopted as the candidate", r.Tag, ShortSHA(r.SHA))
	}
	return fmt.Sprintf("%s. Against %s it adds %s and drops %s. Changelog, staging, smoke tests and E2E run again. %s",
		what, s.Candidate.Tag, differenceWords(r.Adds), differenceWords(r.Drops), heldWords(s, StepTag))
}

func differenceWords(d Difference) string {
	if d.Count == 0 {
		return "nothing"
	}
	more := ""
	if d.Count > len(d.Titles) {
		more = ", …"
	}
	return fmt.Sprintf("%s (%s%s)", Plural(d.Count, "commit"), strings.Join(d.Titles, "; "), more)
}

func rollbackAnswer(s *State, order RollbackOrder) string {
	d := s.DeployOf(order.Environment)
	then := "E2E of it is void."
	if order.Environment == Production {
		then = fmt.Sprintf("%s is held as rolled-back then.", d.Tag)
	}
	return fmt.Sprintf("%s goes back from %s to %s. %s %s", order.Environment, d.Tag, order.To, then, heldWords(s, StepRollback))
}

func cancelAnswer(s *State, e Effect) string {
	switch {
	case e.Forced && s.Production.Step == DeployRollsBack:
		return "Production is being rolled back already; the release ends after it."
	case e.Forced:
		return "The production job is cancelled in GitLab, what ran before is put back, and then the release ends."
	case s.Production.Running():
		return "The release ends when the production deploy has ended."
	}
	return "The release ends. Holds of the train stay as they are."
}

// Outlook says what runs next and when.
func Outlook(s *State, now time.Time) string {
	if held := heldWords(s, NextStep(s)); held != "" {
		return held
	}
	w := s.Waiting
	if s.Phase == AtGate {
		w = WaitsAtGate(s, now)
	}
	if w.For == WaitHold { // the hold has gone, the main line has not run yet
		return "It goes on at once."
	}
	if s.Phase == AtGate && DecideGate(s, now).Open {
		return fmt.Sprintf("%s goes to production now.", s.Candidate.Tag)
	}
	out := fmt.Sprintf("It waits for %s.", w.What)
	if w.Next != "" {
		out += " Next: " + w.Next
		if !w.NextAt.IsZero() {
			out += ", " + When(w.NextAt, s.Train.Location())
		}
		out += "."
	}
	return out
}

// heldWords says that a step waits for holds; empty when none stands.
func heldWords(s *State, step Step) string {
	if holds := Blocking(s, step); len(holds) > 0 {
		return fmt.Sprintf("It waits for the hold %s to end.", kindNames(Kinds(holds)))
	}
	return ""
}

func kindNames(kinds []HoldKind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}
