package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// repository is what the sandbox needs of a git repository.
type repository interface {
	// path is its folder; empty when it is kept in memory.
	path() string
	// deployed is what the environments of a train run at first.
	deployed(ctx context.Context, t train.Train, ref string, now time.Time) (train.Version, error)
	// sha is the commit that a ref names.
	sha(ctx context.Context, ref string) (string, error)
	// log lists commits of a ref or range, newest first; n below 0: all.
	log(ctx context.Context, revisions string, skip, n int) ([]commit, error)
	// file is the content of a file on main.
	file(ctx context.Context, path string) (string, error)
	// tags lists the tags whose names begin with a prefix.
	tags(ctx context.Context, prefix string) ([]tagInfo, error)
	// createTag makes an annotated tag where there is a message, else a light one.
	createTag(ctx context.Context, name, sha, message string) error
	// moveTag points a tag at another commit.
	moveTag(ctx context.Context, name, sha string) error
	// requests are the merge requests that the history of main tells of, newest first.
	requests(ctx context.Context) ([]mergeRequest, error)
	// requestsOfCommit are the merge requests that brought a commit into main.
	requestsOfCommit(ctx context.Context, sha string) ([]mergeRequest, error)
	// pushCommit adds a commit to main that writes one file.
	pushCommit(ctx context.Context, path, content, message string) (string, error)
	// hotfix makes a commit on top of a ref, on no branch, and merges it into main,
	// as people do with a hotfix that production got first.
	hotfix(ctx context.Context, ref, message string) (string, error)
}

// gitRepository is a bare git repository, driven by the git program.
type gitRepository struct {
	dir  string
	head string // the commit whose requests are cached
	mrs  []mergeRequest
}

// mainBranch is what the branch of the original is called in the sandbox.
const mainBranch = "main"

// git runs git in the repository and returns its output.
func (r *gitRepository) git(ctx context.Context, args ...string) (string, error) {
	return runGit(ctx, append([]string{"-C", r.dir}, args...)...)
}

func runGit(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(os.Environ(),
		"GIT_AUTHOR_NAME=release-bot", "GIT_AUTHOR_EMAIL=release-bot@example.com",
		"GIT_COMMITTER_NAME=release-bot", "GIT_COMMITTER_EMAIL=release-bot@example.com",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(problem.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// cloneBare clones a repository; its branch (or what is checked out) becomes main.
func cloneBare(ctx context.Context, from, branch, dir string) (*gitRepository, error) {
	if from == "" {
		from = "."
	}
	ref := "HEAD"
	if branch != "" {
		ref = branch
	}
	top, err := runGit(ctx, "-C", from, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, fmt.Errorf("%s is not a git repository: name one with --repo", from)
	}
	sha, err := runGit(ctx, "-C", from, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("%s has no commit at %s: commit something first, or name a branch with --branch", from, ref)
	}
	if _, err := runGit(ctx, "clone", "--quiet", "--bare", top, dir); err != nil {
		return nil, fmt.Errorf("clone %s: %w", from, err)
	}
	r := &gitRepository{dir: dir}
	for _, args := range [][]string{
		{"update-ref", "refs/heads/" + mainBranch, sha},
		{"symbolic-ref", "HEAD", "refs/heads/" + mainBranch},
	} {
		if _, err := r.git(ctx, args...); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// commitsBack is how far back the deployed version lies where no tag says it.
const commitsBack = 20

// deployed is what the environments of a train run at first.
func (r *gitRepository) deployed(ctx context.Context, t train.Train, ref string, now time.Time) (train.Version, error) {
	if ref != "" {
		sha, err := r.sha(ctx, ref)
		if err != nil {
			return train.Version{}, fmt.Errorf("the deployed ref %s: %w", ref, err)
		}
		return train.Version{Tag: ref, SHA: sha}, nil
	}
	names, err := r.git(ctx, "tag", "--merged", mainBranch)
	if err != nil {
		return train.Version{}, err
	}
	var newest train.Tag
	for _, name := range strings.Fields(names) {
		if tag, err := train.ParseTag(t.TagPrefix, name); err == nil && tag.Compare(newest) > 0 {
			newest = tag
		}
	}
	if newest.Patch > 0 {
		sha, err := r.sha(ctx, newest.String())
		return train.Version{Tag: newest.String(), SHA: sha}, err
	}
	back, err := r.git(ctx, "rev-list", "--first-parent", "--max-count="+strconv.Itoa(commitsBack+1), mainBranch)
	if err != nil {
		return train.Version{}, err
	}
	commits := strings.Fields(back)
	if len(commits) < 2 {
		return train.Version{}, nil // a single commit: nothing has been deployed
	}
	sha := commits[len(commits)-1]
	tag := train.Tag{Prefix: t.TagPrefix, Day: calendar.DayOf(now).Add(-7), Patch: 1}.String()
	_, err = r.git(ctx, "tag", "-a", "-m", "Release before the sandbox began", tag, sha)
	return train.Version{Tag: tag, SHA: sha}, err
}

var errNoRef = errors.New("no such ref")

// sha is the commit that a ref names.
func (r *gitRepository) sha(ctx context.Context, ref string) (string, error) {
	if strings.HasPrefix(ref, "-") {
		return "", errNoRef
	}
	sha, err := r.git(ctx, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	if err != nil {
		return "", errNoRef
	}
	return sha, nil
}

type commit struct {
	SHA, Title, Message              string
	Parents                          []string
	AuthorName, AuthorEmail          string
	CommitterName, CommitterEmail    string
	AuthoredDate, CommittedDate, URL string
}

const logFormat = "--format=%H%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%s%x1f%B%x1e"

// log lists commits of a ref or range, newest first; n below 0: all.
func (r *gitRepository) log(ctx context.Context, revisions string, skip, n int) ([]commit, error) {
	for _, side := range strings.Split(revisions, "..") {
		if _, err := r.sha(ctx, side); err != nil {
			return nil, err
		}
	}
	out, err := r.git(ctx, "log", logFormat, "--skip="+strconv.Itoa(skip), "--max-count="+strconv.Itoa(n), revisions, "--")
	if err != nil {
		return nil, err
	}
	var commits []commit
	for _, record := range strings.Split(out, "\x1e") {
		f := strings.Split(strings.TrimLeft(record, "\n"), "\x1f")
		if len(f) < 10 {
			continue
		}
		commits = append(commits, commit{
			SHA: f[0], Parents: strings.Fields(f[1]), AuthorName: f[2], AuthorEmail: f[3], AuthoredDate: f[4],
			CommitterName: f[5], CommitterEmail: f[6], CommittedDate: f[7], Title: f[8], Message: f[9],
		})
	}
	return commits, nil
}

type tagInfo struct{ Name, SHA, Target, Message string }

// tags lists the tags whose names begin with a prefix.
func (r *gitRepository) tags(ctx context.Context, prefix string) ([]tagInfo, error) {
	out, err := r.git(ctx, "for-each-ref", "--sort=-version:refname",
		"--format=%(refname:short)%1f%(objectname)%1f%(*objectname)%1f%(objecttype)%1f%(contents)%1e", "refs/tags")
	if err != nil {
		return nil, err
	}
	var tags []tagInfo
	for _, record := range strings.Split(out, "\x1e") {
		f := strings.Split(strings.TrimLeft(record, "\n"), "\x1f")
		if len(f) < 5 || !strings.HasPrefix(f[0], prefix) {
			continue
		}
		t := tagInfo{Name: f[0], SHA: f[1], Target: f[1]}
		if f[3] == "tag" { // annotated
			t.SHA, t.Message = f[2], strings.TrimRight(f[4], "\n")
		}
		tags = append(tags, t)
	}
	return tags, nil
}

// createTag makes an annotated tag where there is a message, else a light one.
func (r *gitRepository) createTag(ctx context.Context, name, sha, message string) error {
	args := []string{"tag", name, sha}
	if message != "" {
		args = []string{"tag", "-a", "-m", message, name, sha}
	}
	_, err := r.git(ctx, args...)
	return err
}

func (r *gitRepository) moveTag(ctx context.Context, name, sha string) error {
	_, err := r.git(ctx, "tag", "--force", name, sha)
	return err
}

func (r *gitRepository) file(ctx context.Context, path string) (string, error) {
	return r.git(ctx, "show", mainBranch+":"+path)
}

func (r *gitRepository) path() string { return r.dir }

type mergeRequest struct {
	IID            int
	Title          string
	Merge, Squash  string // commit
	Head           string // of the source branch
	Author, Merged string
}

var (
	seeMergeRequest  = regexp.MustCompile(`See merge request \S*!(\d+)`)
	mergePullRequest = regexp.MustCompile(`^Merge pull request #(\d+)`)
	squashed         = regexp.MustCompile(`^(.*) \([#!](\d+)\)$`)
)

// requests are the merge requests that the history of main tells of, newest first.
func (r *gitRepository) requests(ctx context.Context) ([]mergeRequest, error) {
	head, err := r.sha(ctx, mainBranch)
	if err != nil {
		return nil, err
	}
	if head == r.head {
		return r.mrs, nil
	}
	commits, err := r.log(ctx, mainBranch, 0, -1)
	if err != nil {
		return nil, err
	}
	r.head, r.mrs = head, requestsIn(commits)
	return r.mrs, nil
}

// requestsIn are the merge requests that commits tell of.
func requestsIn(commits []commit) (out []mergeRequest) {
	authors := map[string]string{}
	for _, c := range commits {
		authors[c.SHA] = c.AuthorName
	}
	for _, c := range commits {
		if m, ok := requestOf(c); ok {
			m.Author = cmp.Or(authors[m.Head], m.Author) // who wrote it, not who merged it
			out = append(out, m)
		}
	}
	return out
}

// requestOf reads the merge request that a commit message tells of.
func requestOf(c commit) (mergeRequest, bool) {
	m := mergeRequest{Title: c.Title, Author: c.AuthorName, Merged: c.CommittedDate}
	number := ""
	if f := seeMergeRequest.FindStringSubmatch(c.Message); f != nil {
		number = f[1]
	} else if f := mergePullRequest.FindStringSubmatch(c.Title); f != nil {
		number = f[1]
	} else if f := squashed.FindStringSubmatch(c.Title); f != nil && len(c.Parents) == 1 {
		m.Title, number = f[1], f[2]
	}
	if number == "" {
		return m, false
	}
	m.IID, _ = strconv.Atoi(number)
	if len(c.Parents) < 2 {
		m.Squash = c.SHA
		return m, true
	}
	m.Merge, m.Head = c.SHA, c.Parents[1]
	if lines := strings.Split(c.Message, "\n"); len(lines) > 2 && lines[2] != "" &&
		!strings.HasPrefix(lines[2], "See merge request") {
		m.Title = lines[2] // the title stands below "Merge branch …"
	}
	return m, true
}

// requestsOfCommit are the merge requests that brought a commit into main.
func (r *gitRepository) requestsOfCommit(ctx context.Context, sha string) ([]mergeRequest, error) {
	all, err := r.requests(ctx)
	if err != nil {
		return nil, err
	}
	var out []mergeRequest
	for _, m := range all {
		if m.Merge == sha || m.Squash == sha {
			return []mergeRequest{m}, nil
		}
		if m.Merge == "" {
			continue
		}
		_, inside := r.git(ctx, "merge-base", "--is-ancestor", sha, m.Merge)
		_, before := r.git(ctx, "merge-base", "--is-ancestor", sha, m.Merge+"^1")
		if inside == nil && before != nil {
			out = []mergeRequest{m} // the oldest that holds it brought it
		}
	}
	return out, nil
}

// pushCommit adds a commit to main that writes one file.
func (r *gitRepository) pushCommit(ctx context.Context, path, content, message string) (string, error) {
	blob, err := os.CreateTemp(r.dir, "blob")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(blob.Name()) }()
	if _, err := blob.WriteString(content); err != nil {
		return "", err
	}
	if err := blob.Close(); err != nil {
		return "", err
	}
	hash, err := r.git(ctx, "hash-object", "-w", blob.Name())
	if err != nil {
		return "", err
	}
	index := "GIT_INDEX_FILE=" + blob.Name() + ".index"
	defer func() { _ = os.Remove(blob.Name() + ".index") }()
	script := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", r.dir}, args...)...)
		cmd.Env = append(os.Environ(), index)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	if _, err := script("read-tree", mainBranch); err != nil {
		return "", err
	}
	if _, err := script("update-index", "--add", "--cacheinfo", "100644,"+hash+","+path); err != nil {
		return "", err
	}
	tree, err := script("write-tree")
	if err != nil {
		return "", err
	}
	sha, err := r.git(ctx, "commit-tree", tree, "-p", mainBranch, "-m", message)
	if err != nil {
		return "", err
	}
	_, err = r.git(ctx, "update-ref", "refs/heads/"+mainBranch, sha)
	return sha, err
}

// hotfix makes a commit on top of a ref, on no branch, and merges it into main,
// as people do with a hotfix that production got first.
func (r *gitRepository) hotfix(ctx context.Context, ref, message string) (string, error) {
	commit := func(tree, message string, parents ...string) (string, error) {
		args := []string{"-c", "user.name=Grace Hopper", "-c", "user.email=grace@example.com", "commit-tree",
			tree + "^{tree}", "-m", message}
		for _, p := range parents {
			args = append(args, "-p", p+"^{commit}")
		}
		return r.git(ctx, args...)
	}
	sha, err := commit(ref, message, ref)
	if err != nil {
		return "", err
	}
	merge, err := commit(mainBranch, "Merge branch 'hotfix' into 'main'\n\n"+message, mainBranch, sha)
	if err != nil {
		return "", err
	}
	_, err = r.git(ctx, "update-ref", "refs/heads/"+mainBranch, merge)
	return sha, err
}
