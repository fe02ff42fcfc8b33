package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/train"
)

const examplePath = "../../release.yaml"

var today = calendar.Day{Year: 2026, Month: time.November, Day: 23}

// example is release.yaml with pairs of old and new text replaced; each old text must stand in it.
func example(t *testing.T, replace ...string) string {
	t.Helper()
	data, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	text := string(data)
	for i := 0; i+1 < len(replace); i += 2 {
		require.Contains(t, text, replace[i])
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return text
}

// twoTrains is the example with a second train, made of the first by replacements.
func twoTrains(t *testing.T, replace ...string) string {
	t.Helper()
	_, second, ok := strings.Cut(example(t, replace...), "trains:\n")
	require.True(t, ok)
	return example(t) + second
}

func TestTheExampleIsTheTrainOfTheProcessDocument(t *testing.T) {
	f, err := config.Parse("release.yaml", []byte(example(t)), today)
	require.NoError(t, err)
	require.Len(t, f.Trains, 1)
	tr := f.Trains[0]
	assert.Equal(t, "api", tr.Name)
	assert.Equal(t, "maven-clinic/maven/maven", tr.Project)
	assert.Equal(t, "api/", tr.TagPrefix)
	assert.Equal(t, "America/New_York", tr.Zone)
	assert.Equal(t, []calendar.Weekday{1, 2, 3, 4}, tr.Calendar.Weekdays)
	assert.Equal(t, train.Window{Opens: calendar.Clock{Hour: 11}, Closes: calendar.Clock{Hour: 16}}, tr.Window)
	assert.Equal(t, calendar.Clock{Hour: 17}, tr.Cut.At)
	assert.Equal(t, "promote-production", tr.Production.Job)
	assert.Equal(t, train.FluxObject{Context: "staging", Namespace: "flux-system", Kustomization: "api",
		TagPrefix: "api/"}, tr.Staging.Flux)
	assert.Equal(t, "maven/maven-web", tr.E2E.Project)
	assert.Equal(t, map[string]string{"TRIGGER_ID": "e2e", "ENV": "staging"}, tr.E2E.Variables)
	assert.Equal(t, []string{"#mono-release-coordination", "#staging-e2e-web-alerts", "#deploy-staging", "#deploy-maven"},
		tr.Slack.Channels())
	assert.Equal(t, "@eng-exp-on-call", tr.Slack.OnCall)
	assert.Equal(t, train.RollbackOurs, tr.Staging.Rollback)
	assert.Equal(t, train.RollbackOurs, tr.Production.Rollback)
	assert.Empty(t, tr.Production.RollbackJob)
	assert.Equal(t, train.Retry{Attempts: 3, Wait: calendar.Duration(time.Minute)}, tr.Retry)
	assert.Equal(t, &train.DatadogConfig{Service: "api", Team: "eng-exp"}, tr.Datadog)
	assert.Equal(t, "results/*.xml", tr.E2E.JUnit)
	assert.Equal(t, map[string]string{"@maven/pods/booking": "@pod-booking", "@maven/pods/payments": "@pod-payments"},
		tr.E2E.Owners)
}

func TestTheAlternativesOfTheExampleAreTaken(t *testing.T) {
	const object = "      flux: {context: production, namespace: flux-system, kustomization: api}\n"
	for name, c := range map[string]struct {
		replace []string
		want    func(*train.Environment)
	}{
		"rollback job": {[]string{"# rollbackJob: ", "rollbackJob: "},
			func(e *train.Environment) { e.RollbackJob = "rollback-production" }},
		"Helm release": {[]string{object, "", "# flux: {context: production, helmRelease",
			"flux: {context: production, helmRelease"}, func(e *train.Environment) {
			e.Flux.Kustomization, e.Flux.HelmRelease = "", "api"
		}},
		"image": {[]string{object, "", "# flux: {context: production, kustomization",
			"flux: {context: production, kustomization"}, func(e *train.Environment) {
			e.Flux.Kustomization, e.Flux.Image = "apps", "api/api/web"
		}},
		"rollback by the pipeline": {[]string{"rollback: ours\n", "rollback: pipeline\n"},
			func(e *train.Environment) { e.Rollback = train.RollbackPipeline }},
		"rollback by nobody": {[]string{"rollback: ours\n", "rollback: none\n"},
			func(e *train.Environment) { e.Rollback = train.RollbackNobody }},
	} {
		plain, err := config.Parse("release.yaml", []byte(example(t)), today)
		require.NoError(t, err)
		f, err := config.Parse("release.yaml", []byte(example(t, c.replace...)), today)
		require.NoError(t, err, name)
		c.want(&plain.Trains[0].Production)
		assert.Equal(t, plain, f, name)
	}
}

func TestTheBoundsOfRetriesAreTaken(t *testing.T) {
	for _, c := range [][2]string{{"1", "1s"}, {"10", "1h"}} {
		f, err := config.Parse("release.yaml",
			[]byte(example(t, "attempts: 3 ", "attempts: "+c[0]+" ", "wait: 1m ", "wait: "+c[1]+" ")), today)
		require.NoError(t, err)
		assert.Equal(t, c[0], fmt.Sprint(f.Trains[0].Retry.Attempts))
		assert.Equal(t, c[1], f.Trains[0].Retry.Wait.String())
	}
}

func TestOwnersMayBeGroupsUsersRolesAndMailAddresses(t *testing.T) {
	for _, owner := range []string{"@ada", "@maven/pods/web-app", "@@maintainers", "ada@example.com"} {
		_, err := config.Parse("release.yaml", []byte(example(t, "@maven/pods/booking", owner)), today)
		assert.NoError(t, err, owner)
	}
}

func TestTheExampleStaysSoundInTheYearsToCome(t *testing.T) {
	for year := 2026; year < 2032; year++ {
		_, err := config.Parse("release.yaml", []byte(example(t)), calendar.Day{Year: year, Month: time.March, Day: 10})
		assert.NoError(t, err, year)
	}
}

func TestTheHolidaysOfTheExampleAreWeekdaysOfTwoYears(t *testing.T) {
	f, err := config.Load(examplePath)
	require.NoError(t, err)
	perYear := map[int]int{}
	for _, h := range f.Trains[0].Calendar.Holidays {
		assert.NotContains(t, []time.Weekday{time.Saturday, time.Sunday}, h.Day.Weekday(), h.Day)
		assert.NotEmpty(t, h.Name)
		perYear[h.Day.Year]++
	}
	assert.Equal(t, map[int]int{2026: 14, 2027: 13}, perYear)
}

func TestWhatIsLeftOutTakesItsDefault(t *testing.T) {
	f, err := config.Parse("release.yaml", []byte(minimal), today)
	require.NoError(t, err)
	tr := f.Trains[0]
	assert.Equal(t, train.ModeLive, tr.Mode)
	assert.Equal(t, "main", tr.Branch)
	assert.Empty(t, tr.TagPrefix)
	assert.Equal(t, "17:00", tr.Cut.At.String())
	assert.Equal(t, train.RequireHead, tr.Cut.Require)
	assert.Equal(t, time.Hour, tr.E2E.Deadline.D())
	assert.Equal(t, train.StartPlay, tr.Staging.Start)
	assert.Equal(t, "main", tr.Staging.Smoke.Ref)
	assert.Nil(t, tr.Production.Smoke)
	assert.Equal(t, "web-production", tr.Production.Lock)
	assert.Equal(t, "production", tr.Production.GitLabEnvironment)
	assert.Equal(t, train.RollbackOurs, tr.Production.Rollback)
	assert.Equal(t, train.Retry{Attempts: 3, Wait: calendar.Duration(time.Minute)}, tr.Retry)
	assert.Nil(t, tr.Datadog)
	assert.Empty(t, tr.E2E.JUnit)
	assert.Empty(t, tr.E2E.Owners)
}

const minimal = `
trains:
  - name: web
    project: group/web
    zone: Europe/Berlin
    calendar: {weekdays: [Tuesday]}
    staging: {job: s, flux: {context: a, kustomization: web}, smoke: {project: group/tests}}
    production: {job: p, flux: {context: b, kustomization: web}, smoke: }
    e2e: {project: group/e2e}
    slack: {coordination: "#a", e2e: "#a", staging: "#a", production: "#a", onCall: "@a"}
`

func TestAnchorsMayShareWhatTrainsHaveInCommon(t *testing.T) {
	text := strings.Replace(minimal, `slack: {`, `slack: &slack {`, 1) + `
  - name: api
    project: group/api
    zone: Europe/Berlin
    calendar: {weekdays: [wed]}
    staging: {job: s, flux: {context: a, kustomization: api}}
    production: {job: p, flux: {context: b, kustomization: api}}
    e2e: {project: group/e2e}
    slack: *slack
`
	f, err := config.Parse("release.yaml", []byte(text), today)
	require.NoError(t, err)
	assert.Equal(t, f.Trains[0].Slack, f.Trains[1].Slack)
}

func TestTwoTrainsOfOneFluxObjectMayShareALock(t *testing.T) {
	text := example(t, "job: deploy-staging ", "lock: one\n      job: deploy-staging", "job: promote-production",
		"lock: two\n      job: promote-production")
	_, second, _ := strings.Cut(text, "trains:\n")
	second = strings.NewReplacer("name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: web/").Replace(second)
	_, err := config.Parse("release.yaml", []byte(text+second), today)
	assert.NoError(t, err)
}

func TestOnePrefixMayServeTwoProjects(t *testing.T) {
	text := twoTrains(t, "name: api ", "name: web ", "project: maven-clinic/maven/maven ",
		"project: maven-clinic/maven/web ",
		"flux-system, kustomization: api}", "flux-system, kustomization: web}",
		"context: production, namespace: flux-system, kustomization: api}", "context: production, kustomization: web}")
	_, err := config.Parse("release.yaml", []byte(text), today)
	assert.NoError(t, err)
}

func TestALoadedFileThatIsMissingIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "release.yaml")
	_, err := config.Load(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Contains(t, err.Error(), path)
	assert.NotContains(t, err.Error(), "\n")

	_, err = config.Load(t.TempDir())
	assert.ErrorContains(t, err, "cannot read the configuration")
}

func TestALoadedFileNamesItsPathInErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trains.yaml")
	require.NoError(t, os.WriteFile(path, []byte("trian: []"), 0o600))
	_, err := config.Load(path)
	var all config.Errors
	require.ErrorAs(t, err, &all)
	assert.Contains(t, err.Error(), path+":1: trian: there is no such key: did you mean \"trains\"?")
}

func TestATrainIsFoundByNameOrTheKnownOnesAreListed(t *testing.T) {
	f, err := config.Parse("release.yaml", []byte(example(t)), today)
	require.NoError(t, err)
	tr, err := f.Train("api")
	require.NoError(t, err)
	assert.Equal(t, "api", tr.Name)
	_, err = f.Train("app")
	assert.EqualError(t, err, `there is no train "app" in release.yaml; it has api`)
}

func TestTheEnvironmentOverridesAddresses(t *testing.T) {
	f := config.File{GitLab: config.Server{URL: "https://gitlab.com"}, Kubernetes: config.Kubernetes{Kubeconfig: "file"}}
	none := f.WithEnv(func(string) string { return "" })
	assert.Equal(t, f, none)
	env := map[string]string{"GITLAB_URL": "http://127.0.0.1:1", "SLACK_API_URL": "http://127.0.0.1:2",
		"KUBECONFIG": "other", "DD_SITE": "datadoghq.eu", "DD_URL": "http://127.0.0.1:3"}
	got := f.WithEnv(func(k string) string { return env[k] })
	assert.Equal(t, "http://127.0.0.1:1", got.GitLab.URL)
	assert.Equal(t, "http://127.0.0.1:2", got.Slack.URL)
	assert.Equal(t, "other", got.Kubernetes.Kubeconfig)
	assert.Equal(t, config.DatadogServer{Site: "datadoghq.eu", URL: "http://127.0.0.1:3"}, got.Datadog)
	assert.Equal(t, "https://gitlab.com", f.GitLab.URL, "the file itself stays as it was")
}
