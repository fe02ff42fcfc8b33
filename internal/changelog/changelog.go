// Package changelog turns the commits and merge requests between two versions
// into a changelog and its Markdown. It makes no calls of its own; reading and
// publishing belong into activities.
package changelog

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// Source is what a changelog is made from.
type Source struct {
	// From is the version that it starts after; zero: the first release.
	From train.Version
	// FromFallback says why From is not what Flux reports; empty: it is.
	FromFallback string
	To           train.Candidate
	// Commits lie between the two, newest first, as git log From..To gives them.
	Commits []gitlab.Commit
	// Removed are what the version before holds and this one lacks, newest first.
	Removed []gitlab.Commit
	// Requests are merged ones, among them those that brought the commits.
	Requests   []gitlab.MergeRequest
	CompareURL string
	// IssueURL links issue keys; {key} is replaced. Empty: no links.
	IssueURL string
}

// Group is a section of a changelog.
type Group string

// Groups, in their order.
const (
	Features Group = "Features"
	Fixes    Group = "Fixes"
	Reverts  Group = "Reverts"
	Other    Group = "Other changes"
)

var groups = []Group{Features, Fixes, Reverts, Other}

// Entry is one line of a changelog: a merge request with its commits, or a
// commit that came without one.
type Entry struct {
	Group   Group
	Title   string
	URL     string // of the merge request, else of the commit
	Ref     string // "!12", else the short commit
	Author  string
	Issues  []string // issue keys, e.g. WEB-123
	Commits int
	// Reverted is what a revert takes back: a title; InRange says that it is
	// part of this changelog too.
	Reverted string
	InRange  bool
}

// Changelog is what changed between two versions.
type Changelog struct {
	source       Source
	Entries      []Entry
	Contributors []string // by number of commits
	Commits      int
	Requests     int
}

// Lookup finds the merge requests of one commit.
type Lookup func(ctx context.Context, sha string) ([]gitlab.MergeRequest, error)

// lookups bounds the calls for commits that no listed merge request explains.
const lookups = 50

// Build makes a changelog. Commits are attributed to merge requests by their
// merge, squash and head commits and by what a merge commit brought in; only
// the rest is looked up, one by one and bounded.
func Build(ctx context.Context, s Source, lookup Lookup) (Changelog, error) {
	a := attribute(s)
	calls := 0
	for _, c := range s.Commits {
		if _, known := a.request[c.SHA]; known || len(c.Parents) > 1 || calls == lookups {
			continue
		}
		calls++
		found, err := lookup(ctx, c.SHA)
		if err != nil {
			return Changelog{}, err
		}
		if len(found) > 0 {
			a.add(c.SHA, found[0])
		}
	}
	return a.changelog(s), nil
}

// attribution says which merge request brought which commit.
type attribution struct {
	request  map[string]int64 // commit -> merge request
	requests map[int64]gitlab.MergeRequest
}

func (a *attribution) add(sha string, m gitlab.MergeRequest) {
	a.request[sha] = m.IID
	a.requests[m.IID] = m
}

func attribute(s Source) *attribution {
	a := &attribution{request: map[string]int64{}, requests: map[int64]gitlab.MergeRequest{}}
	inRange := map[string]gitlab.Commit{}
	for _, c := range s.Commits {
		inRange[c.SHA] = c
	}
	for _, m := range s.Requests {
		for _, sha := range []string{m.MergeCommitSHA, m.SquashCommitSHA} {
			if _, ok := inRange[sha]; ok {
				a.add(sha, m)
			}
		}
		if _, ok := inRange[m.SHA]; ok && m.MergeCommitSHA == "" && m.SquashCommitSHA == "" { // fast-forward
			a.add(m.SHA, m)
		}
	}
	// Oldest merges first, so that an inner merge keeps its own commits.
	for _, c := range slices.Backward(s.Commits) {
		if id, ok := a.request[c.SHA]; ok && len(c.Parents) > 1 {
			a.walk(inRange, c, a.requests[id])
		}
	}
	return a
}

// walk attributes what a merge commit brought in: everything that its further
// parents reach and its first parent does not.
func (a *attribution) walk(inRange map[string]gitlab.Commit, merge gitlab.Commit, m gitlab.MergeRequest) {
	mainline := reach(inRange, merge.Parents[:1], nil)
	for sha := range reach(inRange, merge.Parents[1:], mainline) {
		if _, taken := a.request[sha]; !taken {
			a.add(sha, m)
		}
	}
}

// reach are the commits of the range that can be reached, without those excluded.
func reach(inRange map[string]gitlab.Commit, from []string, exclude map[string]bool) map[string]bool {
	seen := map[string]bool{}
	for queue := slices.Clone(from); len(queue) > 0; queue = queue[1:] {
		c, ok := inRange[queue[0]]
		if !ok || seen[c.SHA] || exclude[c.SHA] {
			continue
		}
		seen[c.SHA] = true
		queue = append(queue, c.Parents...)
	}
	return seen
}

// changelog lists the entries in the order of the commits.
func (a *attribution) changelog(s Source) Changelog {
	log := Changelog{source: s, Commits: len(s.Commits), Contributors: contributors(s.Commits)}
	titles := map[string]string{} // commit -> title, to name what a revert takes back
	for _, c := range s.Commits {
		titles[c.SHA] = c.Title
	}
	entry := map[int64]int{}
	for _, c := range s.Commits {
		id, ok := a.request[c.SHA]
		switch at, listed := entry[id]; {
		case ok && listed:
			e := &log.Entries[at]
			e.Commits++
			e.Issues = merged(e.Issues, issues(c.Message))
		case ok:
			entry[id] = len(log.Entries)
			log.Entries = append(log.Entries, requestEntry(a.requests[id], c, titles))
			log.Requests++
		case len(c.Parents) > 1: // a merge without a merge request explains nothing
		default:
			log.Entries = append(log.Entries, commitEntry(c, titles))
		}
	}
	return log
}

func requestEntry(m gitlab.MergeRequest, c gitlab.Commit, titles map[string]string) Entry {
	author := m.AuthorName
	if author == "" {
		author = c.AuthorName
	}
	e := Entry{
		Title: m.Title, URL: m.WebURL, Ref: ref(m.IID), Author: author, Commits: 1,
		Issues: merged(issues(m.Title), issues(c.Message)),
	}
	e.classify(m.Title, c.Message, m.Labels, titles)
	return e
}

func commitEntry(c gitlab.Commit, titles map[string]string) Entry {
	e := Entry{Title: c.Title, URL: c.WebURL, Ref: train.ShortSHA(c.SHA), Author: c.AuthorName,
		Commits: 1, Issues: issues(c.Message)}
	e.classify(c.Title, c.Message, nil, titles)
	return e
}

var (
	conventional    = regexp.MustCompile(`^(?i)(feat|feature|fix|bugfix|hotfix|revert)(?:\([^)]*\))?!?:\s`)
	revertedTitle   = regexp.MustCompile(`^Revert "(.*)"`)
	revertedCommit  = regexp.MustCompile(`This reverts commit ([0-9a-f]{7,64})`)
	issuePattern    = regexp.MustCompile(`\b[A-Z][A-Z0-9]{1,9}-[1-9][0-9]*\b`)
	notIssueProject = map[string]bool{"UTF": true, "SHA": true, "ISO": true, "RFC": true, "CVE": true, "HTTP": true}
)

// classify finds the group by what the title says, else by labels.
func (e *Entry) classify(title, message string, labels []string, titles map[string]string) {
	e.Group = Other
	if m := conventional.FindStringSubmatch(title); m != nil {
		switch strings.ToLower(m[1]) {
		case "feat", "feature":
			e.Group = Features
		case "revert":
			e.Group = Reverts
		default:
			e.Group = Fixes
		}
	}
	for _, label := range labels {
		switch l := strings.ToLower(label); {
		case e.Group != Other:
		case strings.Contains(l, "feature"), strings.Contains(l, "enhancement"):
			e.Group = Features
		case strings.Contains(l, "bug"), strings.Contains(l, "fix"):
			e.Group = Fixes
		}
	}
	if m := revertedTitle.FindStringSubmatch(title); m != nil {
		e.Group, e.Reverted = Reverts, m[1]
	}
	if m := revertedCommit.FindStringSubmatch(message); m != nil {
		e.Group = Reverts
		for sha, title := range titles {
			if strings.HasPrefix(sha, m[1]) {
				e.Reverted, e.InRange = title, true
			}
		}
	}
}

// issues are the issue keys in a text, in their order.
func issues(text string) []string {
	var out []string
	for _, key := range issuePattern.FindAllString(text, -1) {
		project, _, _ := strings.Cut(key, "-")
		if !notIssueProject[project] && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

func merged(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// contributors are the authors, those with most commits first.
func contributors(commits []gitlab.Commit) []string {
	count := map[string]int{}
	var names []string
	for _, c := range commits {
		if count[c.AuthorName]++; count[c.AuthorName] == 1 {
			names = append(names, c.AuthorName)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	return names
}

// contributorsKept bounds who is known by name and account: some 4 KB.
const contributorsKept = 100

// Accounts are all contributors by the names they may go by: their name, the
// part of their mail address before the @, and their account where a merge
// request tells it. many says that some were left out.
func (l Changelog) Accounts() (names []string, many bool) {
	for _, c := range l.source.Commits {
		local, _, _ := strings.Cut(c.AuthorEmail, "@")
		names = merged(names, []string{c.AuthorName, local})
	}
	for _, r := range l.source.Requests {
		names = merged(names, []string{r.Author})
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
	return names[:min(len(names), contributorsKept)], len(names) > contributorsKept
}

// authorsShown bounds the authors that enter workflow history.
const authorsShown = 10

// Digest is what workflow history keeps of the changelog; links are added by
// whoever publishes it.
func (l Changelog) Digest() train.ChangelogDigest {
	d := train.ChangelogDigest{
		From: l.source.From.String(), Commits: l.Commits, Requests: l.Requests, Fallback: l.source.FromFallback,
		Authors: l.Contributors[:min(authorsShown, len(l.Contributors))],
	}
	d.MoreAuthors = len(l.Contributors) - len(d.Authors)
	var times []time.Time
	for _, c := range l.source.Commits {
		times = append(times, c.CommittedAt)
	}
	slices.SortFunc(times, time.Time.Compare)
	if len(times) > 0 {
		d.FirstCommitAt, d.MedianCommitAt = times[0], times[len(times)/2]
	}
	return d
}
