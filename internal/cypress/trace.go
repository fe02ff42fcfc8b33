// Package cypress reads what Cypress leaves behind in GitLab: the log of its
// job and its JUnit reports. It makes no calls of its
// own. Belongs here: what a log or a report says. Does not: what follows from it.
package cypress

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// Time, number of the stream, O or E for its kind, + for a continuation.
	// An editor may have cut the space off an empty line.
	stampPattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z ` +
		`[0-9a-fA-F]{2}[OE]([ +]|$)`)
	// The end of a marker is asked for, so that no text is lost where a log was
	// saved without control characters and the text follows at once.
	sectionPattern = regexp.MustCompile(`section_(?:start|end):[0-9]+:[^\s\[\x1b]+` +
		`(?:\[[^\]]*\])?(?:\r(?:\x1b\[0K)?|\x1b\[0K|$)`)
	csiPattern = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]`)
)

// Clean makes the trace of a GitLab job readable: it takes away the Runner's
// timestamps and section markers, colours, and what a carriage return overwrote.
// Source: https://docs.gitlab.com/ci/jobs/job_logs/.
func Clean(trace string) string {
	var joined strings.Builder
	first := true
	for line := range strings.SplitSeq(trace, "\n") {
		text, continues := unstamped(line)
		if !first && !continues {
			joined.WriteByte('\n')
		}
		first = false
		// Before lines are joined, since a marker may end with its line.
		joined.WriteString(sectionPattern.ReplaceAllString(text, ""))
	}
	lines := strings.Split(csiPattern.ReplaceAllString(joined.String(), ""), "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}

// unstamped is the line without FF_TIMESTAMPS, and whether it continues the
// previous one.
func unstamped(line string) (text string, continues bool) {
	m := stampPattern.FindStringSubmatch(line)
	if m == nil {
		return line, false
	}
	return line[len(m[0]):], m[1] == "+"
}

// visible is what a terminal shows last. The \r of CRLF overwrites nothing.
func visible(line string) string {
	line = strings.TrimRight(line, "\r")
	return line[strings.LastIndex(line, "\r")+1:]
}

// Only links to Cypress Cloud are taken, and only characters that cannot break
// out of a link in Slack.
var urlPattern = regexp.MustCompile(`^https?://(?:cloud|dashboard)\.cypress\.io/[A-Za-z0-9/#._?&=%-]+`)

// RunURL is the recorded run in Cypress Cloud: the last "Recorded Run:" of a
// job's trace, else its last "Run URL:". Empty: the run was not recorded.
func RunURL(trace string) string {
	lines := strings.Split(Clean(trace), "\n")
	for _, line := range slices.Backward(lines) {
		_, after, _ := strings.Cut(line, "Recorded Run:")
		if url := urlPattern.FindString(strings.TrimSpace(after)); url != "" {
			return url
		}
	}
	for i := range slices.Backward(lines) {
		if url := urlPattern.FindString(boxedURL(lines[i:])); url != "" {
			return url
		}
	}
	return ""
}

// boxedURL is the value of the "Run URL:" that the first line holds. It goes on
// in the lines below where the label is blank.
func boxedURL(lines []string) string {
	row, _ := boxed(lines[0])
	label, value, ok := strings.Cut(row, "Run URL:")
	value = strings.TrimSpace(value)
	if !ok || value == "" || strings.TrimSpace(label) != "" {
		return ""
	}
	indent := strings.Repeat(" ", strings.Index(row, value))
	for _, line := range lines[1:] {
		row, ok := boxed(line)
		rest := strings.TrimSpace(row)
		if !ok || rest == "" || !strings.HasPrefix(row, indent) {
			break
		}
		value += rest
	}
	return value
}

// boxed is what stands between the sides of a box.
func boxed(line string) (string, bool) {
	_, row, _ := strings.Cut(line, "│")
	end := strings.LastIndex(row, "│")
	if end < 0 {
		return "", false
	}
	return row[:end], true
}

// Spec is one row of the "(Run Finished)" table.
type Spec struct {
	// File is relative to the common folder of all specs that ran.
	File           string
	Tests, Failing int
	// Failed is what the row's sign says: a spec that crashed failed without a
	// failing test.
	Failed bool
}

// Sign, file, duration (or SKIPPED), then tests, passing, failing, pending, skipped.
var specPattern = regexp.MustCompile(`^ (\S) +(\S.*?) +\S+ +([0-9]+|-) +(?:[0-9]+|-) +` +
	`([0-9]+|-) +(?:[0-9]+|-) +(?:[0-9]+|-) *$`)

// Finished are the specs in the last "(Run Finished)" table of a job's trace, in
// its order; nil when there is none, for example since the job was stopped.
func Finished(trace string) []Spec {
	var specs []Spec
	for _, line := range lastTable(strings.Split(Clean(trace), "\n")) {
		row, ok := boxed(line)
		m := specPattern.FindStringSubmatch(row)
		switch {
		case m != nil:
			specs = append(specs, Spec{File: m[2], Tests: count(m[3]), Failing: count(m[4]), Failed: m[1] == "✖"})
		case ok && strings.HasPrefix(row, "   ") && len(specs) > 0: // a long name goes on
			specs[len(specs)-1].File += strings.TrimSpace(row)
		}
	}
	return specs
}

// lastTable are the lines of the table below the last "(Run Finished)".
func lastTable(lines []string) []string {
	title := -1
	for i, line := range lines {
		if strings.HasSuffix(strings.TrimSpace(line), "(Run Finished)") {
			title = i
		}
	}
	if title < 0 {
		return nil
	}
	lines = lines[title:]
	if start := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "┌") }); start >= 0 {
		lines = lines[start+1:]
	}
	if end := slices.IndexFunc(lines, func(l string) bool { return strings.ContainsAny(l, "└┌") }); end >= 0 {
		lines = lines[:end]
	}
	return lines
}

// count reads a number of the table, where a dash is none.
func count(cell string) int {
	n, err := strconv.Atoi(cell)
	if err != nil {
		return 0
	}
	return n
}
