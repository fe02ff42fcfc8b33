package train

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Entry is one command: its form, when it is accepted and what it does. Adding
// a command is adding one entry.
type Entry struct {
	Name CommandName
	// Does says what it does, as a clause for people.
	Does string
	// Accepted says when it is accepted, for the docs.
	Accepted string
	// Fields are its own fields; Required those of them that may not be left out.
	Fields   []string
	Required []string
	// Why says that a reason is required.
	Why bool
	// OfTrain says that it belongs to the train: a release passes it on.
	OfTrain bool
	// Safe orders commands that arrive together: lower acts first. PRODUCT.md section 5.
	Safe int

	check    func(s *State, c Command, now time.Time) string
	apply    func(s *State, c Command, now time.Time) string
	remember func(m *Memory, c Command, now time.Time, zone *time.Location) (sentence, refusal string)
	example  Command
}

// Table is a list of commands.
type Table []Entry

// Find is the entry of a name.
func (t Table) Find(name CommandName) (Entry, bool) {
	for _, e := range t {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Names are the names of all commands.
func (t Table) Names() []string {
	var out []string
	for _, e := range t {
		out = append(out, string(e.Name))
	}
	return out
}

// Order in which commands act that arrive in one workflow task.
const (
	actsCancel = iota
	actsHotfix
	actsPause
	actsMarkBad
	actsRevoke
	actsCut
	actsRollback
	actsInOrder
	actsLast
)

// Commands are all commands, in the order of PRODUCT.md section 5.
var Commands Table

func init() { //nolint:gochecknoinits // the table's functions use the table: an initialisation cycle otherwise
	Commands = Table{
		{
			Name: Pause, Why: true, OfTrain: true, Safe: actsPause, Accepted: "always",
			Does:     "holds the train: no tag, no deploy, no E2E start until resume",
			remember: rememberPause, example: Command{Reason: "checkout is down"},
		},
		{
			Name: Resume, OfTrain: true, Safe: actsLast, Accepted: "the train is paused",
			Does: "ends the pause", remember: rememberResume,
		},
		{
			Name: ApproveDespiteE2E, Why: true, Fields: []string{"tag"}, Required: []string{"tag"}, Safe: actsInOrder,
			Accepted: "E2E of the current candidate, which tag names, is red, overdue or could not run; it is on staging with green smoke tests",
			Does:     "opens the E2E gate for this candidate and this run only", check: checkApprove, apply: applyApprove,
			example: Command{Tag: "api/v2026.11.24.1", Reason: "known flake, booking pod looked at it"},
		},
		{
			Name: RevokeApproval, Why: true, Safe: actsRevoke, Accepted: "an approval has not been used",
			Does: "takes the approval back", check: checkRevoke, apply: applyRevoke, example: Command{Reason: "it is a real bug"},
		},
		{
			Name: HotfixFreeze, Why: true, OfTrain: true, Fields: []string{"until"}, Safe: actsHotfix, Accepted: "always",
			Does:     "holds the train and creates a GitLab freeze period until the lift",
			remember: rememberHotfix, example: Command{Reason: "hotfix for checkout", Until: "4h"},
		},
		{
			Name: LiftHotfixFreeze, OfTrain: true, Safe: actsLast, Accepted: "our hotfix freeze stands",
			Does: "ends the hotfix freeze and deletes our GitLab freeze period", remember: rememberLift,
		},
		{
			Name: Acknowledge, Why: true, Fields: []string{"hold"}, Required: []string{"hold"}, Safe: actsInOrder,
			Accepted: "the hold late or drift stands; a moved tag is ended by cut-tag only",
			Does:     "ends the hold: late departs after all, drift takes what production runs as the truth and re-bases the changelog",
			check:    checkAcknowledge, apply: applyAcknowledge, example: Command{Hold: HoldDrift, Reason: "the hotfix is in main too"},
		},
		{
			Name: RetryDeploy, Fields: []string{"environment"}, Required: []string{"environment"}, Safe: actsInOrder,
			Accepted: "its last deploy failed or was rolled back, nothing deploys there, and for production the window is open",
			Does:     "deploys the candidate again", check: checkRetry, apply: applyRetry, example: Command{Environment: Staging},
		},
		{
			Name: RerunE2E, Safe: actsInOrder, Accepted: "the candidate is on staging and not in production",
			Does: "runs E2E again; the new result replaces the old one and voids an approval", check: checkRerun, apply: applyRerun,
		},
		{
			Name: CutTag, Why: true, Fields: []string{"sha", "tag"}, Safe: actsCut,
			Accepted: "a candidate exists and production is not being deployed",
			Does:     "makes a new candidate from the branch, from a commit on it, or from a tag of this day that somebody made by hand",
			check:    checkCut, example: Command{SHA: "1a2b3c4d", Reason: "takes the revert of !12"},
		},
		{
			Name: RegenerateChangelog, Fields: []string{"previousTag"}, Required: []string{"previousTag"}, Safe: actsInOrder, Accepted: "a candidate exists",
			Does: "makes the changelog again from another tag", check: checkRegenerate, example: Command{PreviousTag: "api/v2026.11.23.1"},
		},
		{
			Name: PromoteNow, Why: true, Safe: actsInOrder, Accepted: "at the gate, outside the window",
			Does: "skips the window, for an hour; holds and evidence stay", check: checkPromote, apply: applyPromote,
			example: Command{Reason: "agreed with support"},
		},
		{
			Name: MoveProduction, Why: true, Fields: []string{"at"}, Required: []string{"at"}, Safe: actsInOrder, Accepted: "before production",
			Does:  "moves the window with its deadlines and reminders; it must lie in the future and before the next departure",
			check: checkMove, apply: applyMove, example: Command{At: "14:00", Reason: "waits for marketing"},
		},
		{
			Name: Rollback, Why: true, Fields: []string{"environment", "tag"}, Required: []string{"environment"}, Safe: actsRollback,
			Accepted: "this release deployed there and nothing deploys there now",
			Does:     "puts back what ran before, or the tag that is named", check: checkRollback, apply: applyRollback,
			example: Command{Environment: Production, Reason: "error rate doubled"},
		},
		{
			Name: MarkBad, Why: true, Safe: actsMarkBad, Accepted: "a candidate exists and production is not being deployed",
			Does: "keeps the candidate from production for ever, also as a rollback target", check: checkBad, apply: applyBad,
			example: Command{Reason: "loses bookings"},
		},
		{
			Name: Cancel, Why: true, Fields: []string{"force"}, Safe: actsCancel, Accepted: "before the candidate is in production",
			Does: "ends the release; a production deploy ends first", check: checkCancel, apply: applyCancel,
			example: Command{Reason: "no release today"},
		},
		{
			Name: SkipDay, Why: true, OfTrain: true, Fields: []string{"day"}, Required: []string{"day"}, Safe: actsInOrder, Accepted: "the day lies ahead",
			Does: "leaves a release day out", remember: rememberSkip, example: Command{Day: Day{2026, 12, 1}, Reason: "company meeting"},
		},
		{
			Name: AddDay, Why: true, OfTrain: true, Fields: []string{"day"}, Required: []string{"day"}, Safe: actsInOrder, Accepted: "the day lies ahead",
			Does: "adds a release day, or takes a skipped one back", remember: rememberAdd, example: Command{Day: Day{2026, 12, 4}, Reason: "before the holidays"},
		},
	}
}

// allFields are the JSON names that the command knows.
func (e Entry) allFields() []string {
	return slices.Concat([]string{"by", "reason"}, e.Fields, []string{"id"})
}

func (e Entry) required() []string {
	out := []string{"by"}
	if e.Why {
		out = append(out, "reason")
	}
	return append(out, e.Required...)
}

// Example is an input that can be pasted.
func (e Entry) Example() string {
	c := e.example
	c.By = "ada"
	raw, err := json.Marshal(c)
	if err != nil {
		return "{}"
	}
	return string(raw)
}

// ExampleCommand is Example as a value.
func (e Entry) ExampleCommand() Command {
	c := e.example
	c.By = "ada"
	return c
}

// Check says why a command is refused now and what would be accepted; empty: it
// is accepted. It changes nothing.
func (s *State) Check(name CommandName, c Command, now time.Time) string {
	e, ok := Commands.Find(name)
	switch {
	case !ok:
		return fmt.Sprintf("there is no command %q", name)
	case s.Phase == Ended:
		return fmt.Sprintf("the release has ended as %s: the next one departs %s", s.End, When(s.Plan.NextCutAt, s.Train.Location()))
	}
	if refusal := s.Train.Policy.refuses(name, c, s); refusal != "" {
		return refusal
	}
	if e.remember != nil {
		m := s.Memory // a shallow copy is enough: remember replaces slices
		_, refusal := e.remember(&m, c, now, s.Train.Location())
		return refusal
	}
	return e.check(s, c, now)
}

// Apply does what a command says to the state and gives the answer. Commands
// that need the outside world (cut-tag, regenerate-changelog) have no apply: the
// workflow does them.
func (s *State) Apply(name CommandName, c Command, now time.Time) string {
	e, _ := Commands.Find(name)
	if e.remember != nil {
		sentence, _ := e.remember(&s.Memory, c, now, s.Train.Location())
		return sentence
	}
	if e.apply == nil {
		return ""
	}
	return e.apply(s, c, now)
}

// Remember applies a command of the train to its memory.
func (m *Memory) Remember(name CommandName, c Command, now time.Time, zone *time.Location) (sentence, refusal string) {
	e, ok := Commands.Find(name)
	switch {
	case !ok:
		return "", fmt.Sprintf("there is no command %q; a train takes: %s", name, strings.Join(Commands.OfTrain(), ", "))
	case e.remember == nil:
		return "", fmt.Sprintf("%s belongs to a release, not to the train: send it to release-<train>-<YYYY-MM-DD>", name)
	}
	return e.remember(m, c, now, zone)
}

// OfTrain are the names of the commands that belong to the train.
func (t Table) OfTrain() []string {
	var out []string
	for _, e := range t {
		if e.OfTrain {
			out = append(out, string(e.Name))
		}
	}
	return out
}

// What belongs to the train.

func rememberPause(m *Memory, c Command, now time.Time, _ *time.Location) (string, string) {
	m.Holds = setHold(m.Holds, Hold{Kind: HoldPause, Reason: c.Reason, By: c.By, Since: now})
	return "Paused: no tag, no deploy and no E2E start until resume. What already runs is left to finish; the window does not move.", ""
}

func rememberResume(m *Memory, _ Command, _ time.Time, _ *time.Location) (string, string) {
	return m.lift(HoldPause, "Resumed.", "the train is not paused: there is nothing to resume")
}

// lift ends a hold that the train remembers.
func (m *Memory) lift(kind HoldKind, done, missing string) (sentence, refusal string) {
	if !m.Holding(kind) {
		return "", missing
	}
	m.Holds = withoutHold(m.Holds, kind)
	return done, ""
}

func rememberHotfix(m *Memory, c Command, now time.Time, zone *time.Location) (string, string) {
	until := now.Add(freezeDefault)
	if c.Until != "" {
		at, refusal := parseAt("until", c.Until, now, zone, true)
		if refusal != "" {
			return "", refusal
		}
		until = at
	}
	switch {
	case !until.After(now.Add(time.Minute)):
		return "", fmt.Sprintf("the field \"until\" means %s, which is not in the future: write for example 4h", When(until, zone))
	case until.After(now.Add(freezeLongest)):
		return "", fmt.Sprintf("the field \"until\" means %s: a GitLab freeze period may last 30 days at most", When(until, zone))
	}
	m.Holds = setHold(m.Holds, Hold{Kind: HoldHotfix, Reason: c.Reason, By: c.By, Since: now})
	f := NewFreeze(now, until)
	if old := m.Freeze; old != nil {
		f.ID, f.From, f.Applied = old.ID, old.From, old.Applied
	}
	m.Freeze = f
	return fmt.Sprintf("Held for the hotfix. The GitLab freeze period lasts until %s and is extended while the hold stands; only lift-hotfix-freeze ends it.", When(f.Until, zone)), ""
}

func rememberLift(m *Memory, _ Command, _ time.Time, _ *time.Location) (string, string) {
	return m.lift(HoldHotfix, "The hotfix freeze is lifted.", "no hotfix freeze of ours stands: there is nothing to lift")
}

func rememberSkip(m *Memory, c Command, now time.Time, zone *time.Location) (string, string) {
	if refusal := behind(c.Day, now, zone); refusal != "" {
		return "", refusal
	}
	if why, ok := m.Skips(c.Day); ok {
		return "", fmt.Sprintf("%s is %s already", c.Day, why)
	}
	if len(m.Skipped) >= daysKept {
		return "", fmt.Sprintf("%d days are skipped already: write longer plans into release.yaml", daysKept)
	}
	m.Added = withoutDay(m.Added, c.Day)
	m.Skipped = append(withoutDay(m.Skipped, c.Day), DayChange{Day: c.Day, Why: c.Reason, By: c.By})
	return fmt.Sprintf("Nothing is released on %s.", c.Day), ""
}

func rememberAdd(m *Memory, c Command, now time.Time, zone *time.Location) (string, string) {
	if refusal := behind(c.Day, now, zone); refusal != "" {
		return "", refusal
	}
	if _, skipped := m.Skips(c.Day); skipped {
		m.Skipped = withoutDay(m.Skipped, c.Day)
		return fmt.Sprintf("%s is no longer skipped.", c.Day), ""
	}
	if len(m.Added) >= daysKept {
		return "", fmt.Sprintf("%d days are added already: write longer plans into release.yaml", daysKept)
	}
	m.Added = append(withoutDay(m.Added, c.Day), DayChange{Day: c.Day, Why: c.Reason, By: c.By})
	return fmt.Sprintf("%s is a release day.", c.Day), ""
}

// daysKept bounds the changed days that a train remembers.
const daysKept = 60

func behind(d Day, now time.Time, zone *time.Location) string {
	if today := DayOf(now.In(zone)); !today.Before(d) {
		return fmt.Sprintf("the field \"day\" is %s, and today is %s: name a day ahead", d, today)
	}
	if far := DayOf(now.In(zone)).Add(lookAhead); far.Before(d) {
		return fmt.Sprintf("the field \"day\" is %s: name a day before %s", d, far)
	}
	return ""
}

func withoutDay(list []DayChange, d Day) []DayChange {
	return slices.DeleteFunc(slices.Clone(list), func(c DayChange) bool { return c.Day == d })
}

// What belongs to a release.

// noCandidate refuses what needs a candidate.
func (s *State) noCandidate() string {
	if s.Candidate.Tag == "" || s.Phase == Cutting || s.Phase == Departing {
		return fmt.Sprintf("no candidate stands yet, the release is %s: send it again once the tag is cut", s.Phase)
	}
	return ""
}

// noChange refuses what would change the candidate or deploy while a deploy to
// production runs: from its play until its smoke tests end.
func (s *State) noChange() string {
	if !s.Production.Running() {
		return ""
	}
	latest := s.Production.StartedAt.Add(s.Train.Production.Limits.Total())
	return fmt.Sprintf("production is being deployed: send it again when that has ended, at the latest %s; pause, hotfix-freeze and cancel are accepted meanwhile",
		When(latest, s.Train.Location()))
}

// InProduction says whether the candidate is deployed to production and tested there.
func (s *State) InProduction() bool { return s.Production.Succeeded() }

func (s *State) released() string {
	if s.InProduction() {
		return fmt.Sprintf("%s is in production already", s.Candidate.Tag)
	}
	return ""
}

func first(refusals ...string) string {
	for _, r := range refusals {
		if r != "" {
			return r
		}
	}
	return ""
}

func checkApprove(s *State, c Command, _ time.Time) string {
	if r := first(s.noCandidate(), s.released(), s.noChange()); r != "" {
		return r
	}
	switch {
	case c.Tag != s.Candidate.Tag:
		return fmt.Sprintf("the field \"tag\" is %s, and the candidate is %s: an approval names the current candidate", Clip(c.Tag, longestField), s.Candidate.Tag)
	case s.Bad[c.Tag] != "":
		return fmt.Sprintf("%s was marked bad: cut a new candidate with cut-tag", c.Tag)
	case !s.Staging.Succeeded():
		return fmt.Sprintf("%s is not on staging with green smoke tests: that is not for an approval to replace", c.Tag)
	case s.E2E == nil:
		return "E2E has not run: an approval is for a run that is red, overdue or could not run"
	case s.E2E.State == E2EGreen:
		return "E2E is green: no approval is needed"
	case !s.E2E.approvable():
		return fmt.Sprintf("E2E is %s: an approval is for a run that is red, overdue or could not run", s.E2E.State)
	case s.approved():
		return fmt.Sprintf("%s is approved already, by %s", c.Tag, s.Approval.By)
	}
	return ""
}

func applyApprove(s *State, c Command, now time.Time) string {
	s.Approval = &Approval{Tag: c.Tag, Run: s.E2E.Run, State: s.E2E.State, By: c.By, Reason: c.Reason, At: now}
	return fmt.Sprintf("%s is approved despite E2E run %d, which is %s. %s", c.Tag, s.E2E.Run, s.E2E.State, s.Outlook(now))
}

func checkRevoke(s *State, _ Command, _ time.Time) string {
	switch {
	case s.Approval == nil:
		return "no approval stands: there is nothing to take back"
	case s.Approval.Used:
		return fmt.Sprintf("the approval of %s was used: production was deployed with it", s.Approval.Tag)
	}
	return ""
}

func applyRevoke(s *State, _ Command, now time.Time) string {
	tag := s.Approval.Tag
	s.Approval = nil
	return fmt.Sprintf("The approval of %s is taken back. %s", tag, s.Outlook(now))
}

func checkAcknowledge(s *State, c Command, _ time.Time) string {
	h := findHold(s.Standing(), c.Hold)
	switch {
	case h == nil:
		return fmt.Sprintf("the hold %s does not stand%s", c.Hold, s.standingWords())
	case c.Hold == HoldPause:
		return "a pause is ended by resume"
	case c.Hold == HoldHotfix:
		return "a hotfix freeze is ended by lift-hotfix-freeze"
	case c.Hold == HoldFreeze:
		return "a GitLab freeze ends by its time, or when somebody deletes it in GitLab"
	case c.Hold == HoldRolledBack:
		return "a rolled back candidate is deployed again by retry-deploy with a reason, or replaced by cut-tag"
	case c.Hold == HoldEnvironmentBusy:
		return "the other deploy has to end"
	case c.Hold == HoldDrift && s.TagMoved:
		return "the tag was moved: only a new candidate helps, cut it with cut-tag"
	}
	return first(s.noChange())
}

func applyAcknowledge(s *State, c Command, now time.Time) string {
	s.Lift(c.Hold)
	if c.Hold == HoldLate {
		s.LateAccepted = true
		return "The day goes on although it is late. " + s.Outlook(now)
	}
	s.Deployed = RunningVersion{Version: s.Running}
	s.Expected, s.Accepted = s.Running, s.Running
	return fmt.Sprintf("%s counts as what production runs; the changelog starts there. %s", s.Running, s.Outlook(now))
}

func checkRetry(s *State, c Command, now time.Time) string {
	if r := first(s.noCandidate(), s.noChange()); r != "" {
		return r
	}
	d := s.DeployOf(c.Environment)
	switch {
	case d == nil:
		return fmt.Sprintf("%s has not been deployed to %s: there is nothing to retry", s.Candidate.Tag, c.Environment)
	case d.Running():
		return fmt.Sprintf("a deploy to %s runs", c.Environment)
	case d.Succeeded():
		return fmt.Sprintf("%s is on %s: there is nothing to retry", d.Tag, c.Environment)
	case s.Orders.Retry != "":
		return fmt.Sprintf("a retry for %s is under way", s.Orders.Retry)
	case s.Bad[s.Candidate.Tag] != "":
		return fmt.Sprintf("%s was marked bad: cut a new candidate with cut-tag", s.Candidate.Tag)
	case c.Environment == Production && !s.windowOpen(now) && !s.promoted(now):
		return fmt.Sprintf("the window is not open: production is retried inside it, %s to %s; outside it use promote-now", When(s.Plan.WindowOpens, s.Train.Location()), When(s.Plan.WindowCloses, s.Train.Location()))
	case c.Environment == Production && findHold(s.Holds, HoldRolledBack) != nil && c.Reason == "":
		return "the candidate was rolled back: say in the field \"reason\" why it is good now"
	}
	return ""
}

func applyRetry(s *State, c Command, _ time.Time) string {
	s.Orders.Retry = c.Environment
	if c.Environment == Production {
		s.Lift(HoldRolledBack)
	}
	return fmt.Sprintf("%s is deployed to %s again, attempt %d. %s", s.Candidate.Tag, c.Environment, s.DeployOf(c.Environment).Attempt+1, s.heldWords(DeployStepOf(c.Environment)))
}

func checkRerun(s *State, _ Command, _ time.Time) string {
	if r := first(s.noCandidate(), s.released(), s.noChange()); r != "" {
		return r
	}
	switch {
	case !s.Staging.Succeeded():
		return fmt.Sprintf("%s is not on staging yet: E2E starts by itself when it is", s.Candidate.Tag)
	case s.E2E == nil:
		return "E2E has not run yet: it starts by itself"
	case s.Orders.Rerun:
		return "a new run is about to start"
	}
	return ""
}

func applyRerun(s *State, _ Command, _ time.Time) string {
	s.Orders.Rerun = true
	voids := ""
	if s.Approval != nil {
		s.Approval, voids = nil, " The approval is void."
	}
	return fmt.Sprintf("E2E runs again, run %d; its result replaces that of run %d.%s %s", s.E2E.Run+1, s.E2E.Run, voids, s.heldWords(StepE2E))
}

func checkCut(s *State, c Command, _ time.Time) string {
	if r := first(s.noCandidate(), s.noChange()); r != "" {
		return r
	}
	switch {
	case c.SHA != "" && c.Tag != "":
		return "the fields \"sha\" and \"tag\" exclude one another: name a commit, or a tag to adopt, or neither for the head of " + s.Train.Branch
	case c.SHA != "" && !isSHA(c.SHA):
		return fmt.Sprintf("the field \"sha\" is %q: write 7 to 40 hexadecimal digits", Clip(c.SHA, longestField))
	case c.Tag == s.Candidate.Tag && c.Tag != "":
		return fmt.Sprintf("%s is the candidate already", c.Tag)
	case s.Orders.Rollback != nil || s.Phase == RollingBack:
		return "a rollback is under way: send it again when that has ended"
	case s.Orders.Recut != nil:
		return "a new candidate is about to be cut: send it again in a moment"
	}
	if c.Tag != "" {
		tag, err := ParseTag(s.Train.TagPrefix, c.Tag)
		if err != nil {
			return "the field \"tag\": " + err.Error()
		}
		if tag.Day != s.Plan.Day {
			return fmt.Sprintf("the field \"tag\" is of day %s, and this release is of %s: adopt a tag that begins with %s", tag.Day, s.Plan.Day, Tag{Prefix: s.Train.TagPrefix, Day: s.Plan.Day}.DayPattern())
		}
		if s.Bad[c.Tag] != "" {
			return fmt.Sprintf("%s was marked bad", c.Tag)
		}
	}
	return ""
}

func isSHA(s string) bool {
	return len(s) >= 7 && len(s) <= 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// Recutting orders a new candidate and gives the answer: what it adds and drops.
func (s *State) Recutting(r Recut) string {
	s.Orders = Orders{Recut: &r}
	what := "A new candidate is cut from " + ShortSHA(r.SHA)
	if r.Tag != "" {
		what = fmt.Sprintf("%s on %s is adopted as the candidate", r.Tag, ShortSHA(r.SHA))
	}
	return fmt.Sprintf("%s. Against %s it adds %s and drops %s. Changelog, staging, smoke tests and E2E run again. %s",
		what, s.Candidate.Tag, r.Adds.words(), r.Drops.words(), s.heldWords(StepTag))
}

func (d Difference) words() string {
	if d.Count == 0 {
		return "nothing"
	}
	more := ""
	if d.Count > len(d.Titles) {
		more = ", …"
	}
	return fmt.Sprintf("%s (%s%s)", Plural(d.Count, "commit"), strings.Join(d.Titles, "; "), more)
}

func checkRegenerate(s *State, c Command, _ time.Time) string {
	if r := s.noCandidate(); r != "" {
		return r
	}
	if c.PreviousTag == s.Candidate.Tag {
		return fmt.Sprintf("the field \"previousTag\" is the candidate itself: name a tag before %s", s.Candidate.Tag)
	}
	return ""
}

func checkPromote(s *State, _ Command, now time.Time) string {
	if r := first(s.noCandidate(), s.released(), s.noChange()); r != "" {
		return r
	}
	switch {
	case s.Phase != AtGate && (s.Phase != Producing || !s.Production.Failed()):
		return fmt.Sprintf("the release is not at the gate, it is %s: send it once E2E has ended", s.Phase)
	case s.windowOpen(now) && s.promoted(now):
		return fmt.Sprintf("the window is skipped already, until %s", When(s.Promotion.Until, s.Train.Location()))
	case s.windowOpen(now):
		return "the window is open: production is deployed as soon as nothing blocks it"
	}
	return ""
}

// promoteFor is how long promote-now skips the window: long enough to lift what
// else blocks, short enough that nobody has forgotten it.
const promoteFor = time.Hour

func applyPromote(s *State, c Command, now time.Time) string {
	s.Promotion = &Promotion{Tag: s.Candidate.Tag, By: c.By, Reason: c.Reason, At: now, Until: now.Add(promoteFor)}
	return fmt.Sprintf("The window is skipped until %s. %s", When(s.Promotion.Until, s.Train.Location()), s.Outlook(now))
}

func checkMove(s *State, c Command, now time.Time) string {
	if r := first(s.released(), s.noChange()); r != "" {
		return r
	}
	zone := s.Train.Location()
	at, refusal := parseAt("at", c.At, now, zone, false)
	switch {
	case refusal != "":
		return refusal
	case !at.After(now):
		return fmt.Sprintf("the field \"at\" means %s, which has passed: name an instant in the future", When(at, zone))
	case !s.Plan.NextCutAt.IsZero() && !at.Before(s.Plan.NextCutAt):
		return fmt.Sprintf("the field \"at\" means %s, and the next departure is %s: name an instant before it", When(at, zone), When(s.Plan.NextCutAt, zone))
	case at.After(now.Add(freezeLongest)):
		return fmt.Sprintf("the field \"at\" means %s: name an instant within 30 days", When(at, zone))
	}
	return ""
}

func applyMove(s *State, c Command, now time.Time) string {
	at, _ := parseAt("at", c.At, now, s.Train.Location(), false)
	s.Plan = s.Plan.MovedTo(at)
	return fmt.Sprintf("Production opens %s and closes %s; deadline and reminders moved with it. %s",
		When(s.Plan.WindowOpens, s.Train.Location()), When(s.Plan.WindowCloses, s.Train.Location()), s.Outlook(now))
}

// MovedTo is the plan with its window opening at another instant; it closes
// before the next departure at the latest.
func (p Plan) MovedTo(at time.Time) Plan {
	length, deadline := p.WindowCloses.Sub(p.WindowOpens), p.WindowOpens.Sub(p.E2EDeadline)
	p.WindowOpens, p.WindowCloses, p.E2EDeadline = at, at.Add(length), at.Add(-deadline)
	if next := p.NextCutAt; !next.IsZero() && p.WindowCloses.After(next) {
		p.WindowCloses = next
	}
	return p
}

func checkBad(s *State, _ Command, _ time.Time) string {
	if r := first(s.noCandidate(), s.noChange()); r != "" {
		return r
	}
	if s.Bad[s.Candidate.Tag] != "" {
		return fmt.Sprintf("%s is marked bad already", s.Candidate.Tag)
	}
	return ""
}

func applyBad(s *State, c Command, _ time.Time) string {
	bad := map[string]string{s.Candidate.Tag: c.Reason}
	for tag, why := range s.Bad {
		bad[tag] = why
	}
	s.Bad, s.Approval, s.Promotion = bad, nil, nil
	return fmt.Sprintf("%s is marked bad: it is never promoted and no rollback goes to it. A new candidate is cut with cut-tag.", s.Candidate.Tag)
}

func checkCancel(s *State, c Command, _ time.Time) string {
	switch {
	case s.InProduction():
		return fmt.Sprintf("%s is in production: the release ends by itself %s", s.Candidate.Tag, When(s.Waiting.NextAt, s.Train.Location()))
	case s.Ending != nil && (!c.Force || !s.Production.Running()):
		return fmt.Sprintf("the release is ending already: %s", s.Ending.Why)
	case c.Force && !s.Production.Running():
		return "the field \"force\" is for a production deploy that runs, and none does: leave it out"
	}
	return ""
}

func applyCancel(s *State, c Command, _ time.Time) string {
	if s.Ending == nil {
		s.Ending = &Ending{End: EndCancelled, Why: fmt.Sprintf("Cancelled by %s: %s", c.By, c.Reason)}
	}
	switch {
	case c.Force && s.Production.Step == DeployRollsBack:
		return "Production is being rolled back already; the release ends after it."
	case c.Force:
		return "The production job is cancelled in GitLab, what ran before is put back, and then the release ends."
	case s.Production.Running():
		return "The release ends when the production deploy has ended."
	}
	return "The release ends. Holds of the train stay as they are."
}
