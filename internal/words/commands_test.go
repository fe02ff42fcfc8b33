package words

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// moment is a state of the day for which the docs say what each command answers.
type moment struct {
	name  string
	now   time.Time
	state func(s *train.State)
}

func moments(t *testing.T) (train.State, []moment) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone).UTC() }
	base := train.State{
		Train: train.Train{
			Name: "api", TagPrefix: "api/", Zone: "America/New_York", Branch: "main",
			Production: train.Environment{Limits: train.Limits{Job: calendar.Duration(time.Hour),
				Flux: calendar.Duration(30 * time.Minute), Smoke: calendar.Duration(30 * time.Minute)}},
		},
		Plan: calendar.Plan{
			Day: calendar.Day{Year: 2026, Month: 11, Day: 24}, CutAt: at(23, 17, 0), E2EDeadline: at(24, 10, 0),
			WindowOpens: at(24, 11, 0), WindowCloses: at(24, 16, 0), NextCutAt: at(24, 17, 0),
		},
	}
	const tag = "api/v2026.11.24.1"
	candidate := func(s *train.State) { s.Candidate = train.Candidate{Tag: tag, SHA: "1a2b3c4d5e6f"} }
	staged := func(s *train.State) {
		candidate(s)
		s.Staging = &train.Deploy{Environment: train.Staging, Tag: tag, Attempt: 1, Outcome: train.DeploySucceeded}
	}
	tested := func(e train.E2EState) func(s *train.State) {
		return func(s *train.State) {
			staged(s)
			s.Phase, s.E2E = train.AtGate, &train.E2E{State: e, Run: 1, Tag: tag, Why: "1 test of 4 failed"}
		}
	}
	produced := func(o train.DeployOutcome) func(s *train.State) {
		return func(s *train.State) {
			tested(train.E2EGreen)(s)
			s.Phase = train.Producing
			s.Production = &train.Deploy{
				Environment: train.Production, Tag: tag, Attempt: 1, Outcome: o, StartedAt: at(24, 11, 0),
				Cause:  "the job ended failed",
				Before: train.Version{Tag: "api/v2026.11.23.1"}, Run: train.Run{JobID: 5},
			}
		}
	}
	rolledBack := func(s *train.State) {
		produced(train.DeployRolledBack)(s)
		s.Production.Rollback = &train.RollbackRecord{RollbackOrder: train.RollbackOrder{To: s.Production.Before},
			Outcome: train.RollbackSucceeded}
		s.Holds = []train.Hold{{Kind: train.HoldRolledBack, Reason: "smoke tests red"}}
	}
	return base, []moment{
		{"departing", at(23, 17, 0), func(s *train.State) { s.Phase = train.Departing }},
		{"cutting, held as late", at(23, 18, 0), func(s *train.State) {
			s.Phase, s.Holds = train.Cutting, []train.Hold{{Kind: train.HoldLate, Reason: "departed 1h 0m after its cut time"}}
		}},
		{"staging, deploying", at(23, 17, 5), func(s *train.State) {
			candidate(s)
			s.Phase, s.Staging = train.OnStaging, &train.Deploy{Environment: train.Staging, Tag: tag, Attempt: 1}
		}},
		{"staging, failed", at(23, 17, 30), func(s *train.State) {
			candidate(s)
			s.Phase, s.Staging = train.OnStaging, &train.Deploy{Environment: train.Staging, Tag: tag, Attempt: 1,
				Outcome: train.DeployFailed}
		}},
		{"e2e, running", at(23, 20, 0), func(s *train.State) { tested(train.E2ERunning)(s); s.Phase = train.Testing }},
		{"gate, green, before the window", at(24, 9, 0), tested(train.E2EGreen)},
		{"gate, red, before the window", at(24, 9, 0), tested(train.E2ERed)},
		{"gate, red but approved, paused, in the window", at(24, 12, 0), func(s *train.State) {
			tested(train.E2ERed)(s)
			s.Approval = &train.Approval{Tag: tag, Run: 1, State: train.E2ERed, By: "grace"}
			s.Memory.Holds = []train.Hold{{Kind: train.HoldPause, Reason: "audit"}}
		}},
		{"gate, drift and hotfix, in the window", at(24, 12, 0), func(s *train.State) {
			tested(train.E2EGreen)(s)
			s.Holds = []train.Hold{{Kind: train.HoldDrift, Reason: "production has 2 commits this candidate lacks"}}
			s.Memory.Holds = []train.Hold{{Kind: train.HoldHotfix, Reason: "checkout"}}
		}},
		{"gate, green, after the window", at(24, 16, 30), tested(train.E2EGreen)},
		{"production, deploying", at(24, 11, 10), produced("")},
		{"production, failed", at(24, 11, 30), produced(train.DeployFailed)},
		{"production, rolled back", at(24, 11, 40), rolledBack},
		{"watching", at(24, 12, 0), func(s *train.State) {
			produced(train.DeploySucceeded)(s)
			s.Phase, s.Waiting.NextAt = train.Watching, at(24, 16, 0)
		}},
		{"ended", at(24, 17, 0), func(s *train.State) {
			tested(train.E2ERed)(s)
			s.Phase,
				s.End = train.Ended, train.EndMissed
		}},
	}
}

// TestEveryCommandInEveryPhaseIsAcceptedOrRefusedWithASentence writes the page
// of the docs anew with UPDATE_DOCS=1, and compares it otherwise.
func TestEveryCommandInEveryPhaseIsAcceptedOrRefusedWithASentence(t *testing.T) {
	base, all := moments(t)
	var page strings.Builder
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&page, format, args...) }
	write("# Commands\n\n<!-- Made by: UPDATE_DOCS=1 go test ./internal/words -run EveryCommand -->\n\n")
	write(commandsIntro)
	for _, e := range rules.Commands() {
		about := About(e.Name)
		write("\n## %s\n\n%s%s. Accepted when: %s.\n\n", e.Name, strings.ToUpper(about.Does[:1]),
			about.Does[1:], about.Accepted)
		id := "release-api-2026-11-24"
		if e.Name == train.SkipDay || e.Name == train.AddDay {
			id = "train-api"
		}
		write("```sh\ntctl workflow signal -w %s -n %s -i '%s'\n", id, e.Name, exampleInput(e))
		write("temporal workflow update execute --workflow-id %s --name %s --input '%s'\n```\n\n",
			id, e.Name, exampleInput(e))
		write("| when the release is | answer |\n|---|---|\n")
		for _, m := range all {
			s := base
			m.state(&s)
			c := e.ExampleCommand()
			if e.Name == train.ApproveDespiteE2E {
				c.Tag = "api/v2026.11.24.1"
			}
			if e.Name == train.Acknowledge && m.name == "cutting, held as late" {
				c.Hold, c.Removes = train.HoldLate, 0
			}
			if strings.HasPrefix(m.name, "production") && c.Environment != "" {
				c.Environment = train.Production
			}
			before := fmt.Sprintf("%+v", s)
			refusal := Refusal(rules.Check(&s, e.Name, c, m.now), s.Train.Location())
			assert.Equal(t, before, fmt.Sprintf("%+v", s), "%s, %s: a check changes nothing", e.Name, m.name)
			answer := "accepted"
			if refusal != "" {
				answer = "refused: " + refusal
				assert.Greater(t, len(refusal), 15, "%s, %s: a refusal is a sentence", e.Name, m.name)
			} else if e.Name != train.CutTag && e.Name != train.RegenerateChangelog {
				assert.NotPanics(t, func() {
					if said := Answer(&s, e.Name, c, rules.Apply(&s, e.Name, c, m.now), m.now); said == "" {
						t.Errorf("%s, %s: accepted without an answer", e.Name, m.name)
					}
				})
			}
			write("| %s | %s |\n", m.name, answer)
		}
	}
	write("%s", refusalsOfDocs())
	const path = "../../docs/commands.md"
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(page.String()), 0o600))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, page.String(), string(have),
		"the docs are not those of the table: UPDATE_DOCS=1 go test ./internal/words -run EveryCommand")
}

const commandsIntro = "Every command works in three ways: `starter <command>` (see `starter <command> --help`), as a Temporal signal and as a Temporal\n" +
	"update of its name. An update and the CLI answer at once, accepted or refused with a sentence; a signal is " +
	"answered in Slack.\n" +
	"All of them are in the record that `starter status` shows the end of. `by` is who asks, a claim; `reason` says why.\n\n" +
	"pause, resume, hotfix-freeze, lift-hotfix-freeze, skip-day and add-day belong to the train: a release passes them " +
	"on, and\n" +
	"they work without a release too. For that send the signal or the update to `train-api`, which runs as long as the train is configured,\n" +
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
		_, refusal := rules.DecodeCommand(train.Pause, []byte(raw))
		assert.Contains(t, Refusal(refusal, time.UTC), part, raw)
	}
	_, refusal := rules.DecodeCommand(train.RetryDeploy, []byte(`{"by":"ada","environment":"prod"}`))
	assert.Contains(t, Refusal(refusal, time.UTC), "write staging or production")
	_, refusal = rules.DecodeCommand(train.Acknowledge, []byte(`{"by":"ada","reason":"x","hold":"fog"}`))
	assert.Contains(t, Refusal(refusal, time.UTC), "there is no such hold")
	for removes, part := range map[string]string{
		`"2"`: `the field "removes" is a string: write a whole number`,
		`2.5`: `the field "removes" is a number 2.5: write a whole number`,
	} {
		_, refusal = rules.DecodeCommand(train.Acknowledge,
			[]byte(`{"by":"ada","reason":"x","hold":"drift","removes":`+removes+`}`))
		assert.Contains(t, Refusal(refusal, time.UTC), part)
	}
	_, refusal = rules.DecodeCommand(train.SkipDay, []byte(`{"by":"ada","reason":"x","day":"tomorrow"}`))
	assert.Contains(t, Refusal(refusal, time.UTC), "is not a day")
}

func TestThePolicyOfATrainIsKept(t *testing.T) {
	base, all := moments(t)
	s := base
	all[6].state(&s) // gate, red
	s.Candidate.By = "Ada"
	s.Changelog.Contributors = []string{"Grace Hopper", "grace"}
	ask := func(p train.Policy, by string) string {
		s.Train.Policy = p
		return Refusal(rules.Check(&s, train.ApproveDespiteE2E, train.Command{By: by, Reason: "flake", Tag: s.Candidate.Tag},
			all[6].now), time.UTC)
	}
	assert.Empty(t, ask(train.Policy{}, "ada"))
	assert.Contains(t, ask(train.Policy{Approver: train.ApproverNotCutter}, "@ada"), "@ada cut api/v2026.11.24.1")
	assert.Empty(t, ask(train.Policy{Approver: train.ApproverNotCutter}, "grace"))
	assert.Contains(t, ask(train.Policy{Approver: train.ApproverNotAuthor}, "Grace"), "has commits in")
	assert.Empty(t, ask(train.Policy{Approver: train.ApproverNotAuthor}, "ada"))
	assert.Contains(t, ask(train.Policy{Identity: train.IdentityVerified}, "ada"), "takes commands from Slack only")
	only := train.Policy{Allow: []train.Allowed{{Command: train.ApproveDespiteE2E, People: []string{"linus"}}}}
	assert.Contains(t, ask(only, "ada"), "ada may not approve-despite-e2e on this train: ask linus")
	assert.Empty(t, ask(only, "Linus"))
}

func TestAnAcknowledgedDriftIsTheTruthForTheNextLookToo(t *testing.T) {
	base, all := moments(t)
	s := base
	m := all[8] // gate, drift and hotfix
	m.state(&s)
	s.Running = train.Version{Tag: "api/v2026.11.23.1", SHA: "1"} // as it was last seen
	hotfix := train.Version{Tag: "api/v2026.11.23.90", SHA: "9"}
	rules.AcceptDrift(&s, train.ReadDrift{Running: hotfix})
	assert.Nil(t, s.Hold(train.HoldDrift))
	assert.Equal(t, []train.Version{hotfix, hotfix}, []train.Version{s.Running, s.Deployed.Version})
	looks := rules.GuardOf(&s, train.StepDeployProduction).Production
	assert.Equal(t, []train.Version{hotfix, hotfix}, []train.Version{looks.Expected, looks.Accepted},
		"accepted too, else the commits that the candidate lacks would hold it again")
}

func TestTheFieldRemovesIsRefusedWhereItSaysSomethingElseThanWhatIsLost(t *testing.T) {
	base, all := moments(t)
	s := base
	all[8].state(&s) // gate, drift and hotfix
	read := train.ReadDrift{Running: train.Version{Tag: "api/v2026.11.23.90", SHA: "9"}}
	ask := func(hold train.HoldKind, removes, lacks int, compared train.Candidate) string {
		read.Lacks.Count = lacks
		c := train.Command{By: "ada", Reason: "x", Hold: hold, Removes: removes}
		return Refusal(rules.CheckDrift(&s, c, read, compared), time.UTC)
	}
	assert.Empty(t, ask(train.HoldDrift, 0, 0, s.Candidate))
	assert.Empty(t, ask(train.HoldDrift, 2, 2, s.Candidate))
	assert.Contains(t, ask(train.HoldDrift, 0, 2, s.Candidate), "--hold drift --removes 2")
	assert.Contains(t, ask(train.HoldDrift, 1, 2, s.Candidate), `the field "removes" is 1, and api/v2026.11.24.1 takes out`)
	assert.Contains(t, ask(train.HoldDrift, -2, 2, s.Candidate), `the field "removes" is -2`)
	assert.Contains(t, ask(train.HoldDrift, 2, 0, s.Candidate), "lacks nothing of what production runs")
	assert.Contains(t, ask(train.HoldDrift, 2, 2, train.Candidate{Tag: "api/v2026.11.24.0"}),
		"became the candidate meanwhile")
	s.Holds = []train.Hold{{Kind: train.HoldLate}}
	late := train.Command{By: "ada", Reason: "x", Hold: train.HoldLate, Removes: 1}
	assert.Contains(t, Refusal(rules.Check(&s, train.Acknowledge, late, all[8].now), time.UTC),
		"the hold late is not about commits in production")
}

func TestAProductionThatRunsTheCandidateDriftsNoMoreAndTheChangelogKeepsItsBase(t *testing.T) {
	base, all := moments(t)
	s := base
	all[8].state(&s) // gate, drift and hotfix
	before := s.Deployed
	effect := rules.AcceptDrift(&s, train.ReadDrift{Running: train.Version{Tag: s.Candidate.Tag, SHA: s.Candidate.SHA}})
	assert.Nil(t, s.Hold(train.HoldDrift))
	assert.Equal(t, before, s.Deployed)
	assert.Contains(t, Answer(&s, train.Acknowledge, train.Command{Hold: train.HoldDrift}, effect, all[8].now),
		"which is the candidate: nothing drifts")
}

func TestATextThatIsNoInstantIsSaidWithWhatWouldBe(t *testing.T) {
	said := Refusal(&train.Refusal{Code: train.RefusedNotATime, Field: "at", Value: "noonish"}, time.UTC)
	assert.Contains(t, said, `the field "at" is "noonish", which is no time: write for example`)
}

// refusalsOfDocs lists the codes of refusals, each with an example of its sentence.
func refusalsOfDocs() string {
	var page strings.Builder
	page.WriteString("\n## Codes of refusals\n\n" +
		"Programs compare codes, not sentences. The code stands in the record that the status query answers with (`code`), and,\n" +
		"with the facts, in the details of the error that a refused update returns (`Refused`). The sentences are examples.\n\n" +
		"| code | for example |\n|---|---|\n")
	for _, code := range train.RefusalCodes() {
		example := exampleRefusal(code)
		if code == train.RefusedUnknownCommand {
			example.Command = "puase"
		}
		fmt.Fprintf(&page, "| `%s` | %s |\n", code, Refusal(&example, newYork()))
	}
	return page.String()
}

// exampleRefusal is a refusal with all facts that any of them has.
func exampleRefusal(code train.RefusalCode) train.Refusal {
	at := time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)
	return train.Refusal{
		Code: code, Command: train.Pause, Field: "reason", Value: "42", Type: "string", Count: 700, Limit: 500,
		Tag: "api/v2026.11.24.1", To: train.Version{Tag: "api/v2026.11.23.1"},
		Day: calendar.Day{Year: 2026, Month: 11, Day: 24}, Today: calendar.Day{Year: 2026, Month: 11, Day: 25},
		At: at, Until: at.Add(time.Hour), Environment: train.Production, Hold: train.HoldFreeze,
		Holds: []train.HoldKind{train.HoldPause}, Train: "api",
		Pauses: []train.Hold{{Kind: train.HoldPause, By: "ada", Reason: "checkout is down"},
			{Kind: train.HoldPause, By: "bob", Reason: "audit"}},
		Phase: train.Testing, End: train.EndMissed, E2E: train.E2ERunning,
		By: "ada", People: []string{"grace"}, Detail: "what GitLab said",
		Lacks: train.Difference{Count: 2, Titles: []string{"fix checkout", "fix prices"}},
	}
}

func newYork() *time.Location { return train.Train{Zone: "America/New_York"}.Location() }

func TestEveryRefusalHasACodeOfItsOwnAndASentence(t *testing.T) {
	seen := map[train.RefusalCode]bool{}
	for _, code := range train.RefusalCodes() {
		assert.False(t, seen[code], code)
		seen[code] = true
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, code)
		r := exampleRefusal(code)
		assert.NotEqual(t, string(code), Refusal(&r, newYork()), "%s has no sentence", code)
	}
	source, err := os.ReadFile("../train/refusal.go")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`RefusalCode = "([a-z0-9-]+)"`).FindAllStringSubmatch(string(source), -1) {
		assert.True(t, seen[train.RefusalCode(m[1])], "%s is not among RefusalCodes", m[1])
	}
}
