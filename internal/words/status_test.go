package words

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

func TestTimesAreSaidInTheTrainsZoneAndInUTC(t *testing.T) {
	zone := train.Train{Zone: "America/New_York"}.Location()
	assert.Equal(t, "Tue 24 Nov 11:00 EST (16:00 UTC)", When(time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC), zone))
	assert.Equal(t, "Wed 1 Jul 11:00 EDT (15:00 UTC)", When(time.Date(2026, 7, 1, 15, 0, 0, 0, time.UTC), zone))
	assert.Equal(t, "Mon 23 Nov 11:22:48 EST (16:22:48 UTC)", When(time.Date(2026, 11, 23, 16, 22, 48, 0, time.UTC), zone))
}

func TestTheStatusSaysWhatIsWaitedForSinceWhenAndWhatHappensNext(t *testing.T) {
	s := shownRelease(train.DeploySucceeded, train.E2EGreen)
	s.Phase = train.AtGate
	s.Waiting = WaitsAtGate(s, s.Plan.WindowOpens.Add(-time.Hour))
	s.Waiting.Since = s.Plan.WindowOpens.Add(-9 * time.Hour)
	text := StatusText(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), Plain)
	assert.Contains(t, text, "Release api 2026-11-24: api/v2026.11.24.1, gate")
	assert.Contains(t, text, "Waiting for the production window, since Tue 24 Nov 02:00 EST (07:00 UTC). "+
		"Next: api/v2026.11.24.1 goes to production, Tue 24 Nov 11:00 EST (16:00 UTC).")
	assert.Contains(t, text, `starter cancel --train api --day 2026-11-24 --reason "…"`)
}

func TestAnEndedReleaseOffersNoCommands(t *testing.T) {
	s := shownRelease(train.DeploySucceeded, train.E2EGreen)
	s.Phase, s.End, s.EndWhy = train.Ended, train.EndMissed, "release-api-2026-11-25 departed."
	text := StatusText(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), Plain)
	assert.Contains(t, text, "Release api 2026-11-24: missed\nEnded: release-api-2026-11-25 departed.")
	assert.NotContains(t, text, "You can")
}

func TestTheStatusSurvivesItsJSON(t *testing.T) {
	s := shownRelease(train.DeploySmokeRed, train.E2ERed)
	raw, err := json.Marshal(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)))
	require.NoError(t, err)
	var back train.Status
	require.NoError(t, json.Unmarshal(raw, &back))
	assert.Equal(t, ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), back)
}

func TestForeignTextIsPlainInEveryMarkup(t *testing.T) {
	s := shownRelease(train.DeployFailed, "")
	s.Staging.Cause = "<script> & [x](http://evil) *b*"
	assert.Contains(t, DeployCard(s, train.Staging).Body, "&lt;script&gt; &amp;")
	assert.Contains(t, StatusText(ReleaseStatus(s, s.Plan.WindowOpens.Add(-time.Hour)), Markdown),
		`\<script> & \[x](http://evil) \*b\*`)
}

func TestAFailureMessageHasCauseLogOwnerAndOneNextAction(t *testing.T) {
	s := shownRelease(train.DeployFailed, "")
	s.Train.Slack.OnCall = "@eng-exp-on-call"
	s.Staging.Cause, s.Staging.JobURL = "the job deploy-staging ended failed (script_failure)", "https://gitlab/jobs/7"
	m := DeployEvent(s, train.Staging)
	assert.Contains(t, m.Body, "Cause: the job deploy-staging ended failed (script_failure)")
	assert.Contains(t, m.Body, "<https://gitlab/jobs/7|open it>")
	assert.Equal(t, 1, strings.Count(m.Body, "Next: "))
	assert.Contains(t, m.Body, "`starter retry-deploy --train api --day 2026-11-24 --environment staging`")
	assert.Equal(t, "@eng-exp-on-call", m.Mention)
}

func TestLongNamesOfMessagesAndSpansReadWell(t *testing.T) {
	assert.Equal(t, "45s", span(45*time.Second))
	assert.Equal(t, "12m 0s", span(12*time.Minute))
	assert.Equal(t, "8h 5m", span(8*time.Hour+5*time.Minute))
	assert.Equal(t, "1 commit", Plural(1, "commit"))
	assert.Equal(t, "0 commits", Plural(0, "commit"))
}
