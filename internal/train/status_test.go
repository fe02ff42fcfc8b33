package train

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shownRelease is a release of 24 November 2026 in New York with a candidate.
func shownRelease(staging DeployOutcome, e2e E2EState) *State {
	opens := time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)
	s := &State{
		Train:     Train{Name: "api", Zone: "America/New_York"},
		Plan:      Plan{Day: Day{2026, 11, 24}, WindowOpens: opens, WindowCloses: opens.Add(5 * time.Hour), NextCutAt: opens.Add(6 * time.Hour)},
		Candidate: Candidate{Tag: "api/v2026.11.24.1", SHA: "0123456789"},
		Staging:   &Deploy{Environment: Staging, Tag: "api/v2026.11.24.1", Outcome: staging},
	}
	if e2e != "" {
		s.E2E = &E2E{State: e2e, Why: "1 test of 4 failed"}
	}
	return s
}

func TestTimesAreSaidInTheTrainsZoneAndInUTC(t *testing.T) {
	zone := Train{Zone: "America/New_York"}.Location()
	assert.Equal(t, "Tue 24 Nov 11:00 EST (16:00 UTC)", When(time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC), zone))
	assert.Equal(t, "Wed 1 Jul 11:00 EDT (15:00 UTC)", When(time.Date(2026, 7, 1, 15, 0, 0, 0, time.UTC), zone))
	assert.Equal(t, "Mon 23 Nov 11:22:48 EST (16:22:48 UTC)", When(time.Date(2026, 11, 23, 16, 22, 48, 0, time.UTC), zone))
}

func TestTheStatusSaysWhatIsWaitedForSinceWhenAndWhatHappensNext(t *testing.T) {
	s := shownRelease(DeploySucceeded, E2EGreen)
	s.Phase = AtGate
	s.Waiting = WaitsAtGate(s, s.Plan.WindowOpens.Add(-time.Hour))
	s.Waiting.Since = s.Plan.WindowOpens.Add(-9 * time.Hour)
	text := StatusText(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), Plain)
	assert.Contains(t, text, "Release api 2026-11-24: api/v2026.11.24.1, gate")
	assert.Contains(t, text, "Waiting for the production window, since Tue 24 Nov 02:00 EST (07:00 UTC). "+
		"Next: api/v2026.11.24.1 goes to production, Tue 24 Nov 11:00 EST (16:00 UTC).")
	assert.Contains(t, text, `starter cancel --train api --day 2026-11-24 --reason "…"`)
}

func TestAnEndedReleaseOffersNoCommands(t *testing.T) {
	s := shownRelease(DeploySucceeded, E2EGreen)
	s.Phase, s.End, s.EndWhy = Ended, EndMissed, "release-api-2026-11-25 departed."
	text := StatusText(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), Plain)
	assert.Contains(t, text, "Release api 2026-11-24: missed\nEnded: release-api-2026-11-25 departed.")
	assert.NotContains(t, text, "You can")
}

func TestTheStatusSurvivesItsJSON(t *testing.T) {
	s := shownRelease(DeploySmokeRed, E2ERed)
	raw, err := json.Marshal(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)))
	require.NoError(t, err)
	var back Status
	require.NoError(t, json.Unmarshal(raw, &back))
	assert.Equal(t, ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), back)
}

func TestForeignTextIsPlainInEveryMarkup(t *testing.T) {
	s := shownRelease(DeployFailed, "")
	s.Staging.Cause = "<script> & [x](http://evil) *b*"
	assert.Contains(t, DeployCard(s, Staging).Body, "&lt;script&gt; &amp;")
	assert.Contains(t, StatusText(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), Markdown), `\<script> & \[x](http://evil) \*b\*`)
}

func TestAFailureMessageHasCauseLogOwnerAndOneNextAction(t *testing.T) {
	s := shownRelease(DeployFailed, "")
	s.Train.Slack.OnCall = "@eng-exp-on-call"
	s.Staging.Cause, s.Staging.JobURL = "the job deploy-staging ended failed (script_failure)", "https://gitlab/jobs/7"
	m := DeployEvent(s, Staging)
	assert.Contains(t, m.Body, "Cause: the job deploy-staging ended failed (script_failure)")
	assert.Contains(t, m.Body, "<https://gitlab/jobs/7|open it>")
	assert.Equal(t, 1, strings.Count(m.Body, "Next: "))
	assert.Contains(t, m.Body, "`starter retry-deploy --train api --day 2026-11-24 --environment staging`")
	assert.Equal(t, "@eng-exp-on-call", m.Mention)
}

func TestTheSummaryIsSmall(t *testing.T) {
	s := gateState(DeploySucceeded, E2EGreen)
	s.Changelog = ChangelogDigest{URL: strings.Repeat("u", 500), CompareURL: strings.Repeat("c", 500), Commits: 999}
	raw, err := json.Marshal(Summarize(s))
	require.NoError(t, err)
	assert.Less(t, len(raw), 20<<10)
}

func TestLongNamesOfMessagesAndSpansReadWell(t *testing.T) {
	assert.Equal(t, "45s", Span(45*time.Second))
	assert.Equal(t, "12m 0s", Span(12*time.Minute))
	assert.Equal(t, "8h 5m", Span(8*time.Hour+5*time.Minute))
	assert.Equal(t, "1 commit", Plural(1, "commit"))
	assert.Equal(t, "0 commits", Plural(0, "commit"))
}

func TestIDsRoundTrip(t *testing.T) {
	name, day, err := ParseReleaseID(ReleaseID("api", Day{2026, 11, 24}))
	require.NoError(t, err)
	assert.Equal(t, "api", name)
	assert.Equal(t, Day{2026, 11, 24}, day)
	for _, bad := range []string{"release-api", "deploy-api-staging", "release-api-2026-13-01"} {
		_, _, err := ParseReleaseID(bad)
		assert.Error(t, err, bad)
	}
}
