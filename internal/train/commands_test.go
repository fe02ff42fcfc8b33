package train

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moment is a state of the day for which the docs say what each command answers.
type moment struct {
	name  string
	now   time.Time
	state func(s *State)
}

func moments(t *testing.T) (State, []moment) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone).UTC() }
	base := State{
		Train: Train{
			Name: "api", TagPrefix: "api/", Zone: "America/New_York", Branch: "main",
			Production: Environment{Limits: Limits{Job: Duration(time.Hour), Flux: Duration(30 * time.Minute), Smoke: Duration(30 * time.Minute)}},
		},
		Plan: Plan{
			Day: Day{2026, 11, 24}, CutAt: at(23, 17, 0), E2EDeadline: at(24, 10, 0), WindowOpens: at(24, 11, 0), WindowCloses: at(24, 16, 0), NextCutAt: at(24, 17, 0),
		},
	}
	const tag = "api/v2026.11.24.1"
	candidate := func(s *State) { s.Candidate = Candidate{Tag: tag, SHA: "1a2b3c4d5e6f"} }
	staged := func(s *State) {
		candidate(s)
		s.Staging = &Deploy{Environment: Staging, Tag: tag, Attempt: 1, Outcome: DeploySucceeded}
	}
	tested := func(e E2EState) func(s *State) {
		return func(s *State) {
			staged(s)
			s.Phase, s.E2E = AtGate, &E2E{State: e, Run: 1, Tag: tag, Why: "1 test of 4 failed"}
		}
	}
	produced := func(o DeployOutcome) func(s *State) {
		return func(s *State) {
			tested(E2EGreen)(s)
			s.Phase = Producing
			s.Production = &Deploy{
				Environment: Production, Tag: tag, Attempt: 1, Outcome: o, StartedAt: at(24, 11, 0), Cause: "the job ended failed",
				Before: Version{Tag: "api/v2026.11.23.1"}, Run: Run{JobID: 5},
			}
		}
	}
	rolledBack := func(s *State) {
		produced(DeployRolledBack)(s)
		s.Production.Rollback = &RolledBack{RollbackOrder: RollbackOrder{To: s.Production.Before}, Outcome: RollbackSucceeded}
		s.Holds = []Hold{{Kind: HoldRolledBack, Reason: "smoke tests red"}}
	}
	return base, []moment{
		{"departing", at(23, 17, 0), func(s *State) { s.Phase = Departing }},
		{"cutting, held as late", at(23, 18, 0), func(s *State) {
			s.Phase, s.Holds = Cutting, []Hold{{Kind: HoldLate, Reason: "departed 1h 0m after its cut time"}}
		}},
		{"staging, deploying", at(23, 17, 5), func(s *State) {
			candidate(s)
			s.Phase, s.Staging = OnStaging, &Deploy{Environment: Staging, Tag: tag, Attempt: 1}
		}},
		{"staging, failed", at(23, 17, 30), func(s *State) {
			candidate(s)
			s.Phase, s.Staging = OnStaging, &Deploy{Environment: Staging, Tag: tag, Attempt: 1, Outcome: DeployFailed}
		}},
		{"e2e, running", at(23, 20, 0), func(s *State) { tested(E2ERunning)(s); s.Phase = Testing }},
		{"gate, green, before the window", at(24, 9, 0), tested(E2EGreen)},
		{"gate, red, before the window", at(24, 9, 0), tested(E2ERed)},
		{"gate, red but approved, paused, in the window", at(24, 12, 0), func(s *State) {
			tested(E2ERed)(s)
			s.Approval = &Approval{Tag: tag, Run: 1, State: E2ERed, By: "grace"}
			s.Memory.Holds = []Hold{{Kind: HoldPause, Reason: "audit"}}
		}},
		{"gate, drift and hotfix, in the window", at(24, 12, 0), func(s *State) {
			tested(E2EGreen)(s)
			s.Holds = []Hold{{Kind: HoldDrift, Reason: "production has 2 commits this candidate lacks"}}
			s.Memory.Holds = []Hold{{Kind: HoldHotfix, Reason: "checkout"}}
		}},
		{"gate, green, after the window", at(24, 16, 30), tested(E2EGreen)},
		{"production, deploying", at(24, 11, 10), produced("")},
		{"production, failed", at(24, 11, 30), produced(DeployFailed)},
		{"production, rolled back", at(24, 11, 40), rolledBack},
		{"watching", at(24, 12, 0), func(s *State) { produced(DeploySucceeded)(s); s.Phase, s.Waiting.NextAt = Watching, at(24, 16, 0) }},
		{"ended", at(24, 17, 0), func(s *State) { tested(E2ERed)(s); s.Phase, s.End = Ended, EndMissed }},
	}
}

// TestEveryCommandInEveryPhaseIsAcceptedOrRefusedWithASentence writes the page
// of the docs anew with UPDATE_DOCS=1, and compares it otherwise.
func TestEveryCommandInEveryPhaseIsAcceptedOrRefusedWithASentence(t *testing.T) {
	base, all := moments(t)
	var page strings.Builder
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&page, format, args...) }
	write("# Commands\n\n<!-- Made by: UPDATE_DOCS=1 go test ./internal/train -run EveryCommand -->\n\n")
	write(commandsIntro)
	for _, e := range Commands() {
		about := About(e.Name)
		write("\n## %s\n\n%s%s. Accepted when: %s.\n\n", e.Name, strings.ToUpper(about.Does[:1]), about.Does[1:], about.Accepted)
		id := "release-api-2026-11-24"
		if e.Name == SkipDay || e.Name == AddDay {
			id = "train-api"
		}
		write("```sh\ntctl workflow signal -w %s -n %s -i '%s'\n", id, e.Name, ExampleInput(e))
		write("temporal workflow update execute --workflow-id %s --name %s --input '%s'\n```\n\n", id, e.Name, ExampleInput(e))
		write("| when the release is | answer |\n|---|---|\n")
		for _, m := range all {
			s := base
			m.state(&s)
			c := e.ExampleCommand()
			if e.Name == ApproveDespiteE2E {
				c.Tag = "api/v2026.11.24.1"
			}
			if e.Name == Acknowledge && m.name == "cutting, held as late" {
				c.Hold = HoldLate
			}
			if strings.HasPrefix(m.name, "production") && c.Environment != "" {
				c.Environment = Production
			}
			before := fmt.Sprintf("%+v", s)
			refusal := RefusalSentence(Check(&s, e.Name, c, m.now), s.Train.Location())
			assert.Equal(t, before, fmt.Sprintf("%+v", s), "%s, %s: a check changes nothing", e.Name, m.name)
			answer := "accepted"
			if refusal != "" {
				answer = "refused: " + refusal
				assert.Greater(t, len(refusal), 15, "%s, %s: a refusal is a sentence", e.Name, m.name)
			} else if e.Name != CutTag && e.Name != RegenerateChangelog {
				assert.NotPanics(t, func() {
					if said := AnswerSentence(&s, e.Name, c, Apply(&s, e.Name, c, m.now), m.now); said == "" {
						t.Errorf("%s, %s: accepted without an answer", e.Name, m.name)
					}
				})
			}
			write("| %s | %s |\n", m.name, answer)
		}
	}
	const path = "../../docs/commands.md"
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(page.String()), 0o600))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, page.String(), string(have), "the docs are not those of the table: UPDATE_DOCS=1 go test ./internal/train -run EveryCommand")
}

const commandsIntro = "Every command works in three ways: `starter <command>` (see `starter <command> --help`), as a Temporal signal and as a Temporal\n" +
	"update of its name. An update and the CLI answer at once, accepted or refused with a sentence; a signal is answered in Slack.\n" +
	"All of them are in the record that `starter status` shows the end of. `by` is who asks, a claim; `reason` says why.\n\n" +
	"pause, resume, hotfix-freeze, lift-hotfix-freeze, skip-day and add-day belong to the train: a release passes them on, and\n" +
	"they work without a release too. For that send the update to `train-api` with `temporal workflow execute-update-with-start`\n" +
	"as [operations.md](operations.md) shows, or simply use the CLI.\n\n" +
	"The tables say what the example is answered at moments of a release day with the window 11:00 to 16:00; `acknowledge`,\n" +
	"`retry-deploy` and `rollback` are asked there with the hold or environment that fits.\n"

func TestAMalformedCommandNamesTheFieldAndWhatWouldBeRight(t *testing.T) {
	for raw, part := range map[string]string{
		`{"by":"ada"}`:                        `the field "reason" is missing`,
		`{"reason":"x"}`:                      `the field "by" is missing`,
		`{"by":"ada","reason":"x","tag":"y"}`: `there is no field "tag" in pause: its fields are by, reason, id`,
		`{"by":["ada"],"reason":"x"}`:         `the field "by" is a array: write a string`,
		`null`:                                "not a JSON object",
		`[]`:                                  "not a JSON object",
		``:                                    "the input is missing",
		`{"by":"ada","reason":"   "}`:         `the field "reason" is missing`,
		`{"by":"` + strings.Repeat("a", 101) + `","reason":"x"}`: `the field "by" has 101 characters: write at most 100`,
	} {
		_, refusal := DecodeCommand(Pause, []byte(raw))
		assert.Contains(t, RefusalSentence(refusal, time.UTC), part, raw)
	}
	_, refusal := DecodeCommand(RetryDeploy, []byte(`{"by":"ada","environment":"prod"}`))
	assert.Contains(t, RefusalSentence(refusal, time.UTC), "write staging or production")
	_, refusal = DecodeCommand(Acknowledge, []byte(`{"by":"ada","reason":"x","hold":"fog"}`))
	assert.Contains(t, RefusalSentence(refusal, time.UTC), "there is no such hold")
	_, refusal = DecodeCommand(SkipDay, []byte(`{"by":"ada","reason":"x","day":"tomorrow"}`))
	assert.Contains(t, RefusalSentence(refusal, time.UTC), "is not a day")
}

func TestThePolicyOfATrainIsKept(t *testing.T) {
	base, all := moments(t)
	s := base
	all[6].state(&s) // gate, red
	s.Candidate.By = "Ada"
	s.Changelog.Contributors = []string{"Grace Hopper", "grace"}
	ask := func(p Policy, by string) string {
		s.Train.Policy = p
		return RefusalSentence(Check(&s, ApproveDespiteE2E, Command{By: by, Reason: "flake", Tag: s.Candidate.Tag}, all[6].now), time.UTC)
	}
	assert.Empty(t, ask(Policy{}, "ada"))
	assert.Contains(t, ask(Policy{Approver: ApproverNotCutter}, "@ada"), "@ada cut api/v2026.11.24.1")
	assert.Empty(t, ask(Policy{Approver: ApproverNotCutter}, "grace"))
	assert.Contains(t, ask(Policy{Approver: ApproverNotAuthor}, "Grace"), "has commits in")
	assert.Empty(t, ask(Policy{Approver: ApproverNotAuthor}, "ada"))
	assert.Contains(t, ask(Policy{Identity: IdentityVerified}, "ada"), "takes commands from Slack only")
	only := Policy{Allow: []Allowed{{Command: ApproveDespiteE2E, People: []string{"linus"}}}}
	assert.Contains(t, ask(only, "ada"), "ada may not approve-despite-e2e on this train: ask linus")
	assert.Empty(t, ask(only, "Linus"))
}

func TestTheRecordIsBoundedAndKeepsWhatWasAccepted(t *testing.T) {
	var r Record
	for i := range 500 {
		r.Add(Decision{Command: Pause, Accepted: i%50 == 0, Sentence: strings.Repeat("x", 1000), By: fmt.Sprint(i)})
	}
	assert.Len(t, r.Decisions, decisionsKept)
	assert.Equal(t, 490, r.Refused)
	assert.Equal(t, 480, r.Dropped)
	accepted := 0
	for _, d := range r.Decisions {
		if d.Accepted {
			accepted++
		}
		assert.LessOrEqual(t, len([]rune(d.Sentence)), 301)
	}
	assert.Equal(t, 10, accepted)
}

func TestAnInstantIsReadInAllItsForms(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"14:00": time.Date(2026, 11, 24, 14, 0, 0, 0, zone), "11:00": time.Date(2026, 11, 25, 11, 0, 0, 0, zone),
		"2026-11-24T20:00:00Z": time.Date(2026, 11, 24, 15, 0, 0, 0, zone), "36h": now.Add(36 * time.Hour),
	} {
		at, refusal := parseInstant("until", text, now, zone)
		assert.Nil(t, refusal)
		assert.True(t, want.Equal(at), "%s is %s", text, at)
	}
	_, refusal := parseInstant("at", "noonish", now, zone)
	assert.Equal(t, &Refusal{Code: RefusedNotATime, Field: "at", Value: "noonish"}, refusal)
}

func TestAnAcknowledgedDriftIsTheTruthForTheNextLookToo(t *testing.T) {
	base, all := moments(t)
	s := base
	m := all[8] // gate, drift and hotfix
	m.state(&s)
	s.Running = Version{Tag: "api/v2026.11.23.90", SHA: "9"}
	require.Nil(t, Check(&s, Acknowledge, Command{By: "ada", Reason: "in main too", Hold: HoldDrift}, m.now))
	Apply(&s, Acknowledge, Command{By: "ada", Reason: "in main too", Hold: HoldDrift}, m.now)
	hotfix := Version{Tag: "api/v2026.11.23.90", SHA: "9"}
	looks := GuardOf(&s, StepDeployProduction).Production
	assert.Equal(t, []Version{hotfix, hotfix}, []Version{looks.Expected, looks.Accepted},
		"accepted too, else the commits that the candidate lacks would hold it again")
}

func TestATextThatIsNoInstantIsSaidWithWhatWouldBe(t *testing.T) {
	said := RefusalSentence(&Refusal{Code: RefusedNotATime, Field: "at", Value: "noonish"}, time.UTC)
	assert.Contains(t, said, `the field "at" is "noonish", which is no time: write for example`)
}
