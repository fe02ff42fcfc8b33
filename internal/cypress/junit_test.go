package cypress_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/cypress"
)

func parse(t *testing.T, text string) []cypress.Case {
	t.Helper()
	cases, err := cypress.ParseJUnit(strings.NewReader(text))
	require.NoError(t, err)
	return cases
}

func filesOf(cases []cypress.Case) map[string]string {
	files := map[string]string{}
	for _, c := range cases {
		files[c.Name] = c.File
	}
	return files
}

func TestTheFileOfACaseIsItsOwnElseOfItsSuiteElseOfTheRootBefore(t *testing.T) {
	assert.Equal(t, map[string]string{"first": "root.ts", "own": "own.ts", "suite": "suite.ts", "root": "root.ts",
		"other": "other.ts", "unknown": ""},
		filesOf(parse(t, `<testsuites>
			<testsuite name="Root Suite" file="root.ts"><testcase name="first"/></testsuite>
			<testsuite name="A" file="suite.ts"><testcase name="own" file="own.ts"/><testcase name="suite"/></testsuite>
			<testsuite name="B"><testcase name="root"/></testsuite>
			<testsuite name="Root Suite" file="other.ts"/>
			<testsuite name="C"><testcase name="other"/></testsuite>
			<testsuite name="Root Suite"/>
			<testsuite name="D"><testcase name="unknown"/></testsuite>
		</testsuites>`)))
}

func TestASuiteWithinASuiteTakesItsFile(t *testing.T) {
	cases := parse(t, `<testsuite name="all" file="a.ts"><testsuite name="outer"><testcase name="one" classname="c"/>
		<testsuite name="inner"><testcase name="two"/></testsuite></testsuite></testsuite>`)
	assert.Equal(t, []cypress.Case{
		{File: "a.ts", Suite: "outer", Name: "one", ClassName: "c", Status: cypress.StatusSuccess},
		{File: "a.ts", Suite: "inner", Name: "two", Status: cypress.StatusSuccess},
	}, cases)
}

func TestTheStatusAndMessageComeFromTheOutcome(t *testing.T) {
	assert.Equal(t, []cypress.Case{
		{Name: "ok", Status: cypress.StatusSuccess},
		{Name: "failed", Status: cypress.StatusFailed, Message: "expected 1 < 2"},
		{Name: "error", Status: cypress.StatusError, Message: "at stack"},
		{Name: "skipped", Status: cypress.StatusSkipped},
	}, parse(t, `<testsuite>
		<testcase name="ok"><system-out>x</system-out></testcase>
		<testcase name="failed"><failure message="expected 1 &lt; 2" type="A"><![CDATA[at stack]]></failure></testcase>
		<testcase name="error"><error><![CDATA[ at stack
		]]></error></testcase>
		<testcase name="skipped"><skipped/></testcase>
	</testsuite>`))
}

func TestWhatIsNoJUnitReportSaysSo(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "the JUnit report is empty",
		"<!-- nothing -->":            "the JUnit report is empty",
		"<html></html>":               "the file is no JUnit report: it starts with <html>",
		"<testsuites><testsuite></a>": "the JUnit report is not readable XML: ",
		"<testsuites>":                "the JUnit report is not readable XML: ",
	} {
		_, err := cypress.ParseJUnit(strings.NewReader(text))
		assert.ErrorContains(t, err, want, text)
	}
}

func TestAReportWithoutTestsHasNoCases(t *testing.T) {
	assert.Empty(t, parse(t, `<?xml version="1.0" encoding="UTF-8"?><testsuites tests="0"/>`))
}

func TestTheRecordedReportsGiveTheirCases(t *testing.T) {
	truths := map[string][]cypress.Case{
		"junit_cypress_issue8237.xml": {{
			File: "cypress/integration/editAccountSpec.ts", Suite: "Editing my account",
			Name: "Editing my account Successfully updates my data", ClassName: "Successfully updates my data",
			Status: cypress.StatusSuccess,
		}},
	}
	files, err := filepath.Glob(filepath.Join(samples(t), "*.xml"))
	require.NoError(t, err)
	assert.Len(t, files, len(truths))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, truths[filepath.Base(file)], parse(t, string(raw)), file)
	}
}
