package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/config"
)

// wrong parses what must be refused.
func wrong(t *testing.T, text string) config.Errors {
	t.Helper()
	_, err := config.Parse("release.yaml", []byte(text), today)
	var all config.Errors
	require.ErrorAs(t, err, &all, text)
	return all
}

// lineOf is the line of the first occurrence of some text, from 1.
func lineOf(text, part string) int {
	before, _, _ := strings.Cut(text, part)
	return strings.Count(before, "\n") + 1
}

func TestAMistakeIsNamedWithLineAndKey(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		key, say string
	}{
		"unknown key": {"window:\n", "windows:\n", "trains[0].windows",
			`there is no such key: did you mean "window"?`},
		"unknown key far off": {"branch: main", "commitish: main", "trains[0].commitish",
			"known here are name, mode, project"},
		"key of another case": {"tagPrefix:", "tagprefix:", "trains[0].tagprefix", `did you mean "tagPrefix"?`},
		"key twice": {"zone: America/New_York", "zone: America/New_York\n    zone: UTC", "trains[0].zone",
			"this key stands twice, first in line"},
		"variable twice": {"ENV: staging}", "ENV: staging, ENV: production}",
			"trains[0].e2e.variables.ENV", "stands twice"},
		"variable without value": {"ENV: staging}", "ENV: }", "trains[0].e2e.variables.ENV",
			`write one, or "" for an empty one`},
		"bad variable": {"ENV: staging}", "the env: staging}", "trains[0].e2e.variables.the env",
			"is not the name of a variable"},
		"our own variable": {"ENV: staging}", "RELEASE_RUN_ID: x}", "trains[0].e2e.variables.RELEASE_RUN_ID",
			"sets this variable itself"},
		"no time of day": {`opens: "11:00"`, `opens: "25:00"`, "trains[0].window.opens",
			`"25:00" is not a time of day: write HH:MM`},
		"midnight": {`opens: "11:00"`, `opens: "00:00"`, "trains[0].window.opens",
			"write at least 00:01, or remove the key"},
		"no duration": {"deadline: 60m ", "deadline: 60 ", "trains[0].e2e.deadline",
			`"60" is not a duration: write for example 90s`},
		"zero duration": {"deadline: 60m ", "deadline: 0m ", "trains[0].e2e.deadline",
			"write at least 1s, or remove the key"},
		"no day": {"day: 2026-11-26", "day: 26.11.2026",
			"trains[0].calendar.holidays[9].day", "write YYYY-MM-DD"},
		"no such day": {"day: 2026-11-26", "day: 2026-11-31",
			"trains[0].calendar.holidays[9].day", "write YYYY-MM-DD"},
		"a holiday without year": {"day: 2026-11-26", "day: 11-26", "trains[0].calendar.holidays[9].day", "write YYYY-MM-DD"},
		"a holiday without day": {"{day: 2026-11-26, name: Thanksgiving}", "{name: Thanksgiving}",
			"trains[0].calendar.holidays[9].day", "the day is missing"},
		"holiday twice": {"day: 2026-11-26", "day: 2026-11-11",
			"trains[0].calendar.holidays[9].day", "stands here twice"},
		"no weekday": {"[mon, tue,", "[mon, tus,", "trains[0].calendar.weekdays[1]", `"tus" is not a weekday`},
		"empty weekday": {"[mon, tue,", "[mon, ~,", "trains[0].calendar.weekdays[1]",
			"this entry of the list is empty"},
		"no weekdays": {"weekdays: [mon, tue, wed, thu]", "weekdays: []", "trains[0].calendar.weekdays",
			"name at least one weekday"},
		"one cut day":       {"wed, thu]", "wed, sat]", "trains[0].calendar.weekdays", "have one cut day"},
		"cut in the window": {`at: "17:00"`, `at: "15:30"`, "trains[0].cut.at", "cut later"},
		"cut in the night":  {`at: "17:00"`, `at: "02:30"`, "trains[0].cut.at", "daylight saving"},
		"window upside down": {`closes: "16:00"`, `closes: "10:00"`, "trains[0].window.closes",
			"not after it opens at 11:00"},
		"deadline before cut": {"deadline: 60m ", "deadline: 20h ", "trains[0].e2e.deadline", "lies before its cut"},
		"a list for a value": {"branch: main", "branch: [main]", "trains[0].branch",
			"here stands a list: write a single value"},
		"a value for a list": {"weekdays: [mon, tue, wed, thu]", "weekdays: mon", "trains[0].calendar.weekdays",
			"here stands a single value: write a list"},
		"a value for keys": {"smoke: {job: smoke-staging}", "smoke: smoke-staging", "trains[0].staging.smoke",
			"here stands a single value: write keys with values"},
		"missing name": {"name: api ", "name: ", "trains[0].name", "this key is missing"},
		"bad name":     {"name: api ", "name: Api-1 ", "trains[0].name", "lower-case letters and digits"},
		"missing zone": {"zone: America/New_York", "zone:", "trains[0].zone", "write for example America/New_York"},
		"bad zone":     {"zone: America/New_York", "zone: EST5", "trains[0].zone", `"EST5" is not a time zone`},
		"local zone":   {"zone: America/New_York", "zone: Local", "trains[0].zone", "is not a time zone"},
		"project by address": {"project: maven-clinic/maven/maven ", "project: https://gitlab.com/maven/maven ",
			"trains[0].project", "without address"},
		"bad tag prefix": {"tagPrefix: api/", "tagPrefix: api /", "trains[0].tagPrefix", "cannot begin a tag"},
		"bad mode":       {"branch: main", "mode: dry", "trains[0].mode", "write live or observe"},
		"observe mode": {"branch: main", "mode: observe", "trains[0].mode",
			"observe is not available in this version"},
		"bad start": {"job: deploy-staging ", "job: deploy-staging\n      start: manual",
			"trains[0].staging.start", "write play or automatic"},
		"bad require": {"require: head ", "require: any ", "trains[0].cut.require", "write head or green"},
		"missing job": {"job: promote-production", "start: play", "trains[0].production.job",
			"for example deploy-production"},
		"missing context": {"{context: staging, ", "{", "trains[0].staging.flux.context", "the kubeconfig context"},
		"missing object": {", kustomization: api}", "}", "trains[0].staging.flux.kustomization",
			"the name of the Flux Kustomization"},
		"one object for both": {"{context: production,", "{context: staging,",
			"trains[0].production.flux", "each needs its own"},
		"smoke of two kinds": {"{job: smoke-staging}", "{job: smoke-staging, project: maven/tests}",
			"trains[0].staging.smoke", "write either job"},
		"smoke of no kind": {"{job: smoke-staging}", "{}", "trains[0].staging.smoke", "write either job"},
		"smoke job with ref": {"{job: smoke-staging}", "{job: smoke-staging, ref: main}",
			"trains[0].staging.smoke.ref", "ref belongs to project"},
		"missing E2E project": {"project: maven/maven-web", "ref: main", "trains[0].e2e.project",
			"write for example maven/maven-web"},
		"channel without quotes": {`staging: "#deploy-staging"`, "staging: #deploy-staging",
			"trains[0].slack.staging", "in quotes"},
		"channel without sign": {`staging: "#deploy-staging"`, "staging: deploy-staging", "trains[0].slack.staging",
			`"deploy-staging" is not a channel: write its name with #`},
		"group without sign": {`onCall: "@eng-exp-on-call"`, "onCall: eng-exp-on-call", "trains[0].slack.onCall",
			`is not a group: write its name with @`},
		"missing group": {`onCall: "@eng-exp-on-call"`, "", "trains[0].slack.onCall", "this key has no value"},
		"bad address":   {"https://gitlab.com", "gitlab.com", "gitlab.url", "this is not an address"},
		"bad rollback": {"rollback: ours\n", "rollback: us\n", "trains[0].production.rollback",
			`"us" is not known here: write ours or pipeline or none`},
		"deploy job rolls back": {"# rollbackJob: rollback-production", "rollbackJob: promote-production",
			"trains[0].production.rollbackJob", "is the deploy job: name a job that puts back the tag in ROLLBACK_TO"},
		"no attempts": {"attempts: 3 ", "attempts: 0 ", "trains[0].retry.attempts",
			"write at least 1, or remove the key"},
		"negative attempts": {"attempts: 3 ", "attempts: -1 ", "trains[0].retry.attempts",
			"-1 is out of bounds: write 1, so that nothing is tried again by itself, to 10"},
		"many attempts": {"attempts: 3 ", "attempts: 11 ", "trains[0].retry.attempts", "11 is out of bounds"},
		"attempts in words": {"attempts: 3 ", "attempts: three ", "trains[0].retry.attempts",
			`"three" is not a whole number: write for example 3`},
		"attempts in parts": {"attempts: 3 ", "attempts: 2.5 ", "trains[0].retry.attempts", "is not a whole number"},
		"attempts as a list": {"attempts: 3 ", "attempts: [3] ", "trains[0].retry.attempts",
			"here stands a list: write a single value"},
		"short wait": {"wait: 1m ", "wait: 500ms ", "trains[0].retry.wait",
			"500ms is out of bounds: write 1s to 1h"},
		"long wait":     {"wait: 1m ", "wait: 61m ", "trains[0].retry.wait", "out of bounds: write 1s to 1h"},
		"unknown retry": {"attempts: 3 ", "attempt: 3 ", "trains[0].retry.attempt", `did you mean "attempts"?`},
		"Datadog without name": {"{service: api, team", "{team", "trains[0].datadog.service",
			"this key is missing: write for example api"},
		"misspelt service": {"{service: api, team", "{servise: api, team", "trains[0].datadog.servise",
			`did you mean "service"?`},
		"service that is no tag": {"{service: api, team", "{service: The API, team", "trains[0].datadog.service",
			`"The API" is not the value of a tag`},
		"team that is no tag": {"team: eng-exp}", "team: \"@eng-exp\"}", "trains[0].datadog.team",
			"is not the value of a tag: write up to 100 lower-case letters, digits, _, -, . and /, for example eng-exp"},
		"Datadog by address": {"# datadog:\n#   site: datadoghq.eu ", "datadog:\n  site: https://datadoghq.eu ",
			"datadog.site", "write its host name alone, for example datadoghq.eu"},
		"bad Datadog address": {"# datadog:\n#   site: datadoghq.eu ", "datadog:\n  url: proxy:8126 ",
			"datadog.url", "this is not an address"},
		"two Flux objects": {"{context: staging, ", "{context: staging, helmRelease: api, ",
			"trains[0].staging.flux.helmRelease", "write either kustomization or helmRelease"},
		"misspelt Helm release": {"flux-system, kustomization: api}", "flux-system, helmrelease: api}",
			"trains[0].staging.flux.helmrelease", `did you mean "helmRelease"?`},
		"bad Kustomization": {"flux-system, kustomization: api}", "flux-system, kustomization: apps/api}",
			"trains[0].staging.flux.kustomization", `"apps/api" is not the name of a Kustomization`},
		"bad Helm release": {"flux-system, kustomization: api}", "flux-system, helmRelease: Api}",
			"trains[0].staging.flux.helmRelease", `"Api" is not the name of a HelmRelease`},
		"bad namespace": {"namespace: flux-system, kustomization: api}",
			"namespace: flux_system, kustomization: api}", "trains[0].staging.flux.namespace",
			`"flux_system" is not the name of a namespace`},
		"image of two parts": {"flux-system, kustomization: api}", "flux-system, kustomization: api, image: api/web}",
			"trains[0].staging.flux.image", "write <namespace>/<deployment>/<container>, for example api/api/web"},
		"image with an address": {"flux-system, kustomization: api}",
			"flux-system, kustomization: api, image: registry.example.com/api/web:1}", "trains[0].staging.flux.image",
			"does not name a container"},
		"the prefix of Flux": {"flux-system, kustomization: api}", "flux-system, kustomization: api, tagPrefix: api/}",
			"trains[0].staging.flux.tagPrefix", "there is no such key"},
		"open JUnit pattern": {"junit: results/*.xml ", "junit: \"results/[a.xml\" ", "trains[0].e2e.junit",
			"is not a pattern: write *, ? and closed [ ]"},
		"absolute JUnit pattern": {"junit: results/*.xml ", "junit: /builds/results/*.xml ", "trains[0].e2e.junit",
			"write it from their root"},
		"JUnit pattern with dot": {"junit: results/*.xml ", "junit: ./results/*.xml ", "trains[0].e2e.junit",
			"write it from their root"},
		"JUnit pattern outside": {"junit: results/*.xml ", "junit: ../results/*.xml ", "trains[0].e2e.junit",
			"write it from their root"},
		"deep JUnit pattern": {"junit: results/*.xml ", "junit: results/**/*.xml ", "trains[0].e2e.junit",
			"would not look into directories below: write one * for each"},
		"owner without sign": {`"@maven/pods/booking"`, "maven/pods/booking", "trains[0].e2e.owners.maven/pods/booking",
			`"maven/pods/booking" is not an owner in CODEOWNERS: write @ and a user or group`},
		"owner without group": {`: "@pod-booking"`, ":", "trains[0].e2e.owners.@maven/pods/booking", "this has no value"},
		"owner of a channel": {`: "@pod-booking"`, `: "#pod-booking"`, "trains[0].e2e.owners.@maven/pods/booking",
			`"#pod-booking" is not a Slack group: write its name with @, in quotes, for example "@pod-booking"`},
		"owner twice": {`"@maven/pods/payments"`, `"@maven/pods/booking"`,
			"trains[0].e2e.owners.@maven/pods/booking", "this key stands twice"},
		"issue link": {"branch: main", "changelog: {issueURL: https://issues.example.com/}",
			"trains[0].changelog.issueURL", "write {key}"},
	} {
		t.Run(name, func(t *testing.T) {
			text := example(t, c.old, c.new)
			all := wrong(t, text)
			require.Len(t, all, 1, all.Error())
			assert.Equal(t, c.key, all[0].Key)
			assert.Contains(t, all[0].Text, c.say)
			assert.NotContains(t, all[0].Error(), "\n")
			changed := lineOf(example(t), c.old)
			last := changed + strings.Count(c.new, "\n")
			assert.True(t, near(t, all[0].Line, changed, last, c.key), "line %d, changed %d to %d", all[0].Line, changed, last)
		})
	}
}

// near says whether a line is that of a change. What is missing, and what only
// another key shows, is reported at the key itself or the one above it.
func near(t *testing.T, line, from, to int, key string) bool {
	t.Helper()
	text := strings.Split(example(t), "\n")
	if line >= from && line <= to {
		return true
	}
	parts := strings.Split(key, ".")
	for _, part := range parts[max(len(parts)-2, 0):] {
		if part, _, _ = strings.Cut(part, "["); strings.Contains(text[line-1], part+":") {
			return true
		}
	}
	return false
}

func TestTheLineOfAKeyIsItsOwn(t *testing.T) {
	text := example(t, `opens: "11:00"`, `opens: "25:00"`)
	all := wrong(t, text)
	want := fmt.Sprintf(`release.yaml:%d: trains[0].window.opens: "25:00" is not a time of day: write HH:MM on a 24 hour clock, for example 17:00`, lineOf(text, "25:00"))
	assert.Equal(t, want, all.Error())
}

func TestAllMistakesAreFoundAtOnceInTheOrderOfTheFile(t *testing.T) {
	text := example(t,
		"name: api ", "name: API ",
		"zone: America/New_York", "zone: New York",
		"require: head", "require: nothing",
		`closes: "16:00"`, `closes: 16 Uhr`,
		"job: promote-production", "jop: promote-production",
		"ENV: staging}", "ENV: staging, ENV: x}",
		`production: "#deploy-maven"`, "production: deploy-maven",
	)
	var keys []string
	last := 0
	for _, e := range wrong(t, text) {
		keys = append(keys, e.Key)
		assert.GreaterOrEqual(t, e.Line, last)
		last = e.Line
	}
	assert.Equal(t, []string{
		"trains[0].name", "trains[0].zone", "trains[0].cut.require", "trains[0].window.closes",
		"trains[0].production.jop", "trains[0].e2e.variables.ENV", "trains[0].slack.production",
	}, keys)
}

func TestACalendarIsCheckedThoughOtherKeysAreWrong(t *testing.T) {
	text := example(t, "name: api ", "name: API ", "wed, thu]", "wed, sat]")
	all := wrong(t, text)
	require.Len(t, all, 2)
	assert.Equal(t, "trains[0].calendar.weekdays", all[1].Key)
}

func TestACalendarProblemIsReportedAtItsEntry(t *testing.T) {
	text := example(t, "      # added:\n      #   - {day: 2026-12-18, name: before the holidays}\n",
		"      added:\n        - {day: 2026-12-18}\n        - day: 2026-12-19\n          name: a Saturday\n")
	all := wrong(t, text)
	require.Len(t, all, 1, all.Error())
	assert.Equal(t, "trains[0].calendar.added[1].day", all[0].Key)
	assert.Equal(t, lineOf(text, "2026-12-19"), all[0].Line)
	assert.Contains(t, all[0].Text, "2026-12-19 and 2026-12-21 have one cut day, 2026-12-18")
}

func TestTrainsThatGetInEachOthersWayAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		replace []string
		keys    []string
	}{
		"one name": {nil, []string{"trains[1].name", "trains[1].tagPrefix"}},
		"one prefix": {[]string{"name: api ", "name: web ", "job: deploy-staging ", "lock: api-staging\n      job: s\n",
			"job: promote-production", "lock: api-production\n      job: p"}, []string{"trains[1].tagPrefix"}},
		"a longer prefix": {[]string{"name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: api/v2/",
			"job: deploy-staging ", "lock: api-staging\n      job: s\n", "job: promote-production",
			"lock: api-production\n      job: p"}, []string{"trains[1].tagPrefix"}},
		"an empty prefix": {[]string{"name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: \"\"", "job: deploy-staging ",
			"lock: api-staging\n      job: s\n", "job: promote-production",
			"lock: api-production\n      job: p"}, []string{"trains[1].tagPrefix"}},
		"one Flux object": {[]string{"name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: web/"},
			[]string{"trains[1].staging.flux", "trains[1].production.flux"}},
		"one object though another image": {[]string{"name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: web/",
			"kustomization: api}", "kustomization: web}",
			"production, namespace: flux-system, kustomization: api}",
			"production, namespace: flux-system, kustomization: api, image: a/b/c}"}, []string{"trains[1].production.flux"}},
		"crosswise": {[]string{"name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: web/",
			"{context: staging,", "{context: other,",
			"{context: production,", "{context: staging,"}, []string{"trains[1].production.flux"}},
	} {
		var keys []string
		for _, e := range wrong(t, twoTrains(t, c.replace...)) {
			keys = append(keys, e.Key)
		}
		assert.Equal(t, c.keys, keys, name)
	}
}

func TestHelmReleasesAreComparedLikeKustomizations(t *testing.T) {
	helm := []string{
		"staging, namespace: flux-system, kustomization: api}", "staging, namespace: flux-system, helmRelease: api}",
		"production, namespace: flux-system, kustomization: api}", "production, namespace: flux-system, helmRelease: api}",
	}
	all := wrong(t, example(t, append(helm, "{context: production,", "{context: staging,")...))
	require.Len(t, all, 1, all.Error())
	assert.Contains(t, all[0].Error(),
		"trains[0].production.flux: staging and production are the same Flux object, HelmRelease api in flux-system of "+
			"staging: each needs its own")

	_, one, _ := strings.Cut(example(t, helm...), "trains:\n")
	two := strings.NewReplacer("name: api ", "name: web ", "tagPrefix: api/", "tagPrefix: web/").Replace(one)
	all = wrong(t, "trains:\n"+one+two)
	require.Len(t, all, 2, all.Error())
	assert.Equal(t, "trains[1].staging.flux", all[0].Key)
	assert.Contains(t, all[0].Text, "trains[0].staging deploys to the same Flux object: give both the same lock")

	// A Kustomization is another object than the HelmRelease of its name.
	_, err := config.Parse("release.yaml",
		[]byte(example(t, helm[2], helm[3], "{context: production,", "{context: staging,")), today)
	require.NoError(t, err)
}

func TestAFileThatIsNoConfigurationGetsOneSentence(t *testing.T) {
	for name, c := range map[string]struct {
		text, say string
		line      int
	}{
		"empty":          {"", "the file is empty", 0},
		"only comments":  {"# nothing\n\n", "the file is empty", 0},
		"only a marker":  {"---\n", "there is no train", 0},
		"a list":         {"- a\n- b\n", "here stands a list: write keys with values", 1},
		"a word":         {"trains\n", "here stands a single value: write keys with values", 1},
		"no trains":      {"gitlab:\n  url: https://gitlab.com\n", "there is no train: describe at least one", 0},
		"null trains":    {"\ntrains:\n", "there is no train", 2},
		"an empty train": {"trains:\n  -\n", "this entry of the list is empty", 2},
		"two documents":  {minimal + "---\ntrains: []\n", "a second document begins here", strings.Count(minimal, "\n") + 1},
		"tab":            {"trains:\n\t- name: api\n", "this is not YAML", 2},
		"sign":           {"trains: @api\n", "put values that begin with @", 0},
		"open bracket":   {"trains: [\n", "this is not YAML", 1},
		"alias":          {"trains: *t\n", "this is not YAML", 0},
	} {
		all := wrong(t, c.text)
		if assert.Len(t, all, 1, name) {
			assert.Contains(t, all[0].Text, c.say, name)
			assert.Equal(t, c.line, all[0].Line, name)
			assert.NotContains(t, all[0].Text, "yaml: ", name)
		}
	}
}

func TestAnAddressWithAPasswordIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, address := range []string{"https://user:hunter2@gitlab.com", "https://gitlab.com/?private_token=hunter2",
		"://hunter2", "gitlab.com/hunter2"} {
		all := wrong(t, example(t, "https://gitlab.com ", address+" "))
		assert.NotContains(t, all.Error(), "hunter2")
	}
}

// Whatever line is lost, doubled or cut short: no panic, every error has its
// line in the file, a key or none, and a sentence on one line.
func TestAnyDamageToTheFileIsAnsweredInWords(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(example(t)), "\n")
	damage := map[string]func(i int) []string{
		"lost":    func(int) []string { return nil },
		"doubled": func(i int) []string { return []string{lines[i], lines[i]} },
		"cut":     func(i int) []string { return []string{lines[i][:len(lines[i])*2/3]} },
		"emptied": func(i int) []string { key, _, _ := strings.Cut(lines[i], ":"); return []string{key + ":"} },
		"shifted": func(i int) []string { return []string{"  " + lines[i]} },
	}
	for name, change := range damage {
		for i := range lines {
			text := strings.Join(append(append(append([]string{}, lines[:i]...), change(i)...), lines[i+1:]...), "\n")
			_, err := config.Parse("release.yaml", []byte(text), today)
			if err == nil {
				continue
			}
			var all config.Errors
			require.ErrorAs(t, err, &all)
			for _, e := range all {
				assert.NotEmpty(t, e.Text)
				assert.NotContains(t, e.Error(), "\n", "%s: line %d", name, i+1)
				assert.LessOrEqual(t, e.Line, len(lines)+1)
			}
		}
	}
}
