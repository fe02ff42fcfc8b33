package words

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// Answer says what an accepted command did and what comes next. The
// state is the one after the command.
func Answer(s *train.State, name train.CommandName, c train.Command, e rules.Effect, now time.Time) string {
	return strings.TrimSpace(answer(s, name, c, e, now))
}

func answer(s *train.State, name train.CommandName, c train.Command, e rules.Effect, now time.Time) string {
	zone := s.Train.Location()
	switch name {
	case train.Pause, train.Resume, train.HotfixFreeze, train.LiftHotfixFreeze, train.SkipDay, train.AddDay:
		return TrainAnswer(name, e, zone)
	case train.ApproveDespiteE2E:
		return fmt.Sprintf("%s is approved despite E2E run %d, which is %s. %s", c.Tag, s.E2E.Run,
			s.E2E.State, Outlook(s, now))
	case train.RevokeApproval:
		return fmt.Sprintf("The approval of %s is taken back. %s", e.Tag, Outlook(s, now))
	case train.Acknowledge:
		if c.Hold == train.HoldLate {
			return "The day goes on although it is late. " + Outlook(s, now)
		}
		return driftAnswer(s, e, now)
	case train.TryAgain:
		return fmt.Sprintf("It is tried again now: %s.", s.Stuck.Doing)
	case train.RetryDeploy:
		return fmt.Sprintf("%s is deployed to %s again, attempt %d. %s", s.Candidate.Tag, c.Environment,
			s.DeployOf(c.Environment).Attempt+1, heldWords(s, train.DeployStepOf(c.Environment)))
	case train.RerunE2E:
		voids := ""
		if e.ApprovalVoid {
			voids = " The approval is void."
		}
		return fmt.Sprintf("E2E runs again, run %d; its result replaces that of run %d.%s %s", s.E2E.Run+1, s.E2E.Run, voids,
			heldWords(s, train.StepE2E))
	case train.CutTag:
		return cutAnswer(s, *e.Recut)
	case train.RegenerateChangelog:
		return fmt.Sprintf("The changelog of %s starts at %s now: %s and %s. %s", s.Candidate.Tag, c.PreviousTag,
			Plural(s.Changelog.Commits, "commit"), Plural(s.Changelog.Requests, "merge request"), s.Changelog.URL)
	case train.PromoteNow:
		return fmt.Sprintf("The window is skipped until %s. %s", When(s.Promotion.Until, zone), Outlook(s, now))
	case train.MoveProduction:
		return fmt.Sprintf("Production opens %s and closes %s; deadline and reminders moved with it. %s",
			When(s.Plan.WindowOpens, zone), When(s.Plan.WindowCloses, zone), Outlook(s, now))
	case train.Rollback:
		return rollbackAnswer(s, *e.Rollback)
	case train.MarkBad:
		return fmt.Sprintf("%s is marked bad: it is never promoted and no rollback goes to it. A new candidate is cut with "+
			"cut-tag.", e.Tag)
	case train.Cancel:
		return cancelAnswer(s, e)
	}
	return ""
}

// driftAnswer says what counts as what production runs, and first of all what is lost by that.
func driftAnswer(s *train.State, e rules.Effect, now time.Time) string {
	if e.Accepted.Is(s.Candidate) {
		return fmt.Sprintf("Production runs %s, which is the candidate: nothing drifts. %s", e.Accepted, Outlook(s, now))
	}
	out := fmt.Sprintf("%s counts as what production runs; the changelog starts there. ", e.Accepted)
	if s.Removed.Count > 0 {
		out += removedWords(s.Removed, s.Candidate.Tag) + ". "
	}
	return out + Outlook(s, now)
}

// removedWords say which commits a candidate takes out of production.
func removedWords(removed train.Difference, tag string) string {
	return fmt.Sprintf("%s takes out of production %s", tag, differenceWords(removed))
}

// TrainAnswer says what an accepted command of the train did.
func TrainAnswer(name train.CommandName, e rules.Effect, zone *time.Location) string {
	switch name { //nolint:exhaustive // the others belong to a release
	case train.Pause:
		return "Paused: no tag, no deploy and no E2E start until resume. What already runs is left to finish; the window " +
			"does not move." + besideWords(e.Left)
	case train.Resume:
		return resumedWords(e)
	case train.HotfixFreeze:
		return fmt.Sprintf("Held for the hotfix. The GitLab freeze period lasts until %s and is extended while the hold "+
			"stands; "+
			"only lift-hotfix-freeze ends it.", When(e.Until, zone))
	case train.LiftHotfixFreeze:
		if e.Retried {
			return "The hotfix freeze was lifted before; the deletion of our freeze period is tried again."
		}
		return "The hotfix freeze is lifted."
	case train.SkipDay:
		return fmt.Sprintf("Nothing is released on %s.", e.Day)
	case train.AddDay:
		if e.Unskipped {
			return fmt.Sprintf("%s is no longer skipped.", e.Day)
		}
		return fmt.Sprintf("%s is a release day.", e.Day)
	}
	return ""
}

// besideWords says which pauses of others stand beside one.
func besideWords(others []train.Hold) string {
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf(" Beside it stands %s; each is ended by itself.", pauseNames(others))
}

// resumedWords says which pauses are over and which still hold.
func resumedWords(e rules.Effect) string {
	if len(e.Left) == 0 {
		return "Resumed."
	}
	return fmt.Sprintf("Ended: %s. The train is still held by %s.", pauseNames(e.Lifted), pauseNames(e.Left))
}

// pauseNames are pauses by person and reason.
func pauseNames(pauses []train.Hold) string {
	var names []string
	for _, h := range pauses {
		names = append(names, fmt.Sprintf("the pause by %s (%s)", cmp.Or(h.By, "nobody"), h.Reason))
	}
	return strings.Join(names, ", ")
}

// FreezeOutcome says how our freeze period stands in GitLab after a command about it.
func FreezeOutcome(m *train.Memory) string {
	f, held := m.Freeze, m.Holding(train.HoldHotfix)
	switch {
	case f == nil:
		return "Our GitLab freeze period is gone."
	case held && f.Problem != "":
		return "Held here; GitLab freeze refused: " + f.Problem
	case f.Problem != "":
		return fmt.Sprintf("%s still stands in GitLab: %s %s", ourFreeze(*f), fullStop(f.Problem), deletionIsTriedAgain)
	case !held:
		return "GitLab has not answered yet; our freeze period is deleted as soon as it does."
	case rules.FreezeSettledIn(m):
		return fmt.Sprintf("It is GitLab freeze period %d.", f.ID)
	}
	return "Held here; GitLab has not answered yet about its freeze period."
}

// deletionIsTriedAgain says what follows when GitLab does not delete our freeze period.
const deletionIsTriedAgain = "Its deletion is tried again every five minutes, and at once by lift-hotfix-freeze."

// ourFreeze names our freeze period.
func ourFreeze(f train.OwnFreeze) string {
	if f.ID == 0 {
		return "Our freeze period, if GitLab made it,"
	}
	return fmt.Sprintf("Our freeze period %d", f.ID)
}

// fullStop ends a sentence that somebody else wrote.
func fullStop(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// NoFreezeInGitLab says that GitLab never made one.
func NoFreezeInGitLab() string { return "GitLab has no freeze period of ours: it had refused it." }

// DoneAlready answers a command that was repeated.
func DoneAlready() string { return "Done already." }

// HeldWithoutTrain answers a hold that only the release knows of.
func HeldWithoutTrain(problem string) string {
	return "Held here. The train could not be told: " + problem
}

// HeldTrainIsBeingTold answers a hold that the train has not confirmed yet.
func HeldTrainIsBeingTold(name train.CommandName, e rules.Effect, zone *time.Location) string {
	return TrainAnswer(name, e, zone) + " The train has not answered yet; it is told until it has."
}

// ChangelogIsBeingMade answers a changelog that takes long.
func ChangelogIsBeingMade(c train.Command) string {
	return fmt.Sprintf("The changelog is being made again from %s; the channel is told when it is there.", c.PreviousTag)
}

// EndedWithoutTrain answers the end of a hold that only the release knew of.
func EndedWithoutTrain() string { return "Ended here; the train did not remember it." }

// cutAnswer says what the new candidate adds and drops.
func cutAnswer(s *train.State, r train.CutOrder) string {
	what := "A new candidate is cut from " + train.ShortSHA(r.SHA)
	if r.Tag != "" {
		what = fmt.Sprintf("%s on %s is adopted as the candidate", r.Tag, train.ShortSHA(r.SHA))
	}
	return fmt.Sprintf("%s. Against %s it adds %s and drops %s. Changelog, staging, smoke tests and E2E run again. %s",
		what, s.Candidate.Tag, differenceWords(r.Adds), differenceWords(r.Drops), heldWords(s, train.StepTag))
}

func differenceWords(d train.Difference) string {
	if d.Count == 0 {
		return "nothing"
	}
	more := ""
	if d.Count > len(d.Titles) {
		more = ", …"
	}
	return fmt.Sprintf("%s (%s%s)", Plural(d.Count, "commit"), strings.Join(d.Titles, "; "), more)
}

func rollbackAnswer(s *train.State, order train.RollbackOrder) string {
	d := s.DeployOf(order.Environment)
	then := "E2E of it is void."
	if order.Environment == train.Production {
		then = fmt.Sprintf("%s is held as rolled-back then.", d.Tag)
	}
	return fmt.Sprintf("%s goes back from %s to %s. %s %s", order.Environment, d.Tag, order.To, then,
		heldWords(s, train.StepRollback))
}

func cancelAnswer(s *train.State, e rules.Effect) string {
	switch {
	case e.Forced && s.Production.Step == train.DeployRollsBack:
		return "Production is being rolled back already; the release ends after it."
	case e.Forced:
		return "The production job is cancelled in GitLab, what ran before is put back, and then the release ends."
	case s.Production.Running():
		return "The release ends when the production deploy has ended."
	}
	return "The release ends. Holds of the train stay as they are."
}

// ReleaseEnds answers Temporal's own cancel before production.
func ReleaseEnds() string { return "The release ends." }

// WatchEnds answers it afterwards.
func WatchEnds() string { return "The watch ends; the release stays released." }

// Outlook says what runs next and when.
func Outlook(s *train.State, now time.Time) string {
	if held := heldWords(s, rules.NextStep(s)); held != "" {
		return held
	}
	w := s.Waiting
	if s.Phase == train.AtGate {
		w = WaitsAtGate(s, now)
	}
	if w.For == train.WaitHold { // the hold has gone, the main line has not run yet
		return "It goes on at once."
	}
	if s.Phase == train.AtGate && rules.DecideGate(s, now).Open {
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
func heldWords(s *train.State, step train.Step) string {
	if holds := rules.Blocking(s, step); len(holds) > 0 {
		return fmt.Sprintf("It waits for the hold %s to end.", kindNames(train.Kinds(holds)))
	}
	return ""
}

func kindNames(kinds []train.HoldKind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// Departed answers a departure.
func Departed(id string, opens time.Time, zone *time.Location) string {
	return fmt.Sprintf("%s departed; production opens %s", id, When(opens, zone))
}

// DepartedByHand answers one that somebody started.
func DepartedByHand(id string, opens time.Time, zone *time.Location) string {
	return "Started by hand: this means the next release day, cut at once. " + Departed(id, opens, zone)
}

// DepartedBefore answers one whose day has had its release.
func DepartedBefore(id string) string {
	return id + " has departed before: to run the day again after it has ended, start it with --again"
}

// StillOpen answers one whose day is to be run again too early.
func StillOpen(id string) string { return id + " is open: cancel it before you start the day again" }
