package sandbox

import (
	"context"
	"crypto/sha1" //nolint:gosec // git names commits so
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// memoryRepository is a small repository without files or processes, for worlds
// that live for a moment. It knows commits, main and tags.
type memoryRepository struct {
	now     func() time.Time
	commits []commit // a parent stands before its children
	at      map[string]int
	main    string
	refs    []tagInfo
	// head is the commit whose requests are cached.
	head  string
	cache []mergeRequest
}

// history is what the main branch of a memoryRepository holds at first.
var history = []string{
	"Start the service", "Keep bookings", "Show the calendar (!11)", "Send reminders (!12)", "Pay with a saved card (!13)",
	"Sort the inbox (!14)", "Show free slots (!15)",
}

// deployedBack is how many of these commits production lacks at first.
const deployedBack = 3

func newMemoryRepository(now func() time.Time) *memoryRepository {
	r := &memoryRepository{now: now, at: map[string]int{}}
	for i, title := range history {
		r.main = r.commit(now().Add(time.Duration(i-len(history))*time.Hour), title, r.main)
	}
	return r
}

func (r *memoryRepository) path() string { return "" }

// commit adds a commit; a parent may be empty.
func (r *memoryRepository) commit(at time.Time, message string, parents ...string) string {
	parents = slices.DeleteFunc(slices.Clone(parents), func(p string) bool { return p == "" })
	sum := sha1.Sum(fmt.Append(nil, len(r.commits), message, parents)) //nolint:gosec // git names commits so
	title, _, _ := strings.Cut(message, "\n")
	c := commit{SHA: hex.EncodeToString(sum[:]), Title: title, Message: message, Parents: parents}
	c.AuthorName, c.AuthorEmail = "Ada Lovelace", "ada@example.com"
	c.CommitterName, c.CommitterEmail = c.AuthorName, c.AuthorEmail
	c.AuthoredDate = at.UTC().Format(time.RFC3339)
	c.CommittedDate = c.AuthoredDate
	r.at[c.SHA] = len(r.commits)
	r.commits = append(r.commits, c)
	return c.SHA
}

func (r *memoryRepository) deployed(
	ctx context.Context,
	t train.Train,
	ref string,
	now time.Time,
) (train.Version, error) {
	if ref != "" {
		sha, err := r.sha(ctx, ref)
		return train.Version{Tag: ref, SHA: sha}, err
	}
	sha := r.commits[len(history)-1-deployedBack].SHA
	tag := train.Tag{Prefix: t.TagPrefix, Day: calendar.DayOf(now).Add(-7), Patch: 1}.String()
	return train.Version{Tag: tag, SHA: sha}, r.createTag(ctx, tag, sha, "Release before the sandbox began")
}

func (r *memoryRepository) sha(_ context.Context, ref string) (string, error) {
	if ref == mainBranch {
		return r.main, nil
	}
	name := strings.TrimPrefix(ref, "refs/tags/")
	if i := slices.IndexFunc(r.refs, func(t tagInfo) bool { return t.Name == name }); i >= 0 {
		return r.refs[i].SHA, nil
	}
	const shortest = 7
	if len(ref) >= shortest {
		for _, c := range r.commits {
			if strings.HasPrefix(c.SHA, ref) {
				return c.SHA, nil
			}
		}
	}
	return "", errNoRef
}

// reach are a commit and all before it.
func (r *memoryRepository) reach(sha string) map[string]bool {
	seen := map[string]bool{}
	for todo := []string{sha}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[next] {
			seen[next] = true
			todo = append(todo, r.commits[r.at[next]].Parents...)
		}
	}
	return seen
}

func (r *memoryRepository) log(ctx context.Context, revisions string, skip, n int) ([]commit, error) {
	from, to, isRange := strings.Cut(revisions, "..")
	if !isRange {
		from, to = "", revisions
	}
	tip, err := r.sha(ctx, to)
	if err != nil {
		return nil, err
	}
	without := map[string]bool{}
	if isRange {
		base, err := r.sha(ctx, from)
		if err != nil {
			return nil, err
		}
		without = r.reach(base)
	}
	var out []commit
	within := r.reach(tip)
	for _, c := range slices.Backward(r.commits) {
		if !within[c.SHA] || without[c.SHA] {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		if n >= 0 && len(out) == n {
			break
		}
		out = append(out, c)
	}
	return out, nil
}

func (r *memoryRepository) file(context.Context, string) (string, error) { return "", errNoRef }

func (r *memoryRepository) tags(_ context.Context, prefix string) ([]tagInfo, error) {
	var out []tagInfo
	for _, t := range slices.Backward(r.refs) {
		if strings.HasPrefix(t.Name, prefix) {
			out = append(out, t)
		}
	}
	return out, nil
}

func (r *memoryRepository) createTag(ctx context.Context, name, sha, message string) error {
	if _, err := r.sha(ctx, "refs/tags/"+name); err == nil {
		return fmt.Errorf("the tag %s exists", name)
	}
	r.refs = append(r.refs, tagInfo{Name: name, SHA: sha, Target: sha, Message: message})
	return nil
}

func (r *memoryRepository) moveTag(ctx context.Context, name, ref string) error {
	sha, err := r.sha(ctx, ref)
	if err != nil {
		return err
	}
	for i := range r.refs {
		if r.refs[i].Name == name {
			r.refs[i].SHA, r.refs[i].Target, r.refs[i].Message = sha, sha, ""
			return nil
		}
	}
	return r.createTag(ctx, name, sha, "")
}

func (r *memoryRepository) requests(ctx context.Context) ([]mergeRequest, error) {
	if r.head != r.main {
		commits, err := r.log(ctx, mainBranch, 0, -1)
		if err != nil {
			return nil, err
		}
		r.head, r.cache = r.main, requestsIn(commits)
	}
	return r.cache, nil
}

func (r *memoryRepository) requestsOfCommit(ctx context.Context, sha string) ([]mergeRequest, error) {
	all, err := r.requests(ctx)
	if err != nil {
		return nil, err
	}
	if _, known := r.at[sha]; !known {
		return nil, errNoRef
	}
	var out []mergeRequest
	for _, m := range all {
		if m.Merge == sha || m.Squash == sha {
			return []mergeRequest{m}, nil
		}
		if m.Merge == "" {
			continue
		}
		first := r.commits[r.at[m.Merge]].Parents[0]
		if r.reach(m.Merge)[sha] && !r.reach(first)[sha] {
			out = []mergeRequest{m} // the oldest that holds it brought it
		}
	}
	return out, nil
}

func (r *memoryRepository) pushCommit(_ context.Context, _, _, message string) (string, error) {
	r.main = r.commit(r.now(), message, r.main)
	return r.main, nil
}

func (r *memoryRepository) hotfix(ctx context.Context, ref, message string) (string, error) {
	base, err := r.sha(ctx, ref)
	if err != nil {
		return "", err
	}
	sha := r.commit(r.now(), message, base)
	r.main = r.commit(r.now(), "Merge branch 'hotfix' into 'main'\n\n"+message, r.main, sha)
	return sha, nil
}
