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

func TestTheRunnersTimestampsAreTakenAway(t *testing.T) {
	assert.Equal(t, "one\n  two\n\nthree", cypress.Clean(lines(
		"2026-05-08T09:28:43.725057Z 00O one",
		"2026-05-08T09:28:43.725057Z 01E   two",
		"2026-05-08T09:28:43.725057Z aFO",
		"2026-05-08T09:28:43.725057Z 00O three",
	)))
}

func TestATimestampThatIsNotTheRunnersStays(t *testing.T) {
	const text = "2026-05-08T09:28:43Z 00O one\nat 2026-05-08T09:28:43.725057Z 00O two"
	assert.Equal(t, text, cypress.Clean(text))
}

func TestAContinuationJoinsThePreviousLine(t *testing.T) {
	assert.Equal(t, "one two three\nfour", cypress.Clean(lines(
		"2026-05-08T09:28:43.725057Z 00O one",
		"2026-05-08T09:28:43.725057Z 00O+ two",
		"2026-05-08T09:28:43.725057Z 00O+ three",
		"2026-05-08T09:28:43.725057Z 00O four",
	)))
}

func TestATraceThatBeginsWithAContinuationKeepsIt(t *testing.T) {
	assert.Equal(t, "one\ntwo", cypress.Clean("2026-05-08T09:28:43.725057Z 00O+one\ntwo"))
}

func TestAContinuationOverwritesWhatEndsInACarriageReturn(t *testing.T) {
	assert.Equal(t, "20 %", cypress.Clean("2026-05-08T09:28:43.725057Z 00O 10 %\r\n2026-05-08T09:28:43.725057Z 00O+20 %"))
}

func TestSectionMarkersAreTakenAway(t *testing.T) {
	assert.Equal(t, "Preparing\nrest\n", cypress.Clean(
		"section_end:1778232523:get_sources\r\x1b[0K"+
			"section_start:1778232523:step-script.1[collapsed=true]\r\x1b[0K\x1b[36;1mPreparing\x1b[0;m\n"+
			"rest\nsection_end:1778232523:x"))
}

func TestASectionMarkerThatLostItsControlCharactersTakesNoTextWithIt(t *testing.T) {
	assert.Equal(t, `Preparing the "shell" executor`, cypress.Clean(lines(
		"2026-05-08T09:28:43.725057Z 00O section_start:1778232523:prepare_executor",
		`2026-05-08T09:28:43.725057Z 00O+Preparing the "shell" executor`,
	)))
}

func TestColoursAreTakenAway(t *testing.T) {
	assert.Equal(t, "✖ spec [0m", cypress.Clean("\x1b[31m✖\x1b[39m \x1b[1;38;5;12mspec\x1b[0K\x1b[?25l [0m"))
}

func TestOnlyTheTextAfterTheLastCarriageReturnStays(t *testing.T) {
	assert.Equal(t, "100 %\nnext", cypress.Clean("10 %\r50 %\r100 %\nnext"))
}

func TestTheCarriageReturnOfCRLFDoesNotEmptyTheLine(t *testing.T) {
	assert.Equal(t, "one\ntwo\n\nthree", cypress.Clean("one\r\nzero\rtwo\r\r\n\r\nthree\r\x1b[0K"))
}

func TestTheRunUrlIsTheLastRecordedRun(t *testing.T) {
	assert.Equal(t, "https://cloud.cypress.io/projects/pwxho8/runs/3", cypress.RunURL(lines(
		"  │ Run URL:        https://cloud.cypress.io/projects/pwxho8/runs/1  │",
		"  Recorded Run: https://cloud.cypress.io/projects/pwxho8/runs/2",
		"\x1b[90m  Recorded Run: \x1b[39m\x1b[4mhttps://cloud.cypress.io/projects/pwxho8/runs/3\x1b[24m\r",
		"  │ Run URL:        https://cloud.cypress.io/projects/pwxho8/runs/4  │",
	)))
}

func TestTheRunUrlIsThatOfTheBoxWhileNoRunIsRecorded(t *testing.T) {
	assert.Equal(t, "https://cloud.cypress.io/projects/pwxho8/runs/1", cypress.RunURL(lines(
		"  │ Params:         Tag: false  │",
		"  │ Run URL:        https://cloud.cypress.io/projects/pwxho8/runs/1  │",
		"  └──────┘",
	)))
}

func TestTheRunUrlThatWrapsOverBoxLinesIsJoined(t *testing.T) {
	assert.Equal(t, "https://dashboard.cypress.io/projects/abc/runs/0f8fad5b-d9cb-469f-a165-70867728950e",
		cypress.RunURL(lines(
			"  │ Run URL:    https://dashboard.cypress.io/pro │",
			"  │             jects/abc/runs/0f8fad5b-d9cb-469 │",
			"  │             f-a165-70867728950e              │",
			"  │ Next:       one                              │",
			"  │             more                             │",
		)))
}

func TestTheRunUrlOfOldCypressHasAHash(t *testing.T) {
	assert.Equal(t, "https://dashboard.cypress.io/#/projects/wnkmbr/runs/3",
		cypress.RunURL("  Recorded Run: https://dashboard.cypress.io/#/projects/wnkmbr/runs/3"))
}

func TestATraceThatRecordsNothingHasNoRunUrl(t *testing.T) {
	for _, trace := range []string{
		"", "Recorded Run:", "  │ Run URL:  │\n  │ x │", "https://cloud.cypress.io/projects/a/runs/1",
		"  Recorded Run: https://cloud.cypress.io.example.com/projects/a/runs/1",
		"  Recorded Run: https://example.com/https://cloud.cypress.io/projects/a/runs/1",
	} {
		assert.Empty(t, cypress.RunURL(trace), trace)
	}
}

func TestTheRunUrlCannotBreakOutOfALink(t *testing.T) {
	assert.Equal(t, "https://cloud.cypress.io/projects/a",
		cypress.RunURL("Recorded Run: https://cloud.cypress.io/projects/a|<!channel>"))
}

func TestTheSpecsOfTheLastTableAreReadInTheirOrder(t *testing.T) {
	specs := cypress.Finished(lines(
		"  (Run Finished)",
		"  ┌───┐",
		"  │ ✖  old.cy.ts                   00:14        1        -        1        -        - │",
		"  └───┘",
		"\x1b[0m  (\x1b[4m\x1b[1mRun Finished\x1b[22m\x1b[24m)\x1b[0m",
		"       Spec                      Tests  Passing  Failing  Pending  Skipped  ",
		"  ┌───┐",
		"  │ \x1b[31m✖\x1b[39m  b/my spec.cy.ts             01:00:14       12        5        3        4        - │",
		"  ├───┤",
		"  │ ✔  a.cy.ts                     827ms        1        1        -        -        - │",
		"  ├───┤",
		"  │ -  c.cy.ts                   SKIPPED        -        -        -        -        - │",
		"  ├───┤",
		"  │ ✖  crashed.cy.ts               00:01        -        -        -        -        - │",
		"  └───┘",
		"    ✖  2 of 4 failed (50%)         00:14       13        6        3        4        -  ",
		"  │ ✖  not-in-the-table.cy.ts      00:14        1        -        1        -        - │",
	))
	assert.Equal(t, []cypress.Spec{
		{File: "b/my spec.cy.ts", Tests: 12, Failing: 3, Failed: true},
		{File: "a.cy.ts", Tests: 1},
		{File: "c.cy.ts"},
		{File: "crashed.cy.ts", Failed: true},
	}, specs)
}

func TestALongSpecNameThatWrapsIsJoined(t *testing.T) {
	assert.Equal(t, []cypress.Spec{
		{File: "payments/a-very-long-name-of-a-spec-that-wraps-twice.cy.ts", Tests: 2, Failing: 2, Failed: true},
		{File: "short.cy.ts", Tests: 1},
	}, cypress.Finished(lines(
		"  (Run Finished)",
		"  ┌───┐",
		"  │ ✖  payments/a-very-long-name-of-   00:14        2        -        2        -        - │",
		"  │    a-spec-that-wraps-twice.                                                           │",
		"  │    cy.ts                                                                              │",
		"  ├───┤",
		"  │ ✔  short.cy.ts                     00:14        1        1        -        -        - │",
		"  └───┘",
	)))
}

func TestATraceWithoutATableHasNoSpecs(t *testing.T) {
	for _, trace := range []string{"", "(Run Finished)", "  │ ✖  a.cy.ts   00:14  1  -  1  -  - │",
		"(Run Finished)\n│ Tests:  1 │\n"} {
		assert.Nil(t, cypress.Finished(trace), trace)
	}
}

func TestATableThatIsCutOffGivesTheRowsItHas(t *testing.T) {
	assert.Equal(t, []cypress.Spec{{File: "a.cy.ts", Tests: 1, Failing: 1, Failed: true}}, cypress.Finished(lines(
		"  (Run Finished)", "  ┌───┐", "  │ ✖  a.cy.ts   00:14   1   -   1   -   - │", "  │ ✖  b.cy.t")))
}

func TestTheRecordedTracesGiveTheirFailingSpecsAndRunUrls(t *testing.T) {
	type truth struct {
		url   string
		specs []cypress.Spec
	}
	// Read by eye.
	truths := map[string]truth{
		"gitlab_runner_18_11_ff_timestamps_failed.txt": {}, // it fails before any test
		"gitlab_trace_pass_cypress13.txt": {
			url:   "https://cloud.cypress.io/projects/pwxho8/runs/2",
			specs: []cypress.Spec{{File: "login.cy.js", Tests: 1}},
		},
		"run_finished_wrapped_url_snapshot.txt": { // only the box at the start, despite its name
			url: "http://dashboard.cypress.io/this-is-a-" + strings.Repeat("long-", 50) + "url", // counted apart from this code
		},
		"trace_fail_cypress11_ansi.txt": {
			url:   "https://dashboard.cypress.io/projects/wnkmbr/runs/3",
			specs: []cypress.Spec{{File: "spec.cy.js", Tests: 1, Failing: 1, Failed: true}},
		},
	}
	files, err := filepath.Glob(filepath.Join(samples(t), "*.txt"))
	require.NoError(t, err)
	assert.Len(t, files, len(truths))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			want, known := truths[filepath.Base(file)]
			require.True(t, known, "nobody has read this trace by eye")
			assert.Equal(t, want.url, cypress.RunURL(string(raw)))
			assert.Equal(t, want.specs, cypress.Finished(string(raw)))
		})
	}
}

func TestTheRecordedTraceWithTimestampsBecomesReadable(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(samples(t), "gitlab_runner_18_11_ff_timestamps_failed.txt"))
	require.NoError(t, err)
	text := cypress.Clean(string(raw))
	assert.True(t, strings.HasPrefix(text, lines(
		"Running with gitlab-runner 18.11.1 (5265d41d)",
		"  on little_ym3 Bap6ZvsMt, system ID: s_34480d4f5a50",
		`Preparing the "shell" executor`,
		"Using Shell (pwsh) executor...",
		"Preparing environment",
		"Running on LAPTOP-3Q7I35KD...",
	)), text)
	assert.NotContains(t, text, "section_")
	assert.NotContains(t, text, "2026-05-08T")
	assert.Contains(t, text, "\nERROR: Job failed: exit status 1")
}

func FuzzATraceNeverPanics(f *testing.F) {
	f.Add("2026-05-08T09:28:43.725057Z 00O+section_start:1:a[b=c]\r\x1b[0K\x1b[31mx\r\n")
	f.Add("  │ Run URL:    https://dashboard.cypress.io/pro │\n  │             jects/abc │\n")
	f.Add("(Run Finished)\n┌\n│ ✖  a.cy.ts   00:14   1   -   1   -   - │\n│    b │\n└")
	f.Add("Recorded Run: https://cloud.cypress.io/projects/a/runs/1\xff│││")
	f.Fuzz(func(t *testing.T, trace string) {
		assert.NotContains(t, cypress.Clean(trace), "\r")
		for _, spec := range cypress.Finished(trace) {
			assert.NotEmpty(t, spec.File)
		}
		assert.NotContains(t, cypress.RunURL(trace), " ")
	})
}

func lines(all ...string) string { return strings.Join(all, "\n") }

// samples is where recorded outputs of Cypress are kept, beside the repository.
func samples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "contracts")); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	return filepath.Join(dir, "contracts", "samples", "cypress")
}
