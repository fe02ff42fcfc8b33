package words

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// Refusal says why a command was refused and what would be accepted.
// Times are written in the train's zone.
func Refusal(r *train.Refusal, zone *time.Location) string {
	if r == nil {
		return ""
	}
	if r.Sentence != "" {
		return r.Sentence
	}
	for _, group := range []func(*train.Refusal, *time.Location) string{refusedInput, refusedPerson, refusedByTrain,
		refusedDay, refusedApproval, refusedDrift, refusedDeploy, refusedState} {
		if sentence := group(r, zone); sentence != "" {
			return sentence
		}
	}
	return string(r.Code) // a test finds every code in one of the groups
}

// exampleInput is an input of a command that can be pasted.
func exampleInput(d rules.Definition) string {
	raw, err := json.Marshal(d.ExampleCommand())
	if err != nil {
		return "{}"
	}
	return string(raw)
}

func exampleOf(name train.CommandName) string {
	d, _ := rules.Commands().Find(name)
	return exampleInput(d)
}

// refusedInput is about what was sent.
func refusedInput(r *train.Refusal, _ *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedUnknownCommand:
		return fmt.Sprintf("there is no command %q; commands are: %s", train.Clip(string(r.Command), train.LongestField),
			strings.Join(rules.Commands().Names(), ", "))
	case train.RefusedInputTooLarge:
		return fmt.Sprintf("the input has %d bytes and was not read: send at most %d, for example %s", r.Count,
			r.Limit, exampleOf(r.Command))
	case train.RefusedInputMissing:
		return "the input is missing: send for example " + exampleOf(r.Command)
	case train.RefusedInputNotJSON:
		return fmt.Sprintf("the input is not JSON but %s: send it as JSON", r.Detail)
	case train.RefusedInputNotObject:
		return "the input is not a JSON object: send for example " + exampleOf(r.Command)
	case train.RefusedUnknownField:
		d, _ := rules.Commands().Find(r.Command)
		return fmt.Sprintf("there is no field %q in %s: its fields are %s", r.Field,
			r.Command, strings.Join(d.AllFields(), ", "))
	case train.RefusedWrongType:
		want := "a string"
		switch r.Type {
		case "bool":
			want = "true or false"
		case "int":
			want = "a whole number"
		}
		return fmt.Sprintf("the field %q is a %s: write %s, for example %s", r.Field, r.Value, want, exampleOf(r.Command))
	case train.RefusedUnreadableField:
		return fmt.Sprintf("a field cannot be read: %s; send for example %s", r.Detail, exampleOf(r.Command))
	case train.RefusedMissingField:
		return fmt.Sprintf("the field %q is missing: send for example %s", r.Field, exampleOf(r.Command))
	case train.RefusedFieldTooLong:
		return fmt.Sprintf("the field %q has %d characters: write at most %d", r.Field, r.Count, r.Limit)
	case train.RefusedUnknownEnvironment:
		return fmt.Sprintf("the field \"environment\" is %q: write staging or production", r.Value)
	case train.RefusedUnknownHold:
		return fmt.Sprintf("the field \"hold\" is %q: there is no such hold; holds to acknowledge are late and drift",
			r.Value)
	case train.RefusedNotATime:
		forms := "2026-11-24T14:00:00-05:00 or 14:00"
		if r.Field == "until" {
			forms = "2026-11-25T12:00:00-05:00, 12:00 or 36h"
		}
		return fmt.Sprintf("the field %q is %q, which is no time: write for example %s", r.Field, r.Value, forms)
	case train.RefusedNotAReleaseTag:
		return fmt.Sprintf("the field %q: %s", r.Field, r.Detail)
	case train.RefusedNotACommit:
		return fmt.Sprintf("the field %q is %q: write 7 to 40 hexadecimal digits", r.Field, r.Value)
	case train.RefusedCommitAndTag:
		return "the fields \"sha\" and \"tag\" exclude one another: name a commit, or a tag to adopt, or neither for the " +
			"head of " + r.Detail
	}
	return ""
}

// refusedPerson is about who asks.
func refusedPerson(r *train.Refusal, _ *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedIdentityNotVerified:
		return "this train takes commands from Slack only, where it is known who sends them: a name in a payload proves " +
			"nothing"
	case train.RefusedNotAllowed:
		return fmt.Sprintf("%s may not %s on this train: ask %s", r.By, r.Command, strings.Join(r.People, ", "))
	case train.RefusedApproverIsCutter:
		return fmt.Sprintf("%s cut %s: on this train somebody else approves", r.By, r.Tag)
	case train.RefusedApproverIsAuthor:
		return fmt.Sprintf("%s has commits in %s: on this train somebody without approves", r.By, r.Tag)
	case train.RefusedTooManyAuthors:
		return fmt.Sprintf("%s has too many authors to know that %s is none of them: set policy.approver to not-cutter for "+
			"such a release", r.Tag, r.By)
	}
	return ""
}

// refusedByTrain is about what belongs to the train, and about others who were asked.
func refusedByTrain(r *train.Refusal, zone *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedBelongsToRelease:
		return fmt.Sprintf("%s belongs to a release, not to the train: send it to release-<train>-<YYYY-MM-DD>", r.Command)
	case train.RefusedNotPaused:
		return "the train is not paused: there is nothing to resume"
	case train.RefusedNotPausedBy:
		return fmt.Sprintf("no pause of %s stands: what stands is %s", r.Value, pauseNames(r.Pauses))
	case train.RefusedSeveralPauses:
		return severalPauses(r)
	case train.RefusedTooManyPauses:
		return fmt.Sprintf("%d pauses stand already, which is all that is remembered: the train is held", r.Limit)
	case train.RefusedNoHotfixFreeze:
		return "no hotfix freeze of ours stands: there is nothing to lift"
	case train.RefusedFreezeEndNotAhead:
		return fmt.Sprintf("the field \"until\" means %s, which is not in the future: write for example 4h", When(r.At, zone))
	case train.RefusedFreezeTooLong:
		return fmt.Sprintf("the field \"until\" means %s: a GitLab freeze period may last 30 days at most", When(r.At, zone))
	case train.RefusedTrainIsEnding:
		return "the train is ending"
	case train.RefusedTrainNotConfigured, train.RefusedByTrain, train.RefusedNewCommitImpossible:
		return r.Detail
	case train.RefusedTrainNotReachable:
		return "the train could not be told: " + r.Detail
	case train.RefusedNewCommitNotKnown:
		return "GitLab did not say what would be cut: " + r.Detail
	case train.RefusedChangelogNotMade:
		return "the changelog was not made: " + r.Detail
	}
	return ""
}

// severalPauses asks whose pause is meant, with a line to paste for each person and one for all.
func severalPauses(r *train.Refusal) string {
	var lines []string
	for _, h := range r.Pauses {
		if line := resumeLine(r.Train, r.Pauses, h); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	all := commandLine(train.Resume, r.Train, calendar.Day{}, train.Command{All: true})
	if !slices.Contains(lines, all) {
		lines = append(lines, all)
	}
	return fmt.Sprintf("several pauses stand: %s. Say whose is to end: %s", pauseNames(r.Pauses),
		strings.Join(lines, ", or "))
}

// refusedDay is about release days.
func refusedDay(r *train.Refusal, _ *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedDayAlreadySkipped:
		return fmt.Sprintf("%s is %s already", r.Day, r.Detail)
	case train.RefusedTooManySkippedDays:
		return fmt.Sprintf("%d days are skipped already: write longer plans into release.yaml", r.Limit)
	case train.RefusedTooManyAddedDays:
		return fmt.Sprintf("%d days are added already: write longer plans into release.yaml", r.Limit)
	case train.RefusedDayNotAhead:
		return fmt.Sprintf("the field \"day\" is %s, and today is %s: name a day ahead", r.Day, r.Today)
	case train.RefusedDayTooFar:
		return fmt.Sprintf("the field \"day\" is %s: name a day before %s", r.Day, r.Today)
	case train.RefusedTagOfAnotherDay:
		return fmt.Sprintf("the field \"tag\" is of day %s, and this release is of %s: adopt a tag that begins with %s",
			r.Day, r.Today, r.Value)
	}
	return ""
}

// refusedApproval is about approvals, E2E and holds.
func refusedApproval(r *train.Refusal, _ *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedNotTheCandidate:
		return fmt.Sprintf("the field \"tag\" is %s, and the candidate is %s: an approval names the current candidate",
			r.Value, r.Tag)
	case train.RefusedNotOnStaging:
		if r.Command == train.RerunE2E {
			return fmt.Sprintf("%s is not on staging yet: E2E starts by itself when it is", r.Tag)
		}
		return fmt.Sprintf("%s is not on staging with green smoke tests: that is not for an approval to replace", r.Tag)
	case train.RefusedE2ENotRun:
		return "E2E has not run: an approval is for a run that is red, overdue or could not run"
	case train.RefusedE2EGreen:
		return "E2E is green: no approval is needed"
	case train.RefusedE2ENotApprovable:
		return fmt.Sprintf("E2E is %s: an approval is for a run that is red, overdue or could not run", r.E2E)
	case train.RefusedAlreadyApproved:
		return fmt.Sprintf("%s is approved already, by %s", r.Tag, r.By)
	case train.RefusedNoApproval:
		return "no approval stands: there is nothing to take back"
	case train.RefusedApprovalUsed:
		return fmt.Sprintf("the approval of %s was used: production was deployed with it", r.Tag)
	case train.RefusedE2EStartsByItself:
		return "E2E has not run yet: it starts by itself"
	case train.RefusedRerunUnderWay:
		return "a new run is about to start"
	case train.RefusedHoldNotStanding:
		if len(r.Holds) == 0 {
			return fmt.Sprintf("the hold %s does not stand: no hold stands", r.Hold)
		}
		return fmt.Sprintf("the hold %s does not stand: what stands is %s", r.Hold, kindNames(r.Holds))
	case train.RefusedHoldEndsOtherwise:
		return howHoldEnds(r.Hold)
	case train.RefusedTagMoved:
		return "the tag was moved: only a new candidate helps, cut it with cut-tag"
	}
	return ""
}

// refusedDrift is about what production runs and is to be taken as the truth.
func refusedDrift(r *train.Refusal, _ *time.Location) string {
	line := func(removes int) string {
		return commandLine(train.Acknowledge, r.Train, r.Day, train.Command{Hold: train.HoldDrift, Removes: removes})
	}
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedProductionNotRead:
		return fmt.Sprintf("it could not be read what production runs and what of it %s lacks, so nothing was accepted: %s; "+
			"send it again, or cut a new candidate with cut-tag", r.Tag, r.Detail)
	case train.RefusedCandidateChanged:
		return fmt.Sprintf("%s became the candidate meanwhile: look what production runs beside it, and send it again", r.Tag)
	case train.RefusedRemovesNotNamed:
		return fmt.Sprintf("production runs %s, and %s. To keep them: cut-tag from a commit that has them. To take them "+
			"out: %s", r.To, removedWords(r.Lacks, r.Tag), line(r.Lacks.Count))
	case train.RefusedRemovesOtherNumber:
		return removesOtherNumber(r, line)
	}
	return ""
}

// removesOtherNumber says what the field removes should be.
func removesOtherNumber(r *train.Refusal, line func(removes int) string) string {
	said := fmt.Sprintf("the field \"removes\" is %d, and ", r.Count)
	switch {
	case r.Hold != train.HoldDrift:
		return said + fmt.Sprintf("the hold %s is not about commits in production: leave it out", r.Hold)
	case r.Lacks.Count == 0:
		return said + fmt.Sprintf("%s lacks nothing of what production runs, which is %s: leave it out", r.Tag, r.To)
	}
	return said + fmt.Sprintf("%s. Where that is meant: %s", removedWords(r.Lacks, r.Tag), line(r.Lacks.Count))
}

// howHoldEnds says what ends a hold that cannot be acknowledged.
func howHoldEnds(hold train.HoldKind) string {
	switch hold {
	case train.HoldPause:
		return "a pause is ended by resume"
	case train.HoldHotfix:
		return "a hotfix freeze is ended by lift-hotfix-freeze"
	case train.HoldFreeze:
		return "a GitLab freeze ends by its time, or when somebody deletes it in GitLab"
	case train.HoldRolledBack:
		return "a rolled back candidate is deployed again by retry-deploy with a reason, or replaced by cut-tag"
	case train.HoldEnvironmentBusy:
		return "the other deploy has to end"
	case train.HoldDrift, train.HoldLate:
	}
	return ""
}

// refusedDeploy is about deploys and rollbacks.
func refusedDeploy(r *train.Refusal, zone *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedProductionDeploying:
		return fmt.Sprintf("production is being deployed: send it again when that has ended, at the latest %s; "+
			"pause, hotfix-freeze and cancel are accepted meanwhile", When(r.At, zone))
	case train.RefusedNotDeployed:
		return fmt.Sprintf("%s has not been deployed to %s: there is nothing to retry", r.Tag, r.Environment)
	case train.RefusedDeployRunning:
		if r.Command == train.Rollback {
			return fmt.Sprintf("%s is being deployed to %s: send it again when that has ended", r.Tag, r.Environment)
		}
		return fmt.Sprintf("a deploy to %s runs", r.Environment)
	case train.RefusedAlreadyDeployed:
		return fmt.Sprintf("%s is on %s: there is nothing to retry", r.Tag, r.Environment)
	case train.RefusedRetryUnderWay:
		return fmt.Sprintf("a retry for %s is under way", r.Environment)
	case train.RefusedWindowNotOpen:
		return fmt.Sprintf("the window is not open: production is retried inside it, %s to %s; outside it use promote-now",
			When(r.At, zone), When(r.Until, zone))
	case train.RefusedReasonNeeded:
		return "the candidate was rolled back: say in the field \"reason\" why it is good now"
	case train.RefusedRollbackUnderWay:
		if r.Command == train.Rollback {
			return "a rollback is under way"
		}
		return "a rollback is under way: send it again when that has ended"
	case train.RefusedNothingToRollBack:
		return fmt.Sprintf("this release has not deployed to %s: there is nothing to roll back; "+
			"without a release: starter rollback --environment %s --tag <tag>", r.Environment, r.Environment)
	case train.RefusedAlreadyRolledBack:
		return fmt.Sprintf("%s was rolled back to %s already", r.Environment, r.To)
	case train.RefusedReleaseEndingRollback:
		return fmt.Sprintf("the release is ending: %s; after its end: starter rollback --environment %s --tag <tag>",
			r.Detail, r.Environment)
	case train.RefusedTargetUnknown:
		return fmt.Sprintf("it is not known what %s ran before %s: name it in the field \"tag\"", r.Environment, r.Tag)
	case train.RefusedTargetWithoutTag:
		return fmt.Sprintf("%s ran %s before, which has no tag: name one in the field \"tag\"", r.Environment, r.To)
	case train.RefusedTargetMarkedBad:
		return fmt.Sprintf("%s was marked bad and is no target: name another one in the field \"tag\"", r.To.Tag)
	case train.RefusedTargetIsDeployed:
		return fmt.Sprintf("the field \"tag\" is %s, which is what was deployed: name an older one", r.Value)
	}
	return ""
}

// refusedState is about where the release is in its day.
func refusedState(r *train.Refusal, zone *time.Location) string {
	switch r.Code { //nolint:exhaustive // the rest stands in the other groups
	case train.RefusedReleaseEnded:
		return fmt.Sprintf("the release has ended as %s: the next one departs %s", r.End, When(r.At, zone))
	case train.RefusedReleaseEnding:
		return "the release is ending already: " + r.Detail
	case train.RefusedReleaseEndsByItself:
		return fmt.Sprintf("%s is in production: the release ends by itself %s", r.Tag, When(r.At, zone))
	case train.RefusedNoCandidate:
		return fmt.Sprintf("no candidate stands yet, the release is %s: send it again once the tag is cut", r.Phase)
	case train.RefusedInProduction:
		return fmt.Sprintf("%s is in production already", r.Tag)
	case train.RefusedCandidateMarkedBad:
		return fmt.Sprintf("%s was marked bad: cut a new candidate with cut-tag", r.Tag)
	case train.RefusedAlreadyMarkedBad:
		return fmt.Sprintf("%s is marked bad already", r.Tag)
	case train.RefusedTagMarkedBad:
		return fmt.Sprintf("%s was marked bad", r.Tag)
	case train.RefusedAlreadyCandidate:
		return fmt.Sprintf("%s is the candidate already", r.Tag)
	case train.RefusedCutUnderWay:
		return "a new candidate is about to be cut: send it again in a moment"
	case train.RefusedStartsAtCandidate:
		return fmt.Sprintf("the field %q is the candidate itself: name a tag before %s", r.Field, r.Tag)
	case train.RefusedNotAtGate:
		return fmt.Sprintf("the release is not at the gate, it is %s: send it once E2E has ended", r.Phase)
	case train.RefusedWindowAlreadySkipped:
		return fmt.Sprintf("the window is skipped already, until %s", When(r.Until, zone))
	case train.RefusedWindowOpen:
		return "the window is open: production is deployed as soon as nothing blocks it"
	case train.RefusedTimePassed:
		return fmt.Sprintf("the field %q means %s, which has passed: name an instant in the future", r.Field,
			When(r.At, zone))
	case train.RefusedAfterNextDeparture:
		return fmt.Sprintf("the field %q means %s, and the next departure is %s: name an instant before it", r.Field,
			When(r.At, zone), When(r.Until, zone))
	case train.RefusedTimeTooFar:
		return fmt.Sprintf("the field %q means %s: name an instant within 30 days", r.Field, When(r.At, zone))
	case train.RefusedNothingStuck:
		return "no step is stuck: there is nothing to try again"
	case train.RefusedNothingToForce:
		return "the field \"force\" is for a production deploy that runs, and none does: leave it out"
	}
	return ""
}
