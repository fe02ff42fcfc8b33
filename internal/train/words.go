package train

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// What a release says in Slack. A card is the release's one message in a
// channel and is edited in place; an event goes into its thread.
// PRODUCT.md section 7.

// CoordinationCard is the release's message in the coordination channel: the one answer.
func (s *State) CoordinationCard(now time.Time) Message {
	st := s.Status(now)
	zone := st.Location()
	var body []string
	add := func(icon, text string) {
		if text != "" {
			body = append(body, icon+" "+text)
		}
	}
	add(waitingIcon(st), st.WaitingLine(Mrkdwn))
	for _, h := range st.Holds {
		add(":octagonal_sign:", "Hold "+Mrkdwn.Bold(string(h.Kind))+": "+h.line(Mrkdwn, zone))
	}
	add(":warning:", Mrkdwn.Escape(st.Warning))
	add(":scroll:", st.Changelog.line(Mrkdwn))
	add(deployIcon(s.Staging), label("Staging", s.Staging.line(Mrkdwn, zone)))
	add(e2eIcon(s.E2E), label("E2E", s.E2E.line(Mrkdwn, zone)))
	add(deployIcon(s.Production), label("Production", s.Production.line(Mrkdwn, zone)))
	return Message{
		Title:   s.title(),
		Body:    strings.Join(body, "\n"),
		Context: fmt.Sprintf("%s · production window %s to %s", st.ID, When(st.Opens, zone), When(st.Closes, zone)),
	}
}

// E2ECard is the release's message in the E2E channel.
func (s *State) E2ECard() Message {
	zone := s.Train.Location()
	m := Message{Title: fmt.Sprintf("%s E2E on staging: %s", e2eIcon(s.E2E), s.Candidate.Tag), Context: ReleaseID(s.Train.Name, s.Plan.Day)}
	lines := []string{s.E2E.line(Mrkdwn, zone)}
	for _, f := range s.E2E.Report.Specs {
		lines = append(lines, "• "+f.line(Mrkdwn))
	}
	if n := s.E2E.Report.MoreSpecs; n > 0 {
		lines = append(lines, fmt.Sprintf("… and %s more", Plural(n, "spec")))
	}
	if s.E2E.State == E2ERunning {
		lines = append(lines, "Deadline: "+When(s.Plan.E2EDeadline, zone))
	}
	m.Body = strings.Join(lines, "\n")
	return m
}

func (f FailingSpec) line(m Markup) string {
	line := m.Code(m.Escape(f.Spec))
	if f.Test != "" {
		line += " " + m.Escape(f.Test)
	}
	switch {
	case len(f.Groups) > 0:
		line += ", owned by " + m.Escape(strings.Join(f.Groups, ", "))
	case len(f.Owners) > 0:
		line += ", owned by " + m.Escape(strings.Join(f.Owners, ", "))
	default:
		line += ", no owner in CODEOWNERS"
	}
	if f.Recent > 0 {
		line += fmt.Sprintf(", failed %s lately on the default branch", times(f.Recent))
	}
	return line
}

// DeployCard is the release's message in the channel of an environment.
func (s *State) DeployCard(env EnvironmentName) Message {
	d := s.DeployOf(env)
	zone := s.Train.Location()
	lines := []string{d.line(Mrkdwn, zone)}
	if !d.Before.IsZero() {
		lines = append(lines, fmt.Sprintf("Before it ran %s.", Mrkdwn.Code(d.Before.String())))
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
	for _, l := range [][2]string{{"pipeline", d.PipelineURL}, {"deploy job", d.JobURL}, {"smoke tests", d.SmokeURL}, {"changelog", s.Changelog.URL}} {
		if l[1] != "" {
			links = append(links, Mrkdwn.Link(l[0], l[1]))
		}
	}
	if len(links) > 0 {
		lines = append(lines, strings.Join(links, " · "))
	}
	return Message{
		Title:   fmt.Sprintf("%s Deploy to %s: %s", deployIcon(d), env, d.Tag),
		Body:    strings.Join(lines, "\n"),
		Context: ReleaseID(s.Train.Name, s.Plan.Day),
	}
}

// Topic is our part of the coordination channel's topic.
func (s *State) Topic() string {
	return fmt.Sprintf("Release %s: %s, changelog %s", s.Plan.Day, s.Candidate.Tag, s.Changelog.URL)
}

func (s *State) title() string {
	icon := ":steam_locomotive:"
	switch {
	case s.End == EndReleased, s.Phase == Watching:
		icon = ":white_check_mark:"
	case s.End != "":
		icon = ":checkered_flag:"
	}
	if s.Candidate.Tag == "" {
		return fmt.Sprintf("%s Release %s of %s", icon, s.Plan.Day, s.Train.Name)
	}
	return fmt.Sprintf("%s Release %s: %s", icon, s.Plan.Day, s.Candidate.Tag)
}

// DepartedEvent says that the day has begun and what its instants are.
func (s *State) DepartedEvent() Message {
	zone := s.Train.Location()
	m := Message{Title: fmt.Sprintf("Departure of %s for release day %s", s.Train.Name, s.Plan.Day)}
	if s.Plan.Manual {
		who := "by hand"
		if s.By != "" {
			who = "by " + Mrkdwn.Escape(s.By)
		}
		m.Body = fmt.Sprintf("Started %s: this is the next release day, and it is cut at once.\n", who)
	}
	m.Body += fmt.Sprintf("Production opens %s.", When(s.Plan.WindowOpens, zone))
	return m
}

// CutEvent says what was tagged.
func (s *State) CutEvent() Message {
	return Message{
		Title: fmt.Sprintf("Tagged %s", s.Candidate.Tag),
		Body: fmt.Sprintf("%s is commit %s of %s. Changelog: %s.", Mrkdwn.tag(s.Candidate.Tag, s.Candidate.URL),
			ShortSHA(s.Candidate.SHA), s.Train.Branch, s.Changelog.line(Mrkdwn)),
	}
}

// E2EEvent says how the E2E run stands.
func (s *State) E2EEvent() Message {
	m := Message{Title: fmt.Sprintf("%s E2E of %s: %s", e2eIcon(s.E2E), s.Candidate.Tag, s.E2E.State), Body: s.E2E.line(Mrkdwn, s.Train.Location())}
	if s.E2E.State != E2EGreen && s.E2E.State != E2ERunning {
		m.Body += "\n" + s.gateAdvice()
	}
	return m
}

// DeployEvent says how a deploy ended; a failure has its cause, what it looks
// like, the log, the owner and one thing to do next.
func (s *State) DeployEvent(env EnvironmentName) Message {
	d := s.DeployOf(env)
	m := Message{Title: fmt.Sprintf("%s Deploy of %s to %s: %s", deployIcon(d), d.Tag, env, d.Outcome.words())}
	if d.Succeeded() {
		m.Body = fmt.Sprintf("It took %s.", Span(d.EndedAt.Sub(d.StartedAt)))
		return m
	}
	lines := []string{"Cause: " + Mrkdwn.Escape(d.Cause)}
	if d.Rollback != nil {
		lines = append(lines, d.Rollback.Line(Mrkdwn))
		for _, r := range d.Rollback.Refused {
			lines = append(lines, "• "+Mrkdwn.Escape(r))
		}
	}
	lines = append(lines, d.Evidence.lines(Mrkdwn)...)
	lines = append(lines, "Log: "+Mrkdwn.link("open it", d.LogURL()))
	if authors := s.authors(); authors != "" {
		lines = append(lines, "Authors in range: "+Mrkdwn.Escape(authors))
	}
	lines = append(lines, "Next: "+s.nextAction(env, Mrkdwn))
	m.Body = strings.Join(lines, "\n")
	m.Mention = s.Train.Slack.OnCall
	return m
}

// RollingBackEvent says that a rollback has begun.
func (s *State) RollingBackEvent(env EnvironmentName) Message {
	d := s.DeployOf(env)
	m := Message{Title: fmt.Sprintf(":rewind: Rolling %s back", env), Mention: s.Train.Slack.OnCall}
	if d.Tag != "" {
		m.Title += " from " + d.Tag
	}
	if d.Rollback == nil {
		return m
	}
	m.Title += " to " + d.Rollback.To.String()
	switch {
	case d.Rollback.By != "":
		m.Body = fmt.Sprintf("Asked for by %s: %s", Mrkdwn.Escape(d.Rollback.By), Mrkdwn.Escape(d.Rollback.Reason))
	case d.Cause != "":
		m.Body = "Cause: " + Mrkdwn.Escape(d.Cause)
	}
	if url := d.LogURL(); url != "" {
		m.Body += "\nLog: " + Mrkdwn.link("open it", url)
	}
	return m
}

// authors are those who have commits in the candidate; the owner that is called
// stands below every message that calls one.
func (s *State) authors() string {
	out := strings.Join(s.Changelog.Authors, ", ")
	if s.Changelog.MoreAuthors > 0 {
		out += fmt.Sprintf(" and %d more", s.Changelog.MoreAuthors)
	}
	return out
}

// nextAction says what happens after a deploy that did not succeed: by itself,
// or by one line that a person pastes.
func (s *State) nextAction(env EnvironmentName, m Markup) string {
	d := s.DeployOf(env)
	line := func(name CommandName, c Command) string {
		e, _ := Commands.Find(name)
		return m.Code(e.line(s.Train.Name, s.Plan.Day, c))
	}
	at, again := s.Reattempt(env)
	retry := line(RetryDeploy, Command{Environment: env})
	if d.Outcome == DeployRolledBack && env == Production {
		retry = m.Code(s.retryLine())
	}
	if env == Production && !s.windowOpen(d.EndedAt) && !s.promoted(d.EndedAt) {
		retry = line(PromoteNow, Command{})
	}
	back := line(Rollback, Command{Environment: env})
	cut := line(CutTag, Command{})
	regression := d.Evidence != nil && d.Evidence.Looks == LooksRegression
	switch {
	case again:
		return fmt.Sprintf("it is tried again by itself %s, attempt %d; look with %s", When(at, s.Train.Location()), d.Attempt+1, m.Code(s.statusLine()))
	case !d.Failed():
		return "what the release waits for: " + m.Code(s.statusLine())
	case d.Outcome == DeployRolledBack && regression:
		return "have the cause reverted on " + s.Train.Branch + ", then cut a new candidate: " + cut
	case d.Outcome == DeployRolledBack:
		return fmt.Sprintf("if it was no fault of the code, deploy it again: %s, else cut a new candidate: %s", retry, cut)
	case d.Outcome == DeployUnknown:
		return "nothing is deployed blind. This reads first, follows what runs and repeats nothing that is there: " + retry
	case d.Outcome == DeploySmokeRed:
		return fmt.Sprintf("%s still runs there. To put back what ran before: %s", d.Tag, back)
	case regression && !d.Before.IsZero():
		return fmt.Sprintf("nothing is deployed again by itself. To put back what ran before: %s, or to try again: %s", back, retry)
	case d.JobID != 0 && !d.Before.IsZero():
		return fmt.Sprintf("nothing is deployed again by itself. If it was no fault of the code: %s, or put back what ran before: %s", retry, back)
	}
	return "nothing is deployed again by itself. If it was no fault of the code: " + retry
}

// ReminderEvent asks people to decide before the window opens.
func (s *State) ReminderEvent(now time.Time, blocked []string) Message {
	return Message{
		Title: fmt.Sprintf(":alarm_clock: %s before production opens, %s is not ready", Span(s.Plan.WindowOpens.Sub(now)), s.Candidate.Tag),
		Body:  "• " + Mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\n" + s.gateAdvice(),
	}
}

// GateClosedEvent says that the window has passed without a deploy.
func (s *State) GateClosedEvent(blocked []string) Message {
	return Message{
		Title: fmt.Sprintf(":door: The window has closed and %s was not deployed to production", s.Candidate.Tag),
		Body: "• " + Mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\nNothing deploys by itself any more. The release ends as missed when the next one departs. To deploy it all the same: " +
			Mrkdwn.Code(fmt.Sprintf(`starter promote-now --train %s --day %s --reason "…"`, s.Train.Name, s.Plan.Day)),
	}
}

// HeldEvent says that a step waits for holds to end.
func (s *State) HeldEvent(step Step, holds []Hold) Message {
	var lines []string
	for _, h := range holds {
		lines = append(lines, "• "+Mrkdwn.Bold(string(h.Kind))+": "+h.line(Mrkdwn, s.Train.Location())+". "+s.endsBy(h))
	}
	return Message{Title: fmt.Sprintf(":octagonal_sign: Held before %s", step), Body: strings.Join(lines, "\n")}
}

// StuckEvent says that a step failed for a reason that a retry does not mend.
func (s *State) StuckEvent(doing, problem string) Message {
	return Message{
		Title: fmt.Sprintf(":rotating_light: Release %s is stuck while %s", s.Plan.Day, doing),
		Body: fmt.Sprintf("Cause: %s\nNext: mend the cause, then cancel this release and start the day again: %s",
			Mrkdwn.Escape(problem), Mrkdwn.Code(s.againLine())),
		Mention: s.Train.Slack.OnCall,
	}
}

// ReleasedEvent says that the candidate is in production.
func (s *State) ReleasedEvent() Message {
	return Message{
		Title: fmt.Sprintf(":rocket: %s is in production", s.Candidate.Tag),
		Body:  fmt.Sprintf("%s. The release stays open until %s.", s.Changelog.line(Mrkdwn), When(s.Plan.WindowCloses, s.Train.Location())),
	}
}

// EndEvent says how the release ended.
func (s *State) EndEvent() Message {
	return Message{Title: fmt.Sprintf("Release %s ended: %s", s.Plan.Day, s.End), Body: Mrkdwn.Escape(s.EndWhy)}
}

// DecisionEvent says what somebody asked for and what was answered.
func (s *State) DecisionEvent(d Decision) Message {
	by := cmp.Or(d.By, "somebody")
	m := Message{Title: fmt.Sprintf(":no_entry: %s was refused: %s", d.Command, Mrkdwn.Escape(by))}
	if d.Accepted {
		m.Title = fmt.Sprintf("%s %s by %s", decisionIcon(d.Command), d.Command, Mrkdwn.Escape(by))
	}
	m.Body = Mrkdwn.Escape(d.Sentence)
	if d.Reason != "" {
		m.Body += "\nReason: " + Mrkdwn.Escape(d.Reason)
	}
	return m
}

func decisionIcon(name CommandName) string {
	switch name { //nolint:exhaustive // the rest have no picture of their own
	case Pause, HotfixFreeze:
		return ":octagonal_sign:"
	case Resume, LiftHotfixFreeze:
		return ":arrow_forward:"
	case ApproveDespiteE2E:
		return ":ballot_box_with_check:"
	case Cancel, MarkBad, RevokeApproval:
		return ":x:"
	}
	return ":memo:"
}

// ChangeEvent says which holds began or ended, and which tags somebody made.
func (s *State) ChangeEvent(c Change) Message {
	zone := s.Train.Location()
	var title, lines []string
	for _, h := range c.Begun {
		title = append(title, fmt.Sprintf(":octagonal_sign: Hold %s begins", h.Kind))
		lines = append(lines, "• "+Mrkdwn.Bold(string(h.Kind))+": "+h.line(Mrkdwn, zone)+". "+s.endsBy(h))
	}
	for _, h := range c.Ended {
		title = append(title, fmt.Sprintf(":arrow_forward: Hold %s has ended", h.Kind))
	}
	for _, tag := range c.HandMade {
		title = append(title, "Somebody made the tag "+tag)
		lines = append(lines, fmt.Sprintf("%s is not ours and is not adopted by itself. To adopt it: %s", Mrkdwn.Code(tag), Mrkdwn.Code(adoptLine(s.Train.Name, s.Plan.Day, tag))))
	}
	return Message{Title: strings.Join(title, " · "), Body: strings.Join(lines, "\n")}
}

// endsBy says how a hold ends.
func (s *State) endsBy(h Hold) string {
	line := func(name CommandName, c Command) string {
		e, _ := Commands.Find(name)
		return Mrkdwn.Code(e.line(s.Train.Name, s.Plan.Day, c))
	}
	switch h.Kind {
	case HoldPause:
		return "To end it: " + line(Resume, Command{})
	case HoldHotfix:
		return "To end it: " + line(LiftHotfixFreeze, Command{})
	case HoldFreeze:
		return "It ends by its time, or when somebody deletes it in GitLab."
	case HoldDrift:
		if s.TagMoved {
			return "To end it: " + line(CutTag, Command{})
		}
		return "To take it as the truth: " + line(Acknowledge, Command{Hold: HoldDrift}) + ", or cut a new candidate: " + line(CutTag, Command{})
	case HoldLate:
		return "To go on: " + line(Acknowledge, Command{Hold: HoldLate}) + ", or " + line(Cancel, Command{})
	case HoldRolledBack:
		return "To deploy it again: " + Mrkdwn.Code(s.retryLine()) + ", or cut a new candidate: " + line(CutTag, Command{})
	case HoldEnvironmentBusy:
		return "It ends with the other deploy."
	}
	return ""
}

// FreezeAheadEvent says at the cut that a freeze will cover the window.
func (s *State) FreezeAheadEvent(h Hold) Message {
	return Message{
		Title: fmt.Sprintf(":snowflake: A freeze will cover the production window of %s", s.Plan.Day),
		Body: fmt.Sprintf("%s, from %s until %s. Production opens %s; nothing goes there while it stands.", Mrkdwn.link(Mrkdwn.Escape(h.Reason), h.Link),
			When(h.Since, s.Train.Location()), When(h.Until, s.Train.Location()), When(s.Plan.WindowOpens, s.Train.Location())),
	}
}

// AdoptedEvent says that somebody else started the production job.
func (s *State) AdoptedEvent(j PipelineJob) Message {
	return Message{
		Title:   fmt.Sprintf(":rotating_light: Somebody started %s of %s in GitLab", s.Train.Production.Job, s.Candidate.Tag),
		Body:    fmt.Sprintf("The %s is %s. It is followed, not played again; the gate was not asked.", Mrkdwn.link("job", j.JobURL), j.Status),
		Mention: s.Train.Slack.OnCall,
	}
}

// GateEvent asks people about what keeps the gate closed.
func (s *State) GateEvent(blocked []string) Message {
	return Message{
		Title: fmt.Sprintf(":bust_in_silhouette: %s waits for a decision", s.Candidate.Tag),
		Body:  "• " + Mrkdwn.Escape(strings.Join(blocked, "\n• ")) + "\n" + s.gateAdvice(),
	}
}

// MemoryMessage is what a train says when no release is open to say it.
func MemoryMessage(t Train, d Decision, m *Memory) Message {
	s := State{Train: t}
	out := s.DecisionEvent(d)
	out.Context = fmt.Sprintf("%s · no release is open; the next one takes this over", MemoryID(t.Name))
	if d.Accepted && d.Command == Pause {
		if h := m.hold(HoldPause); h != nil {
			out.Body += "\n" + s.endsBy(*h)
		}
	}
	return out
}

// FreezeTrouble says that our freeze period is not as it should be.
func FreezeTrouble(t Train, problem string) Message {
	return Message{
		Title: ":warning: The GitLab freeze period of the hotfix freeze",
		Body:  "GitLab refused: " + Mrkdwn.Escape(problem) + "\nThe hold stands here all the same.", Context: MemoryID(t.Name),
	}
}

// AlarmMessage says that no release departed although one should have.
func AlarmMessage(t Train, day Day, sentence string) Message {
	return Message{
		Title: fmt.Sprintf(":rotating_light: No departure of %s for %s", t.Name, day),
		Body: fmt.Sprintf("%s, and nothing recorded says why.\nNext: look at the Schedule with %s, then depart by hand: %s", Mrkdwn.Escape(sentence),
			Mrkdwn.Code("starter schedule show --train "+t.Name), Mrkdwn.Code(fmt.Sprintf("starter start --train %s --day %s", t.Name, day))),
		Mention: t.Slack.OnCall,
	}
}

// gateAdvice says what people can do while E2E keeps the gate closed.
func (s *State) gateAdvice() string {
	lines := []string{"Nothing goes to production while this stands. What you can do:"}
	for _, name := range []CommandName{ApproveDespiteE2E, RerunE2E, CutTag} {
		c := Command{By: "you", Reason: "why"}
		if name == ApproveDespiteE2E {
			c.Tag = s.Candidate.Tag
		}
		if e, _ := Commands.Find(name); s.allows(name, c, s.Plan.CutAt) {
			lines = append(lines, "• "+Mrkdwn.Code(e.line(s.Train.Name, s.Plan.Day, c))+" "+e.Does)
		}
	}
	return strings.Join(append(lines, "Details: "+Mrkdwn.Code(s.statusLine())), "\n")
}

func (s *State) statusLine() string {
	return fmt.Sprintf("starter status --train %s --day %s", s.Train.Name, s.Plan.Day)
}

func (s *State) againLine() string {
	return fmt.Sprintf("starter start --train %s --day %s --again", s.Train.Name, s.Plan.Day)
}

// retryLine deploys a candidate again that was rolled back.
func (s *State) retryLine() string {
	e, _ := Commands.Find(RetryDeploy)
	return e.line(s.Train.Name, s.Plan.Day, Command{Environment: Production}) + ` --reason "…"`
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func label(name, value string) string {
	if value == "" {
		return ""
	}
	return name + ": " + value
}

func waitingIcon(st Status) string {
	switch {
	case st.End != "":
		return ":checkered_flag:"
	case st.Waiting.For == WaitPerson:
		return ":bust_in_silhouette:"
	case st.Waiting.For == WaitHold:
		return ":octagonal_sign:"
	}
	return ":hourglass_flowing_sand:"
}

func deployIcon(d *Deploy) string {
	switch {
	case d != nil && (d.Outcome == DeployRolledBack || d.Running() && d.Step == DeployRollsBack):
		return ":rewind:"
	case d == nil || d.Running():
		return ":arrows_counterclockwise:"
	case d.Succeeded():
		return ":white_check_mark:"
	case d.Outcome == DeployHeld:
		return ":octagonal_sign:"
	}
	return ":x:"
}

func e2eIcon(e *E2E) string {
	switch {
	case e == nil || e.State == E2ERunning:
		return ":arrows_counterclockwise:"
	case e.State == E2EGreen:
		return ":white_check_mark:"
	case e.State == E2ERed, e.State == E2ECouldNotRun:
		return ":x:"
	}
	return ":warning:"
}
