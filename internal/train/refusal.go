package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// RefusalCode says for programs why a command was refused. Codes are stable;
// docs/commands.md lists them with their sentences.
type RefusalCode string

// Refusals of what was sent, before anything else is looked at.
const (
	RefusedUnknownCommand     RefusalCode = "unknown-command"
	RefusedInputTooLarge      RefusalCode = "input-too-large"
	RefusedInputMissing       RefusalCode = "input-missing"
	RefusedInputNotJSON       RefusalCode = "input-not-json"
	RefusedInputNotObject     RefusalCode = "input-not-an-object"
	RefusedUnknownField       RefusalCode = "unknown-field"
	RefusedWrongType          RefusalCode = "wrong-type"
	RefusedUnreadableField    RefusalCode = "unreadable-field"
	RefusedMissingField       RefusalCode = "missing-field"
	RefusedFieldTooLong       RefusalCode = "field-too-long"
	RefusedUnknownEnvironment RefusalCode = "unknown-environment"
	RefusedUnknownHold        RefusalCode = "unknown-hold"
	RefusedNotATime           RefusalCode = "not-a-time"
	RefusedNotAReleaseTag     RefusalCode = "not-a-release-tag"
	RefusedNotACommit         RefusalCode = "not-a-commit"
	RefusedCommitAndTag       RefusalCode = "commit-and-tag"
)

// Refusals by who asks.
const (
	RefusedIdentityNotVerified RefusalCode = "identity-not-verified"
	RefusedNotAllowed          RefusalCode = "not-allowed"
	RefusedApproverIsCutter    RefusalCode = "approver-is-cutter"
	RefusedApproverIsAuthor    RefusalCode = "approver-is-author"
	RefusedTooManyAuthors      RefusalCode = "too-many-authors"
)

// Refusals by the train.
const (
	RefusedBelongsToRelease    RefusalCode = "belongs-to-release"
	RefusedNotPaused           RefusalCode = "not-paused"
	RefusedNotPausedBy         RefusalCode = "not-paused-by"
	RefusedSeveralPauses       RefusalCode = "several-pauses"
	RefusedTooManyPauses       RefusalCode = "too-many-pauses"
	RefusedNoHotfixFreeze      RefusalCode = "no-hotfix-freeze"
	RefusedFreezeEndNotAhead   RefusalCode = "freeze-end-not-ahead"
	RefusedFreezeTooLong       RefusalCode = "freeze-too-long"
	RefusedDayAlreadySkipped   RefusalCode = "day-already-skipped"
	RefusedTooManySkippedDays  RefusalCode = "too-many-skipped-days"
	RefusedTooManyAddedDays    RefusalCode = "too-many-added-days"
	RefusedDayNotAhead         RefusalCode = "day-not-ahead"
	RefusedDayTooFar           RefusalCode = "day-too-far"
	RefusedTrainIsEnding       RefusalCode = "train-is-ending"
	RefusedTrainNotConfigured  RefusalCode = "train-not-configured"
	RefusedTrainNotReachable   RefusalCode = "train-not-reachable"
	RefusedByTrain             RefusalCode = "refused-by-train"
	RefusedNewCommitNotKnown   RefusalCode = "new-commit-not-known"
	RefusedNewCommitImpossible RefusalCode = "new-commit-impossible"
	RefusedChangelogNotMade    RefusalCode = "changelog-not-made"
)

// Refusals by the state of the release.
const (
	RefusedReleaseEnded          RefusalCode = "release-ended"
	RefusedReleaseEnding         RefusalCode = "release-ending"
	RefusedNoCandidate           RefusalCode = "no-candidate"
	RefusedProductionDeploying   RefusalCode = "production-deploying"
	RefusedInProduction          RefusalCode = "in-production"
	RefusedReleaseEndsByItself   RefusalCode = "release-ends-by-itself"
	RefusedNotTheCandidate       RefusalCode = "not-the-candidate"
	RefusedCandidateMarkedBad    RefusalCode = "candidate-marked-bad"
	RefusedAlreadyMarkedBad      RefusalCode = "already-marked-bad"
	RefusedTagMarkedBad          RefusalCode = "tag-marked-bad"
	RefusedNotOnStaging          RefusalCode = "not-on-staging"
	RefusedE2ENotRun             RefusalCode = "e2e-not-run"
	RefusedE2EGreen              RefusalCode = "e2e-green"
	RefusedE2ENotApprovable      RefusalCode = "e2e-not-approvable"
	RefusedAlreadyApproved       RefusalCode = "already-approved"
	RefusedNoApproval            RefusalCode = "no-approval"
	RefusedApprovalUsed          RefusalCode = "approval-used"
	RefusedHoldNotStanding       RefusalCode = "hold-not-standing"
	RefusedHoldEndsOtherwise     RefusalCode = "hold-ends-otherwise"
	RefusedTagMoved              RefusalCode = "tag-moved"
	RefusedProductionNotRead     RefusalCode = "production-not-read"
	RefusedCandidateChanged      RefusalCode = "candidate-changed"
	RefusedRemovesNotNamed       RefusalCode = "removes-not-named"
	RefusedRemovesOtherNumber    RefusalCode = "removes-other-number"
	RefusedNotDeployed           RefusalCode = "not-deployed"
	RefusedDeployRunning         RefusalCode = "deploy-running"
	RefusedAlreadyDeployed       RefusalCode = "already-deployed"
	RefusedRetryUnderWay         RefusalCode = "retry-under-way"
	RefusedWindowNotOpen         RefusalCode = "window-not-open"
	RefusedReasonNeeded          RefusalCode = "reason-needed"
	RefusedE2EStartsByItself     RefusalCode = "e2e-starts-by-itself"
	RefusedRerunUnderWay         RefusalCode = "rerun-under-way"
	RefusedAlreadyCandidate      RefusalCode = "already-the-candidate"
	RefusedRollbackUnderWay      RefusalCode = "rollback-under-way"
	RefusedCutUnderWay           RefusalCode = "cut-under-way"
	RefusedTagOfAnotherDay       RefusalCode = "tag-of-another-day"
	RefusedStartsAtCandidate     RefusalCode = "starts-at-the-candidate"
	RefusedNotAtGate             RefusalCode = "not-at-the-gate"
	RefusedWindowAlreadySkipped  RefusalCode = "window-already-skipped"
	RefusedWindowOpen            RefusalCode = "window-open"
	RefusedTimePassed            RefusalCode = "time-passed"
	RefusedAfterNextDeparture    RefusalCode = "after-next-departure"
	RefusedTimeTooFar            RefusalCode = "time-too-far"
	RefusedNothingStuck          RefusalCode = "nothing-stuck"
	RefusedNothingToForce        RefusalCode = "nothing-to-force"
	RefusedNothingToRollBack     RefusalCode = "nothing-to-roll-back"
	RefusedAlreadyRolledBack     RefusalCode = "already-rolled-back"
	RefusedTargetUnknown         RefusalCode = "rollback-target-unknown"
	RefusedTargetWithoutTag      RefusalCode = "rollback-target-without-tag"
	RefusedTargetMarkedBad       RefusalCode = "rollback-target-marked-bad"
	RefusedTargetIsDeployed      RefusalCode = "rollback-target-is-deployed"
	RefusedReleaseEndingRollback RefusalCode = "release-ending-rollback"
)

// RefusalCodes are all codes, in the order of docs/commands.md.
func RefusalCodes() []RefusalCode {
	return []RefusalCode{
		RefusedUnknownCommand, RefusedInputTooLarge, RefusedInputMissing, RefusedInputNotJSON, RefusedInputNotObject,
		RefusedUnknownField, RefusedWrongType, RefusedUnreadableField, RefusedMissingField, RefusedFieldTooLong,
		RefusedUnknownEnvironment, RefusedUnknownHold, RefusedNotATime, RefusedNotAReleaseTag,
		RefusedNotACommit, RefusedCommitAndTag,

		RefusedIdentityNotVerified, RefusedNotAllowed, RefusedApproverIsCutter,
		RefusedApproverIsAuthor, RefusedTooManyAuthors,

		RefusedBelongsToRelease, RefusedNotPaused, RefusedNotPausedBy, RefusedSeveralPauses, RefusedTooManyPauses,
		RefusedNoHotfixFreeze, RefusedFreezeEndNotAhead, RefusedFreezeTooLong,
		RefusedDayAlreadySkipped, RefusedTooManySkippedDays, RefusedTooManyAddedDays, RefusedDayNotAhead, RefusedDayTooFar,
		RefusedTrainIsEnding, RefusedTrainNotConfigured, RefusedTrainNotReachable, RefusedByTrain,
		RefusedNewCommitNotKnown, RefusedNewCommitImpossible, RefusedChangelogNotMade,

		RefusedReleaseEnded, RefusedReleaseEnding, RefusedNoCandidate, RefusedProductionDeploying, RefusedInProduction,
		RefusedReleaseEndsByItself, RefusedNotTheCandidate, RefusedCandidateMarkedBad,
		RefusedAlreadyMarkedBad, RefusedTagMarkedBad,
		RefusedNotOnStaging, RefusedE2ENotRun, RefusedE2EGreen, RefusedE2ENotApprovable, RefusedAlreadyApproved,
		RefusedNoApproval, RefusedApprovalUsed, RefusedHoldNotStanding, RefusedHoldEndsOtherwise, RefusedTagMoved,
		RefusedProductionNotRead, RefusedCandidateChanged, RefusedRemovesNotNamed, RefusedRemovesOtherNumber,
		RefusedNotDeployed, RefusedDeployRunning, RefusedAlreadyDeployed, RefusedRetryUnderWay,
		RefusedWindowNotOpen, RefusedReasonNeeded,
		RefusedE2EStartsByItself, RefusedRerunUnderWay, RefusedAlreadyCandidate, RefusedRollbackUnderWay, RefusedCutUnderWay,
		RefusedTagOfAnotherDay, RefusedStartsAtCandidate, RefusedNotAtGate, RefusedWindowAlreadySkipped, RefusedWindowOpen,
		RefusedTimePassed, RefusedAfterNextDeparture, RefusedTimeTooFar, RefusedNothingStuck,
		RefusedNothingToForce, RefusedNothingToRollBack,
		RefusedAlreadyRolledBack, RefusedTargetUnknown, RefusedTargetWithoutTag,
		RefusedTargetMarkedBad, RefusedTargetIsDeployed,
		RefusedReleaseEndingRollback,
	}
}

// Refusal is why a command is not accepted: a code for programs, and the facts
// from which people are told so. Facts that a code does not need are left out.
type Refusal struct {
	Code RefusalCode `json:"code"`
	// Command is the command that was refused.
	Command CommandName `json:"command,omitempty"`
	// Field is the field that is wrong, Value what stood in it, Type what it is
	// instead of what it should be.
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
	Type  string `json:"type,omitempty"`
	// Count is how many there are, Limit how many there may be.
	Count int `json:"count,omitempty"`
	Limit int `json:"limit,omitempty"`
	// Lacks are the commits of production that the candidate lacks.
	Lacks Difference `json:"lacks,omitzero"`
	// Train is the train, for a line that can be pasted.
	Train string `json:"train,omitempty"`
	// Tag is the tag that it is about, To the version that a rollback would go to.
	Tag string  `json:"tag,omitempty"`
	To  Version `json:"to,omitzero"`
	// Day is the day that was named, Today the one that it is compared with.
	Day   calendar.Day `json:"day,omitzero"`
	Today calendar.Day `json:"today,omitzero"`
	// At is the instant that it is about, Until the end of a span from At.
	At    time.Time `json:"at,omitzero"`
	Until time.Time `json:"until,omitzero"`

	Environment EnvironmentName `json:"environment,omitempty"`
	Hold        HoldKind        `json:"hold,omitempty"`
	// Holds are those that stand.
	Holds []HoldKind `json:"holds,omitempty"`
	// Pauses are those that stand.
	Pauses []Hold   `json:"pauses,omitempty"`
	Phase  Phase    `json:"phase,omitempty"`
	End    End      `json:"end,omitempty"`
	E2E    E2EState `json:"e2e,omitempty"`
	// By is who did it before, or who asks; People are those who may.
	By     string   `json:"by,omitempty"`
	People []string `json:"people,omitempty"`
	// Detail is what somebody else said, for example GitLab.
	Detail string `json:"detail,omitempty"`
	// Sentence is how somebody else refused it already, the train for a release; empty: words makes it.
	Sentence string `json:"sentence,omitempty"`
}

// Of is the refusal with the command that it is about; nil stays nil.
func (r *Refusal) Of(name CommandName) *Refusal {
	if r != nil {
		r.Command = name
	}
	return r
}

// On is the refusal with the train that refuses; nil stays nil.
func (r *Refusal) On(train string) *Refusal {
	if r != nil {
		r.Train = train
	}
	return r
}
