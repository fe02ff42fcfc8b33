package train

import (
	"cmp"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// ResolveCutInput works out what a new candidate would be.
type ResolveCutInput struct {
	Project string `json:"project"`
	Branch  string `json:"branch"`
	SHA     string `json:"sha,omitempty"`
	Tag     string `json:"tag,omitempty"`
	// Current is the candidate that it would replace.
	Current Candidate `json:"current"`
}

// ResolvedCut is the commit, and how it differs from the current candidate.
type ResolvedCut struct {
	SHA   string     `json:"sha,omitempty"`
	Adds  Difference `json:"adds"`
	Drops Difference `json:"drops"`
	// Refused says why it cannot be.
	Refused string `json:"refused,omitempty"`
}

// AdoptTagInput takes a tag over that somebody made by hand.
type AdoptTagInput struct {
	Project string `json:"project"`
	Tag     string `json:"tag"`
	SHA     string `json:"sha"`
	Guard   Guard  `json:"guard"`
}

// MarkBadInput marks a tag's GitLab release as bad.
type MarkBadInput struct {
	Project string `json:"project"`
	Tag     string `json:"tag"`
	By      string `json:"by"`
	Reason  string `json:"reason"`
}

// ReadVersionInput asks what an environment runs.
type ReadVersionInput struct {
	Project   string     `json:"project"`
	TagPrefix string     `json:"tagPrefix"`
	Flux      FluxObject `json:"flux"`
	// FallbackEnvironment, when set, is the GitLab environment whose last
	// successful deployment answers when Flux does not.
	FallbackEnvironment string `json:"fallbackEnvironment,omitempty"`
}

// RunningVersion is what an environment runs.
type RunningVersion struct {
	Version Version `json:"version"`
	// Fallback says why Flux did not answer and what was taken instead; empty: Flux answered.
	Fallback string `json:"fallback,omitempty"`
}

// ChooseCommitInput asks which commit is to be tagged.
type ChooseCommitInput struct {
	Project string     `json:"project"`
	Branch  string     `json:"branch"`
	Require CutRequire `json:"require"`
	// Since is what production runs; zero: nothing yet.
	Since Version `json:"since,omitzero"`
}

// ChosenCommit is the commit to be tagged.
type ChosenCommit struct {
	// Nothing says that the branch holds nothing since the deployed version.
	Nothing bool   `json:"nothing,omitempty"`
	SHA     string `json:"sha,omitempty"`
	Title   string `json:"title,omitempty"`
	// Warning is for people, e.g. that its pipeline is not green; may be empty.
	Warning string `json:"warning,omitempty"`
}

// CreateTagInput creates the next tag of a day on a commit.
type CreateTagInput struct {
	Project string       `json:"project"`
	Prefix  string       `json:"prefix"`
	Day     calendar.Day `json:"day"`
	SHA     string       `json:"sha"`
	// About is the first line of the tag's message.
	About string `json:"about"`
	Guard Guard  `json:"guard"`
	// From and To bound the window: a freeze known to cover some of it is returned.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Key  string    `json:"key"`
}

// CreatedTag is the new candidate, or the holds that kept it from being made.
type CreatedTag struct {
	Candidate Candidate `json:"candidate,omitzero"`
	Holds     []Hold    `json:"holds,omitempty"`
	// Ahead is a freeze that will cover some of the window.
	FreezeAhead *Hold `json:"ahead,omitempty"`
}

// BlockingHolds are the holds that the activity ran into.
func (c CreatedTag) BlockingHolds() []Hold { return c.Holds }

// Version is what an environment runs.
type Version struct {
	// Tag is empty when only a commit is known.
	Tag string `json:"tag,omitempty"`
	// SHA is the full commit; empty when only a tag is known.
	SHA string `json:"sha,omitempty"`
}

// IsZero says that nothing is known to run.
func (v Version) IsZero() bool { return v == Version{} }

// String is the tag, else the short commit, else "nothing".
func (v Version) String() string {
	switch {
	case v.Tag != "":
		return v.Tag
	case v.SHA != "":
		return ShortSHA(v.SHA)
	default:
		return "nothing"
	}
}

// Ref is what git can resolve: the commit where it is known, else the tag.
func (v Version) Ref() string { return cmp.Or(v.SHA, v.Tag) }

// shortestSHA is how many digits of a commit are taken for it.
const shortestSHA = 7

// Is says whether this is the candidate: the same tag, and no other commit;
// where no tag is known, the same commit, which may be shortened.
func (v Version) Is(c Candidate) bool {
	if v.Tag == "" {
		return len(v.SHA) >= shortestSHA && strings.HasPrefix(c.SHA, v.SHA)
	}
	return v.Tag == c.Tag && (v.SHA == "" || c.SHA == "" || v.SHA == c.SHA)
}

// Same says whether two versions are the same: by commit where both know theirs.
func (v Version) Same(o Version) bool {
	if v.SHA != "" && o.SHA != "" {
		return v.SHA == o.SHA
	}
	return v.Tag == o.Tag
}

// ShortSHA is a commit as people write it, eight digits.
func ShortSHA(sha string) string {
	if len(sha) > 8 {
		return sha[:8]
	}
	return sha
}

// Candidate is a tag and the commit it points at.
type Candidate struct {
	Tag string `json:"tag"`
	SHA string `json:"sha"` // full commit
	// URL is the tag's page in GitLab.
	URL string `json:"url,omitempty"`
	// By is who cut it; empty: the Schedule.
	By string `json:"by,omitempty"`
	// CutAt is when it became the release's candidate.
	CutAt time.Time `json:"cutAt,omitzero"`
}
