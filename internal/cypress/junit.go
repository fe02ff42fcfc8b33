package cypress

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Statuses of a case, as GitLab names them.
const (
	StatusSuccess = "success"
	StatusFailed  = "failed"
	StatusError   = "error"
	StatusSkipped = "skipped"
)

// Case is one test of a JUnit report.
type Case struct {
	File      string // of the spec; empty: the report does not tell
	Suite     string
	Name      string
	ClassName string
	Status    string
	Message   string // why it did not succeed
}

type junitSuite struct {
	XMLName xml.Name
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr"`
	Suites  []junitSuite `xml:"testsuite"`
	Cases   []junitCase  `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	File      string        `xml:"file,attr"`
	Failure   *junitOutcome `xml:"failure"`
	Error     *junitOutcome `xml:"error"`
	Skipped   *junitOutcome `xml:"skipped"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// ParseJUnit reads a JUnit report. The file is that of the case, else of its
// suite, else of the "Root Suite" that mocha-junit-reporter writes before the
// suites of a spec: it tells the file only there.
// Source: https://github.com/cypress-io/cypress/issues/8237.
func ParseJUnit(r io.Reader) ([]Case, error) {
	var root junitSuite
	switch err := xml.NewDecoder(r).Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the JUnit report is empty")
	case err != nil:
		return nil, fmt.Errorf("the JUnit report is not readable XML: %w", err)
	case root.XMLName.Local != "testsuites" && root.XMLName.Local != "testsuite":
		return nil, fmt.Errorf("the file is no JUnit report: it starts with <%s>, expected <testsuites> or <testsuite>",
			root.XMLName.Local)
	}
	return root.cases(root.File), nil
}

// cases are those of the suite and of the suites in it.
func (s junitSuite) cases(file string) []Case {
	var out []Case
	for _, c := range s.Cases {
		out = append(out, c.in(s.Name, file))
	}
	rootFile := file
	for _, inner := range s.Suites {
		if inner.Name == "Root Suite" {
			// A root without a file starts a spec too, whose file is not known.
			rootFile = cmp.Or(inner.File, file)
		}
		out = append(out, inner.cases(cmp.Or(inner.File, rootFile))...)
	}
	return out
}

func (c junitCase) in(suite, file string) Case {
	out := Case{File: cmp.Or(c.File, file), Suite: suite, Name: c.Name, ClassName: c.ClassName, Status: StatusSuccess}
	switch {
	case c.Failure != nil:
		out.Status, out.Message = StatusFailed, c.Failure.message()
	case c.Error != nil:
		out.Status, out.Message = StatusError, c.Error.message()
	case c.Skipped != nil:
		out.Status, out.Message = StatusSkipped, c.Skipped.message()
	}
	return out
}

// message is the short text; the long one is most often a stack.
func (o junitOutcome) message() string {
	return cmp.Or(strings.TrimSpace(o.Message), strings.TrimSpace(o.Text))
}
