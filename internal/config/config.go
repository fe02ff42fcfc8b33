// Package config reads release.yaml into the types of internal/train. It is
// strict, finds all errors at once, and says for each the line, the key and
// what would be right. What a configuration means belongs into internal/rules.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// File is the content of release.yaml.
type File struct {
	GitLab     Server        `yaml:"gitlab"`
	Slack      Server        `yaml:"slack"`
	Kubernetes Kubernetes    `yaml:"kubernetes"`
	Datadog    DatadogServer `yaml:"datadog"`
	Trains     []train.Train `yaml:"trains"`
}

// Server is the address of an outside system; the vendor's own when left out.
type Server struct {
	URL string `yaml:"url"`
}

// Kubernetes says how clusters are reached.
type Kubernetes struct {
	// Kubeconfig is a path; KUBECONFIG or the pod's own account when left out.
	Kubeconfig string `yaml:"kubeconfig"`
}

// DatadogServer is where Datadog is.
type DatadogServer struct {
	// Site is the organisation's site; datadoghq.com when left out.
	Site string `yaml:"site"`
	// URL takes the place of the site's servers, for tests and proxies.
	URL string `yaml:"url"`
}

// Error is one thing wrong with the file.
type Error struct {
	File string
	Line int    // from 1; 0: the file as a whole
	Key  string // e.g. trains[0].window.opens; may be empty
	Text string // what is wrong and what would be right
}

// Error is "file:line: key: text".
func (e Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return where + ": " + e.Text
}

// Errors are all that is wrong with a file, in the order of its lines.
type Errors []Error

// Error is one line for each.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks a file. The error is an Errors where the content is wrong.
func Load(path string) (File, error) {
	data, err := os.ReadFile(path)
	var problem *fs.PathError
	if errors.As(err, &problem) {
		return File{}, fmt.Errorf("cannot read the configuration %s: %w; name another file with --config", path, problem.Err)
	}
	if err != nil {
		return File{}, err
	}
	return Parse(path, data, calendar.DayOf(time.Now()))
}

// Parse reads and checks the content of a file; name stands in its errors. The
// calendar is checked from a day on. Trains are returned with their defaults.
// The error is an Errors with all that is wrong.
func Parse(name string, data []byte, today calendar.Day) (File, error) {
	r := &reader{file: name, lines: map[string]int{}, broken: map[string]bool{}}
	var f File
	if root := r.document(data); root != nil {
		r.decode(root, &f)
		for i := range f.Trains {
			f.Trains[i] = f.Trains[i].WithDefaults()
		}
		if !r.broken[""] { // else the file as a whole is of another kind
			(&checker{r: r, today: today}).file(f)
		}
	}
	if len(r.errors) > 0 {
		slices.SortStableFunc(r.errors, func(a, b Error) int { return cmp.Compare(a.Line, b.Line) })
		return File{}, r.errors
	}
	return f, nil
}

// Train is the train of a name.
func (f File) Train(name string) (train.Train, error) {
	var known []string
	for _, t := range f.Trains {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return train.Train{}, fmt.Errorf("there is no train %q in release.yaml; it has %s", name, strings.Join(known, ", "))
}

// WithEnv is the file with the addresses that the environment overrides.
func (f File) WithEnv(getenv func(string) string) File {
	f.GitLab.URL = cmp.Or(getenv("GITLAB_URL"), f.GitLab.URL)
	f.Slack.URL = cmp.Or(getenv("SLACK_API_URL"), f.Slack.URL)
	f.Datadog.Site = cmp.Or(getenv("DD_SITE"), f.Datadog.Site)
	f.Datadog.URL = cmp.Or(getenv("DD_URL"), f.Datadog.URL)
	f.Kubernetes.Kubeconfig = cmp.Or(getenv("KUBECONFIG"), f.Kubernetes.Kubeconfig)
	return f
}
