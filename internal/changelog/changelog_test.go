package changelog

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// history is a real git repository with named commits.
type history struct {
	t   *testing.T
	dir string
	n   int
}

func newHistory(t *testing.T) *history {
	h := &history{t: t, dir: t.TempDir()}
	h.git("init", "--quiet", "--initial-branch=main")
	return h
}

func (h *history) git(args ...string) string {
	h.t.Helper()
	h.n++
	date := time.Date(2026, 11, 2, 9, 0, h.n, 0, time.UTC).Format(time.RFC3339)
	cmd := exec.CommandContext(h.t.Context(), "git", append([]string{"-C", h.dir}, args...)...)
	cmd.Env = append(cmd.Environ(), "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=a@x",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=a@x",
		"GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "GIT_CONFIG_GLOBAL=/dev/null")
	out, err := cmd.CombinedOutput()
	require.NoError(h.t, err, "git %v: %s", args, out)
	return strings.TrimSpace(string(out))
}

func (h *history) commit(title string) string {
	h.git("commit", "--quiet", "--allow-empty", "-m", title)
	return h.git("rev-parse", "HEAD")
}

func (h *history) merge(branch string) string {
	h.git("merge", "--quiet", "--no-ff", "-m", "Merge branch '"+branch+"'", branch)
	return h.git("rev-parse", "HEAD")
}

// since are the commits after a ref, newest first, as GitLab lists them.
func (h *history) since(ref string) []gitlab.Commit {
	var out []gitlab.Commit
	for _, line := range strings.Split(h.git("log", "--format=%H%x1f%P%x1f%s%x1f%an%x1f%cI%x1f%B%x1e", ref+"..main"),
		"\x1e") {
		f := strings.Split(strings.TrimSpace(line), "\x1f")
		if len(f) == 6 {
			at, err := time.Parse(time.RFC3339, f[4])
			require.NoError(h.t, err)
			out = append(out, gitlab.Commit{SHA: f[0], Parents: strings.Fields(f[1]), Title: f[2], AuthorName: f[3],
				CommittedAt: at, Message: f[5], WebURL: "https://g/c/" + f[0]})
		}
	}
	return out
}

func request(iid int64, title string, change func(*gitlab.MergeRequest)) gitlab.MergeRequest {
	m := gitlab.MergeRequest{IID: iid, Title: title, WebURL: fmt.Sprintf("https://g/mr/%d", iid), AuthorName: "Grace"}
	change(&m)
	return m
}

func noLookup(context.Context, string) ([]gitlab.MergeRequest, error) { return nil, nil }

func build(t *testing.T, s Source, lookup Lookup) Changelog {
	t.Helper()
	s.To = train.Candidate{Tag: "api/v2026.11.03.1"}
	log, err := Build(t.Context(), s, lookup)
	require.NoError(t, err)
	return log
}

func (l Changelog) refs() map[string]int {
	out := map[string]int{}
	for _, e := range l.Entries {
		out[e.Ref] = e.Commits
	}
	return out
}

func TestMergesSquashesAndNestedMergesAreAttributedWithoutACallPerCommit(t *testing.T) {
	h := newHistory(t)
	base := h.commit("Begin")
	h.git("checkout", "--quiet", "-b", "outer")
	h.commit("outer one")
	h.git("checkout", "--quiet", "-b", "inner")
	h.commit("inner one")
	h.commit("inner two")
	h.git("checkout", "--quiet", "outer")
	inner := h.merge("inner")
	h.git("checkout", "--quiet", "main")
	squash := h.commit("squashed")
	outer := h.merge("outer")
	plain := h.commit("pushed by hand")
	lookups := 0
	log := build(t, Source{Commits: h.since(base), Requests: []gitlab.MergeRequest{
		request(1, "Outer", func(m *gitlab.MergeRequest) { m.MergeCommitSHA = outer }),
		request(2, "Inner", func(m *gitlab.MergeRequest) { m.MergeCommitSHA = inner }),
		request(3, "Squashed", func(m *gitlab.MergeRequest) { m.SquashCommitSHA = squash }),
		request(9, "Elsewhere", func(m *gitlab.MergeRequest) { m.MergeCommitSHA = "ffff" }),
	}}, func(_ context.Context, sha string) ([]gitlab.MergeRequest, error) {
		lookups++
		assert.Equal(t, plain, sha)
		return nil, nil
	})
	assert.Equal(t, map[string]int{"!1": 2, "!2": 3, "!3": 1, plain[:8]: 1}, log.refs())
	assert.Equal(t, 7, log.Commits)
	assert.Equal(t, 3, log.Requests)
	assert.Equal(t, 1, lookups)
}

func TestLookupsAreBoundedAndTheRestIsListedAsCommits(t *testing.T) {
	var commits []gitlab.Commit
	for i := range 300 {
		commits = append(commits, gitlab.Commit{SHA: fmt.Sprintf("%040d", i), Title: "c",
			AuthorName: "Ada", Parents: []string{"p"}})
	}
	calls := 0
	log := build(t, Source{Commits: commits}, func(context.Context, string) ([]gitlab.MergeRequest, error) {
		calls++
		return nil, nil
	})
	assert.Equal(t, lookups, calls)
	assert.Len(t, log.Entries, 300)
}

func TestARevertNamesWhatItTakesBack(t *testing.T) {
	h := newHistory(t)
	base := h.commit("Begin")
	bad := h.commit("feat: risky change")
	h.git("commit", "--quiet", "--allow-empty", "-m", "Revert \"feat: risky change\"\n\nThis reverts commit "+bad+".")
	h.git("commit", "--quiet", "--allow-empty", "-m", "Revert \"older change\"\n\nThis reverts commit "+
		strings.Repeat("9", 40)+".")
	md := build(t, Source{Commits: h.since(base)}, noLookup).Markdown("key")
	assert.Contains(t, md, "### Reverts")
	assert.Contains(t, md, "takes back “feat: risky change”, which is part of this release too")
	assert.Contains(t, md, "takes back “older change”\n")
}

func TestEntriesAreGroupedByTitleAndLabel(t *testing.T) {
	for title, group := range map[string]Group{
		"feat: a": Features, "feat(api)!: a": Features, "fix: a": Fixes, "bugfix(x): a": Fixes, "revert: a": Reverts,
		"chore: a": Other, "Fix a thing": Other,
	} {
		e := commitEntry(gitlab.Commit{SHA: "1", Title: title}, nil)
		assert.Equal(t, group, e.Group, title)
	}
	e := requestEntry(request(1, "Calendar", func(m *gitlab.MergeRequest) { m.Labels = []string{"type::feature"} }),
		gitlab.Commit{}, nil)
	assert.Equal(t, Features, e.Group)
}

func TestIssueKeysAreFoundOnceAndLinked(t *testing.T) {
	assert.Equal(t, []string{"WEB-12", "API2-3"},
		issues("WEB-12 and API2-3, again WEB-12; UTF-8, SHA-256 and web-9 are none"))
	md := build(t, Source{Commits: []gitlab.Commit{{SHA: "12345678", Title: "WEB-12 x", Message: "WEB-12 x"}},
		IssueURL: "https://issues/{key}"}, noLookup).Markdown("k")
	assert.Contains(t, md, "[WEB-12](https://issues/WEB-12)")
}

func TestForeignTextCannotMentionLinkOrBreakTheList(t *testing.T) {
	title := "ping @all <script>alert(1)</script> [x](http://evil) `code` *b* #12 !13\n- second"
	md := build(t, Source{Commits: []gitlab.Commit{{SHA: "12345678", Title: title, AuthorName: "@channel"}}},
		noLookup).Markdown("a --> b")
	assert.NotContains(t, md, "@all")
	assert.NotContains(t, md, "<script>")
	assert.NotContains(t, md, "[x](")
	assert.NotContains(t, md, "\n- second")
	assert.NotContains(t, md, "@channel")
	assert.Equal(t, 1, strings.Count(md, "-->"), "the marker stays a comment")
}

func TestAFallbackIsSaidInTheChangelog(t *testing.T) {
	log := build(t, Source{FromFallback: "Flux could not be read."}, noLookup)
	assert.Contains(t, log.Markdown("k"), "The starting point may be wrong. Flux could not be read.")
	assert.Equal(t, "Flux could not be read.", log.Digest().Fallback)
}

func TestAHugeChangelogIsCutHonestly(t *testing.T) {
	var commits []gitlab.Commit
	for i := range 9000 {
		commits = append(commits, gitlab.Commit{SHA: fmt.Sprintf("%040d", i),
			Title: strings.Repeat("long ", 25), Parents: []string{"p"}})
	}
	md := build(t, Source{Commits: commits}, noLookup).Markdown("k")
	assert.Less(t, len(md), 1_000_000)
	assert.Contains(t, md, "more changes that do not fit")
}

func TestTheDigestHoldsCountsTimesAndAShortAuthorList(t *testing.T) {
	var commits []gitlab.Commit
	for i := range 13 {
		commits = append(commits, gitlab.Commit{SHA: fmt.Sprint(i), AuthorName: fmt.Sprint("author ", i),
			CommittedAt: time.Unix(int64(1000+i), 0)})
	}
	d := build(t, Source{From: train.Version{Tag: "api/v2026.11.02.1"}, Commits: commits}, noLookup).Digest()
	assert.Equal(t, "api/v2026.11.02.1", d.From)
	assert.Len(t, d.Authors, 10)
	assert.Equal(t, 3, d.MoreAuthors)
	assert.Equal(t, time.Unix(1000, 0), d.FirstCommitAt)
	assert.Equal(t, time.Unix(1006, 0), d.MedianCommitAt)
}

func TestContributorsAreKnownByNameMailAndAccount(t *testing.T) {
	l := Changelog{source: Source{
		Commits: []gitlab.Commit{{AuthorName: "Ada Lovelace", AuthorEmail: "ada@example.com"},
			{AuthorName: "Ada Lovelace", AuthorEmail: "ada@example.com"}},
		Requests: []gitlab.MergeRequest{{Author: "alovelace"}, {}},
	}}
	names, many := l.Accounts()
	assert.Equal(t, []string{"Ada Lovelace", "ada", "alovelace"}, names)
	assert.False(t, many)
	for i := range 200 {
		l.source.Commits = append(l.source.Commits, gitlab.Commit{AuthorName: fmt.Sprint("author ", i)})
	}
	names, many = l.Accounts()
	assert.Len(t, names, 100)
	assert.True(t, many)
}

func TestWhatIsNoLongerInProductionStandsFirst(t *testing.T) {
	removed := []gitlab.Commit{
		{SHA: "123456789", Title: "fix: checkout @all", AuthorName: "Grace", WebURL: "https://gitlab/c"},
	}
	source := Source{Removed: removed, Commits: []gitlab.Commit{{SHA: "1", Title: "feat: a"}}}
	md := build(t, source, noLookup).Markdown("k")
	section := "### No longer in production\n\n- fix: checkout @\u200ball ([12345678](https://gitlab/c)) by Grace\n"
	assert.Contains(t, md, section)
	assert.Less(t, strings.Index(md, section), strings.Index(md, "### Features"))
	source.Removed = nil
	assert.NotContains(t, build(t, source, noLookup).Markdown("k"), "No longer")
	source.Removed = slices.Repeat(removed, 103)
	assert.Contains(t, build(t, source, noLookup).Markdown("k"), "- … and 3 more commits\n")
}
